"""What a socket's monitor reports: events as dicts, and the native drain that Socket.monitor() starts.

    monitor = socket.get_monitor_socket()
    while monitor.poll():
        event = recv_monitor_message(monitor)
        if event["event"] == zmq.Event.HANDSHAKE_SUCCEEDED:
            print("connected:", event["endpoint"])

libzmq writes events on its I/O thread and waits while nobody reads them: an unread monitor freezes every socket of
that I/O thread. Here a native thread reads them at once and keeps the newest; `Socket.monitor_dropped` counts those
that went unread. Each monitor takes 3 of the context's MAX_SOCKETS, besides the PAIR that reads it.
"""

from __future__ import annotations

import struct
from errno import EINVAL, ENOTSUP
from typing import Any, TypedDict

from ._native import ffi, has_function, lib
from .constants import Event
from .endpoints import check_endpoint
from .errors import ETERM, ZMQVersionError, error_from_errno

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Awaitable, Sequence

    from .socket import Socket

__all__ = [
    "Monitor",
    "MonitorMessage",
    "parse_monitor_message",
    "recv_monitor_message",
    "start_monitor",
    "stop_monitor",
]

DEFAULT_CAPACITY = 10_000
_MOST_CAPACITY = 10_000_000
_HEAD_V1 = struct.Struct("=Hi")
_NUMBER_V2 = struct.Struct("=Q")
# The end that was bound is what these are about, in version 2; for the others it is the far end.
_LOCAL_EVENTS = Event.LISTENING | Event.BIND_FAILED | Event.ACCEPTED | Event.ACCEPT_FAILED


class _Message(TypedDict):
    event: int
    value: int
    endpoint: bytes


class MonitorMessage(_Message, total=False):
    """One event of a monitor.

    `event` is an Event. `value` is what libzmq says with it: a descriptor, an errno, a reconnect interval in
    milliseconds, or a PROTOCOL_ERROR_* (an Event too) with HANDSHAKE_FAILED_PROTOCOL. `endpoint` is the endpoint of
    this socket that it is about. Version 2 has more: all `values`, and the `local` and `remote` end.
    """

    values: list[int]
    local: bytes
    remote: bytes


class Monitor:
    """A monitor that start_monitor() started: tells what it dropped, also after it stopped."""

    def __init__(self, native: Any, addr: str | bytes, events: int, version: int, capacity: int) -> None:
        self._native = native
        self._dropped = 0
        self.addr = addr
        self.events = events
        self.version = version
        self.capacity = capacity

    @property
    def dropped(self) -> int:
        """Events that were dropped, oldest first, because `capacity` newer ones were waiting for a reader."""
        if self._native is not None:
            self._dropped = int(lib.zl_monitor_dropped(self._native))
        return self._dropped

    def __del__(self, unreference: Any = lib.zl_monitor_unreference) -> None:
        # Not ffi.gc(), as in Context.__del__().
        native, self._native = self._native, None
        if native is not None:
            unreference(native)

    def __repr__(self) -> str:
        return f"<zmqlite.Monitor({self.addr!r}, events={int(self.events):#x}, dropped={self.dropped})>"


def start_monitor(
    socket: Socket[Any], addr: str | bytes, events: int, version: int = 1, capacity: int = DEFAULT_CAPACITY
) -> Monitor:
    """Publish a socket's events on an inproc endpoint, where a PAIR connects to read them.

    A monitor that the socket has already stops first. One reader at a time, as a PAIR has it: another one that connects
    before the first one's end is noticed hears nothing.

    Args:
        socket: what to watch.
        addr: `inproc://name`.
        events: of the Event enum, or-ed.
        version: 1, or 2 for the long format (draft).
        capacity: events kept for a reader that is slow or not there yet, 1 to 10 000 000; the reader's own
            high-water mark comes on top.

    Raises:
        ZMQError: EPROTONOSUPPORT, addr is not inproc; EADDRINUSE; EMFILE, the context's MAX_SOCKETS does not leave
            the 3 sockets that a monitor takes; ENOTSUP, the socket is a shadow and its context is not known; EINVAL.
        ZMQVersionError: version 2, and this libzmq has no drafts.
        SocketInUse: another thread is inside the socket.

    Source: zmq_socket_monitor(3), zmq_socket_monitor_versioned(3).
    """
    if version not in (1, 2):
        raise ValueError(f"monitor() takes version 1 or 2, got {version!r}")
    if not 1 <= capacity <= _MOST_CAPACITY:
        raise ValueError(f"monitor() takes a capacity of 1 to {_MOST_CAPACITY} events, got {capacity!r}")
    if version == 2 and not has_function("zmq_socket_monitor_versioned"):
        raise ZMQVersionError("4.3.3 with drafts", "monitor() with version 2")
    wanted = int(events)
    if not 0 <= wanted < (1 << 16 if version == 1 else 1 << 64):
        hint = "version 1 has the events of the lower 16 bits only" if version == 1 else None
        raise error_from_errno(EINVAL, f"monitor({addr!r}, {events!r})", hint=hint)
    native = lib.zl_monitor_start(socket._native, check_endpoint("monitor()", addr), wanted, version, capacity)
    if not native:
        errno = ffi.errno
        hint = "a shadow of a foreign socket cannot be monitored" if errno == ENOTSUP else None
        raise error_from_errno(errno, "monitor()", addr, hint)
    return Monitor(native, addr, wanted, version, capacity)


