"""Counters for trio and anyio: `context.socket(zmq.PUSH, socket_class=CountingSocket)`; see zmqlite.counters."""

from __future__ import annotations

from zmqlite.anyio import Socket

from .coroutines import CountingCoroutines

__all__ = ["CountingSocket"]


class CountingSocket(CountingCoroutines, Socket):  # type: ignore[misc]
    """A zmqlite.anyio.Socket that counts, made by a zmqlite.anyio.Context. Its monitor is taken.

    Attributes:
        counters: its Counters.
    """
