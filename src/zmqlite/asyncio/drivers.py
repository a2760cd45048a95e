"""How a loop watches a socket's descriptor: with add_reader(), or, where the loop has none, with a thread.

Windows' default loop, the Proactor, cannot watch descriptors. There a thread of each loop does, with select().
"""

from __future__ import annotations

import asyncio
import weakref
from contextlib import suppress
from typing import Any

from zmqlite.readiness import POLLIN, POLLOUT

TYPE_CHECKING = False
if TYPE_CHECKING:
    from asyncio import AbstractEventLoop
    from collections.abc import Callable

__all__ = ["LoopDriver", "reader_of"]


def _on_edge(reference: weakref.ref[Any]) -> None:
    """Serve a socket whose descriptor moved. The loop knows it weakly: an open socket that nobody has is closed."""
    socket = reference()
    if socket is not None:
        socket._readiness.serve(socket)


class LoopReader:
    """Watches through the loop itself."""

    __slots__ = ("_loop",)

    def __init__(self, loop: AbstractEventLoop) -> None:
        self._loop = loop

    def add(self, descriptor: int, call: Callable[..., None], argument: Any, event: int = POLLIN) -> None:
        """Have the loop call back whenever the descriptor is readable, or with POLLOUT writable."""
        watch = self._loop.add_writer if event == POLLOUT else self._loop.add_reader
        watch(descriptor, call, argument)

    def remove(self, descriptor: int, event: int = POLLIN) -> None:
        """Watch it no longer."""
        if not self._loop.is_closed():
            (self._loop.remove_writer if event == POLLOUT else self._loop.remove_reader)(descriptor)


def reader_of(loop: AbstractEventLoop) -> Any:
    """Return what watches a descriptor for a loop: add(descriptor, call, argument, event) and remove()."""
    from .reader_thread import find_reader_thread, needs_thread

    return find_reader_thread(loop) if needs_thread(loop) else LoopReader(loop)


class LoopDriver:
    """Watches one socket for one loop.

    Attributes:
        loop: the loop.
    """

    __slots__ = ("_descriptor", "_reader", "_reference", "loop")

    def __init__(self, loop: AbstractEventLoop, socket: Any) -> None:
        self.loop = loop
        self._reference = weakref.ref(socket)
        self._reader = reader_of(loop)
        self._descriptor: int = socket.fileno()
        self._call(self._reader.add, self._descriptor, _on_edge, self._reference)

    def _call(self, function: Callable[..., None], *arguments: Any) -> None:
        """Call in the loop's thread: at once when that is this one, or when the loop does not run."""
        loop = self.loop
        if asyncio._get_running_loop() is loop or not loop.is_running():
            function(*arguments)
        else:
            loop.call_soon_threadsafe(function, *arguments)

    def soon(self, socket: Any) -> None:
        """Have the loop serve the socket; from any thread."""
        try:
            if asyncio._get_running_loop() is self.loop:
                self.loop.call_soon(_on_edge, self._reference)
            else:
                self.loop.call_soon_threadsafe(_on_edge, self._reference)
        except RuntimeError:
            pass  # the loop is closed: the next one looks when the socket is used in it

    def stop(self) -> None:
        """Watch no longer. The descriptor is still open."""
        descriptor = self._descriptor
        if descriptor < 0:
            return
        self._descriptor = -1
        with suppress(RuntimeError):  # the loop is being closed
            self._call(self._reader.remove, descriptor)
