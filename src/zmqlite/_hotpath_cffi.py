"""The hot verbs in Python: what PyPy uses, and the readable reference of the C module in src/hotpath.

Here are the verbs that move whole messages, one or many: each makes one or two native calls (zl_cffi_batch.c),
whatever the number of parts. Those that move one part are in _part_cffi.
"""

from __future__ import annotations

import sys
from array import array
from errno import EAGAIN
from threading import get_ident

from ._done_cffi import ReadinessBase, TurnBase, hasten, make_done_class
from ._frame_cffi import FrameBase, collect, take_frame, weigh
from ._message_cffi import bytes_of, hooks
from ._native import ffi, lib
from ._part_cffi import RETRIED, PartVerbs, as_int, make_socket, set_pass_threshold

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from typing import Any

__all__ = [
    "FrameBase",
    "ReadinessBase",
    "SocketBase",
    "TurnBase",
    "collect",
    "configure",
    "hasten",
    "heed",
    "learn_option",
    "make_done_class",
    "make_socket",
    "set_main_thread",
]

_DONTWAIT = lib.ZMQ_DONTWAIT
_PLAIN = {bytes}
_batch_add_copy = lib.zl_cffi_batch_add_copy
_batch_send = lib.zl_cffi_batch_send
_batch_recv = lib.zl_cffi_batch_recv
# What goes with a buffer in flight takes CPython 1.5 us in Python: over ipc and tcp, copying is faster up to here.
_PASS_AT_LEAST = 16384 if sys.implementation.name == "cpython" else 0
# Messages that go in one native call: Python copies them into one bytes object for it.
_PACKED_AT_ONCE = 256

# Batches that calls borrow, each with the buffer of its packed bytes. list.pop() and list.append() are atomic: no
# two calls have the same one.
_batches: list[tuple[Any, Any]] = []


def configure(
    api_address: int,
    make_error: Callable[[int, str, Any], BaseException],
    frame_class: type,
    make_tracker: Callable[[int], Any],
    finished_tracker: Any,
    pass_bytes_threshold: int,
) -> None:
    """Hand over what the verbs need: called once, by `message`.

    Args:
        api_address: for the C backend; cffi needs none.
        make_error: (errno, call, argument) to the exception to raise.
        frame_class: what recv(copy=False) returns; a subclass of FrameBase.
        make_tracker: address of a `zl_hold` to a MessageTracker.
        finished_tracker: what a tracked send that copied returns.
        pass_bytes_threshold: copy=None sends bytes in place from this size on, on CPython from 16384 at least.
    """
    if not issubclass(frame_class, FrameBase):
        raise TypeError("configure() takes a subclass of FrameBase for frame_class")
    hooks.make_error = make_error
    hooks.make_tracker = make_tracker
    hooks.frame_class = frame_class
    hooks.finished_tracker = finished_tracker
    set_pass_threshold(max(pass_bytes_threshold, _PASS_AT_LEAST))
    set_main_thread()


def learn_option(number: int, readable: int, writable: int, lowest: int, highest: int, /) -> None:
    """Do nothing: here every option goes the general way."""


def heed(settings: dict[str, Any], /) -> None:
    """Tell which module's COPY_THRESHOLD counts: its namespace."""
    if not isinstance(settings, dict):
        raise TypeError("heed() takes the namespace of a module")
    hooks.settings = settings


def set_main_thread() -> None:
    """Tell that the calling thread is the one that runs signal handlers: it waits in slices."""
    hooks.main_thread = get_ident()


def _borrow_batch() -> tuple[Any, Any]:
    try:
        return _batches.pop()
    except IndexError:
        batch = ffi.new("zl_cffi_batch *")
        return batch, ffi.buffer(batch.bytes)


def _give_back(borrowed: tuple[Any, Any]) -> None:
    """End the use of a batch that may have messages in it."""
    lib.zl_cffi_batch_clear(borrowed[0])
    _batches.append(borrowed)


