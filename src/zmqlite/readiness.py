"""Who waits for a socket, who is served next, and what was taken and comes back: the core under every event loop.

It knows no loop. A driver watches the descriptor (ZMQ_FD) and calls serve(); who waits is a waiter: a future, a
greenlet, a task.

The descriptor is edge-triggered: it moves when libzmq has commands to process, and any call may process them. So:

- who is about to wait has tried, and libzmq said EAGAIN with all of its commands processed;
- after a call that went well somebody else may have become ready without an edge: check() looks, once, soon;
- an edge that nobody waits for is answered by reading EVENTS, or the descriptor would stay readable.

A message is taken from libzmq for one waiter, at the moment it is handed over. One that was handed over and not
delivered (its task was cancelled first, its future was dropped) is given back, and is the next to be received, in
any form: `returned` keeps such messages in the order in which they were taken.
"""

from __future__ import annotations

from bisect import insort
from collections import deque
from errno import EAGAIN, EINTR
from time import monotonic
from typing import Any

from ._backend import ReadinessBase, TurnBase
from ._native import ffi, lib
from .errors import Again, ZMQError, error_from_errno
from .message import Frame
from .socket import Socket

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Protocol

    class _Waiter(Protocol):
        """One operation that waits."""

        def done(self) -> bool:
            """Tell whether it waits no longer: it has something, or was cancelled."""

        def attempt(self, socket: Any) -> None:
            """Make the operation and settle it; raises Again when it has to wait on."""

        def abandon(self, error: BaseException | None) -> None:
            """Wait no longer: the socket failed with this error, or was closed."""

    class _Driver(Protocol):
        """What an event loop does for a socket."""

        def soon(self, socket: Any) -> None:
            """Have the loop call socket._readiness.serve(socket) after what it is doing; from any thread."""

        def stop(self) -> None:
            """Watch the descriptor no longer."""

__all__ = ["DONTWAIT", "POLLIN", "POLLOUT", "Interest", "Readiness", "Turn", "try_part", "turn"]

DONTWAIT = 1
POLLIN, POLLOUT = 1, 2
_EVENTS, _RCVMORE = 15, 13

_UNTIMED = 16

_recv = Socket.recv
_try_recv = Socket.try_recv
_recv_multipart = Socket.recv_multipart
_recv_many = Socket.recv_many
_get_number = lib.zl_socket_get_number


def try_part(socket: Any, copy: bool) -> Any:
    """Call try_recv() for a recv() that need not wait: errors name that."""
    try:
        return _try_recv(socket, copy)
    except ZMQError as error:
        error._call = "recv()"
        raise


class Turn(TurnBase):
    """How long operations that need not wait may go on until the loop gets a turn.

    Attributes:
        left: operations until the clock is read again: at each one count down, and below 0 ask is_over().
        marked: whether the loop was asked to call begin().
    """

    SLICE = 0.001
    """Seconds. A flooded socket holds other tasks up for so long, and for what the program does with 16 messages."""
    __slots__ = ("_began", "marked")

    def __init__(self) -> None:
        self.left = _UNTIMED
        self._began = 0.0
        self.marked = False

    def begin(self) -> None:
        """Start anew: the loop runs."""
        self.left = _UNTIMED
        self.marked = False

    def is_over(self, soon: Callable[[Callable[[], None]], Any]) -> bool:
        """Read the clock: whether the loop is to have a turn now.

        Args:
            soon: has the loop call a function in its next turn.
        """
        if self.marked:
            over = monotonic() - self._began >= self.SLICE
            self.left = -1 if over else _UNTIMED  # over until the loop has run
            return over
        self.left = _UNTIMED
        self.marked = True
        self._began = monotonic()
        soon(self.begin)
        return False


turn = Turn()
"""One for all sockets: a program that reads them in turn gives way as one that reads a single one."""


_NOBODY: Any = ()
"""Stands for a queue that nobody joined yet: an empty deque takes 760 bytes, and few sockets have waited for room."""


class Interest:
    """Somebody who wants to know of events, and takes no message by that.

    Args:
        flags: POLLIN, POLLOUT.
        wake: called with those that are ready, once; True keeps the interest.
        end: called when there is nothing more to wait for, with the socket's error, or None: it was closed.
    """

    __slots__ = ("end", "flags", "wake")

    def __init__(
        self, flags: int, wake: Callable[[int], bool | None], end: Callable[[BaseException | None], None]
    ) -> None:
        self.flags = flags
        self.wake = wake
        self.end = end


class _Returned:
    """A message, or the rest of one, that was taken and came back."""

    __slots__ = ("key", "more", "parts")

    def __init__(self, key: tuple[int, int, int], parts: list[Any], more: bool) -> None:
        self.key = key
        self.parts = parts
        self.more = more  # it goes on in libzmq

    def __lt__(self, other: _Returned) -> bool:
        return self.key < other.key


