"""A thread that watches descriptors for a loop that cannot: Windows' Proactor.

The descriptors stay ready until the loop has seen to them, so the thread puts each aside when it reports it, and takes
it up again when the loop says so. Windows' select() takes 512 descriptors: there a loop with more has more threads.
"""

from __future__ import annotations

import asyncio
import select
import socket as sockets
import threading
import weakref
from contextlib import suppress
from typing import Any

from zmqlite.readiness import POLLIN, POLLOUT

TYPE_CHECKING = False
if TYPE_CHECKING:
    from asyncio import AbstractEventLoop
    from collections.abc import Callable

    _Wanted = tuple[int, int]  # a descriptor, and POLLIN or POLLOUT

__all__ = ["ReaderThread", "find_reader_thread", "needs_thread"]

_threads: weakref.WeakKeyDictionary[Any, list[ReaderThread]] = weakref.WeakKeyDictionary()
_lock = threading.Lock()
_SELECT_ROOM = 500  # of 512; the thread watches one of its own


def needs_thread(loop: AbstractEventLoop) -> bool:
    """Whether a loop cannot watch descriptors by itself: its add_reader() is the one that only raises."""
    return getattr(type(loop), "add_reader", None) is asyncio.AbstractEventLoop.add_reader


def find_reader_thread(loop: AbstractEventLoop) -> ReaderThread:
    """Return a reader thread of a loop that has room; make one when there is none."""
    with _lock:
        threads = _threads.setdefault(loop, [])
        found = next((one for one in threads if one.has_room()), None)
        if found is None:
            found = ReaderThread(loop)
            threads.append(found)
        return found


class ReaderThread:
    """Watches descriptors for one loop, until nothing is left to watch, or the loop is gone.

    Args:
        loop: its call_soon_threadsafe() is called.
    """

    def __init__(self, loop: AbstractEventLoop) -> None:
        self._loop = weakref.ref(loop, self._end)
        self._calls: dict[_Wanted, tuple[Callable[..., None], Any]] = {}
        self._watched: set[_Wanted] = set()
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._waker: sockets.socket | None = None

    def has_room(self) -> bool:
        """Whether it can watch one more."""
        return len(self._calls) < _SELECT_ROOM or hasattr(select, "poll")

    def add(self, descriptor: int, call: Callable[..., None], argument: Any, event: int = POLLIN) -> None:
        """Have the loop call back whenever the descriptor is ready. Called in the loop's thread."""
        with self._lock:
            self._calls[descriptor, event] = (call, argument)
            self._watched.add((descriptor, event))
            if self._thread is None:
                wakes, self._waker = sockets.socketpair()
                wakes.setblocking(False)
                self._waker.setblocking(False)
                self._thread = threading.Thread(
                    target=self._run, args=(wakes,), name="zmqlite-reader", daemon=True
                )
                self._thread.start()
        self._wake()

    def remove(self, descriptor: int, event: int = POLLIN) -> None:
        """Watch it no longer; the last one ends the thread."""
        thread = None
        with self._lock:
            self._calls.pop((descriptor, event), None)
            self._watched.discard((descriptor, event))
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

    def _dispatch(self, wanted: _Wanted) -> None:
        """In the loop's thread: call back, and watch on."""
        found = self._calls.get(wanted)
        if found is None:
            return
        call, argument = found
        try:
            call(argument)
        finally:
            with self._lock:
                if wanted in self._calls:
                    self._watched.add(wanted)
            self._wake()

    def _run(self, wakes: sockets.socket) -> None:
        try:
            while self._watch(wakes):
                pass
        finally:
            wakes.close()

    def _watch(self, wakes: sockets.socket) -> bool:
        waker = (wakes.fileno(), POLLIN)
        with self._lock:
            watched = [*self._watched, waker]
        try:
            ready = select_ready(watched)
        except (OSError, ValueError):
            with self._lock:  # one was closed without a word: forget those that no longer are
                self._watched = {one for one in self._watched if _is_open(one)}
            return True
        if waker in ready:
            try:
                if not wakes.recv(4096):
                    return False
            except BlockingIOError:
                pass
            except OSError:
                return False  # reset: Windows has no other socketpair() than one over tcp
        loop = self._loop()
        if loop is None or loop.is_closed():
            return False
        for wanted in ready:
            with self._lock:
                if wanted not in self._watched:
                    continue
                self._watched.discard(wanted)
            try:
                loop.call_soon_threadsafe(self._dispatch, wanted)
            except RuntimeError:
                return False  # it was closed meanwhile
        return True


def select_ready(watched: list[_Wanted], timeout_s: float | None = None) -> list[_Wanted]:
    """Wait until one of the descriptors is ready; with poll() where there is one, as select() has a limit.

    Args:
        watched: what to watch: (descriptor, POLLIN) or (descriptor, POLLOUT).
        timeout_s: seconds: 0, or None for ever.

    Returns:
        Those of them that are ready, or have an error.

    Raises:
        OSError: one of them is closed.
        ValueError: one of them is no descriptor, or there are more than select() takes.
    """
    if not hasattr(select, "poll"):
        readers = [descriptor for descriptor, event in watched if event == POLLIN]
        writers = [descriptor for descriptor, event in watched if event == POLLOUT]
        # Windows tells of a connection that failed as of an error.
        found = select.select(readers, writers, writers, timeout_s)
        ready = {(descriptor, POLLIN) for descriptor in found[0]}
        ready.update((descriptor, POLLOUT) for descriptor in found[1] + found[2])
        return list(ready)
    masks: dict[int, int] = {}
    for descriptor, event in watched:
        masks[descriptor] = masks.get(descriptor, 0) | (select.POLLIN if event == POLLIN else select.POLLOUT)
    poller = select.poll()
    for descriptor, mask in masks.items():
        poller.register(descriptor, mask)
    events = dict(poller.poll(timeout_s))
    if any(event & select.POLLNVAL for event in events.values()):
        raise OSError("a descriptor was closed")
    other = {POLLIN: select.POLLOUT, POLLOUT: select.POLLIN}
    return [(descriptor, event) for descriptor, event in watched if events.get(descriptor, 0) & ~other[event]]


def _is_open(wanted: _Wanted) -> bool:
    try:
        select_ready([wanted], 0)
    except (OSError, ValueError):
        return False
    return True
