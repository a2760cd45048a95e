"""FrameBase of the cffi backend: one message part that stays libzmq's."""

from __future__ import annotations

import sys
from errno import EINVAL

from . import _message_cffi
from ._message_cffi import COPY_THRESHOLD, bytes_of, encode_group, encode_text, fill, hooks, is_own, make_tracker
from ._native import ffi, lib

TYPE_CHECKING = False
if TYPE_CHECKING:
    import builtins
    from collections.abc import Callable
    from typing import Any

__all__ = ["FrameBase", "close_parked", "collect", "take_frame", "weigh"]

if sys.implementation.name == "pypy":
    from __pypy__ import add_memory_pressure  # type: ignore[import-not-found]
else:
    add_memory_pressure = None

_getrefcount: Any = getattr(sys, "getrefcount", None)
# Classes written in Python can lend memory.
_HAS_BUFFER_METHOD = sys.implementation.name == "cpython" and sys.version_info >= (3, 12)
_INT_MAX = 2**31 - 1
_UINT32_MAX = 2**32 - 1
_PyBUF_WRITABLE = 1


# ---- who closes a message, and when ----


class _Owner:
    """Closes a message once nothing can look at it any more: frames and views hold on to this.

    In a cycle the collector runs finalisers in any order, this one maybe before one that looks at the message. So an
    owner that somebody still holds is parked, and closes later. (PyPy finalises what others hold after those.)
    """

    __slots__ = ("message",)
    parked: list[_Owner] = []  # noqa: RUF012 - one list, for all

    def __init__(self, message: Any) -> None:
        self.message = message

    # Arguments: at interpreter exit the module may be empty already.
    def __del__(
        self, close: Callable[[Any], int] = lib.zmq_msg_close, count: Any = _getrefcount, parked: Any = parked
    ) -> None:
        if count is not None and count(self) > _Probe.alone:
            parked.append(self)
        else:
            close(self.message)


class _Probe:
    """How many references to an object its own finaliser counts when there are no others."""

    alone = 0

    def __del__(self, close: Any = None, count: Any = _getrefcount, parked: Any = None) -> None:
        _Probe.alone = count(self) if count is not None else 0


def _count_references(things: list[Any]) -> list[int]:
    return [_getrefcount(thing) for thing in things]


def close_parked() -> None:
    """Close the messages of parked owners that nobody holds any more."""
    owners = [_Owner.parked.pop() for _ in range(len(_Owner.parked))]
    for at, count in enumerate(_count_references(owners)):
        if count > _IN_ONE_LIST:
            _Owner.parked.append(owners[at])
        else:
            lib.zmq_msg_close(owners[at].message)


def collect() -> int:
    """Close what is parked, and let go of the buffers that libzmq has let go of. Returns how many."""
    if _Owner.parked:
        close_parked()
    return _message_cffi.collect()


_Probe()
_IN_ONE_LIST = _count_references([object()])[0] if _getrefcount is not None else 0


class _KeepOwner:
    """What a view's cdata is destroyed by: does nothing, and keeps the owner until then."""

    __slots__ = ("_owner",)

    def __init__(self, owner: _Owner) -> None:
        self._owner = owner

    def __call__(self, data: Any) -> None:
        pass


class _Exporter:
    """Lends the memory of a message to a memoryview, which keeps this, and so the owner."""

    __slots__ = ("_owner", "_view")

    def __init__(self, owner: _Owner, view: memoryview) -> None:
        self._owner = owner
        self._view = view

    def __buffer__(self, flags: int) -> memoryview:
        return self._view


# ---- frames ----


