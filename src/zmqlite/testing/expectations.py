"""What a test expects of a socket: each method passes, or raises AssertionError with what was found instead."""

from __future__ import annotations

import time
from typing import Any

from zmqlite.constants import PollEvent

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from .probe import Probe

__all__ = ["Expectation", "expect"]

WITHIN = 2.0


class Expectation:
    """What is expected of a probe: made by expect(). Every method returns the same object, so they chain."""

    def __init__(self, probe: Probe) -> None:
        self._probe = probe

    def _require(self, holds: bool, wanted: str, found: str) -> Expectation:
        __tracebackhide__ = True
        if not holds:
            raise AssertionError(f"{self._probe}: expected {wanted}, but {found}")
        return self

    def can_send(self, within: float = 0.0) -> Expectation:
        """A message can be sent without blocking: there is a peer, and room in the queue.

        Args:
            within: seconds to wait for that.
        """
        __tracebackhide__ = True
        ready = self._probe.socket.poll(within * 1000, PollEvent.POLLOUT)
        return self._require(bool(ready), "that it can send without blocking", "it has no peer with room in its queue")

    def cannot_send(self) -> Expectation:
        """Sending would block: nobody is there, or the queue is full."""
        __tracebackhide__ = True
        ready = self._probe.socket.poll(0, PollEvent.POLLOUT)
        return self._require(not ready, "that sending would block", "it can send")

    def is_bound_to(self, endpoint: str) -> Expectation:
        """It is bound to this endpoint."""
        __tracebackhide__ = True
        places = self._probe.bound_to
        return self._require(endpoint in places, f"to be bound to {endpoint}", f"it is bound to {_list(places)}")

    def is_connected_to(self, endpoint: str) -> Expectation:
        """It connected to this endpoint, by name or by address, and the connection is up."""
        __tracebackhide__ = True
        places = self._probe.connected_to
        found = f"it is connected to {_list(places)}"
        return self._require(self._probe.is_connected_to(endpoint), f"to be connected to {endpoint}", found)

    def is_not_connected_to(self, endpoint: str, within: float = 0.0) -> Expectation:
        """No connection to this endpoint is up.

        Args:
            endpoint: as it was given.
            within: seconds to wait for the other side to be noticed gone.
        """
        __tracebackhide__ = True
        until = time.monotonic() + within
        while self._probe.is_connected_to(endpoint) and time.monotonic() < until:
            time.sleep(0.001)
        return self._require(
            not self._probe.is_connected_to(endpoint), f"not to be connected to {endpoint}", "it is, and it is up"
        )

    def has_peers(self, count: int, within: float = WITHIN) -> Expectation:
        """At least so many connections are up, whichever side made them.

        Args:
            count: how many.
            within: seconds to wait for them.
        """
        __tracebackhide__ = True
        found = self._probe.wait_for_peers(count, within)
        return self._require(found >= count, f"{count} peers within {within:g} s", f"it has {found}")

    def receives(self, message: bytes | str | Sequence[bytes | str], within: float = WITHIN) -> Expectation:
        """The next message is this one.

        Args:
            message: bytes or str; a list of them for a message of several parts.
            within: seconds to wait for it.
        """
        __tracebackhide__ = True
        wanted = [message] if isinstance(message, (bytes, str)) else list(message)
        encoded = [part.encode() if isinstance(part, str) else part for part in wanted]
        expected = f"to receive {_show(encoded)} within {within:g} s"
        try:
            parts: Any = self._probe.recv_multipart(within)
        except TimeoutError:
            return self._require(False, expected, "nothing came")
        return self._require(parts == encoded, expected, f"received {_show(parts)}")

    def receives_nothing(self, within: float = 0.1) -> Expectation:
        """No message comes. What comes all the same is lost.

        Args:
            within: seconds to watch.
        """
        __tracebackhide__ = True
        parts = self._probe.recv_multipart_nowait() if self._probe.socket.poll(within * 1000) else None
        found = f"received {_show(parts or [])}"
        return self._require(parts is None, f"to receive nothing for {within:g} s", found)


def expect(probe: Probe) -> Expectation:
    """Say what is expected of a socket: `expect(sink).receives(b"hello", within=2)`.

    Args:
        probe: of bound() or connected().
    """
    return Expectation(probe)


def _show(parts: Sequence[bytes]) -> str:
    return repr(parts[0]) if len(parts) == 1 else repr(list(parts))


def _list(places: Sequence[str]) -> str:
    return ", ".join(places) or "nothing"
