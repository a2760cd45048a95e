"""FrameBase of the cffi backend: one message part that stays libzmq's."""

from __future__ import annotations

from errno import EINVAL

from ._message_cffi import bytes_of, encode_text, fill, hooks, is_own
from ._native import ffi, lib

TYPE_CHECKING = False
if TYPE_CHECKING:
    import builtins
    from typing import Any

__all__ = ["FrameBase", "open_message", "take_frame"]

_COPY_THRESHOLD = 65536
_INT_MAX = 2**31 - 1
_UINT32_MAX = 2**32 - 1
_PyBUF_WRITABLE = 1


def open_message() -> Any:
    """Return an empty zmq_msg_t that is closed when it is collected."""
    message = ffi.gc(ffi.new("zmq_msg_t *"), lib.zmq_msg_close)
    lib.zmq_msg_init(message)
    return message


class _KeepMessage:
    """What a view's cdata is destroyed by: does nothing, and keeps the message open until then."""

    __slots__ = ("_message",)

    def __init__(self, message: Any) -> None:
        self._message = message

    def __call__(self, data: Any) -> None:
        pass


class FrameBase:
    """One message part: a zmq_msg_t with the buffer protocol.

    `frame.buffer` and `bytes(frame)` work everywhere; `memoryview(frame)` needs Python 3.12, where classes written in
    Python can have the buffer protocol.

    Args:
        data: bytes-like or a Frame; None makes an empty frame.
        track: whether `tracker` tells when libzmq is done with data.
        copy: None passes large bytes in place, False any buffer of at least copy_threshold bytes, True copies.
        copy_threshold: bytes; 65536.
    """

    __slots__ = ("_data", "_message", "_more", "_tracker")

    _data: Any
    _message: Any
    _more: bool
    _tracker: Any

    def __new__(cls, *arguments: Any, **options: Any) -> FrameBase:
        frame = object.__new__(cls)
        frame._message = open_message()
        frame._data = frame._tracker = None
        frame._more = False
        return frame

    def __init__(
        self,
        data: Any = None,
        track: bool = False,
        copy: bool | None = None,
        copy_threshold: int | None = None,
    ) -> None:
        if self._data is not None:
            raise TypeError("Frame() is made once: make another Frame for other data")
        if data is None:
            self._tracker = hooks.finished_tracker if track else None
            return
        if copy_threshold is None:
            copy_threshold = _COPY_THRESHOLD
        hold = fill(self._message, data, copy, copy_threshold, "Frame()")
        self._data = data
        if track:
            if isinstance(data, FrameBase):
                self._tracker = data._tracker
            elif hold is not None:
                self._tracker = hooks.make_tracker(int(ffi.cast("uintptr_t", hold)))
            else:
                self._tracker = hooks.finished_tracker

    @property
    def more(self) -> bool:
        """Whether another part of the same message follows."""
        return self._more

    @property
    def tracker(self) -> Any:
        """The MessageTracker of a tracked frame, else None."""
        return self._tracker

    @property
    def bytes(self) -> builtins.bytes:
        """The bytes of the frame, copied unless they were one of our own."""
        return self.__bytes__()

    def __bytes__(self) -> builtins.bytes:
        if type(self._data) is bytes:
            return self._data
        return bytes_of(self._message)

    @property
    def buffer(self) -> memoryview:
        """A memoryview over libzmq's own memory."""
        view = self._view()
        return view.toreadonly() if self._is_shared() else view

    def _view(self) -> memoryview:
        size = lib.zmq_msg_size(self._message)
        data = ffi.cast("char *", lib.zmq_msg_data(self._message))
        # The view outlives the frame, so it holds on to the message.
        return memoryview(ffi.buffer(ffi.gc(data, _KeepMessage(self._message)), size))

    def _is_shared(self) -> bool:
        # Writing is for memory that is this frame's alone: not what a sender's object or other frames share.
        return (
            self._data is not None
            or lib.zmq_msg_get(self._message, lib.ZMQ_SHARED) > 0
            or is_own(lib.zmq_msg_data(self._message))
        )

    def __buffer__(self, flags: int) -> memoryview:
        if flags & _PyBUF_WRITABLE and self._data is not None and not isinstance(self._data, bytes):
            return self._view()  # the caller's own writable memory, sent in place
        return self.buffer

    def __len__(self) -> int:
        size: int = lib.zmq_msg_size(self._message)
        return size

    def fast_copy(self) -> Any:
        """Return a Frame that shares this one's memory."""
        copied = type(self).__new__(type(self))
        if lib.zmq_msg_copy(copied._message, self._message) != 0:
            raise hooks.error(-ffi.errno, "Frame.fast_copy()")
        copied._data, copied._more, copied._tracker = self._data, self._more, self._tracker
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
                code = lib.zmq_msg_set_group(self._message, encode_text(value, "Frame.set()"))
            else:
                raise hooks.error(-EINVAL, "Frame.set()", option)
        if code != 0:
            raise hooks.error(-ffi.errno, "Frame.set()", option)


hooks.frame_base = FrameBase


def take_frame(message: Any, track: bool) -> Any:
    """Return a new frame_class object that owns message, from open_message()."""
    frame = object.__new__(hooks.frame_class)
    frame._message = message
    frame._data = None
    frame._more = bool(lib.zmq_msg_more(message))
    frame._tracker = hooks.finished_tracker if track else None
    return frame