class FrameBase:
    """One message part: a zmq_msg_t with the buffer protocol.

    `frame.buffer` and `bytes(frame)` work everywhere; `memoryview(frame)` needs Python 3.12, where classes written in
    Python can have the buffer protocol.

    Args:
        data: bytes-like or a Frame; None makes an empty frame.
        track: whether `tracker` tells when libzmq is done with data.
        copy: None passes large bytes in place, False any buffer of at least copy_threshold bytes, True copies.
        copy_threshold: bytes; COPY_THRESHOLD.
    """

    __slots__ = ("__dict__", "_owner")

    _owner: _Owner
    _data: Any = None
    _tracker: Any = None
    _bytes: builtins.bytes | None = None

    def __new__(cls, *arguments: Any, **options: Any) -> FrameBase:
        frame = object.__new__(cls)
        message = ffi.new("zmq_msg_t *")
        lib.zmq_msg_init(message)
        _set_owner(frame, _Owner(message))
        return frame

    def __init__(
        self,
        data: Any = None,
        track: bool = False,
        copy: bool | None = None,
        copy_threshold: int | None = None,
    ) -> None:
        if self._data is not None or len(self):
            # Somebody may have a view of what is there.
            raise TypeError("Frame() is made once: make another Frame for other data")
        if data is None:
            if track:
                _set(self, "_tracker", hooks.finished_tracker)
            return
        threshold = hooks.copy_threshold() if copy_threshold is None else copy_threshold
        if copy is not None and not copy:
            threshold = 0  # told to, a frame shares its maker's memory below the threshold too
        elif copy is None and (copy_threshold is not None or threshold != COPY_THRESHOLD):
            copy = False  # a threshold is given: from there on
        hold = ffi.new("zl_hold **") if track else ffi.NULL
        fill(self._message, data, copy, threshold, "Frame()", hold=hold)
        weigh(self)
        _set(self, "_data", data)
        if track:
            # One of another frame shares that one's memory: whoever may change that is told by the other's tracker.
            made_of = data._tracker if isinstance(data, FrameBase) else None
            _set(self, "_tracker", make_tracker(hold) if made_of is None else made_of)

    @property
    def _message(self) -> Any:
        return self._owner.message

    @property
    def more(self) -> bool:
        """Whether another part of the same message follows."""
        return bool(lib.zmq_msg_more(self._message))

    @property
    def tracker(self) -> Any:
        """The MessageTracker of a tracked frame, else None."""
        return self._tracker

    @property
    def bytes(self) -> builtins.bytes:
        """The bytes of the frame: copied at the first look, unless they were one of our own, and kept."""
        if type(self._data) is bytes:
            return self._data
        if self._bytes is None:
            _set(self, "_bytes", bytes_of(self._message))
        return self._bytes  # type: ignore[return-value]

    def __bytes__(self) -> builtins.bytes:
        return self.bytes

    @property
    def buffer(self) -> memoryview:
        """A memoryview over libzmq's own memory."""
        return self._view(self._is_shared())

    def _view(self, read_only: bool) -> memoryview:
        size = lib.zmq_msg_size(self._message)
        data = ffi.cast("char *", lib.zmq_msg_data(self._message))
        # The view may outlive the frame: it holds on to the owner.
        if not _HAS_BUFFER_METHOD:
            data = ffi.gc(data, _KeepOwner(self._owner))
        view = memoryview(ffi.buffer(data, size))
        view = view.toreadonly() if read_only else view
        return memoryview(_Exporter(self._owner, view)) if _HAS_BUFFER_METHOD else view

    def _is_shared(self) -> bool:
        # Writing is for memory that is this frame's alone: not what a sender's object or other frames share.
        return (
            self._data is not None
            or lib.zmq_msg_get(self._message, lib.ZMQ_SHARED) > 0
            or is_own(lib.zmq_msg_data(self._message))
        )

    def __buffer__(self, flags: int) -> memoryview:
        if flags & _PyBUF_WRITABLE and self._data is not None and not isinstance(self._data, bytes):
            return self._view(read_only=False)  # the caller's own writable memory, sent in place
        return self.buffer

    def __len__(self) -> int:
        size: int = lib.zmq_msg_size(self._message)
        return size

    def fast_copy(self) -> Any:
        """Return a Frame that shares this one's memory."""
        copied = type(self).__new__(type(self))
        if lib.zmq_msg_copy(copied._message, self._message) != 0:
            raise hooks.error(-ffi.errno, "Frame.fast_copy()")
        _set(copied, "_data", self._data)
        _set(copied, "_tracker", self._tracker)
        _set(copied, "_bytes", self._bytes)
        return copied

    __copy__ = fast_copy

    def get(self, option: int | str | builtins.bytes) -> Any:
        """Get a message property.

        Args:
            option: MORE, SRCFD or SHARED; or the name of a property, such as "Peer-Address", "Socket-Type",
                "User-Id", "routing_id" or "group".

        Returns:
            An int for an int and for "routing_id", else str.

        Raises:
            ZMQError: EINVAL, there is no such property.
            TypeError: option is neither int, str nor bytes.

        Source: zmq_msg_get(3), zmq_msg_gets(3), zmq_msg_routing_id(3).
        """
        if isinstance(option, int):
            if not -_INT_MAX <= option <= _INT_MAX:
                raise hooks.error(-EINVAL, "Frame.get()", option)
            number: int = lib.zmq_msg_get(self._message, option)
            if number < 0:
                raise hooks.error(-ffi.errno, "Frame.get()", option)
            return number
        name = encode_text(option, "Frame.get()")
        if name == b"routing_id":
            routing_id: int = lib.zmq_msg_routing_id(self._message)
            if not routing_id:
                raise hooks.error(-EINVAL, "Frame.get()", option)
            return routing_id
        text = lib.zmq_msg_group(self._message) if name == b"group" else lib.zmq_msg_gets(self._message, name)
        if not text:
            raise hooks.error(-ffi.errno, "Frame.get()", option)
        return ffi.string(text).decode("utf-8", "surrogateescape")

    def set(self, option: int | str | builtins.bytes, value: Any) -> None:
        """Set a message property.

        Args:
            option: "routing_id", to an int of 1 to 2**32-1, or "group", to str or bytes; libzmq has no int ones yet.
            value: as said.

        Raises:
            ZMQError: EINVAL, there is no such property, or it does not take that value.
            TypeError: of the wrong type.

        Source: zmq_msg_set(3), zmq_msg_set_routing_id(3), zmq_msg_set_group(3).
        """
        if isinstance(option, int):
            code = lib.zmq_msg_set(self._message, option, value)
        else:
            name = encode_text(option, "Frame.set()")
            if name == b"routing_id" and 0 <= value <= _UINT32_MAX:
                code = lib.zmq_msg_set_routing_id(self._message, value)
            elif name == b"group":
                code = lib.zmq_msg_set_group(self._message, encode_group(value, "Frame.set()"))
            else:
                raise hooks.error(-EINVAL, "Frame.set()", option)
        if code != 0:
            raise hooks.error(-ffi.errno, "Frame.set()", option)


hooks.frame_base = FrameBase
# Past the __setattr__ of subclasses, which takes longer than the rest of making a frame.
_set_owner = FrameBase._owner.__set__  # type: ignore[attr-defined]
_set = object.__setattr__


def weigh(frame: Any) -> None:
    """Tell a garbage collector that does not know how much memory goes with the frame."""
    if add_memory_pressure is not None:
        add_memory_pressure(lib.zmq_msg_size(frame._message))


def take_frame(message: Any, track: bool) -> Any:
    """Return a new frame_class object that owns message, a zmq_msg_t of ffi.new()."""
    if _Owner.parked:
        close_parked()
    frame = object.__new__(hooks.frame_class)
    _set_owner(frame, _Owner(message))
    if track:
        _set(frame, "_tracker", hooks.finished_tracker)
    return frame
