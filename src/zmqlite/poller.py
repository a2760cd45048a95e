"""Waiting for many sockets and descriptors at once: Poller, select() and zmq_poll()."""

from __future__ import annotations

import threading
import time
from errno import EINTR, ENOTSOCK
from operator import index

from ._backend import SocketBase
from ._native import ffi, lib
from .constants import ETERM, PollEvent
from .errors import ZMQError, error_from_errno
from .waiting import SLICE_MS, to_timeout_ms

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from typing import Any

__all__ = ["Poller", "select", "zmq_poll"]

_POLLIN, _POLLOUT, _POLLERR = int(PollEvent.POLLIN), int(PollEvent.POLLOUT), int(PollEvent.POLLERR)


_LONGEST_MS = 2**31 - 1
_zl_poll = lib.zl_poll
_ITEM_SHORTS = ffi.sizeof("zl_pollitem") // 2
_REVENTS = ffi.offsetof("zl_pollitem", "revents") // 2


class _PollSet:
    """The native arrays for one list of registrations. One thread uses it at a time: see Poller.poll()."""

    __slots__ = ("answers", "count", "events", "files", "items", "natives", "places", "ready", "registered")

    def __init__(self, registered: list[tuple[Any, int]]) -> None:
        self.registered = registered
        self.count = len(registered)
        self.items = ffi.new("zl_pollitem[]", self.count)
        self.ready = ffi.new("int[]", self.count)
        # The same memory: reading it so takes half of what a field of a cffi struct takes.
        self.events = memoryview(ffi.buffer(self.items)).cast("h")[_REVENTS::_ITEM_SHORTS]
        self.places = memoryview(ffi.buffer(self.ready)).cast("i")
        # What the caller gets back for each place; and what keeps the native sockets alive meanwhile.
        self.answers: list[Any] = []
        self.natives: list[Any] = []
        # Objects with a fileno() are asked at every poll: it changes when they are closed.
        self.files: list[tuple[int, Any]] = []
        for place, (thing, flags) in enumerate(registered):
            item = self.items[place]
            item.events = flags
            self.answers.append(thing)
            if isinstance(thing, SocketBase):
                native = thing._native
                item.socket = native
                self.natives.append(native)
            elif isinstance(thing, int):
                item.fd = _check_descriptor(thing, thing)
            elif hasattr(thing, "fileno"):
                self.files.append((place, thing))
            else:
                raise TypeError(
                    f"poll() takes Sockets, ints that are descriptors and objects with fileno(), got {thing!r}"
                )

    def poll(self, timeout_ms: int, until: float) -> list[tuple[Any, int]]:
        """Wait, and list what is ready in the order of registration.

        Args:
            timeout_ms: -1 for ever.
            until: when the time is over, by time.monotonic(), if timeout_ms is above 0.
        """
        for place, thing in self.files:
            self.answers[place] = self.items[place].fd = _ask_descriptor(thing)
        first_ms = SLICE_MS if timeout_ms < 0 or timeout_ms > SLICE_MS >= 0 else timeout_ms
        found = _zl_poll(self.items, self.count, first_ms, self.ready)
        if found <= 0 and (found or timeout_ms):
            found = self._wait(found, timeout_ms, until)
        answers, events = self.answers, self.events
        if found == 1:
            place = self.places[0]
            return [(answers[place], events[place])]
        return [(answers[place], events[place]) for place in self.places[:found]] if found else []

    def _wait(self, found: int, timeout_ms: int, until: float) -> int:
        """Wait on, or say what is wrong, after a first wait that found nothing."""
        # Only the main thread runs signal handlers.
        slice_ms = SLICE_MS if threading.current_thread() is threading.main_thread() else -1
        left_ms = timeout_ms
        waited = False
        while found <= 0:
            if found < 0 and found != -EINTR:
                raise self._explain(-found, waited)
            waited = True
            if timeout_ms > 0:
                left_ms = max(0, int((until - time.monotonic()) * 1000 + 0.999))
            if found == 0 and left_ms == 0:
                return 0
            slice_now_ms = slice_ms if left_ms < 0 or left_ms > slice_ms >= 0 else left_ms
            found = _zl_poll(self.items, self.count, slice_now_ms, self.ready)
        return found

    def _explain(self, errno: int, waited: bool) -> ZMQError:
        if errno == ENOTSOCK:
            for thing, _ in self.registered:
                if isinstance(thing, SocketBase) and thing.closed:
                    # Between two slices of a wait the socket is free, and destroy() may close it.
                    if waited and getattr(getattr(thing, "context", None), "_destroyed", False):
                        errno = ETERM
                    return error_from_errno(errno, "poll()", thing)
        return error_from_errno(errno, "poll()")


