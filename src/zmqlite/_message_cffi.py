"""From Python objects to libzmq messages and back, copied or in place: what cffi's sockets and frames share."""

from __future__ import annotations

from errno import ENOMEM
from itertools import count

from ._native import ffi, lib

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

__all__ = ["Hooks", "bytes_of", "collect", "encode_text", "fill", "hooks", "is_own"]


class Hooks:
    """What `configure()` handed over."""

    make_error: Callable[[int, str, Any], BaseException]
    make_tracker: Callable[[int], Any]
    finished_tracker: Any = None
    frame_class: Any = None
    frame_base: Any = None
    pass_threshold = 1024
    main_thread = 0

    def error(self, code: int, call: str, argument: Any = None) -> BaseException:
        """Make the exception for a native function's answer, -errno."""
        if code == -ENOMEM:
            return MemoryError(f"{call}: out of memory")
        return self.make_error(-code, call, argument)


hooks = Hooks()

# ---- buffers in flight: libzmq reads them in place, and says by their key when it has let go ----

_keys = count(1)
# key: what keeps the buffer where it is, the address if it is a bytes object, else 0.
_flights: dict[int, tuple[Any, int]] = {}
# address: how often the bytes object there is in flight, the object.
_own: dict[int, tuple[int, bytes]] = {}
_COLLECTED_AT_ONCE = 128


def collect() -> int:
    """Let go of the buffers that libzmq has let go of. Returns how many."""
    if not _flights:
        return 0
    total = 0
    keys = ffi.new("uintptr_t[]", _COLLECTED_AT_ONCE)
    while True:
        number = lib.zl_cffi_collect(keys, _COLLECTED_AT_ONCE)
        for key in ffi.unpack(keys, number) if number else ():
            _, address = _flights.pop(key, (None, 0))
            if address:
                times, data = _own.pop(address)
                if times > 1:
                    _own[address] = (times - 1, data)
        total += number
        if number < _COLLECTED_AT_ONCE:
            return total


def is_own(address: Any) -> bool:
    """Tell whether a message's data, a cdata pointer, is a bytes object of this process that is in flight."""
    return bool(_own) and int(ffi.cast("uintptr_t", address)) in _own


def _pass(message: Any, data: Any, pinned: Any) -> Any:
    """Make message be data itself, which pinned, its cdata, keeps in place. Returns the zl_hold."""
    key = next(_keys)
    hold = ffi.new("zl_hold **")
    address = lib.zl_cffi_message_pass(message, pinned, len(pinned), key, hold)
    if not address:
        raise MemoryError("out of memory")
    if isinstance(data, bytes):
        times, _ = _own.get(address, (0, data))
        _own[address] = (times + 1, data)
        _flights[key] = (pinned, address)
    else:
        _flights[key] = (pinned, 0)
    return hold[0]


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
        return ffi.from_buffer(data)
    except TypeError:
        raise _type_error(data, call, index) from None


def fill(message: Any, data: Any, copy: bool | None, copy_threshold: int, call: str, index: int | None = None) -> Any:
    """Make message of data, bytes-like or a Frame, copied or in place as copy says.

    Args:
        message: a zmq_msg_t that is not initialised, or empty.
        data: what to send.
        copy: None passes bytes in place from the pass threshold on; False any buffer from copy_threshold on.
        copy_threshold: bytes.
        call: for error messages.
        index: the place in a multipart message, for error messages.

    Returns:
        The zl_hold when libzmq reads data in place, else None.

    Raises:
        TypeError: data is not bytes-like.
        BufferError: data is not C-contiguous.
    """
    if isinstance(data, hooks.frame_base):
        lib.zmq_msg_init(message)
        if lib.zmq_msg_copy(message, data._message) != 0:
            raise hooks.error(-ffi.errno, call)
        return None
    if isinstance(data, bytes):
        size, threshold = len(data), hooks.pass_threshold if copy is None else copy_threshold
        in_place = copy is None or not copy
        pinned = data if not in_place or size < threshold or not size else pin(data, call, index)
    else:
        pinned = pin(data, call, index)
        size, threshold = len(pinned), copy_threshold
        in_place = copy is not None and not copy
    if in_place and size and size >= threshold:
        return _pass(message, data, pinned)
    if lib.zl_cffi_message_copy(message, pinned, size) != 0:
        raise MemoryError(f"{call}: out of memory")
    return None


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


# ---- and back ----


def bytes_of(message: Any) -> bytes:
    """Return the bytes of message: the very object that was sent, when that was one of ours."""
    size = lib.zmq_msg_size(message)
    data = lib.zmq_msg_data(message)
    if _own and size:
        # While message is open its buffer is in use, so an equal address is the same buffer.
        _, sent = _own.get(int(ffi.cast("uintptr_t", data)), (0, b""))
        if len(sent) == size and type(sent) is bytes:
            return sent
    return bytes(ffi.buffer(data, size))
