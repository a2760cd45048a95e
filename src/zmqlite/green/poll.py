"""The poller of gevent: other greenlets run while it waits."""

from __future__ import annotations

from typing import Any

from gevent.hub import get_hub

from zmqlite.poller import Poller as BasePoller
from zmqlite.poller import zmq_poll
from zmqlite.readiness import POLLIN, Interest
from zmqlite.socket import Socket as BaseSocket
from zmqlite.waiting import to_timeout_ms

from .core import GreenWaiter, Socket, follow_hub

__all__ = ["Poller"]


class Poller(BasePoller):
    """Waits for sockets, of gevent or not, and for descriptors."""

    def poll(self, timeout: float | None = None) -> list[tuple[Any, int]]:
        """Wait until something is ready: see zmqlite.Poller.poll()."""
        timeout_ms = to_timeout_ms(timeout, "poll()")
        entries = list(self.sockets)
        found = _look(entries)
        if found or timeout_ms == 0 or not entries:
            return found
        waiter = GreenWaiter(lambda _: None)
        watch = _Watch(waiter, entries)
        try:
            waiter.wait(timeout_ms)
        finally:
            watch.stop()
        return _look(entries)


def _look(entries: list[tuple[Any, int]]) -> list[tuple[Any, int]]:
    """What is ready now, also what came back to a socket."""
    found = zmq_poll(entries, 0)
    for thing, flags in entries:
        if isinstance(thing, Socket):
            if thing._readiness.returned and flags & POLLIN and thing not in dict(found):
                found.append((thing, POLLIN))
            thing._readiness.check(thing)
    return found


class _Watch:
    """What one poll watches."""

    def __init__(self, waiter: GreenWaiter, entries: list[tuple[Any, int]]) -> None:
        self._interests: list[tuple[Any, Interest]] = []
        self._watchers: list[Any] = []
        self._shares: list[Socket] = []
        loop = get_hub().loop
        for thing, flags in entries:
            if not isinstance(thing, BaseSocket):
                watcher = loop.io(thing if isinstance(thing, int) else thing.fileno(), flags & 3)
                watcher.start(waiter.settle)
                self._watchers.append(watcher)
                continue
            socket = thing
            if not isinstance(socket, Socket):
                socket = Socket(thing)
                self._shares.append(socket)
            follow_hub(socket)
            interest = Interest(flags, lambda _: waiter.settle(), waiter.abandon)
            socket._readiness.watch(interest)
            socket._readiness.check(socket)
            self._interests.append((socket, interest))

    def stop(self) -> None:
        for watcher in self._watchers:
            watcher.stop()
            watcher.close()
        for socket, interest in self._interests:
            socket._readiness.withdraw(interest)
        for socket in self._shares:
            socket._readiness.abandon(None)
