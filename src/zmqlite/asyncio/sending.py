"""The sending half of an asyncio socket: every form of send()."""

from __future__ import annotations

from typing import Any

from zmqlite._backend import hasten
from zmqlite.errors import Again, error_from_errno
from zmqlite.readiness import DONTWAIT, turn
from zmqlite.socket import Socket as BaseSocket
from zmqlite.waiting_socket import ManySends, WaitingSocket, leaves_more, send_or_drop

from .futures import Sending
from .ready import Ready, turn_is_over

TYPE_CHECKING = False
if TYPE_CHECKING:
    from asyncio import AbstractEventLoop, Future
    from collections.abc import Callable, Iterable, Sequence

__all__ = ["SendingForms"]

_SNDTIMEO = 28
_EAGAIN = 11
_send = BaseSocket.send
_send_multipart = BaseSocket.send_multipart


class SendingForms(WaitingSocket):
    """The part of Socket that sends. Every call returns a Future, done already when there was room.

    A send is exact: while its Future is not done nothing was sent; cancelled, nothing ever is; done, it was sent.
    """

    def send(  # type: ignore[override]
        self,
        data: Any,
        flags: int = 0,
        copy: bool | None = None,
        track: bool = False,
        routing_id: int | None = None,
        group: str | bytes | None = None,
    ) -> Future[Any]:
        """Send one part of a message.

        Args:
            data: bytes-like, or a Frame; it must not change until the Future is done.
            flags: SNDMORE; DONTWAIT fails at once with Again where it would wait.
            copy: as for Socket.send().
            track: the Future's result is a MessageTracker.
            routing_id: as for Socket.send().
            group: as for Socket.send().

        Returns:
            A Future of None, or of a MessageTracker.

        Raises (through the Future):
            Again: EAGAIN, there was no room within SNDTIMEO.
            TypeError, ContextTerminated, SocketInUse, ZMQError: as Socket.send().

        Source: zmq_msg_send(3).
        """
        core = self._readiness
        turn.left = left = turn.left - 1
        if (
            core.busy
            or (left < 0 and turn_is_over())
            or flags
            or core.sending_more
            or copy is not None
            or track
            or routing_id is not None
            or group is not None
        ):
            return self._send(_send, (data, flags | DONTWAIT, copy, track, routing_id, group), flags)
        try:
            _send(self, data, 1)
        except Again:
            return self._send(_send, (data, 1), 0)
        except Exception as error:  # the caller's or the socket's: whoever awaits gets it
            return self._fail(error)
        return self._ready(None)

    def send_multipart(  # type: ignore[override]
        self,
        msg_parts: Sequence[Any],
        flags: int = 0,
        copy: bool | None = None,
        track: bool = False,
        routing_id: int | None = None,
        group: str | bytes | None = None,
    ) -> Future[Any]:
        """Send a whole message: all of its parts or none; see send()."""
        arguments = (msg_parts, flags | DONTWAIT, copy, track, routing_id, group)
        return self._send(_send_multipart, arguments, flags)

    def send_many(  # type: ignore[override]
        self, messages: Iterable[Any], flags: int = 0, copy: bool | None = None
    ) -> Future[int]:
        """Send many messages, each whole or not at all.

        Args:
            messages: an iterable of messages: bytes-like for one part, a list or tuple for several.
            flags: DONTWAIT stops at the first message that finds no room.
            copy: as for send().

        Returns:
            A Future of how many were sent: all, or fewer when DONTWAIT or SNDTIMEO stopped it. Cancelled, its
            attribute `sent` tells.
        """
        if isinstance(messages, (str, bytes)):
            raise TypeError(f"send_many() takes an iterable of messages, got {type(messages)}: put it in a list")
        return self._send(ManySends(list(messages), flags | DONTWAIT, copy), (), flags)

    def send_json(self, obj: object, flags: int = 0, **kwargs: Any) -> Future[Any]:  # type: ignore[override]
        """Send an object as JSON, as Socket.send_json() does; see send()."""
        from json import dumps

        options = {key: kwargs.pop(key) for key in ("routing_id", "group") if key in kwargs}
        return self.send(dumps(obj, **kwargs).encode("utf-8"), flags, **options)

    def _send(self, verb: Callable[..., Any], arguments: tuple[Any, ...], flags: int) -> Future[Any]:
        core = self._readiness
        nowait = flags & DONTWAIT
        more = leaves_more(flags, verb)
        if core.senders and nowait:
            core.serve(self)  # those that came before
        overdue = not nowait and turn.left < 0 and not self.closed and turn_is_over()
        error: Exception
        if core.senders or overdue:
            error = error_from_errno(_EAGAIN, "send()")
        else:
            try:
                value = send_or_drop(self, verb, arguments, more, not nowait)
            except Again as again:
                error = again
            except Exception as failed:  # the caller's or the socket's: whoever awaits gets it
                return self._fail(failed)
            else:
                if core.busy:
                    core.check(self)
                return self._ready(value)
        timeout_ms = 0 if nowait else self._timeout(_SNDTIMEO)
        if timeout_ms == 0 and not overdue:
            return self._ready(verb.sent) if isinstance(verb, ManySends) else self._fail(error)
        loop = self._follow_loop()
        future = _SendingMany(loop=loop) if isinstance(verb, ManySends) else Sending(loop=loop)
        future._socket = self
        future._take = verb
        future._arguments = arguments
        future._more = more
        future._queue = queue = core.senders_queue()
        future._timer = loop.call_later(timeout_ms / 1000, future.expire) if timeout_ms >= 0 else None
        queue.append(future)
        core.busy = True
        core.check(self)
        return future

    def _follow_loop(self) -> AbstractEventLoop:
        raise NotImplementedError

    def _ready(self, value: Any) -> Ready:
        raise NotImplementedError

    def _fail(self, error: BaseException) -> Future[Any]:
        raise NotImplementedError


class _SendingMany(Sending):
    """A send_many(): when the time is over, it tells how many went."""

    __slots__ = ()

    def end_empty(self, error: Exception) -> None:
        """End with what was sent."""
        self.set_result(self.sent)


hasten(SendingForms, "send", Ready, turn)
