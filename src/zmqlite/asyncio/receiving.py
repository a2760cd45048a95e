"""The receiving half of an asyncio socket: every form of recv(), and poll()."""

from __future__ import annotations

import operator
from asyncio import get_running_loop
from errno import EAGAIN, ENOTSUP
from functools import partial
from typing import Any

from zmqlite._backend import hasten
from zmqlite.errors import Again, ZMQError, error_from_errno
from zmqlite.readiness import DONTWAIT, Interest, Readiness, try_part, turn
from zmqlite.waiting import to_timeout_ms
from zmqlite.waiting_socket import WaitingSocket, fill_buffer, simplify, writable_view

from .futures import DELIVERED, Iterating, Polling, Receiving, ReceivingMany
from .ready import Ready, current_loop, turn_is_over

TYPE_CHECKING = False
if TYPE_CHECKING:
    from asyncio import AbstractEventLoop, Future
    from collections.abc import Callable

    from typing_extensions import Self

__all__ = ["ReceivingForms"]

_RCVTIMEO = 27
# Functions, not bound to their Readiness: a waiting receive keeps one, and a bound one takes 64 bytes.
_take_part = Readiness.take_part
_take_message = Readiness.take_message
_take_many = Readiness.take_many


class ReceivingForms(WaitingSocket):
    """The part of Socket that receives. Every call returns a Future, done already when a message was there."""

    # ---- the forms ----

    def recv(self, flags: int = 0, copy: bool = True, track: bool = False) -> Future[Any]:  # type: ignore[override]
        """Receive one part of a message.

        Cancelled, timed out, or dropped before it is delivered, the message is the next to be received.

        Args:
            flags: DONTWAIT fails at once with Again where it would wait.
            copy: False returns a Frame.
            track: as for Socket.recv().

        Returns:
            A Future of bytes, or of a Frame.

        Raises (through the Future):
            Again: EAGAIN, no message came within RCVTIMEO.
            ContextTerminated, SocketInUse, ZMQError: as Socket.recv().

        Source: zmq_msg_recv(3).
        """
        core = self._readiness
        if core.busy or flags or track:
            return self._receive(_take_part, flags, (flags, copy, track))
        turn.left = left = turn.left - 1
        if left < 0 and turn_is_over() and not self.closed:
            return self._wait(_take_part, (0, copy, False), None, True)
        try:
            message = try_part(self, copy)
        except ZMQError as error:  # the socket's: whoever awaits gets it
            return self._fail(error)
        if message is None:
            return self._wait(_take_part, (0, copy, False), None, False)
        ready = Ready()
        ready._value = message
        ready._socket = self
        core.sequence = ready._sequence = core.sequence + 1
        return ready

    def _recv_waiting(self) -> Future[Any]:
        """recv() in C found nothing."""
        return self._wait(_take_part, (0, True, False), None, False)

    def recv_multipart(  # type: ignore[override]
        self, flags: int = 0, copy: bool = True, track: bool = False
    ) -> Future[list[Any]]:
        """Receive a whole message: a Future of the list of its parts, bytes or Frames; see recv()."""
        return self._receive(_take_message, flags, (flags, copy, track))

    def recv_many(  # type: ignore[override]
        self,
        max: int = 1000,
        timeout: float | None = None,
        flags: int = 0,
        copy: bool = True,
        multipart: bool | None = None,
    ) -> Future[list[Any]]:
        """Receive many messages: waits for the first, then takes what is there.

        Args:
            max: at most so many messages, 1 or more.
            timeout: milliseconds to wait for the first; -1 for ever; None as RCVTIMEO says.
            flags: DONTWAIT does not wait at all.
            copy: False returns Frames.
            multipart: True returns a list for every message, also for one of a single part.

        Returns:
            A Future of a list of messages, empty when none came in time; see Socket.recv_many().
        """
        if max < 1:
            raise ValueError(f"recv_many() takes a max of at least 1, got {max}")
        timeout_ms = self._timeout(_RCVTIMEO) if timeout is None else to_timeout_ms(timeout, "recv_many()")
        if timeout_ms == 0:
            flags |= DONTWAIT
        return self._receive(_take_many, flags, (max, flags, copy, multipart), list, timeout_ms, ReceivingMany)

    def recv_into(self, buffer: Any, /, *, nbytes: int = 0, flags: int = 0) -> Future[int]:  # type: ignore[override]
        """Receive one part into a buffer.

        Args:
            buffer: writable and contiguous; it is held until the Future is done.
            nbytes: at most so many bytes; 0 for the buffer's size.
            flags: as for recv().

        Returns:
            A Future of the message's size, which may be more than fitted.
        """
        decode = partial(fill_buffer, writable_view(buffer, nbytes))
        return self._receive(_take_part, flags, (flags, False, False), decode)

    def recv_string(self, flags: int = 0, encoding: str = "utf-8") -> Future[str]:  # type: ignore[override]
        """Receive one part that is text; see recv(). A message that is none is delivered as a UnicodeDecodeError."""
        return self._receive_decoded(flags, partial(_to_text, encoding))

    recv_unicode = recv_string  # type: ignore[assignment]

    def recv_json(self, flags: int = 0, **kwargs: Any) -> Future[Any]:
        """Receive one part that is JSON; kwargs are for json.loads()."""
        from json import loads

        return self._receive_decoded(flags, lambda message: loads(message.decode("utf-8"), **kwargs))

    def recv_pyobj(self, flags: int = 0) -> Future[Any]:
        """Receive one part that is a pickle, and load it: only from programs you trust."""
        from pickle import loads

        return self._receive_decoded(flags, loads)

    def recv_serialized(
        self, deserialize: Callable[[list[Any]], Any], flags: int = 0, copy: bool = True
    ) -> Future[Any]:
        """Receive a whole message: a Future of what deserialize makes of the list of its parts."""
        return self._receive(_take_message, flags, (flags, copy, False), deserialize)

    def __aiter__(self) -> Self:
        return self

    def __anext__(self) -> Future[Any]:
        """Receive the next message: bytes for one of a single part, else a list. It ends when the socket is closed."""
        if self.closed:
            return self._fail(StopAsyncIteration())
        return self._receive(_take_message, 0, (0, True, False), simplify, -1, Iterating)

    # ---- how ----

    def _receive_decoded(self, flags: int, decode: Callable[[Any], Any]) -> Future[Any]:
        return self._receive(_take_part, flags, (flags, True, False), decode)

    def _receive(
        self,
        take: Callable[..., Any],
        flags: int,
        arguments: tuple[Any, ...],
        decode: Callable[[Any], Any] | None = None,
        timeout_ms: int | None = None,
        kind: type[Receiving] = Receiving,
    ) -> Future[Any]:
        """Receive in any form: what take returns, decoded."""
        core = self._readiness
        if flags & DONTWAIT:
            if core.receivers:
                core.serve(self)  # those that came before
            overdue = False
        else:
            turn.left -= 1
            overdue = turn.left < 0 and turn_is_over() and not self.closed
        if core.receivers or overdue:
            if flags & DONTWAIT:
                return self._end_empty(kind, error_from_errno(EAGAIN, "recv()"))
            return self._wait(take, arguments, decode, True, timeout_ms, kind)
        try:
            raw, sequence = take(core, self, *arguments)
        except Again as error:
            if flags & DONTWAIT:
                return self._end_empty(kind, error)
            return self._wait(take, arguments, decode, False, timeout_ms, kind)
        except Exception as error:  # the socket's: whoever awaits gets it
            future = self._make_receiving(kind, None, (), None, current_loop())
            future.abandon(error)
            return future
        if core.busy:
            core.check(self)
        return self._hand_over(raw, sequence, decode)

    def _hand_over(self, raw: Any, sequence: Any, decode: Callable[[Any], Any] | None) -> Future[Any]:
        ready = Ready()
        if decode is None:
            ready._value = raw
        else:
            try:
                value = decode(raw)
            except Exception as error:  # it is the message's fault: it is delivered with the error
                failed = self._make_receiving(Receiving, None, (), None, current_loop())
                failed._raw = raw
                failed._sequence = sequence
                failed.set_exception(error)
                return failed
            ready._value = value
            ready._raw = raw
        ready._sequence = sequence
        ready._socket = self
        return ready

    def _wait(
        self,
        take: Callable[..., Any],
        arguments: tuple[Any, ...],
        decode: Callable[[Any], Any] | None,
        look: bool,
        timeout_ms: int | None = None,
        kind: type[Receiving] = Receiving,
    ) -> Future[Any]:
        """Wait in the queue.

        Args:
            take: of Readiness, makes an attempt.
            arguments: for take.
            decode: makes a value of what it returns.
            look: nobody has asked libzmq: a message may be there.
            timeout_ms: for once; None for RCVTIMEO.
            kind: of Future.
        """
        try:
            loop = get_running_loop()
        except RuntimeError:
            loop = current_loop()
        core = self._readiness
        if core.driver is None or core.driver.loop is not loop:
            self._move(loop, core.driver)
        if timeout_ms is None:
            timeout_ms = self._timeouts[0]
            if timeout_ms is None:
                timeout_ms = self._timeout(_RCVTIMEO)
        future = self._make_receiving(kind, take, arguments, decode, loop)
        if timeout_ms == 0 and not look:
            future.expire()
            return future
        future._queue.append(future)
        core.busy = True
        if timeout_ms >= 0:
            future._timer = loop.call_later(timeout_ms / 1000, future.expire)
        if look:
            core.check(self)
        return future

    def _end_empty(self, kind: type[Receiving], error: Exception) -> Future[Any]:
        future = self._make_receiving(kind, None, (), None, current_loop())
        future.end_empty(error)
        return future

    def _make_receiving(
        self,
        kind: type[Receiving],
        take: Any,
        arguments: tuple[Any, ...],
        decode: Callable[[Any], Any] | None,
        loop: AbstractEventLoop,
    ) -> Receiving:
        future = kind(loop=loop)
        future._raw = DELIVERED
        future._awaiting = 0
        future._socket = self
        future._take = take
        future._arguments = arguments
        future._decode = decode
        future._timer = None
        future._queue = self._readiness.receivers
        return future

    def _follow_loop(self) -> AbstractEventLoop:
        raise NotImplementedError

    def _move(self, loop: AbstractEventLoop, driver: Any) -> None:
        raise NotImplementedError

    def _ready(self, value: Any) -> Ready:
        ready = Ready()
        ready._value = value
        return ready

    def _fail(self, error: BaseException) -> Future[Any]:
        future: Future[Any] = current_loop().create_future()
        future.set_exception(error)
        return future

    # ---- polling ----

    def poll(self, timeout: float | None = None, flags: int = 1) -> Future[int]:  # type: ignore[override]
        """Wait until the socket is ready.

        Args:
            timeout: milliseconds; None or negative waits for ever.
            flags: POLLIN, POLLOUT.

        Returns:
            A Future of the events that are ready; 0 when the time is over.

        Raises:
            TypeError: timeout or flags is no number.
            ZMQError: ENOTSUP, the socket is closed.

        Source: zmq_poll(3).
        """
        if self.closed:
            raise error_from_errno(ENOTSUP, "poll()", hint="the socket is closed")
        timeout_ms = to_timeout_ms(timeout, "poll()")
        flags = operator.index(flags)
        core = self._readiness
        turn.left -= 1
        overdue = turn.left < 0 and timeout_ms != 0 and turn_is_over()
        try:
            found = core.events(self) & flags
        except ZMQError as error:
            return self._fail(error)
        if core.busy:
            core.check(self)
        if (found and not overdue) or timeout_ms == 0 or not flags:
            return self._ready(found)
        loop = self._follow_loop()
        future = Polling(loop=loop)
        interest = Interest(flags, lambda _: future.answer(), future.abandon)
        future._socket = self
        future._take = self._look
        future._arguments = (flags,)
        future._queue = ((core, interest),)
        future._timer = None if timeout_ms < 0 else loop.call_later(timeout_ms / 1000, future.expire)
        core.watch(interest)
        if overdue:
            core.check(self)
        return future

    def _look(self, flags: int) -> int:
        return int(self._readiness.events(self) & flags)


def _to_text(encoding: str, message: bytes) -> str:
    return message.decode(encoding)


hasten(ReceivingForms, "recv", Ready, turn)
