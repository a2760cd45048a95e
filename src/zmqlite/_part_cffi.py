"""Sockets of the cffi backend: how calls wait, and the verbs that move one part.

Short messages take one native call a verb (src/native/zl_cffi.c): it enters the socket's guard, calls libzmq without
waiting, leaves, and answers with a number: 0 or more, or -errno. Whatever does not work out there and then goes the
slow way, through `wait()`, which waits in slices so that signal handlers run.
"""

from __future__ import annotations

from errno import EAGAIN, EALREADY, EINTR
from operator import index
from threading import get_ident
from time import monotonic

from ._frame_cffi import FrameBase, collect, take_frame, weigh
from ._message_cffi import CAN_PIN, bytes_of, encode_group, fill, hooks, make_tracker
from ._native import ffi, lib

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

__all__ = ["RETRIED", "PartVerbs", "as_int", "make_socket", "set_pass_threshold"]

RETRIED = (-EAGAIN, -EINTR)
"""Answers after which a native function is called again, unless it must not wait."""

# The main thread runs signal handlers, so it looks up at least this often.
_SLICE_MS = 50
_DONTWAIT = lib.ZMQ_DONTWAIT
_LARGE = lib.ZL_CFFI_LARGE
_LOST = lib.ZL_CFFI_LOST
# The fast way of recv() gives up: nothing is there, or the inbox is in use (by a call that a signal interrupted).
_SLOW = (*RETRIED, -EALREADY)
_INT_MAX = 2**31 - 1
_UINT32_MAX = 2**32 - 1

_send = lib.zl_cffi_send
_recv = lib.zl_cffi_recv
_pass_threshold = 0

# zmq_msg_t's that calls borrow. list.pop() and list.append() are atomic: no two calls have the same one.
_messages: list[Any] = []


def _borrow_message() -> Any:
    try:
        return _messages.pop()
    except IndexError:
        return ffi.new("zmq_msg_t *")


def set_pass_threshold(size: int) -> None:
    """Set from how many bytes on copy=None sends in place."""
    global _pass_threshold
    hooks.pass_threshold = _pass_threshold = size


def as_int(value: Any, name: str) -> int:
    """Return an argument as a plain int: with an IntFlag arithmetic is slow."""
    try:
        number = index(value)
    except TypeError:
        raise TypeError(f"{name} takes an int, got {value!r}") from None
    if not -_INT_MAX <= number <= _INT_MAX:
        raise OverflowError(f"{name}={value!r} is beyond a C int")
    return number


def _check_room(nbytes: int, room: int) -> None:
    if not 0 <= nbytes <= room:
        raise ValueError(f"recv_into(): nbytes={nbytes}, but the buffer has {room} bytes")


def _open_socket(native: Any) -> tuple[tuple[Any, Any, bytearray], Any]:
    """Make the native side of a SocketBase.

    Returns:
        It with its inbox and the byte that says whether the inbox is full; and what keeps that byte in place.
    """
    side = ffi.new("zl_cffi_socket *")
    busy = bytearray(1)
    pinned = ffi.from_buffer(busy)
    lib.zl_cffi_socket_init(side, native, pinned, hooks.pass_threshold)
    return (side, ffi.buffer(side.inbox), busy), pinned


_closed, _pinned = _open_socket(ffi.NULL)


def make_socket(context: int, socket_type: int, /) -> int:
    """Return 0: here every socket is made the general way."""
    return 0


