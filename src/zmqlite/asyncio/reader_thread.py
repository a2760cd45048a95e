"""A thread that watches descriptors for a loop that cannot: Windows' Proactor.

The descriptors stay readable until the loop has seen to them, so the thread puts each aside when it reports it, and
takes it up again when the loop says so.
"""

from __future__ import annotations

import asyncio
import select
import socket as sockets
import threading
import weakref
from contextlib import suppress
from typing import Any

TYPE_CHECKING = False
if TYPE_CHECKING:
    from asyncio import AbstractEventLoop
    from collections.abc import Callable

__all__ = ["ReaderThread", "find_reader_thread", "needs_thread"]

_threads: weakref.WeakKeyDictionary[Any, ReaderThread] = weakref.WeakKeyDictionary()
_lock = threading.Lock()


def needs_thread(loop: AbstractEventLoop) -> bool:
    """Whether a loop cannot watch descriptors by itself."""
    proactor: Any = getattr(asyncio, "ProactorEventLoop", None)
    return proactor is not None and isinstance(loop, proactor)


def find_reader_thread(loop: AbstractEventLoop) -> ReaderThread:
    """Return the reader thread of a loop; start it when there is none."""
    with _lock:
        found = _threads.get(loop)
        if found is None:
            found = _threads[loop] = ReaderThread(loop)
        return found


class ReaderThread:
    """Watches descriptors for one loop, until nothing is left to watch, or the loop is gone.

    Args:
        loop: its call_soon_threadsafe() is called.
    """

    def __init__(self, loop: AbstractEventLoop) -> None:
        self._loop = weakref.ref(loop, self._end)
        self._calls: dict[int, tuple[Callable[..., None], Any]] = {}
        self._watched: set[int] = set()
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._waker: sockets.socket | None = None

    def add(self, descriptor: int, call: Callable[..., None], argument: Any) -> None:
        """Have the loop call back whenever the descriptor is readable. Called in the loop's thread."""
        with self._lock:
            self._calls[descriptor] = (call, argument)
            self._watched.add(descriptor)
            if self._thread is None:
                wakes, self._waker = sockets.socketpair()
                wakes.setblocking(False)
                self._waker.setblocking(False)
                self._thread = threading.Thread(
                    target=self._run, args=(wakes,), name="zmqlite-reader", daemon=True
                )
                self._thread.start()
        self._wake()

    def remove(self, descriptor: int) -> None:
        """Watch it no longer; the last one ends the thread."""
        thread = None
        with self._lock:
            self._calls.pop(descriptor, None)
            self._watched.discard(descriptor)
            if not self._calls:
                thread, self._thread = self._thread, None
                waker, self._waker = self._waker, None
        if thread is None:
            self._wake()
            return
        if waker is not None:
            waker.close()  # the thread reads the end of the stream, and ends
        if thread is not threading.current_thread():
            thread.join()  # or it would still be watching when the descriptor is closed, and perhaps opened anew

    def _end(self, _: object) -> None:
        waker = self._waker
        if waker is not None:
            waker.close()

    def _wake(self) -> None:
        waker = self._waker
        if waker is not None:
            with suppress(OSError):  # full of wake-ups, or closed: either will do
                waker.send(b"\0")

    def _dispatch(self, descriptor: int) -> None:
        """In the loop's thread: call back, and watch on."""
        found = self._calls.get(descriptor)
        if found is None:
            return
        call, argument = found
        try:
            call(argument)
        finally:
            with self._lock:
                if descriptor in self._calls:
                    self._watched.add(descriptor)
            self._wake()

    def _run(self, wakes: sockets.socket) -> None:
        try:
            while self._watch(wakes):
                pass
        finally:
            wakes.close()

    def _watch(self, wakes: sockets.socket) -> bool:
        with self._lock:
            watched = [*self._watched, wakes.fileno()]
        try:
            readable = select_readable(watched)
        except (OSError, ValueError):
            with self._lock:  # one was closed without a word: forget those that no longer are
                self._watched = {one for one in self._watched if _is_open(one)}
            return True
        if wakes.fileno() in readable:
            try:
                if not wakes.recv(4096):
                    return False
            except BlockingIOError:
                pass
        loop = self._loop()
        if loop is None or loop.is_closed():
            return False
        for descriptor in readable:
            with self._lock:
                if descriptor not in self._watched:
                    continue
                self._watched.discard(descriptor)
            try:
                loop.call_soon_threadsafe(self._dispatch, descriptor)
            except RuntimeError:
                return False  # it was closed meanwhile
        return True


def select_readable(descriptors: list[int], timeout_ms: int | None = None) -> list[int]:
    """Wait until one of the descriptors is readable; with poll() where there is one, as select() has a limit.

    Args:
        descriptors: what to watch.
        timeout_ms: 0, or None for ever.

    Raises:
        OSError: one of them is closed.
    """
    if not hasattr(select, "poll"):
        return select.select(descriptors, [], [], timeout_ms)[0]
    poller = select.poll()
    for descriptor in descriptors:
        poller.register(descriptor, select.POLLIN)
    found = poller.poll(timeout_ms)
    if any(events & select.POLLNVAL for _, events in found):
        raise OSError("a descriptor was closed")
    return [descriptor for descriptor, _ in found]


def _is_open(descriptor: int) -> bool:
    try:
        select_readable([descriptor], 0)
    except (OSError, ValueError):
        return False
    return True