def stop_monitor(socket: Socket[Any]) -> None:
    """Stop a socket's monitor; its endpoint is free afterwards. Without a monitor this does nothing.

    A reader that is connected still gets the events before, and MONITOR_STOPPED if that was asked for.

    Raises:
        ZMQError: ENOTSOCK, the socket is closed.
        SocketInUse: another thread is inside the socket.

    Source: zmq_socket_monitor(3).
    """
    if lib.zl_monitor_stop(socket._native) != 0:
        errno = ffi.errno
        if errno != ETERM:  # the end of the context stopped it
            raise error_from_errno(errno, "monitor(None)")


def _parse_v2(msg: Sequence[bytes]) -> MonitorMessage:
    numbers = [_NUMBER_V2.unpack(frame)[0] for frame in msg[:-2]]
    number, count = numbers[:2]
    values = numbers[2:]
    if count != len(values):
        raise RuntimeError(f"Invalid event message format: {msg}")
    event = Event(number)
    local, remote = msg[-2:]
    return {
        "event": event,
        "value": _to_value(event, values[0] if values else 0),
        "endpoint": local if event & _LOCAL_EVENTS or not remote else remote,
        "values": values,
        "local": local,
        "remote": remote,
    }


def _to_value(event: Event, value: int) -> int:
    return Event(value) if event == Event.HANDSHAKE_FAILED_PROTOCOL and value >= 0 else value


def parse_monitor_message(msg: Sequence[bytes]) -> MonitorMessage:
    """Decode what a monitor's PAIR received.

    Args:
        msg: the frames of one message, of version 1 (2 frames) or 2 (at least 4 frames).

    Returns:
        A dict with `event`, `value` and `endpoint`; see MonitorMessage.

    Raises:
        RuntimeError: the frames are not an event's.

    Source: zmq_socket_monitor(3), zmq_socket_monitor_versioned(3).
    """
    if len(msg) == 2 and len(msg[0]) == _HEAD_V1.size:
        number, value = _HEAD_V1.unpack(msg[0])
        event = Event(number)
        return {"event": event, "value": _to_value(event, value), "endpoint": msg[1]}
    if len(msg) >= 4 and all(len(frame) == _NUMBER_V2.size for frame in msg[:-2]):
        return _parse_v2(msg)
    raise RuntimeError(f"Invalid event message format: {msg}")


async def _parse_later(message: Awaitable[Sequence[bytes]]) -> MonitorMessage:
    return parse_monitor_message(await message)


def recv_monitor_message(socket: Any, flags: int = 0) -> Any:
    """Receive and decode one event.

    Args:
        socket: the PAIR of Socket.get_monitor_socket(), or one connected to the endpoint of Socket.monitor().
        flags: as for Socket.recv(): NOBLOCK.

    Returns:
        A MonitorMessage; with an asyncio socket, an awaitable of one.

    Raises:
        Again: EAGAIN: there is none, with NOBLOCK, or within the socket's RCVTIMEO.
        RuntimeError: what came is not an event.
    """
    message = socket.recv_multipart(flags)
    return _parse_later(message) if hasattr(message, "__await__") else parse_monitor_message(message)