class PartVerbs:
    """A guarded libzmq socket: the part of SocketBase that moves one part."""

    __slots__ = (
        "_inbox", "_inproc_endpoints", "_native", "_native_side", "_owner", "_pinned", "_site", "_timeouts", "_type",
        "_type_number", "context", "copy_threshold",
    )  # fmt: skip

    _readiness: Any = None
    _inproc_endpoints: frozenset[str] | None
    _native: Any
    _site: Any
    _timeouts: Any
    _type: Any
    _type_number: int
    context: Any
    copy_threshold: int
    _inbox: tuple[Any, Any, bytearray]
    _native_side: Any
    _owner: Any
    _pinned: Any

    def __new__(cls, *arguments: Any, **options: Any) -> PartVerbs:
        threshold = hooks.copy_threshold()  # before there is an object: a finaliser needs the rest of it
        socket = object.__new__(cls)
        socket.copy_threshold = threshold
        socket._inbox, socket._native_side = _closed, _closed[0]
        socket._owner = None
        socket.context = socket._native = socket._site = socket._type = None
        socket._inproc_endpoints = socket._timeouts = None
        socket._type_number = -1
        return socket

    @property
    def closed(self) -> bool:
        """Whether the socket is closed, or belongs to the process this one was forked from."""
        return self._owner is None or bool(lib.zl_socket_closed(self._owner))

    def _attach(self, native: Any, address: int) -> None:
        self._inbox, self._pinned = _open_socket(native)
        self._native_side = self._inbox[0]
        self._owner = native

    def _detach(self) -> None:
        # A call that waits between two looks at the socket finds it gone.
        lib.zl_cffi_socket_detach(self._native_side)
        self._inbox = _closed
        self._native_side = _closed[0]
        self._owner = None

    def __setattr__(self, name: str, value: Any) -> None:
        # Names that the class knows are set as usual, properties of options first among them.
        if hasattr(type(self), name):
            object.__setattr__(self, name, value)
        else:
            self._set_unknown(name, value)

    def _set_unknown(self, name: str, value: Any) -> None:
        object.__setattr__(self, name, value)

    def _get_int(self, option: int, /) -> int | None:
        return None

    def _set_int(self, option: int, value: Any, /) -> bool:
        return False

    # Nothing holds the GIL here, as in pyzmq's own backend for cffi.

    def _get_bytes(self, option: int, /) -> bytes | None:
        return None

    def _set_bytes(self, option: int, value: Any, /) -> bool:
        return False

    def _bind_at_once(self, endpoint: bytes, /) -> int:
        return -1

    _connect_at_once = _bind_at_once

    # ---- the slow way ----

    def _retry(
        self, code: int, flags: int, option: int, timeout: int | None, function: Callable[..., int], *arguments: Any
    ) -> int:
        """Call function(*arguments, timeout_ms) until it has an answer other than "wait" and "interrupted".

        Between the calls Python runs signal handlers. The time that is left is kept, as PEP 475 says.

        Args:
            code: what function(*arguments, 0) answered: -EAGAIN or -EINTR.
            flags: with DONTWAIT there is no waiting.
            option: RCVTIMEO or SNDTIMEO, which says how long to wait.
            timeout: milliseconds, instead of the option; -1 for ever.
            function: a function of zl_cffi.h.
            *arguments: its arguments but the last.

        Returns:
            0 or more, or -errno.
        """
        if as_int(flags, "flags") & _DONTWAIT:
            timeout = 0
        elif timeout is None:
            timeout = int(lib.zl_cffi_socket_timeout(self._native_side, option))
            if timeout < -1:
                return timeout
        until = monotonic() + timeout / 1000
        while True:
            slice_ms = timeout if timeout < 0 else int((until - monotonic()) * 1000 + 0.999)
            if slice_ms <= 0 <= timeout:
                if code == -EAGAIN:
                    return code
                slice_ms = 0
            if get_ident() == hooks.main_thread and not 0 <= slice_ms <= _SLICE_MS:
                slice_ms = _SLICE_MS
            code = function(*arguments, slice_ms)
            if code not in RETRIED:
                return code

    # ---- one part ----

    def send(
        self,
        data: Any,
        flags: int = 0,
        copy: bool | None = None,
        track: bool = False,
        routing_id: int | None = None,
        group: str | bytes | None = None,
    ) -> Any:
        """Send one message part.

        Args:
            data: bytes-like, contiguous; or a Frame.
            flags: DONTWAIT raises Again instead of waiting, SNDMORE says that another part follows.
            copy: None sends bytes of at least PASS_THRESHOLD in place and copies the rest; True always copies;
                False sends any buffer of at least copy_threshold bytes in place: do not change it before the
                tracker is done.
            track: return a MessageTracker that tells when libzmq is done with data.
            routing_id: the peer, for SERVER and PEER sockets, 1 to 2**32-1 (draft).
            group: for RADIO sockets, at most 255 bytes of UTF-8 (draft).

        Returns:
            None, or with track a MessageTracker, finished already when data was copied.

        Raises:
            TypeError: data is not bytes-like.
            BufferError: data is not contiguous.
            Again: EAGAIN: no room and DONTWAIT, or SNDTIMEO is over.
            ContextTerminated: ETERM.
            SocketInUse: EBUSY: another thread is inside the socket.
            ZMQError: EFSM, not this socket's turn; EHOSTUNREACH, no such peer (ROUTER_MANDATORY); ENOTSUP, this type
                cannot send; ENOTSOCK, closed.

        Source: zmq_msg_send(3), zmq_msg_init_data(3).
        """
        if type(data) is bytes and not track and routing_id is None and group is None:
            size = len(data)
            if size < _pass_threshold if copy is None else copy:
                code = _send(self._native_side, data, size, flags)
                if not code:
                    return None
                if code > 0:
                    collect()
                    return None
                if code == _LOST:
                    raise hooks.error(code, "send()")
        return self._send_slowly(data, flags, copy, track, routing_id, group)

    def _send_slowly(
        self,
        data: Any,
        flags: int,
        copy: bool | None,
        track: bool,
        routing_id: int | None,
        group: str | bytes | None,
    ) -> Any:
        collect()
        message = _borrow_message()
        try:
            tracker = self._fill(message, data, copy, track, routing_id, group, "send()")
            socket = self._native_side
            code = lib.zl_cffi_send_message(socket, message, flags, 0)
            if code < 0 and code in RETRIED:
                code = self._retry(
                    code, flags, lib.ZMQ_SNDTIMEO, None, lib.zl_cffi_send_message, socket, message, flags
                )
        finally:
            lib.zmq_msg_close(message)
            _messages.append(message)
        if code < 0:
            raise hooks.error(code, "send()")
        return tracker

    def _fill(
        self,
        message: Any,
        data: Any,
        copy: bool | None,
        track: bool,
        routing_id: int | None,
        group: str | bytes | None,
        call: str,
        place: int | None = None,
    ) -> Any:
        """Make message of what one of the verbs was given. Returns the tracker."""
        if isinstance(data, FrameBase):
            tracker = data.tracker
            if track and tracker is None:
                raise ValueError("Not a tracked message: make the Frame with track=True")
            fill(message, data, copy, self.copy_threshold, call, place)
        elif copy is None or not copy:
            hold = ffi.new("zl_hold **")
            fill(message, data, copy, self.copy_threshold, call, place, hold)
            # As pyzmq: copy=False answers with a tracker when it copied after all, asked for or not.
            tracker = make_tracker(hold) if track or (copy is not None and not hold[0]) else None
        else:
            tracker = None
            fill(message, data, copy, self.copy_threshold, call, place)
        if routing_id is not None:
            if not 0 <= routing_id <= _UINT32_MAX:
                raise OverflowError(f"{call}: routing_id={routing_id!r} is beyond 32 bits")
            if lib.zmq_msg_set_routing_id(message, routing_id) != 0:
                raise hooks.error(-ffi.errno, call)
        if group is not None and lib.zmq_msg_set_group(message, encode_group(group, call)) != 0:
            raise hooks.error(-ffi.errno, call, group)
        return tracker

    def recv(self, flags: int = 0, copy: bool = True, track: bool = False) -> Any:
        """Receive one message part.

        Args:
            flags: DONTWAIT raises Again instead of waiting.
            copy: False returns a Frame, which keeps libzmq's memory.
            track: give the Frame a (finished) tracker.

        Returns:
            bytes, or a Frame. Over inproc, bytes that were sent in place come back as the same object.

        Raises:
            Again: EAGAIN: nothing there and DONTWAIT, or RCVTIMEO is over.
            ContextTerminated: ETERM.
            SocketInUse: EBUSY: another thread is inside the socket.
            ZMQError: EFSM, not this socket's turn; ENOTSUP, this type cannot receive; ENOTSOCK, closed.

        Source: zmq_msg_recv(3).
        """
        if flags:
            flags = index(flags)
        if copy:
            socket, inbox, busy = self._inbox
            try:
                size = _recv(socket)
                if size >= 0:
                    data: bytes = inbox[:size]
                    busy[0] = 0
                    return data
                if size == _LARGE:
                    data = bytes_of(ffi.addressof(socket, "message"))
                    lib.zl_cffi_recv_done(socket)
                    return data
            except BaseException:
                # A signal handler raised before we had the bytes: they are lost, as the result of any call is.
                if busy[0]:
                    lib.zl_cffi_recv_done(socket)
                raise
            if (size == -EAGAIN and flags & _DONTWAIT) or size not in _SLOW:
                raise hooks.error(size, "recv()")
        return self._recv_slowly(flags, copy, track)

    def _recv_slowly(self, flags: int, copy: bool, track: bool, call: str = "recv()", quiet: bool = False) -> Any:
        if not copy and copy is not None:
            # The frame is there first: it closes the message whatever happens.
            frame = take_frame(ffi.new("zmq_msg_t *"), track)
            if not self._recv_message(frame._message, flags, call, quiet):
                return None
            weigh(frame)
            return frame
        message = _borrow_message()
        try:
            return bytes_of(message) if self._recv_message(message, flags, call, quiet) else None
        finally:
            lib.zmq_msg_close(message)
            _messages.append(message)

    def _recv_message(self, message: Any, flags: int, call: str, quiet: bool) -> bool:
        socket = self._native_side
        code = lib.zl_cffi_recv_message(socket, message, 0)
        if code < 0:
            if code in RETRIED and not (quiet and code == -EAGAIN):
                code = self._retry(code, flags, lib.ZMQ_RCVTIMEO, None, lib.zl_cffi_recv_message, socket, message)
            if code == -EAGAIN and quiet:
                return False
            if code < 0:
                raise hooks.error(code, call)
        return True

    def try_recv(self, copy: bool = True) -> Any:
        """Receive one message part if one is there; never wait, and raise nothing when none is.

        Args:
            copy: False returns a Frame, which keeps libzmq's memory.

        Returns:
            bytes, or a Frame, as recv(); None when nothing is there.

        Raises:
            ContextTerminated, SocketInUse, ZMQError: as recv().

        Source: zmq_msg_recv(3).
        """
        return self._recv_slowly(_DONTWAIT, copy, False, "try_recv()", quiet=True)

    def recv_into(self, buffer: Any, /, *, nbytes: int = 0, flags: int = 0) -> int:
        """Receive one message part into a writable buffer.

        Args:
            buffer: contiguous and writable, such as a bytearray.
            nbytes: at most so many bytes, up to the buffer's size; 0 for all of it.
            flags: DONTWAIT raises Again instead of waiting.

        Returns:
            The size of the message in bytes: more than nbytes when the rest of it was dropped.

        Raises:
            ValueError: nbytes is negative or beyond the buffer.
            BufferError: the buffer is read-only or not contiguous.
            Again, ContextTerminated, SocketInUse, ZMQError: as recv().

        Source: zmq_recv(3).
        """
        flags = as_int(flags, "flags")
        if not CAN_PIN:
            return self._recv_into_view(memoryview(buffer), nbytes, flags)
        writable = ffi.from_buffer("char[]", buffer, require_writable=True)
        _check_room(nbytes, len(writable))
        arguments = (self._native_side, writable, nbytes or len(writable))
        code: int = lib.zl_cffi_recv_into(*arguments, 0)
        if code in RETRIED:
            code = self._retry(code, flags, lib.ZMQ_RCVTIMEO, None, lib.zl_cffi_recv_into, *arguments)
        if code < 0:
            raise hooks.error(code, "recv_into()")
        return code

    def _recv_into_view(self, view: memoryview, nbytes: int, flags: int) -> int:
        """The same where a buffer may be freed while this thread waits: by way of a bytes object."""
        if view.readonly or not view.c_contiguous:
            raise BufferError("recv_into() takes a writable, C-contiguous buffer")
        _check_room(nbytes, view.nbytes)
        data: bytes = self._recv_slowly(flags, True, False, "recv_into()")
        room = min(nbytes or view.nbytes, len(data))
        if room:
            view.cast("B")[:room] = data[:room]
        return len(data)
