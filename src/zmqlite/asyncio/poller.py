"""The asyncio poller: poll() returns a Future."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import Any

from zmqlite.poller import Poller as BasePoller
from zmqlite.poller import zmq_poll
from zmqlite.readiness import POLLIN, POLLOUT, Interest
from zmqlite.socket import Socket as BaseSocket
from zmqlite.waiting import to_timeout_ms

from .drivers import reader_of
from .futures import Polling
from .ready import Ready, current_loop
from .socket import Socket

TYPE_CHECKING = False
if TYPE_CHECKING:
    from asyncio import Future

__all__ = ["Poller"]


class Poller(BasePoller):
    """Waits for sockets, of asyncio or not, and for descriptors."""

    def poll(self, timeout: float | None = None) -> Future[list[tuple[Any, int]]]:  # type: ignore[override]
        """Wait until something is ready.

        Args:
            timeout: milliseconds; None or negative waits for ever.

        Returns:
            A Future of (socket, events) for each that is ready; empty when the time is over, and at once when nothing
            is registered.

        Raises (through the Future):
            ZMQError: as Poller.poll().
        """
        timeout_ms = to_timeout_ms(timeout, "poll()")
        entries = list(self.sockets)
        loop = current_loop()
        future = Polling(loop=loop)
        future._socket = None
        future._queue = ()
        future._timer = None
        future._take = _look
        future._arguments = (entries,)
        try:
            found = _look(entries)
        except Exception as error:  # the socket's: it is closed, its context ended
            future.set_exception(error)
            return future
        if found or timeout_ms == 0 or not entries:
            ready = Ready()
            ready._value = found
            return ready
        _Watch(loop, future, entries)
        if timeout_ms >= 0:
            future._timer = loop.call_later(timeout_ms / 1000, future.expire)
        return future


def _look(entries: list[tuple[Any, int]]) -> list[tuple[Any, int]]:
    """What is ready now, also what came back to a socket."""
    found = dict(zmq_poll(entries, 0))
    result = []
    for thing, flags in entries:
        events = found.get(thing if isinstance(thing, BaseSocket) else _descriptor(thing), 0)
        if isinstance(thing, Socket):
            if thing._readiness.returned:
                events |= flags & POLLIN
            thing._readiness.check(thing)
        if events:
            result.append((thing if isinstance(thing, BaseSocket) else _descriptor(thing), events))
    return result


def _descriptor(thing: Any) -> int:
    return thing if isinstance(thing, int) else int(thing.fileno())


class _Watch:
    """What one poll watches, until its future is done."""

    def __init__(self, loop: asyncio.AbstractEventLoop, future: Polling, entries: list[tuple[Any, int]]) -> None:
        self._shares: list[Socket] = []
        self._stops: list[Any] = []
        queue: list[tuple[Any, Any]] = []
        for thing, flags in entries:
            if isinstance(thing, BaseSocket):
                socket = thing
                if not isinstance(socket, Socket):
                    socket = Socket.from_socket(thing)
                    self._shares.append(socket)
                socket._follow_loop()
                interest = Interest(flags, lambda _: future.answer(), future.abandon)
                socket._readiness.watch(interest)
                socket._readiness.check(socket)
                queue.append((socket._readiness, interest))
            else:
                descriptor = _descriptor(thing)
                for event in (POLLIN, POLLOUT):
                    if flags & event:
                        reader = reader_of(loop)
                        reader.add(descriptor, Polling.answer, future, event)
                        self._stops.append(partial(reader.remove, descriptor, event))
        future._queue = (*queue, (self, None))

    def withdraw(self, _: None) -> None:
        """Watch no longer: at once, as the next poll may watch the same descriptor."""
        for stop in self._stops:
            stop()
        for socket in self._shares:
            socket._readiness.abandon(None)
