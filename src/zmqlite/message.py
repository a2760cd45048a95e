"""Message parts that stay libzmq's (Frame), and word of when libzmq is done with a buffer (MessageTracker)."""

from __future__ import annotations

import os
import time

from . import _backend
from ._native import ffi, lib
from .errors import NotDone, error_from_errno

TYPE_CHECKING = False
if TYPE_CHECKING:
    from threading import Event
    from typing import Any, Union

    _Watched = Union["MessageTracker", "Event", "Frame", "_Hold"]

__all__ = ["COPY_THRESHOLD", "PASS_THRESHOLD", "Frame", "Message", "MessageTracker"]

COPY_THRESHOLD = 65536
"""copy=False sends in place from this many bytes on, and copies what is shorter, as pyzmq does.

Setting `zmqlite.COPY_THRESHOLD` counts for the sockets and frames that are made then: such frames pass any buffer of at
least that size in place.
"""

PASS_THRESHOLD = 1024
"""By default (copy=None) bytes objects of at least this size are sent in place: they cannot change."""

_FOREVER = -1
_SLICE_MS = 50


class _Hold:
    """One buffer that libzmq reads in place: the native hold, behind the face of a threading.Event."""

    __slots__ = ("_native",)

    def __init__(self, address: int) -> None:
        self._native: Any = ffi.cast("zl_hold *", address)
        lib.zl_hold_reference(self._native)

    def __del__(self, unreference: Any = lib.zl_hold_unreference) -> None:
        # Not ffi.gc(), as in Context.__del__().
        native, self._native = self._native, None
        if native is not None:
            unreference(native)

    def is_set(self) -> bool:
        """Tell whether libzmq has let go of the buffer."""
        return self._native is None or bool(lib.zl_hold_done(self._native))

    def wait(self, timeout: float | None = None) -> bool:
        """Wait until libzmq lets go, at most timeout seconds; None waits for ever. Returns is_set()."""
        until = None if timeout is None else time.monotonic() + timeout
        while self._native is not None:
            slice_ms = _SLICE_MS
            if until is not None:
                left_ms = int((until - time.monotonic()) * 1000 + 0.999)
                slice_ms = max(0, min(slice_ms, left_ms))
            if lib.zl_hold_wait(self._native, slice_ms):
                return True
            if until is not None and time.monotonic() >= until:
                return False
        return True


class MessageTracker:
    """Tells when libzmq is done with one or more messages that were sent without a copy.

    Args:
        *towatch: trackers, tracked Frames, or threading.Event objects.

    Raises:
        TypeError: something else was given.
        ValueError: a Frame that is not tracked.
    """

    events: set[Any]
    peers: set[MessageTracker]

    def __init__(self, *towatch: _Watched) -> None:
        self.events = set()
        self.peers = set()
        for watched in towatch:
            if isinstance(watched, MessageTracker):
                self.peers.add(watched)
            elif isinstance(watched, Frame):
                if not watched.tracker:
                    raise ValueError("Not a tracked message: make the Frame with track=True")
                self.peers.add(watched.tracker)
            elif hasattr(watched, "is_set") and hasattr(watched, "wait"):
                self.events.add(watched)
            else:
                raise TypeError(
                    f"MessageTracker() takes trackers, Frames or Events, got {type(watched).__name__}"
                )

    @property
    def done(self) -> bool:
        """Whether libzmq has let go of every watched message."""
        _backend.collect()
        return all(event.is_set() for event in self.events) and all(peer.done for peer in self.peers)

    def wait(self, timeout: float = _FOREVER) -> None:
        """Wait until libzmq has let go of every watched message.

        Args:
            timeout: seconds; negative waits for ever.

        Raises:
            NotDone: the time is over.
        """
        until = None if timeout is False or timeout < 0 else time.monotonic() + timeout
        for watched in (*self.events, *self.peers):
            left = None if until is None else max(0.0, until - time.monotonic())
            if isinstance(watched, MessageTracker):
                watched.wait(_FOREVER if left is None else left)
            else:
                watched.wait(timeout=left)
                if not watched.is_set():
                    raise NotDone
        _backend.collect()

    def __repr__(self) -> str:
        return f"<MessageTracker {'done' if self.done else 'waiting'}>"


def _make_tracker(address: int) -> MessageTracker:
    return MessageTracker(_Hold(address))


_FINISHED_TRACKER = MessageTracker()


class Frame(_backend.FrameBase):
    """One message part that stays in libzmq's memory: what recv(copy=False) returns, and what can be sent again.

    It has the buffer protocol: `memoryview(frame)`, `bytes(frame)`, `numpy.frombuffer(frame)`. The view is read-only
    when the memory is shared, with a bytes object or with another frame.

    Args:
        data: bytes-like; None makes an empty frame.
        track: whether `tracker` tells when libzmq is done with data.
        copy: None passes large bytes in place, False any contiguous buffer, True copies.
        copy_threshold: bytes; when it is given, or COPY_THRESHOLD was set, and copy is None, any contiguous buffer
            of at least this size is passed in place.

    Raises:
        TypeError: data is str, or has no buffer protocol.
        BufferError: data is not contiguous.

    Source: zmq_msg_init_data(3).
    """

    def __getitem__(self, key: int | str | bytes) -> int | str:
        """Get a message property: `frame["Peer-Address"]`, `frame["Socket-Type"]`, `frame[MORE]`."""
        value: int | str = self.get(key)
        return value

    def __setattr__(self, name: str, value: Any) -> None:
        # As pyzmq: a spelling mistake is no new attribute.
        if not hasattr(type(self), name):
            raise AttributeError(f"Frame has no attribute {name!r}")
        super().__setattr__(name, value)

    def __repr__(self) -> str:
        size = len(self)
        shown = repr(self.bytes) if size <= 16 else f"{bytes(self.buffer[:12])!r}..., {size} bytes"
        return f"<zmqlite.Frame({shown})>"

    def __str__(self) -> str:
        return repr(self)

    @property
    def group(self) -> str:
        """The RADIO/DISH group of the message: str of at most 255 bytes (draft)."""
        value: str = self.get("group")
        return value

    @group.setter
    def group(self, group: str | bytes) -> None:
        if isinstance(group, str):
            group = group.encode("utf-8")
        if len(group) > 255:
            raise error_from_errno(22, "Frame.group", hint="a group has at most 255 bytes")
        self.set("group", group)

    @property
    def routing_id(self) -> int:
        """The peer of a SERVER socket: 1 to 2**32-1 (draft)."""
        value: int = self.get("routing_id")
        return value

    @routing_id.setter
    def routing_id(self, routing_id: int) -> None:
        self.set("routing_id", routing_id)

    @property
    def shared(self) -> bool:
        """Whether other messages share this one's memory (ZMQ_SHARED)."""
        return bool(self.get(3))

    MORE = property(lambda self: int(self.get(1)), None, None, "ZMQ_MORE: 1 when another part follows.")
    SRCFD = property(lambda self: int(self.get(2)), None, None, "ZMQ_SRCFD: the descriptor it came from; deprecated.")
    SHARED = property(lambda self: int(self.get(3)), None, None, "ZMQ_SHARED: 1 when other messages share its memory.")


Message = Frame

_backend.configure(
    int(ffi.cast("uintptr_t", lib.zl_api_get())),
    error_from_errno,
    Frame,
    _make_tracker,
    _FINISHED_TRACKER,
    PASS_THRESHOLD,
)
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_backend.set_main_thread)
