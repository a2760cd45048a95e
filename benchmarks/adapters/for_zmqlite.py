"""zmqlite."""

from __future__ import annotations

from itertools import repeat
from time import perf_counter_ns

import zmqlite

from .loops import check_size
from .zmq_api import ZmqApi

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

__all__ = ["Adapter"]


class Adapter(ZmqApi):
    """zmqlite, with the verbs that pyzmq does not have."""

    def __init__(self, **options: Any) -> None:
        super().__init__(zmqlite, **options)

    def describe(self) -> dict[str, Any]:
        """Its version, backend and libzmq."""
        from zmqlite.info import collect_info

        info = collect_info()
        return {"version": info["zmqlite"], "backend": info["backend"], "libzmq": info["libzmq"]["version"]}

    def make_context(self) -> Any:
        """A context in the wanted setting."""
        if self.tuning and not zmqlite.has("draft"):
            raise ImportError(f"this libzmq has no drafts, and so no tuning={self.tuning!r}")
        return zmqlite.Context(tuning=self.tuning)

    def tune(self, socket: Any) -> None:
        """The context has done it."""

    def serve_curve(self, socket: Any, keys: tuple[bytes, bytes]) -> None:
        """Make a socket a CURVE server that takes every client, and say that this is meant."""
        zmqlite.set_curve_server(socket, zmqlite.KeyPair(keys[1]), allow_any=True)

    def send_batch(self, socket: Any, messages: list[bytes]) -> int:
        """Send a list of messages in one call."""
        start = perf_counter_ns()
        socket.send_many(messages)
        return perf_counter_ns() - start

    def recv_batch(self, socket: Any, count: int, size: int) -> int:
        """Receive so many messages, in one call when they are there."""
        start = perf_counter_ns()
        messages = socket.recv_many(count)
        while len(messages) < count:
            messages += socket.recv_many(count - len(messages))
        elapsed = perf_counter_ns() - start
        check_size(messages[-1], size)
        return elapsed

    def try_quietly(self, socket: Any, count: int) -> int:
        """The form that does not raise: try_recv(), or recv_many() where there is none."""
        if not hasattr(socket, "try_recv"):
            recv_many = socket.recv_many
            start = perf_counter_ns()
            for _ in repeat(None, count):
                recv_many(1, 0)
            return perf_counter_ns() - start
        recv = socket.try_recv
        start = perf_counter_ns()
        for _ in repeat(None, count):
            recv()
        return perf_counter_ns() - start
