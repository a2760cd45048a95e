"""Sockets whose calls return Futures that tornado's coroutines await: asyncio's, whose loop tornado's is."""

from __future__ import annotations

from asyncio import CancelledError
from typing import Any
from warnings import warn

from zmqlite.asyncio import Context as AsyncioContext
from zmqlite.asyncio import Poller, Socket

__all__ = ["CancelledError", "Context", "Poller", "Socket"]


class Context(AsyncioContext):
    """A Context whose sockets return Futures.

    Args:
        *args: as for zmqlite.asyncio.Context.
        io_loop: deprecated, without effect.
        **kwargs: as for zmqlite.asyncio.Context.

    Attributes:
        io_loop: None; deprecated.
    """

    io_loop: Any = None

    def __init__(self, *args: Any, io_loop: Any = None, **kwargs: Any) -> None:
        if io_loop is not None:
            warn("Context(io_loop) has no effect: the running loop is used", DeprecationWarning, stacklevel=2)
        super().__init__(*args, **kwargs)
