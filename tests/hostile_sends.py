"""Cancels sends to a socket that is full, and compares what came with what the Futures said: each is exact.

The short form is in test_asyncio_cancel.py. The long one: `python tests/hostile_sends.py 100000`, for every form;
`python tests/hostile_sends.py 100000 send many` for some; `--uvloop` for that loop. It ends with 1 if a message came
whose send was cancelled, or did not come whose send was done.
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

# How each form sends numbers: `many` three, the others one.
FORMS: dict[str, Callable[[Any, list[int]], Any]] = {
    "send": lambda socket, numbers: socket.send(b"%d" % numbers[0]),
    "frame": lambda socket, numbers: socket.send(zmqlite.Frame(b"%d" % numbers[0]), copy=False),
    "multipart": lambda socket, numbers: socket.send_multipart([b"%d" % numbers[0], b"rest"]),
    "string": lambda socket, numbers: socket.send_string(str(numbers[0])),
    "json": lambda socket, numbers: socket.send_json(numbers[0]),
    "pyobj": lambda socket, numbers: socket.send_pyobj(numbers[0]),
    "serialized": lambda socket, numbers: socket.send_serialized(numbers[0], lambda number: [b"%d" % number]),
    "many": lambda socket, numbers: socket.send_many([b"%d" % number for number in numbers]),
}


class Outcome(NamedTuple):
    """What became of the sends."""

    cancelled: int
    sent: int
    lost: int
    came_though_cancelled: int
    in_order: bool

    @property
    def exact(self) -> bool:
        """Whether what came is what was said to be sent."""
        return self.in_order and not self.lost and not self.came_though_cancelled


class Rig:
    """Sends numbers in tasks that are cancelled, to a peer that now and then makes room."""

    def __init__(self, form: str, seed: int) -> None:
        self.random = random.Random(seed)
        self.form = form
        self.next = 0
        self.cancelled = 0
        self.sent: list[int] = []
        self.got: list[int] = []

    def note(self, numbers: list[int], future: Any) -> None:
        """Remember what a send says that it did."""
        if self.form == "many":
            self.sent += numbers[: future.sent if future.cancelled() else future.result()]
        elif not future.cancelled():
            future.result()
            self.sent += numbers

    async def take(self, pull: Any, most: int) -> None:
        """Make room: take some of what is there."""
        for _ in range(most):
            if not await pull.poll(0):
                return
            part = (await pull.recv_multipart())[0]
            self.got.append(pickle.loads(part) if self.form == "pyobj" else int(part))

    async def cancel_one(self, push: Any, pull: Any) -> None:
        """Begin some sends, perhaps make room, cancel them."""
        begun = []
        for _ in range(self.random.choice((1, 1, 2, 3))):
            numbers = list(range(self.next, self.next + (3 if self.form == "many" else 1)))
            self.next += len(numbers)
            future = FORMS[self.form](push, numbers)
            begun.append((numbers, future, asyncio.ensure_future(_wait_for(future))))
        for _ in range(self.random.randrange(3)):
            await asyncio.sleep(0)
        await self.take(pull, self.random.choice((0, 0, 1, 2, 9)))
        for _ in range(self.random.randrange(4)):
            await asyncio.sleep(0)
        for numbers, future, task in begun:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task
            future.cancel()  # a task that was cancelled before it began never came to it
            self.cancelled += future.cancelled()
            self.note(numbers, future)

    async def run(self, cancels: int) -> Outcome:
        """Cancel so often, then receive what is left."""
        with zmqlite.asyncio.Context() as context:
            push, pull = context.socket(zmqlite.PUSH), context.socket(zmqlite.PULL)
            with push, pull:
                push.sndhwm = pull.rcvhwm = 2
                push.bind("inproc://hostile-sends")
                pull.connect("inproc://hostile-sends")
                while self.cancelled < cancels:
                    await self.cancel_one(push, pull)
                while await pull.poll(10 if len(self.got) >= len(self.sent) else 5000):
                    await self.take(pull, 1)
        return Outcome(
            self.cancelled,
            len(self.sent),
            len(set(self.sent) - set(self.got)),
            len(set(self.got) - set(self.sent)),
            self.got == sorted(set(self.got)),
        )


async def _wait_for(future: Any) -> Any:
    return await future


def main() -> None:
    """Run the long form."""
    arguments = [one for one in sys.argv[1:] if one != "--uvloop"]
    if len(arguments) != len(sys.argv[1:]):
        import uvloop

        asyncio.set_event_loop_policy(uvloop.EventLoopPolicy())
    exact = True
    for form in arguments[1:] or FORMS:
        outcome = asyncio.run(Rig(form, 1).run(int(arguments[0])))
        print(form, outcome, flush=True)
        exact &= outcome.exact
    sys.exit(not exact)


if __name__ == "__main__":
    main()
