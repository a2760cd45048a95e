"""From Python objects to libzmq messages and back, copied or in place: what cffi's sockets and frames share."""

from __future__ import annotations

import operator
import sys
from errno import EAGAIN, EINVAL, ENOMEM
from itertools import count

from ._native import ffi, lib

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

__all__ = [
    "CAN_PIN",
    "COPY_THRESHOLD",
    "Hooks",
    "bytes_of",
    "collect",
    "encode_text",
    "fill",
    "hooks",
    "is_own",
    "make_tracker",
    "pin",
]


class Hooks:
    """What `configure()` handed over."""

    make_error: Callable[[int, str, Any], BaseException]
    make_tracker: Callable[[int], Any]
    finished_tracker: Any = None
    frame_class: Any = None
    frame_base: Any = None
    settings: dict[str, Any] = {}  # noqa: RUF012 - of a module, once heed() has told which
    pass_threshold = 1024
    main_thread = 0

    def copy_threshold(self) -> int:
        """The threshold of frames and sockets that are given none."""
        return operator.index(self.settings.get("COPY_THRESHOLD", COPY_THRESHOLD))

    def error(self, code: int, call: str, argument: Any = None) -> BaseException:
        """Make the exception for a native function's answer, -errno."""
        if code == lib.ZL_CFFI_LOST:
            code = -EAGAIN
        if code == -ENOMEM:
            return MemoryError(f"{call}: out of memory")
        return self.make_error(-code, call, argument)


hooks = Hooks()

CAN_PIN = sys.implementation.name == "cpython"
"""Whether an exported buffer stays where it is. On PyPy a bytearray can be resized, and so freed, all the same: only
bytes objects are safe there, and of everything else libzmq is given a copy."""

COPY_THRESHOLD = 65536

# ---- buffers in flight: libzmq reads them in place, and says by their key when it has let go ----

_keys = count(1)
# key: what keeps the buffer where it is, the address if it is a bytes object, else 0.
_flights: dict[int, tuple[Any, int]] = {}
# address: how often the bytes object there is in flight, the object.
_own: dict[int, tuple[int, bytes]] = {}
_UNKNOWN = (0, b"")
_COLLECTED_AT_ONCE = 128
# Borrowed by collect(). list.pop() and list.append() are atomic: no two calls have the same one.
_key_arrays: list[Any] = []


def collect() -> int:
    """Let go of the buffers that libzmq has let go of. Returns how many."""
    if not _flights:
        return 0
    total = 0
    try:
        keys = _key_arrays.pop()
    except IndexError:
        keys = ffi.new("uintptr_t[]", _COLLECTED_AT_ONCE)
    while True:
        number: int = lib.zl_cffi_collect(keys, _COLLECTED_AT_ONCE)
        for key in ffi.unpack(keys, number) if number else ():
            _, address = _flights.pop(key, (None, 0))
            if address:
                times, data = _own.pop(address)
                if times > 1:
                    _own[address] = (times - 1, data)
        total += number
        if number < _COLLECTED_AT_ONCE:
            _key_arrays.append(keys)
            return total


def is_own(address: Any) -> bool:
    """Tell whether a message's data, a cdata pointer, is a bytes object of this process that is in flight."""
    return bool(_own) and int(ffi.cast("uintptr_t", address)) in _own


def _pass_in_place(message: Any, data: Any, pinned: Any, hold: Any) -> None:
    """Make message be data itself, which pinned, its cdata, keeps in place. hold: NULL, or where the zl_hold goes."""
    key = next(_keys)
    address = lib.zl_cffi_message_pass(message, pinned, len(pinned), key, hold)
    if not address:
        raise MemoryError("out of memory")
    if isinstance(data, bytes):
        times, _ = _own.get(address, _UNKNOWN)
        _own[address] = (times + 1, data)
        _flights[key] = (pinned, address)
    else:
        _flights[key] = (pinned, 0)


# ---- from objects ----