def _pack(messages: Sequence[Any]) -> tuple[bytes, bytes] | None:
    """Put bytes objects one after the other.

    Returns:
        Their bytes and their sizes, as int32_t; None when there is something else, or too large to be copied.
    """
    if set(map(type, messages)) != _PLAIN:
        return None
    sizes = array("i", map(len, messages))
    if max(sizes) >= hooks.pass_threshold:
        return None
    return b"".join(messages), sizes.tobytes()


def _cut(packed: Any, ends: list[int]) -> list[Any]:
    """Cut bytes that are one after the other at their ends."""
    begin = 0
    pieces = []
    for end in ends:
        pieces.append(packed[begin:end])
        begin = end
    return pieces


def _unpack(batch: Any, packed: Any, count: int, copy: bool, track: bool) -> list[list[Any]]:
    """Turn the parts of a batch into messages, lists of parts, and clear it."""
    messages: list[list[Any]] = []
    message: list[Any] = []
    begin = kept = 0
    for end, kind in zip(ffi.unpack(batch.ends, count), ffi.unpack(batch.kinds, count)):
        if kind & lib.ZL_CFFI_KEPT:
            message.append(_take_part(batch.parts + kept, copy, track))
            kept += 1
        else:
            message.append(packed[begin:end])
            begin = end
        if not kind & lib.ZL_CFFI_MORE:
            messages.append(message)
            message = []
    lib.zl_cffi_batch_clear(batch)
    return messages


def _unpack_many(batch: Any, packed: Any, count: int, copy: bool, multipart: bool | None) -> list[Any]:
    """The same for recv_many(): a message of one part is that part, unless multipart."""
    if batch.plain:
        parts = _cut(packed, ffi.unpack(batch.ends, count))
        return [[part] for part in parts] if multipart else parts
    messages = _unpack(batch, packed, count, copy, False)
    return messages if multipart else [message if len(message) > 1 else message[0] for message in messages]


def _take_part(part: Any, copy: bool, track: bool) -> Any:
    if copy:
        return bytes_of(part)
    message = ffi.new("zmq_msg_t *")
    lib.zmq_msg_init(message)
    lib.zmq_msg_move(message, part)
    frame = take_frame(message, track)
    weigh(frame)
    return frame


