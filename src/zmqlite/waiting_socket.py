"""What the sockets of every event loop have in common: a Readiness, options that know of it, forms of messages."""

from __future__ import annotations

from errno import EAGAIN
from typing import Any

from .errors import Again, error_from_errno
from .options import SOCKET_OPTIONS, OptionAttribute
from .readiness import POLLIN, POLLOUT, Readiness
from .socket import Socket

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = [
    "ManySends",
    "WaitingSocket",
    "fill_buffer",
    "leaves_more",
    "send_now",
    "send_or_drop",
    "simplify",
    "writable_view",
]

_RCVMORE, _EVENTS, _RCVTIMEO, _SNDTIMEO = 13, 15, 27, 28
# RCVTIMEO and SNDTIMEO as far as they are known: of most sockets one of these two.
_UNKNOWN: tuple[int | None, int | None] = (None, None)
_FOR_EVER: tuple[int | None, int | None] = (-1, None)
_SNDMORE = 2
_DROP_REST = (3, 5, 8)  # REQ, DEALER, PUSH: they choose a peer for each message
_send_many = Socket.send_many


class WaitingSocket(Socket[Any]):
    """A Socket for which an event loop waits."""

    _timeouts: tuple[int | None, int | None]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self._readiness = Readiness()
        self._timeouts = _UNKNOWN
        super().__init__(*args, **kwargs)

    def get(self, option: int) -> Any:
        """Get an option: see zmqlite.Socket.get(). EVENTS and RCVMORE know of messages that came back."""
        readiness = self._readiness
        if option == _RCVMORE and readiness.more is not None:
            return int(readiness.more)
        value = super().get(option)
        if option == _EVENTS:
            if readiness.returned:
                value |= POLLIN
            readiness.check(self)
        return value

    def set(self, option: int, optval: Any) -> None:
        """Set an option: see zmqlite.Socket.set()."""
        super().set(option, optval)
        if option in (_RCVTIMEO, _SNDTIMEO):
            self._timeouts = _UNKNOWN

    getsockopt = get
    setsockopt = set

    def _timeout(self, option: int) -> int:
        """RCVTIMEO or SNDTIMEO: milliseconds, -1 for ever. Remembered: asking libzmq takes as long as a recv()."""
        receive, send = self._timeouts
        timeout = receive if option == _RCVTIMEO else send
        if timeout is None:
            timeout = int(super().get(option))
            if not self._shadow:
                known = (timeout, send) if option == _RCVTIMEO else (receive, timeout)
                self._timeouts = _FOR_EVER if known == _FOR_EVER else known
        return timeout

    def _call_endpoint(self, call: str, function: Any, addr: str | bytes, at_once: Any = None) -> None:
        super()._call_endpoint(call, function, addr, at_once)
        self._readiness.check(self)


def _install_attributes() -> None:
    for number in (_RCVMORE, _EVENTS, _RCVTIMEO, _SNDTIMEO):
        attribute = OptionAttribute(
            SOCKET_OPTIONS[number],
            lambda socket, option: socket.get(option),
            lambda socket, option, value: socket.set(option, value),
            None,
        )
        for name in (SOCKET_OPTIONS[number].name, SOCKET_OPTIONS[number].name.lower()):
            setattr(WaitingSocket, name, attribute)


_install_attributes()


# ---- sending ----


def send_now(socket: Any, verb: Callable[..., Any], arguments: tuple[Any, ...]) -> Any:
    """Send without waiting.

    Args:
        socket: a WaitingSocket.
        verb: called with the socket and the arguments, DONTWAIT among them.
        arguments: for the verb.

    Raises:
        Again: EAGAIN, there is no room; libzmq has no command to process.
    """
    try:
        return verb(socket, *arguments)
    except Again:
        # A send looks at libzmq's commands once in a millisecond: that there is room again may be among them.
        if not socket._readiness.events(socket) & POLLOUT:
            raise
    return verb(socket, *arguments)


def leaves_more(flags: int, verb: Callable[..., Any] | None = None) -> bool:
    """Tell whether another part of the message follows what is sent with these flags; send_many() sends whole ones."""
    return bool(flags & _SNDMORE) and not isinstance(verb, ManySends)


def send_or_drop(
    socket: Any, verb: Callable[..., Any], arguments: tuple[Any, ...], more: bool, may_wait: bool = True
) -> Any:
    """Send without waiting, but not the rest of a message that libzmq has dropped with the peer that it was for.

    That would reach the next peer as a message of its own. It is dropped, too, as Socket.send() does.

    Args:
        socket: as for send_now().
        verb: likewise.
        arguments: likewise.
        more: another part follows.
        may_wait: the caller waits for room; who does not hears of what is dropped.

    Raises:
        Again: EAGAIN, there is no room; or what was to be sent was such a rest, and the caller may not wait.
    """
    core = socket._readiness
    if core.sending_more and socket._type_number in _DROP_REST:
        core.sending_more = more
        try:
            return verb(socket, *arguments)
        except Again:
            if not may_wait:
                raise
            if not isinstance(verb, ManySends):
                return None
            if verb.sent:
                raise
            verb.sent = 1  # the first of them was that rest
    value = send_now(socket, verb, arguments)
    core.sending_more = more
    return value


class ManySends:
    """Messages that are sent as there is room for them.

    Attributes:
        sent: how many went.
    """

    def __init__(self, messages: list[Any], flags: int, copy: bool | None) -> None:
        self.sent = 0
        self._messages = messages
        self._flags = flags
        self._copy = copy

    def __call__(self, socket: Any) -> int:
        """Send what there is room for; raises Again when that is not all."""
        try:
            self.sent += _send_many(socket, self._messages[self.sent :], self._flags, self._copy)
        except Exception as error:  # it says how many went: pass that on
            self.sent += getattr(error, "sent", 0)
            error.sent = self.sent  # type: ignore[attr-defined]
            raise
        if self.sent < len(self._messages):
            raise error_from_errno(EAGAIN, "send_many()")
        return self.sent


# ---- receiving ----


def writable_view(buffer: Any, nbytes: int) -> memoryview:
    """The part of a buffer that recv_into() may write to.

    Raises:
        BufferError: it is read-only.
        ValueError: nbytes is more than there is.
    """
    view = memoryview(buffer).cast("B")
    if view.readonly:
        raise BufferError("recv_into() takes a writable buffer, got a read-only one")
    if not 0 <= nbytes <= len(view):
        raise ValueError(f"recv_into(): nbytes={nbytes}, but the buffer has {len(view)} bytes")
    return view[: nbytes or len(view)]


def fill_buffer(view: memoryview, frame: Any) -> int:
    """Write what fits of a Frame; returns the Frame's size."""
    size = len(frame)
    fits = min(size, len(view))
    view[:fits] = frame.buffer[:fits]
    return size


def simplify(parts: list[Any]) -> Any:
    """A message as `async for` gives it: of a single part, that part."""
    return parts if len(parts) > 1 else parts[0]
