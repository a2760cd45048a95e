"""What the calls of an asyncio socket return: futures that know whether their message was delivered.

A message is delivered when the coroutine that awaits the future goes on with it, or when somebody else takes it with
result(). A future that is cancelled or dropped before that gives its message back to the socket. asyncio has three
such cases: a task that is cancelled after its message came and before it runs again; a future that nobody awaits, in
a task that was cancelled before it began; and a future among others, in gather() or wait(), that were all cancelled.
"""

from __future__ import annotations

import asyncio
from collections.abc import Generator
from errno import EAGAIN
from typing import Any

from zmqlite.errors import Again, ContextTerminated, error_from_errno
from zmqlite.waiting_socket import send_or_drop

TYPE_CHECKING = False
if TYPE_CHECKING:
    from asyncio import TimerHandle
    from collections.abc import Callable

    Future = asyncio.Future[Any]
else:
    Future = asyncio.Future

__all__ = [
    "DELIVERED",
    "Iterating",
    "Polling",
    "Receiving",
    "ReceivingMany",
    "Sending",
]


class _Delivered:
    """Stands for a message that is no longer the future's to give back."""

    def __repr__(self) -> str:
        return "DELIVERED"


DELIVERED = _Delivered()


class _Waiting(Future):
    """An operation that waits in one of the socket's queues."""

    __slots__ = ("_arguments", "_queue", "_socket", "_take", "_timer")
    _arguments: tuple[Any, ...]
    _queue: Any
    _socket: Any
    _take: Any
    _timer: TimerHandle | None
    _call = "recv()"

    def _finish(self) -> None:
        self._arguments = ()
        timer = self._timer
        if timer is not None:
            self._timer = None
            timer.cancel()

    def _leave(self) -> None:
        """Wait no longer, while nothing happened."""
        self._finish()
        socket = self._socket
        socket._readiness.forget(socket, self._queue, self)

    def cancel(self, msg: Any = None) -> bool:
        """Cancel, if it did not happen yet: then it never will."""
        if not Future.cancel(self, msg):
            return False
        self._leave()
        return True

    def abandon(self, error: BaseException | None) -> None:
        """Fail with the socket's error; without one, the socket was closed: cancel, as pyzmq does."""
        self._finish()
        try:
            if error is None:
                Future.cancel(self)
            else:
                Future.set_exception(self, error)
        except RuntimeError:
            pass  # its loop is closed, and nobody is left to hear

    def expire(self) -> None:
        """End with Again: the time is over."""
        if not self.done():
            self._leave()
            self.end_empty(error_from_errno(EAGAIN, self._call))

    def end_empty(self, error: Exception) -> None:
        """End with nothing: error says that it would have to wait."""
        Future.set_exception(self, error)


class Sending(_Waiting):
    """A send that waits for room. Cancelled, it never happens; done, it happened."""

    __slots__ = ("_more",)
    _call = "send()"
    _more: bool

    def attempt(self, socket: Any) -> None:
        """Send now; raises Again when there is no room."""
        try:
            value = send_or_drop(socket, self._take, self._arguments, self._more)
        except Again:
            raise
        except Exception as error:  # the caller's: a wrong type, the context's end
            self._finish()
            Future.set_exception(self, error)
        else:
            self._finish()
            Future.set_result(self, value)

    @property
    def sent(self) -> int:
        """Of send_many(): messages sent so far, also when it was cancelled."""
        return int(getattr(self._take, "sent", 0))


