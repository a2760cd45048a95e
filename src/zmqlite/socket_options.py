"""Options of a socket: by number, by name, as attributes. The table is in options.py.

Options are attributes in lower and upper case. Setting finds any mixture of the two; reading it, too, where that costs
nothing. It takes a __getattr__, and a class that has one loses CPython's specialised method calls before 3.12: 16 B on
3.11 are sent in 72 ns instead of 49, and received in 85 instead of 51. On 3.12 and 3.13 there is no difference.
"""

from __future__ import annotations

import sys
from errno import EINTR, EINVAL

from ._backend import learn_option
from ._native import ffi, lib
from .errors import DraftFDWarning, ZMQError
from .options import (
    HWM,
    RCVHWM,
    SNDHWM,
    SOCKET_OPTIONS,
    explain,
    find_by_name,
    find_socket_option,
    install_attributes,
    is_declared,
)
from .tunings import TUNINGS, find_tuning, name_tuning

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

__all__ = ["SocketOptions", "install_socket_attributes"]

_SUBSCRIBE, _UNSUBSCRIBE, _FD, _CONNECT_ROUTING_ID, _THREAD_SAFE = 6, 7, 14, 61, 81
_INT64_MAX, _UINT64_MAX = 2**63 - 1, 2**64 - 1


class SocketOptions:
    """The part of Socket that gets and sets options."""

    _get_bytes: Any
    _get_int: Any
    _native: Any
    _next_routing_id: Any
    _set_bytes: Any
    _set_int: Any
    _type_number: int

    def get(self, option: int) -> Any:
        """Get an option.

        Args:
            option: a SocketOption.

        Returns:
            An int, or bytes, as the option table says.

        Raises:
            ZMQError: EINVAL, no such option, or not for reading, or not for this socket type; ENOTSOCK, closed.

        Source: zmq_getsockopt(3).
        """
        number = self._get_int(option)
        if number is not None:
            return number
        row = SOCKET_OPTIONS.get(option) or find_socket_option(option)
        if not row.readable:
            row.require_readable()
        size = row.size
        if not size:
            return self._get_decoded(row)
        if option == HWM:
            return self.get_hwm()
        if option == _FD and lib.zl_socket_get_number(self._native, _THREAD_SAFE, 4) == 1:
            return self._get_draft_fd(row)
        while True:
            value = lib.zl_socket_get_number(self._native, row.number, size)
            errno = ffi.errno
            if not errno:
                return value & _UINT64_MAX if row.kind == "uint64" else value
            if errno != EINTR:
                raise explain(errno, "get", row, None, self._type_number)

    def _get_decoded(self, row: Any) -> bytes:
        value: bytes
        hidden = row.secret or row.kind == "key"
        got = None if hidden else self._get_bytes(row.number)
        if got is not None:
            value = row.decode(got)
            return value
        buffer = ffi.new("char[]", row.read_size)
        size = ffi.new("size_t *", row.read_size)
        while lib.zl_socket_getsockopt(self._native, row.number, buffer, size) != 0:
            errno = ffi.errno
            if errno != EINTR:
                raise explain(errno, "get", row, None, self._type_number)
        value = row.decode(ffi.buffer(buffer, size[0])[:])
        if hidden:
            ffi.buffer(buffer)[:] = bytes(row.read_size)  # who gets the memory next does not read it
        return value

    def _get_draft_fd(self, row: Any) -> int:
        made = ffi.new("int *")
        descriptor = int(lib.zl_draft_fd_get(self._native, made))
        if descriptor < 0:
            raise explain(ffi.errno, "get", row, None, self._type_number)
        if made[0]:
            from warnings import warn

            warn(DraftFDWarning(), stacklevel=4)
        return descriptor

    def set(self, option: int, optval: Any) -> None:
        """Set an option.

        Args:
            option: a SocketOption.
            optval: an int, or bytes, as the option table says; text goes through set_string().

        Raises:
            TypeError: optval is of the wrong type.
            OverflowError: optval does not fit the C type.
            ZMQError: EINVAL, no such option, a value out of its range, or not for this socket type; ENOTSOCK, closed.

        Source: zmq_setsockopt(3).
        """
        if self._set_int(option, optval):
            return
        row = SOCKET_OPTIONS.get(option) or find_socket_option(option)
        value = row.encode(optval)
        if option == HWM:
            self.set_hwm(optval)
            return
        if isinstance(value, int):
            if value > _INT64_MAX:
                value -= 2**64  # the same 64 bits, for the signed parameter
            rc = lib.zl_socket_set_number(self._native, row.number, row.size, value)
        elif value is None:
            rc = lib.zl_socket_setsockopt(self._native, row.number, ffi.NULL, 0)
        else:
            done = self._set_bytes(row.number, value)
            rc = 0 if done else lib.zl_socket_setsockopt(self._native, row.number, value, len(value))
        if rc != 0:
            raise explain(ffi.errno, "set", row, optval, self._type_number)
        if option == _CONNECT_ROUTING_ID:
            self._next_routing_id = value

    setsockopt = set
    getsockopt = get

    def set_string(self, option: int, optval: str, encoding: str = "utf-8") -> None:
        """Set a bytes option from text.

        Args:
            option: a SocketOption.
            optval: the text.
            encoding: how it becomes bytes.

        Raises:
            TypeError: optval is no str.
        """
        if not isinstance(optval, str):
            raise TypeError(f"set_string() takes str, got {type(optval).__name__}: use set()")
        self.set(option, optval.encode(encoding))

    setsockopt_unicode = setsockopt_string = set_string

    def get_string(self, option: int, encoding: str = "utf-8") -> str:
        """Get a bytes option as text.

        Raises:
            TypeError: the option is a number.
        """
        if find_socket_option(option).size:
            raise TypeError(f"get_string(): option {option} is a number, not text")
        value: bytes = self.get(option)
        return value.decode(encoding)

    getsockopt_unicode = getsockopt_string = get_string

    def subscribe(self, topic: str | bytes) -> None:
        """Receive the messages that begin with topic; b"" for all. For SUB sockets.

        Source: zmq_setsockopt(3), ZMQ_SUBSCRIBE.
        """
        self.set(_SUBSCRIBE, topic.encode("utf-8") if isinstance(topic, str) else topic)

    def unsubscribe(self, topic: str | bytes) -> None:
        """Undo one subscribe() of the same topic. For SUB sockets.

        Source: zmq_setsockopt(3), ZMQ_UNSUBSCRIBE.
        """
        self.set(_UNSUBSCRIBE, topic.encode("utf-8") if isinstance(topic, str) else topic)

    def get_hwm(self) -> int:
        """Get the high-water mark: messages queued for each peer, of sending where the two differ."""
        value: int = self.get(SNDHWM)
        return value

    def set_hwm(self, value: int) -> None:
        """Set both high-water marks: messages queued for each peer, 0 for no limit; before connect and bind."""
        self.set(SNDHWM, value)
        self.set(RCVHWM, value)

    hwm = property(get_hwm, set_hwm, None, "SNDHWM and RCVHWM in one: messages queued for each peer, 0 for no limit.")

    @property
    def tuning(self) -> str | None:
        """A named setting for what the socket is to be best at; set it before bind and connect.

        "throughput" reads 396 KiB and writes 528 KiB at a time (ZMQ_IN_BATCH_SIZE, ZMQ_OUT_BATCH_SIZE), from the first
        message on. Otherwise what is read at once begins with 8 KiB. With the bundled libzmq it grows up to 396 KiB and
        shrinks with what comes, with either setting. Each connection takes up to so much memory to read; messages of
        32 KiB and more are read into their own place, those of 16 KiB and more written from where they are, shorter
        ones are copied. None is the default, and is what reads back when the options have other values.

        Raises, when it is set:
            ValueError: there is no such setting.
            ZMQVersionError: the linked libzmq has no drafts, and so not these options.
            ZMQError: ENOTSOCK, closed.

        Source: zmq_setsockopt(3).
        """
        return name_tuning(self._get_or_none)

    @tuning.setter
    def tuning(self, name: str | None) -> None:
        options: dict[int, Any] = find_tuning(name)
        if name is None:
            options = {number: SOCKET_OPTIONS[number].default for number in TUNINGS.get(self.tuning or "", ())}
        for number, value in options.items():
            self.set(number, value)

    def _get_or_none(self, option: int) -> Any:
        try:
            return self.get(option)
        except ZMQError as error:
            if error.errno == EINVAL:
                return None
            raise

    def fileno(self) -> int:
        """Return the descriptor that moves when the socket has something to do (ZMQ_FD).

        It is edge-triggered: after every send, recv, and get of an option look at `events` again.
        """
        value: int = self.get(_FD)
        return value

    def _set_unknown(self, name: str, value: Any) -> None:
        if name in self.__dict__ or is_declared(type(self), name):
            self.__dict__[name] = value
            return
        option = find_by_name(name)
        if option is None:
            raise AttributeError(f"{type(self).__name__} has no attribute {name!r}, and it is no option of libzmq")
        setattr(self, option.name.lower(), value)

    def _get_unknown(self, name: str) -> Any:
        option = None if name.startswith("_") else find_by_name(name)
        if option is None or hasattr(type(self), name):
            # Also reached when the attribute of that very name has raised AttributeError: it does so again.
            return object.__getattribute__(self, name)
        return getattr(self, option.name)

    def __dir__(self) -> list[str]:
        return sorted({*object.__dir__(self), *(row.name for row in SOCKET_OPTIONS.values())})


if sys.version_info >= (3, 12) or sys.implementation.name != "cpython":
    SocketOptions.__getattr__ = SocketOptions._get_unknown  # type: ignore[attr-defined]


def install_socket_attributes(cls: type) -> None:
    """Give the Socket class an attribute for every option, and tell the backend of those that are a C int."""
    for row in SOCKET_OPTIONS.values():
        if row.kind in ("int", "bool") and row.number != HWM:
            learn_option(row.number, row.readable, row.takes_range, row.lowest, row.highest)
    install_attributes(cls, SOCKET_OPTIONS.values(), SocketOptions.get, SocketOptions.set)