def _poll(pollset: _PollSet, timeout_ms: int) -> list[tuple[Any, int]]:
    """Wait. A socket that is closed is never ready: programs close what is still registered, also in another thread."""
    until = time.monotonic() + timeout_ms / 1000 if timeout_ms > 0 else 0.0
    while True:
        try:
            return pollset.poll(timeout_ms, until)
        except ZMQError as error:
            if type(error) is not ZMQError or error.errno != ENOTSOCK:
                raise
            left = [(thing, flags) for thing, flags in pollset.registered if not getattr(thing, "closed", False)]
            # Without any left, nothing could end a wait for ever.
            if len(left) == pollset.count or not (left or timeout_ms >= 0):
                raise
        pollset = _PollSet(left)
        if timeout_ms > 0:
            timeout_ms = max(0, int((until - time.monotonic()) * 1000 + 0.999))


def _check_descriptor(descriptor: int, thing: Any) -> int:
    if descriptor < 0:
        raise ValueError(f"poll() takes descriptors of 0 or more, {thing!r} has {descriptor}: is it closed?")
    return descriptor


def _ask_descriptor(thing: Any) -> int:
    try:
        descriptor = int(thing.fileno())
    except Exception as error:  # it is the user's fileno(): whatever it raises is the cause
        raise ValueError(f"fileno() must return a valid integer fd, {thing!r} has none") from error
    return _check_descriptor(descriptor, thing)


def zmq_poll(sockets: Sequence[tuple[Any, int]], timeout: float | None = -1) -> list[tuple[Any, int]]:
    """Wait until one of several sockets or descriptors is ready.

    Args:
        sockets: (socket, flags) each: a Socket, an int that is a descriptor, or an object with fileno(); flags of
            POLLIN, POLLOUT, and for descriptors POLLPRI.
        timeout: milliseconds; None or negative waits for ever.

    Returns:
        (socket, events) for each that is ready; a descriptor for what is not a Socket. Empty when the time is over,
        and at once when there is nothing to wait for.

    Raises:
        ZMQError: ENOTSOCK, every socket is closed, and the wait would be for ever. A closed one is never ready.
        SocketInUse: EBUSY, another thread is inside one of them.
        ContextTerminated: ETERM, the context of a socket ended.
        TypeError: neither a Socket nor something with a descriptor.
        ValueError: fileno() gives no valid descriptor.
        OverflowError: the timeout is beyond 2**31-1 ms.

    Source: zmq_poll(3).
    """
    timeout_ms = to_timeout_ms(timeout, "poll()")
    registered = list(sockets)
    return _poll(_PollSet(registered), timeout_ms) if registered else []


