"""Counters for asyncio: `context.socket(zmq.PUSH, socket_class=CountingSocket)`, see zmqlite.counters."""

from __future__ import annotations

from zmqlite.asyncio import Socket

from .coroutines import CountingCoroutines

__all__ = ["CountingSocket"]


class CountingSocket(CountingCoroutines, Socket):  # type: ignore[misc]
    """A zmqlite.asyncio.Socket that counts, made by a zmqlite.asyncio.Context. Its monitor is taken.

    Its calls are coroutines, where those of the Socket without counters return Futures.

    Attributes:
        counters: its Counters.
    """