class SocketBase(PartVerbs):
    """A guarded libzmq socket and the verbs that move messages through it."""

    __slots__ = ()

    # ---- one message ----

    def send_multipart(
        self,
        msg_parts: Sequence[Any],
        flags: int = 0,
        copy: bool | None = None,
        track: bool = False,
        routing_id: int | None = None,
        group: str | bytes | None = None,
    ) -> Any:
        """Send a whole message of one part or more: all of it or nothing.

        Args:
            msg_parts: a sequence of parts, each as for send(); every one is checked before the first is sent.
            flags: as for send(), for every part; so are those that follow.
            copy: of any part.
            track: all parts together.
            routing_id: of the message.
            group: of the message.

        Returns:
            None, or with track one MessageTracker for all parts.

        Raises:
            TypeError: a part is not bytes-like; its index is in the message.
            IndexError: there is no part.
            Again, ContextTerminated, SocketInUse, ZMQError: as send().

        Source: zmq_msg_send(3).
        """
        if isinstance(msg_parts, (str, bytes, FrameBase)):
            raise TypeError(f"send_multipart() takes a sequence of parts, got {type(msg_parts)}: put it in a list")
        parts = tuple(msg_parts)
        if not parts:
            raise IndexError("send_multipart() takes at least one part, got none")
        collect()
        code, tracker = self._send_parts(parts, flags, copy, track, routing_id, group, "send_multipart()")
        if code < 0:
            raise hooks.error(code, "send_multipart()")
        return tracker

    def _send_parts(
        self,
        parts: Sequence[Any],
        flags: int,
        copy: bool | None,
        track: bool,
        routing_id: int | None,
        group: str | bytes | None,
        call: str,
        several: bool = True,
    ) -> tuple[int, Any]:
        """Send one message. Returns a native answer and the tracker."""
        plain = copy is not False and not track and routing_id is None and group is None
        trackers = []
        tracker = None
        borrowed = _borrow_batch()
        batch = borrowed[0]
        try:
            for place, part in enumerate(parts):
                if plain and type(part) is bytes and len(part) < hooks.pass_threshold:
                    tracker = None
                    if _batch_add_copy(batch, part, len(part)) != 0:
                        raise MemoryError(f"{call}: out of memory")
                    continue
                message = lib.zl_cffi_batch_add(batch)
                if not message:
                    raise MemoryError(f"{call}: out of memory")
                tracker = self._fill(message, part, copy, track, routing_id, group, call, place if several else None)
                if tracker is not None:
                    trackers.append(tracker)
            socket = self._native_side
            code = _batch_send(batch, socket, flags, 0)
            if code < 0 and code in RETRIED:
                code = self._retry(code, flags, lib.ZMQ_SNDTIMEO, None, _batch_send, batch, socket, flags)
        except BaseException:
            _give_back(borrowed)
            raise
        if code < 0:
            _give_back(borrowed)
        else:
            _batches.append(borrowed)
        # Not told to track: what send() answers for the last part, as pyzmq, which sends it so.
        return code, type(hooks.finished_tracker)(*trackers) if track and code >= 0 else tracker

    def recv_multipart(self, flags: int = 0, copy: bool = True, track: bool = False) -> list[Any]:
        """Receive a whole message.

        Args:
            flags: as for recv(), for every part.
            copy: likewise.
            track: likewise.

        Returns:
            A list of its parts, bytes or Frames.

        Raises:
            Again, ContextTerminated, SocketInUse, ZMQError: as recv().

        Source: zmq_msg_recv(3).
        """
        if flags:
            flags = as_int(flags, "flags")
        borrowed = _borrow_batch()
        try:
            batch, packed = borrowed
            code = self._recv_batch(batch, 1, flags, None, copy)
            if code < 0:
                raise hooks.error(code, "recv_multipart()")
            if batch.kept:
                message = _unpack(batch, packed, code, copy, track)[0]
            else:
                message = _cut(packed, ffi.unpack(batch.ends, code))
        except BaseException:
            _give_back(borrowed)
            raise
        _batches.append(borrowed)
        return message

    def _recv_batch(self, batch: Any, limit: int, flags: int, timeout: int | None, copy: bool) -> int:
        """Receive at most limit messages. Returns a native answer."""
        socket = self._native_side
        pack = 1 if copy or copy is None else 0
        code: int = _batch_recv(batch, socket, limit, pack, 0)
        if code < 0 and code in RETRIED:
            code = self._retry(code, flags, lib.ZMQ_RCVTIMEO, timeout, _batch_recv, batch, socket, limit, pack)
        return code

    # ---- readiness ----

    if TYPE_CHECKING:

        def _poll_slowly(self, timeout: float | None, flags: int) -> int: ...

    def poll(self, timeout: float | None = None, flags: int = 1) -> int:
        """Wait until the socket is ready.

        Args:
            timeout: milliseconds; None or negative waits for ever.
            flags: POLLIN, POLLOUT; with neither there is nothing to wait for and poll() returns at once.

        Returns:
            The events that are ready; 0 when the time is over.

        Raises:
            TypeError: timeout or flags is no number.
            ZMQError: ENOTSUP, the socket is closed.

        Source: zmq_poll(3).
        """
        ready: int = self._poll_slowly(timeout, flags)
        return ready

    # ---- many messages ----

    def send_many(self, messages: Iterable[Any], flags: int = 0, copy: bool | None = None) -> int:
        """Send many messages in one call. Each is sent whole or not at all.

        Args:
            messages: an iterable of messages: bytes-like for one part, a list or tuple for several.
            flags: DONTWAIT stops at the first message that finds no room.
            copy: as for send().

        Returns:
            How many messages were sent: all, or fewer when DONTWAIT or SNDTIMEO stopped it.

        Raises:
            TypeError: a message is not bytes-like.
            ContextTerminated, SocketInUse, ZMQError: as send(). Every exception, also one of a signal handler, has an
                attribute `sent`: how many messages were sent before it.

        Source: zmq_msg_send(3).
        """
        if isinstance(messages, (str, bytes)):
            raise TypeError(f"send_many() takes an iterable of messages, got {type(messages)}: put it in a list")
        sequence = messages if isinstance(messages, (list, tuple)) else list(messages)
        collect()
        socket = self._native_side
        before = socket.sent
        try:
            return self._send_all(sequence, flags, copy)
        except BaseException as error:
            # The native side counts: a signal handler may raise just after a message went.
            error.sent = socket.sent - before  # type: ignore[attr-defined]
            raise

    def _send_all(self, sequence: Sequence[Any], flags: int, copy: bool | None) -> int:
        sent = 0
        while sent < len(sequence):
            chunk = sequence[sent : sent + _PACKED_AT_ONCE]
            packed = _pack(chunk) if copy is not False else None
            if packed is not None:
                went = lib.zl_cffi_send_packed(self._native_side, *packed, len(chunk), flags)
                sent += went
                chunk = chunk[went : went + 1]  # the first that would have to wait, or fails
            for message in chunk:
                code = self._send_one(message, flags, copy)
                if code == -EAGAIN:
                    return sent
                if code < 0:
                    raise hooks.error(code, "send_many()")
                sent += 1
        return sent

    def _send_one(self, message: Any, flags: int, copy: bool | None) -> int:
        several = isinstance(message, (list, tuple))
        parts = tuple(message) if several else (message,)
        if not parts:
            raise ValueError("send_many() takes messages of at least one part, got an empty one")
        code, _ = self._send_parts(parts, flags, copy, False, None, None, "send_many()", several)
        return code

    def recv_many(
        self,
        max: int = 1000,
        timeout: int | None = None,
        flags: int = 0,
        copy: bool = True,
        multipart: bool | None = None,
    ) -> list[Any]:
        """Receive many messages in one call: waits for the first, then takes what is there.

        Args:
            max: at most so many messages, 1 or more.
            timeout: milliseconds to wait for the first; -1 for ever; None as RCVTIMEO says.
            flags: DONTWAIT does not wait at all.
            copy: False returns Frames.
            multipart: True returns a list for every message, also for one of a single part.

        Returns:
            A list of messages, empty when none came in time: bytes for a message of one part, a list of parts for
            others.

        Raises:
            ContextTerminated, SocketInUse, ZMQError: as recv(), only while nothing was received.

        Source: zmq_msg_recv(3).
        """
        if max < 1:
            raise ValueError(f"recv_many() takes a max of at least 1, got {max}")
        if timeout is not None and timeout < -1:
            raise ValueError(f"recv_many() takes a timeout in milliseconds, -1 for ever, got {timeout!r}")
        flags = as_int(flags, "flags")
        messages: list[Any] = []
        borrowed = _borrow_batch()
        try:
            batch, packed = borrowed
            while True:
                code = self._recv_batch(batch, max - len(messages), flags, timeout, copy)
                if code > 0:
                    messages += _unpack_many(batch, packed, code, copy, multipart)
                elif code != -EAGAIN and not messages:
                    raise hooks.error(code, "recv_many()")
                # A batch holds so many bytes: what is there beyond them needs the next.
                if code < 0 or not batch.full or len(messages) >= max:
                    break
                flags |= _DONTWAIT
        except BaseException:
            _give_back(borrowed)
            raise
        _batches.append(borrowed)
        return messages