class Poller:
    """Waits for sockets and descriptors that are registered once.

    Attributes:
        sockets: the registrations, (socket, flags) in order.
    """

    sockets: list[tuple[Any, int]]

    def __init__(self) -> None:
        self.sockets = []
        self._map: dict[Any, int] = {}
        # The native arrays of the last poll, unless a poll is using them: two threads never share one.
        self._spare: list[_PollSet] = []

    def __contains__(self, socket: Any) -> bool:
        return socket in self._map

    def __repr__(self) -> str:
        return f"<{type(self).__module__.partition('.')[0]}.{type(self).__name__}({len(self.sockets)} registered)>"

    def register(self, socket: Any, flags: int = PollEvent.POLLIN | PollEvent.POLLOUT) -> None:
        """Watch a socket or descriptor, or change what it is watched for.

        Args:
            socket: a Socket, an int that is a descriptor, or an object with fileno().
            flags: POLLIN, POLLOUT, and for descriptors POLLPRI; 0 unregisters.
        """
        place = self._map.get(socket)
        if not flags:
            if place is not None:
                self.unregister(socket)
            return
        self._spare.clear()
        entry = (socket, index(flags))
        if place is not None:
            self.sockets[place] = entry
        else:
            self._map[socket] = len(self.sockets)
            self.sockets.append(entry)

    def modify(self, socket: Any, flags: int = PollEvent.POLLIN | PollEvent.POLLOUT) -> None:
        """Change what a socket or descriptor is watched for: as register()."""
        self.register(socket, flags)

    def unregister(self, socket: Any) -> None:
        """Watch a socket or descriptor no longer.

        Raises:
            KeyError: it is not registered.
        """
        place = self._map.pop(socket)
        self._spare.clear()
        self.sockets.pop(place)
        for later, _ in self.sockets[place:]:
            self._map[later] -= 1

    def poll(self, timeout: float | None = None) -> list[tuple[Any, int]]:
        """Wait until something is ready.

        Signal handlers run while it waits, and it goes on with the time that is left.

        Args:
            timeout: milliseconds; a float is cut to whole ones; None or negative waits for ever.

        Returns:
            (socket, events) for each that is ready, in order of registration; `dict(poller.poll())` maps one to the
            other. What is not a Socket comes back as its descriptor. Empty when the time is over, and at once when
            nothing is registered.

        Raises:
            ZMQError: ENOTSOCK, every socket is closed, and the wait would be for ever. A closed one is never ready.
            SocketInUse: EBUSY, another thread is inside one of them.
            ContextTerminated: ETERM, the context of a socket ended.
            ForkedError: a socket is the parent process's.
            TypeError: what is registered is neither a Socket nor has a descriptor.
            ValueError: fileno() gives no valid descriptor.
            OverflowError: the timeout is beyond 2**31-1 ms.

        Source: zmq_poll(3).
        """
        given: Any = timeout
        as_it_is = type(given) is int and 0 <= given <= _LONGEST_MS
        timeout_ms: int = given if as_it_is else to_timeout_ms(timeout, "poll()")
        if not self.sockets:
            return []
        try:
            pollset = self._spare.pop()
        except IndexError:
            pollset = _PollSet(list(self.sockets))
        else:
            if pollset.registered != self.sockets:  # somebody changed the list itself
                pollset = _PollSet(list(self.sockets))
        try:
            return _poll(pollset, timeout_ms)
        finally:
            if not self._spare:
                self._spare.append(pollset)


def select(
    rlist: Iterable[Any], wlist: Iterable[Any], xlist: Iterable[Any], timeout: float | None = None
) -> tuple[list[Any], list[Any], list[Any]]:
    """Wait as select.select() does, for Sockets too.

    Args:
        rlist: what to read from.
        wlist: what to write to.
        xlist: what to watch for errors.
        timeout: seconds; None or negative waits for ever.

    Returns:
        What is readable, writable, and in error: three lists. What is not a Socket comes back as its descriptor.

    Raises:
        ZMQError: as Poller.poll().
    """
    wanted: dict[Any, int] = {}
    for things, flag in ((rlist, _POLLIN), (wlist, _POLLOUT), (xlist, _POLLERR)):
        for thing in things:
            wanted[thing] = wanted.get(thing, 0) | flag
    found = zmq_poll(list(wanted.items()), None if timeout is None else timeout * 1000)
    readable, writable, failed = (
        [thing for thing, events in found if events & flag] for flag in (_POLLIN, _POLLOUT, _POLLERR)
    )
    return readable, writable, failed
