"""The loops that are timed inside an event loop, as a user of zmqlite.asyncio or zmq.asyncio would write them."""

from __future__ import annotations

from importlib import import_module
from itertools import repeat
from time import perf_counter_ns

from .loops import check_size

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

__all__ = ["Coroutines"]


class Coroutines:
    """What a program can do whose sockets' send() and recv() can be awaited.

    Attributes:
        zmq: the module, which has a module asyncio in it.
        context: what sockets are made of.
        gather: asyncio's.
    """

    zmq: Any
    context: Any
    gather: Any

    def use_asyncio(self) -> None:
        """From now on sockets are for the running event loop."""
        self.context = import_module(f"{self.zmq.__name__}.asyncio").Context()
        # Not before: who measures memory without event loops does not pay for them.
        self.gather = import_module("asyncio").gather

    async def exchange_ready(self, sender: Any, receiver: Any, data: bytes, count: int) -> int:
        """Send a message on one socket and receive it, which is there, on another, count times."""
        send, recv = sender.send, receiver.recv
        message = data
        start = perf_counter_ns()
        for _ in repeat(None, count):
            await send(data)
            message = await recv()
        elapsed = perf_counter_ns() - start
        check_size(message, len(data))
        return elapsed

    async def exchange_waiting(self, sender: Any, receiver: Any, data: bytes, count: int) -> int:
        """Begin to receive on one socket, then send on another, and wait for the message, count times.

        Raises:
            ValueError: a receive had not to wait.
        """
        send, recv = sender.send, receiver.recv
        message = data
        start = perf_counter_ns()
        for _ in repeat(None, count):
            waiting = recv()
            if waiting.done():
                raise ValueError("a message before it was sent")
            await send(data)
            message = await waiting
        elapsed = perf_counter_ns() - start
        check_size(message, len(data))
        return elapsed

    async def ask_inside(self, asking: Any, answering: Any, data: bytes, count: int) -> int:
        """REQ and REP, a task each: send a question and receive the answer, count times."""

        async def answer() -> None:
            for _ in repeat(None, count):
                await answering.send(await answering.recv())

        start = perf_counter_ns()
        await self.gather(answer(), self._ask(asking, data, count))
        return perf_counter_ns() - start

    async def ask_all_inside(self, clients: list[Any], router: Any, data: bytes, count: int) -> int:
        """A task that echoes on a ROUTER, and one for each client, which asks and receives the answer count times."""

        async def echo() -> None:
            recv, send = router.recv_multipart, router.send_multipart
            for _ in repeat(None, count * len(clients)):
                await send(await recv())

        start = perf_counter_ns()
        await self.gather(echo(), *(self._ask(client, data, count) for client in clients))
        return perf_counter_ns() - start

    async def _ask(self, socket: Any, data: bytes, count: int) -> None:
        send, recv = socket.send, socket.recv
        message = data
        for _ in repeat(None, count):
            await send(data)
            message = await recv()
        check_size(message, len(data))