def _type_error(data: Any, call: str, index: int | None) -> TypeError:
    what = "bytes-like" if index is None else "bytes-like parts"
    where = "" if index is None else f" at index {index}"
    advice = ": encode it, or use send_string()" if isinstance(data, str) else ""
    return TypeError(f"{call} takes {what}, got {type(data).__name__}{where}{advice}")


def pin(data: Any, call: str, index: int | None = None) -> Any:
    """Return the bytes of an object with the buffer protocol as cdata that keeps them in place.

    Raises:
        TypeError: it has none, or is str.
        BufferError: it is not C-contiguous.
    """
    try:
        if CAN_PIN:
            return ffi.from_buffer(data)
        view = memoryview(data)
    except TypeError:
        raise _type_error(data, call, index) from None
    if not view.c_contiguous:
        raise BufferError("memoryview: underlying buffer is not C-contiguous")
    return ffi.from_buffer(data if isinstance(data, bytes) else bytes(view))


def fill(
    message: Any,
    data: Any,
    copy: bool | None,
    copy_threshold: int,
    call: str,
    index: int | None = None,
    hold: Any = ffi.NULL,
) -> None:
    """Make message of data, bytes-like or a Frame, copied or in place as copy says.

    Args:
        message: a zmq_msg_t that is not initialised, or empty.
        data: what to send.
        copy: None passes bytes in place from the pass threshold on; False any buffer from copy_threshold on.
        copy_threshold: bytes.
        call: for error messages.
        index: the place in a multipart message, for error messages.
        hold: where the zl_hold goes when libzmq reads data in place; NULL: it is not asked for.

    Raises:
        TypeError: data is not bytes-like.
        BufferError: data is not C-contiguous.
    """
    if isinstance(data, hooks.frame_base):
        lib.zmq_msg_init(message)
        if lib.zmq_msg_copy(message, data._message) != 0:
            raise hooks.error(-ffi.errno, call)
        return
    # A subclass of bytes can lie about its length.
    exact = type(data) is bytes
    pinned = data if exact else pin(data, call, index)
    size = len(pinned)
    if copy is None:
        in_place = size >= hooks.pass_threshold and isinstance(data, bytes)
    else:
        in_place = not copy and size >= copy_threshold
    if in_place and size:
        _pass_in_place(message, data, pin(data, call, index) if exact else pinned, hold)
    elif lib.zl_cffi_message_copy(message, pinned, size) != 0:
        raise MemoryError(f"{call}: out of memory")


def make_tracker(hold: Any) -> Any:
    """The tracker of a message that fill() made: hold is what it was given."""
    return hooks.make_tracker(int(ffi.cast("uintptr_t", hold[0]))) if hold[0] else hooks.finished_tracker


def encode_text(text: str | bytes, call: str) -> bytes:
    """Return text for a C string: a group, or the name of a property.

    Raises:
        TypeError: neither str nor bytes.
        ValueError: it has a NUL, where C would cut it off.
    """
    if isinstance(text, str):
        text = text.encode("utf-8")
    if not isinstance(text, bytes):
        raise TypeError(f"{call} takes an int, str or bytes, got {text!r}")
    if b"\0" in text:
        raise ValueError(f"{call}: embedded null byte in {text!r}")
    return text


def encode_group(group: str | bytes, call: str) -> bytes:
    """Return a group for zmq_msg_set_group(), which would cut off what is too long.

    Raises:
        ZMQError: EINVAL, it has more than 255 bytes.
        TypeError, ValueError: as encode_text().
    """
    encoded = encode_text(group, call)
    if len(encoded) > lib.ZMQ_GROUP_MAX_LENGTH:
        raise hooks.error(-EINVAL, call, group)
    return encoded


# ---- and back ----


def bytes_of(message: Any) -> bytes:
    """Return the bytes of message: the very object that was sent, when that was one of ours."""
    size = lib.zmq_msg_size(message)
    data = lib.zmq_msg_data(message)
    if _own and size:
        # While message is open its buffer is in use, so an equal address is the same buffer.
        _, sent = _own.get(int(ffi.cast("uintptr_t", data)), _UNKNOWN)
        if len(sent) == size and type(sent) is bytes:
            return sent
    return bytes(ffi.buffer(data, size))