class Readiness(ReadinessBase):
    """The waiting side of one socket. The socket is an argument, not an attribute: nothing here keeps it alive.

    Attributes:
        receivers: waiting for a message, first come first served.
        senders: waiting for room, likewise; who waits joins senders_queue().
        interests: waiting for events.
        returned: messages that came back, sorted.
        busy: whether anything of this kind is there; if not, a call may go straight to libzmq.
        sequence: the number of the message last taken from libzmq.
        more: RCVMORE, when the part last received came from `returned`; else None.
        driver: of the loop that the socket is used in; None before it ever waited.
        sending_more: the part sent last has another to follow: see send_or_drop().
    """

    __slots__ = (
        "__weakref__",
        "_checked_by",
        "_last_key",
        "driver",
        "interests",
        "more",
        "receivers",
        "returned",
        "senders",
        "sending_more",
    )

    def __init__(self) -> None:
        self.receivers: deque[_Waiter] = deque()
        self.senders: deque[_Waiter] = _NOBODY
        self.interests: list[Interest] = []
        self.returned: list[_Returned] = []
        self.busy = False
        self.sequence = 0
        self.more: bool | None = None
        self.sending_more = False
        self.driver: _Driver | None = None
        self._checked_by: Any = None
        self._last_key: Any = 0

    # ---- libzmq's side ----

    def events(self, socket: Any) -> int:
        """EVENTS, with what was given back; every command is processed: from here on the descriptor tells.

        Raises:
            ZMQError: ENOTSOCK, ETERM.
        """
        while True:
            events = _get_number(socket._native, _EVENTS, 4)
            errno = ffi.errno
            if not errno:
                return events | POLLIN if self.returned else int(events)
            if errno != EINTR:
                raise error_from_errno(errno, "get(EVENTS)")

    def senders_queue(self) -> deque[_Waiter]:
        """`senders`, to be joined."""
        if self.senders is _NOBODY:
            self.senders = deque()
        return self.senders

    def waits(self) -> bool:
        """Whether anybody waits for this socket."""
        return bool(self.receivers or self.senders or self.interests)

    def check(self, socket: Any) -> None:
        """Look soon: a call may have processed the commands that somebody waits for, and so eaten the edge."""
        driver = self.driver
        if driver is not None and (self.receivers or self.senders or self.interests) and self._checked_by is not driver:
            self._checked_by = driver  # one at a time, for each loop: one that is closed never comes to it
            driver.soon(socket)

    def serve(self, socket: Any) -> None:
        """Hand out what there is. Called when the descriptor moved, and for check()."""
        self._checked_by = None
        turn.left = _UNTIMED  # begin(), in place: this is run for every message that somebody waited for
        turn.marked = False
        if socket.closed:
            self.abandon(None)
            return
        try:
            # A receiver that finds nothing leaves libzmq with no command to process: no need to ask for EVENTS.
            if not self.receivers or self.senders or self.interests:
                self._serve_all(socket)
            else:
                self._serve_some(socket, self.receivers)
        except Exception as error:  # whatever it is, it ends the waiting: nobody else would hear of it
            self.abandon(error)
        self._settle()

    def _settle(self) -> None:
        self.busy = bool(
            self.receivers or self.senders or self.interests or self.returned or self.more is not None
        )

    def _serve_all(self, socket: Any) -> None:
        while True:
            events = self.events(socket)
            served = tried = False
            if events & POLLIN and self.receivers:
                served = self._serve_some(socket, self.receivers)
            if events & POLLOUT and self.senders:
                tried = True
                served |= self._serve_some(socket, self.senders)
            if served and self.waits():
                continue
            if tried and not served:
                # A ROUTER that must reach a full peer says POLLOUT, and EAGAIN. The try may have eaten other edges.
                events = self.events(socket)
                if events & POLLIN and self.receivers:
                    continue
            break
        if self.interests:
            self._tell(events)

    def _serve_some(self, socket: Any, waiters: deque[_Waiter]) -> bool:
        served = False
        while waiters:
            waiter = waiters.popleft()
            if waiter.done():
                continue
            try:
                waiter.attempt(socket)
            except Again:
                waiters.appendleft(waiter)
                break
            served = True
        return served

    def _tell(self, events: int) -> None:
        for interest in [one for one in self.interests if one.flags & events]:
            # One that was told may have withdrawn others.
            if interest in self.interests and not interest.wake(events & interest.flags):
                self.withdraw(interest)

    def watch(self, interest: Interest) -> None:
        """Add an interest. The caller has looked at events() before, or calls check() after."""
        self.interests.append(interest)
        self.busy = True

    def withdraw(self, interest: Interest) -> None:
        """Forget an interest; no error when it is gone already."""
        if interest in self.interests:
            self.interests.remove(interest)
            self._settle()

    def forget(self, socket: Any, waiters: deque[_Waiter], waiter: _Waiter) -> None:
        """Take a waiter that was cancelled out of its queue. Who is behind it may be next."""
        try:
            first = waiters[0] is waiter
            waiters.remove(waiter)
        except (IndexError, ValueError):
            return
        self._settle()
        if first:
            self.check(socket)

    def abandon(self, error: BaseException | None) -> None:
        """End all waiting: with an error, or because the socket is closed."""
        for waiters in (self.receivers, self.senders):
            while waiters:
                waiter = waiters.popleft()
                if not waiter.done():
                    waiter.abandon(error)
        for interest in self.interests[:]:
            self.withdraw(interest)
            interest.end(error)
        if self.driver is not None:
            self.driver.stop()
            self.driver = None

    # ---- what comes back ----

    def give_back(self, socket: Any, raw: Any, sequence: Any) -> None:
        """Take a message back that was taken and not delivered: it is the next to be received.

        Args:
            socket: the socket.
            raw: a part (bytes or Frame), a list that is a whole message, or a tuple of messages.
            sequence: what the take said.
        """
        if socket.closed:
            return
        key = sequence if type(sequence) is tuple else (sequence, 0, 0)
        if type(raw) is tuple:
            for number, message in enumerate(raw):
                parts = message if isinstance(message, list) else [message]
                insort(self.returned, _Returned((key[0], key[1] + number, 0 if number else key[2]), parts, False))
        elif type(raw) is list:
            insort(self.returned, _Returned(key, raw, False))
        else:
            self._give_back_part(socket, raw, key)
        self.busy = True
        self.check(socket)

    def _give_back_part(self, socket: Any, part: Any, key: tuple[int, int, int]) -> None:
        follows = (key[0], key[1], key[2] + 1)
        for entry in self.returned:
            if entry.key == follows:
                entry.key = key
                entry.parts.insert(0, part)
                return
        # The rest of a message is still in libzmq if nothing was taken since.
        more = key == (self.sequence, 0, 0) and bool(_get_number(socket._native, _RCVMORE, 4))
        if self._last_key == key:
            self.more = None
        insort(self.returned, _Returned(key, [part], more))

    # ---- taking: what a waiter's attempt() calls ----

    def take_part(self, socket: Any, flags: int, copy: bool, track: bool) -> tuple[Any, Any]:
        """Take one part, as recv() does.

        Returns:
            The part, bytes or a Frame; and its place, for give_back().

        Raises:
            Again: EAGAIN, there is none.
        """
        if not self.returned:
            if track:
                part = _recv(socket, flags | DONTWAIT, copy, track)
            else:
                part = try_part(socket, copy)
                if part is None:
                    raise error_from_errno(EAGAIN, "recv()")
            if self.more is not None:
                self.more = None
                self._settle()
            self.sequence = sequence = self.sequence + 1
            return part, sequence
        entry = self.returned[0]
        key = self._last_key = entry.key
        part = entry.parts.pop(0)
        if entry.parts:
            entry.key = (key[0], key[1], key[2] + 1)
        else:
            del self.returned[0]
        self.more = bool(entry.parts) or entry.more
        return _convert(part, copy), key

    def take_message(self, socket: Any, flags: int, copy: bool, track: bool) -> tuple[Any, Any]:
        """The same for a whole message, a list of parts."""
        if not self.returned:
            message = _recv_multipart(socket, flags | DONTWAIT, copy, track)
            return message, self._took()
        entry = self.returned.pop(0)
        parts = [_convert(part, copy) for part in entry.parts]
        key: Any = entry.key
        if entry.more:
            parts += _recv_multipart(socket, DONTWAIT, copy, track)
            self._took()
        self.more = False
        return parts, key

    def take_many(
        self, socket: Any, most: int, flags: int, copy: bool, multipart: bool | None
    ) -> tuple[tuple[Any, ...], Any]:
        """The same for many messages, a tuple of them, at least one."""
        key: Any = self.returned[0].key if self.returned else 0
        messages: list[Any] = []
        while self.returned and len(messages) < most:
            parts, _ = self.take_message(socket, flags, copy, False)
            messages.append(parts if multipart or len(parts) > 1 else parts[0])
        if len(messages) < most:
            messages += _recv_many(socket, most - len(messages), 0, flags | DONTWAIT, copy, multipart)
            if not messages:
                raise error_from_errno(EAGAIN, "recv_many()")
            taken = self._took()
            key = key or taken
        return tuple(messages), key

    def _took(self) -> int:
        if self.more is not None:
            self.more = None
            self._settle()
        self.sequence += 1
        return self.sequence


def _convert(part: Any, copy: bool) -> Any:
    if isinstance(part, Frame):
        return part.bytes if copy else part
    return part if copy else Frame(part)
