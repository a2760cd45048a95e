"""Cancels receives at every moment it can, and counts what came: nothing lost, nothing twice, nothing out of order.

The short form is in test_asyncio_cancel.py. The long one: `python tests/hostile_cancels.py 100000`, for every form;
`python tests/hostile_cancels.py 100000 recv string` for some; `--uvloop` for that loop. It ends with 1 if a message
was lost, came twice or out of order. trio, and asyncio through anyio: hostile_cancels_anyio.py; sends:
hostile_sends.py.
"""

from __future__ import annotations

import asyncio
import contextlib
import pickle
import random
import sys
from collections.abc import Callable
from typing import Any, NamedTuple

import zmqlite
import zmqlite.asyncio

# How each form receives one number or several; `mixed` takes another one each time.
FORMS: dict[str, Callable[[Any, bytearray], Any]] = {
    "recv": lambda socket, _: socket.recv(),
    "frame": lambda socket, _: socket.recv(copy=False),
    "multipart": lambda socket, _: socket.recv_multipart(),
    "string": lambda socket, _: socket.recv_string(),
    "json": lambda socket, _: socket.recv_json(),
    "pyobj": lambda socket, _: socket.recv_pyobj(),
    "serialized": lambda socket, _: socket.recv_serialized(lambda parts: int(parts[0])),
    "into": lambda socket, buffer: socket.recv_into(buffer),
    "many": lambda socket, _: socket.recv_many(3),
    "next": lambda socket, _: socket.__anext__(),
}
MIXED = ("recv", "frame", "multipart", "many", "string", "into", "next")


class Outcome(NamedTuple):
    """What became of the messages."""

    sent: int
    lost: int
    twice: int
    in_order: bool

    @property
    def exact(self) -> bool:
        """Whether each message came once, in order."""
        return self.in_order and not self.lost and not self.twice


class Rig:
    """Sends numbers, and receives them in tasks that are cancelled."""

    make_context: type[Any] = zmqlite.asyncio.Context

    def __init__(self, form: str, seed: int) -> None:
        self.random = random.Random(seed)
        self.form = form
        self.sent = 0
        self.got: list[int] = []

    def start(self, socket: Any) -> tuple[Any, bytearray]:
        """Begin to receive: a future, and the buffer of recv_into()."""
        buffer = bytearray(20)
        form = self.random.choice(MIXED) if self.form == "mixed" else self.form
        return FORMS[form](socket, buffer), buffer if form == "into" else bytearray()

    def note(self, value: Any, buffer: bytearray) -> None:
        """Remember what was received."""
        if buffer:
            value = bytes(buffer[:value])
        for one in value if isinstance(value, list) else [value]:
            part = one[0] if isinstance(one, list) else one
            self.got.append(int(part.bytes if isinstance(part, zmqlite.Frame) else part))

    async def send(self, socket: Any) -> None:
        """Send the next number."""
        data = pickle.dumps(self.sent) if self.form == "pyobj" else b"%d" % self.sent
        self.sent += 1
        await socket.send(data)

    async def plain(self, socket: Any) -> None:
        """Await it."""
        future, buffer = self.start(socket)
        self.note(await future, buffer)

    async def timed(self, socket: Any) -> None:
        """Await it for a short time."""
        future, buffer = self.start(socket)
        self.note(await asyncio.wait_for(future, self.random.choice((0, 1e-6, 1e-4, 1))), buffer)

    async def waited(self, socket: Any) -> None:
        """Wait for it as one of several, and let go of it when that is cancelled."""
        future, buffer = self.start(socket)
        try:
            await asyncio.wait([future])
            self.note(future.result(), buffer)
        except asyncio.CancelledError:
            if not future.cancel() and not future.cancelled():
                self.note(future.result(), buffer)
            raise

    async def turns(self, most: int) -> None:
        """Let the loop run a few times."""
        for _ in range(self.random.randrange(most)):
            await asyncio.sleep(0)

    async def cancel_one(self, push: Any, pull: Any) -> None:
        """Begin a receive, perhaps send, cancel it, perhaps take the next message before that has had effect."""
        way = self.random.choice((self.plain, self.plain, self.timed, self.waited))
        if self.form != "pyobj" or self.sent < 10**9:
            for _ in range(self.random.choice((0, 1, 1, 1, 2, 5)) if self.random.random() < 0.6 else 0):
                await self.send(push)
        task = asyncio.ensure_future(way(pull))
        await self.turns(4)
        if self.random.random() < 0.5:
            await self.send(push)
            await self.turns(3)
        task.cancel()
        if way == self.plain and self.random.random() < 0.3:
            future, buffer = self.start(pull)
            if future.done():
                self.note(future.result(), buffer)
            else:
                future.cancel()
        with contextlib.suppress(asyncio.CancelledError, asyncio.TimeoutError):
            await task

    async def run(self, cancels: int) -> Outcome:
        """Cancel so often, then receive what is left."""
        with self.make_context() as context:
            push, pull = context.socket(zmqlite.PUSH), context.socket(zmqlite.PULL)
            with push, pull:
                push.sndhwm = pull.rcvhwm = 0
                push.bind("inproc://hostile")
                pull.connect("inproc://hostile")
                for _ in range(cancels):
                    if self.random.random() < 0.5:  # with messages left over no receive would ever wait
                        while await pull.poll(0):
                            await self.plain(pull)
                    await self.cancel_one(push, pull)
                while len(self.got) < self.sent and await pull.poll(5000):
                    await self.plain(pull)
                assert not pull._readiness.receivers
        twice = len(self.got) - len(set(self.got))
        return Outcome(self.sent, self.sent - len(set(self.got)), twice, self.got == sorted(self.got))


def main() -> None:
    """Run the long form."""
    arguments = [one for one in sys.argv[1:] if one != "--uvloop"]
    if len(arguments) != len(sys.argv[1:]):
        import uvloop

        asyncio.set_event_loop_policy(uvloop.EventLoopPolicy())
    exact = True
    for form in arguments[1:] or [*FORMS, "mixed"]:
        outcome = asyncio.run(Rig(form, 1).run(int(arguments[0])))
        print(form, outcome, flush=True)
        exact &= outcome.exact
    sys.exit(not exact)


if __name__ == "__main__":
    main()