class Receiving(_Waiting):
    """A receive that waits for a message, and has it until it is delivered."""

    __slots__ = ("_awaiting", "_decode", "_raw", "_sequence")
    _awaiting: int
    _decode: Callable[[Any], Any] | None
    _raw: Any
    _sequence: Any

    def attempt(self, socket: Any) -> None:
        """Take a message now; raises Again when there is none."""
        try:
            raw, self._sequence = self._take(socket._readiness, socket, *self._arguments)
        except Again:
            raise
        except Exception as error:  # the socket's: the context's end, a socket that only sends
            self.abandon(error)
            return
        if self._timer is not None:
            self._finish()
        self._raw = raw
        decode, self._decode = self._decode, None  # it may hold a buffer
        if decode is None:
            Future.set_result(self, raw)
            return
        try:
            value = decode(raw)
        except Exception as error:  # the message is not what the caller said: it is delivered with the error
            Future.set_exception(self, error)
        else:
            Future.set_result(self, value)

    def _failure(self) -> BaseException | None:
        return Future.exception(self) if self.done() and not self.cancelled() else None

    def _give_back(self) -> None:
        raw = self._raw
        if raw is not DELIVERED:
            self._raw = DELIVERED
            socket = self._socket
            socket._readiness.give_back(socket, raw, self._sequence)

    def __await__(self) -> Generator[Any, None, Any]:
        """Wait for the message. Cancelled with a message that has come, it gives the message back."""
        if not self.done():
            self._asyncio_future_blocking = True
            self._awaiting += 1
            try:
                yield self
            except BaseException as error:
                self._awaiting -= 1
                if error is self._failure():
                    self._raw = DELIVERED  # the task wakes up with what the message could not be decoded for
                elif not self._awaiting:
                    self._give_back()
                raise
            self._awaiting -= 1
            if not self.done():
                raise RuntimeError("await wasn't used with future")
        self._raw = DELIVERED
        return Future.result(self)

    __iter__ = __await__

    def cancel(self, msg: Any = None) -> bool:
        """Cancel, unless the message was delivered: one that came for a task that did not run yet goes back."""
        if self.done():
            if self._raw is DELIVERED or self._awaiting != 1:
                return False
            # The task wakes up to this future as it is then: cancelled.
            self._give_back()
            _reopen(self)
            return Future.cancel(self, msg)
        Future.cancel(self, msg)
        self._leave()
        return True

    def result(self) -> Any:
        """Return the message: it is delivered by that, unless a task that awaits it comes first."""
        if not self._awaiting and self.done():
            self._raw = DELIVERED
        return Future.result(self)

    def exception(self) -> BaseException | None:
        """Return what the message could not be decoded for."""
        error = Future.exception(self)
        if error is not None and not self._awaiting:
            self._raw = DELIVERED
        return error

    def __del__(self) -> None:
        if self._raw is not DELIVERED:
            self._give_back()
        Future.__del__(self)


class ReceivingMany(Receiving):
    """A recv_many(): an empty list when nothing comes in time."""

    __slots__ = ()

    def end_empty(self, error: Exception) -> None:
        """End with an empty list."""
        Future.set_result(self, [])


class Iterating(Receiving):
    """A step of `async for`: the end of the socket, or of its context, ends the loop."""

    __slots__ = ()

    def abandon(self, error: BaseException | None) -> None:
        """End the iteration."""
        over = error is None or isinstance(error, ContextTerminated)
        super().abandon(StopAsyncIteration() if over else error)


def _reopen(future: Future) -> None:
    Future.__init__(future, loop=future.get_loop())
    if future.done():  # PyPy's, in Python
        future._state = "PENDING"


class Polling(_Waiting):
    """A poll that waits for events. `_queue` is what it told whom: (Readiness, Interest), and a Poller's watch."""

    __slots__ = ()

    def _leave(self) -> None:
        self._finish()
        self._withdraw()

    def _withdraw(self) -> None:
        for readiness, interest in self._queue:
            readiness.withdraw(interest)
        self._queue = ()

    def abandon(self, error: BaseException | None) -> None:
        """Fail, or cancel."""
        self._withdraw()
        super().abandon(error)

    def expire(self) -> None:
        """Answer with what is ready now."""
        if not self.done():
            self.answer()

    def answer(self) -> None:
        """Look, and answer."""
        if self.done():
            return
        arguments = self._arguments
        self._leave()
        try:
            value = self._take(*arguments)
        except Exception as error:  # the socket's: it was closed, its context ended
            Future.set_exception(self, error)
        else:
            Future.set_result(self, value)
