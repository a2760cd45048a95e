"""zmqlite for trio, and for asyncio through anyio: the same sockets, whose send, recv and poll are coroutines.

    import trio
    import zmqlite
    from zmqlite.anyio import Context

    async def main():
        async with Context() as context, context.socket(zmqlite.PULL) as socket:
            socket.bind("tcp://127.0.0.1:5555")
            with trio.move_on_after(1):
                print(await socket.recv())

Every call is a checkpoint, also when it need not wait. One that is cancelled has had no effect: its message is the next
to be received, its message was not sent. Several tasks may wait for one socket: they are served in turn, and one of
them watches the descriptor for all.
"""

from __future__ import annotations

import operator
from errno import EAGAIN, ENOTSUP
from functools import partial
from typing import Any

from .context import Context as BaseContext
from .errors import Again, ContextTerminated, error_from_errno
from .readiness import DONTWAIT, POLLIN, POLLOUT, Interest
from .socket import Socket as BaseSocket
from .waiting import to_timeout_ms
from .waiting_socket import ManySends, WaitingSocket, fill_buffer, leaves_more, send_or_drop, simplify, writable_view

try:
    import anyio
    from anyio.lowlevel import cancel_shielded_checkpoint, checkpoint_if_cancelled
except ImportError as _missing:
    raise ImportError("zmqlite.anyio needs anyio 4.10: pip install 'zmqlite[anyio]'") from _missing

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from typing_extensions import Self

__all__ = ["Context", "Socket"]

_RCVTIMEO, _SNDTIMEO = 27, 28


class _Driver:
    """Nothing watches for a socket: a task that waits does. Looking is done at once, in the task that asks for it."""

    @staticmethod
    def soon(socket: Any) -> None:
        """Look now."""
        socket._readiness.serve(socket)

    @staticmethod
    def stop() -> None:
        """Nothing to stop."""


_driver = _Driver()


class _Waiter:
    """A task that waits. It is the watcher, in a cancel scope, or waits for an event."""

    __slots__ = ("_attempt", "error", "event", "result", "scope", "settled")

    def __init__(self, attempt: Callable[[Any], Any]) -> None:
        self._attempt = attempt
        self.settled = False
        self.result: Any = None
        self.error: BaseException | None = None
        self.event: anyio.Event | None = None
        self.scope: anyio.CancelScope | None = None

    def done(self) -> bool:
        return self.settled

    def attempt(self, socket: Any) -> None:
        try:
            self.result = self._attempt(socket)
        except Again:
            raise
        except Exception as error:  # the socket's or the caller's: the task gets it
            self.error = error
        self.settled = True
        self.wake()

    def abandon(self, error: BaseException | None) -> None:
        self.error = error or anyio.ClosedResourceError("the socket was closed")
        self.settled = True
        self.wake()

    def wake(self) -> None:
        if self.event is not None:
            self.event.set()
        if self.scope is not None:
            self.scope.cancel()


class Socket(WaitingSocket):
    """A Socket whose send, recv and poll are coroutines, on trio or on asyncio.

    Made by zmqlite.anyio.Context.socket(), or from a Socket that is there: Socket(socket).

    Source: zmq_socket(3).
    """

    _watcher: Any = None
    _tasks: Any = None

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self._tasks = []
        super().__init__(*args, **kwargs)
        self._readiness.driver = _driver

    # ---- life ----

    def close(self, linger: int | None = None) -> None:
        """Close the socket. Tasks that wait get ClosedResourceError; an `async for` ends.

        Args:
            linger: milliseconds; -1 for ever; None keeps the socket's own LINGER.
        """
        if not self.closed:
            self._end_waiting()
        super().close(linger)

    def _end_waiting(self) -> None:
        if self._watcher is not None:
            anyio.notify_closing(self.fileno())
        self._readiness.abandon(None)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *args: object) -> None:
        self.close()

    # ---- receiving ----

    async def recv(  # type: ignore[override]
        self, flags: int = 0, copy: bool = True, track: bool = False
    ) -> Any:
        """Receive one part of a message; see Socket.recv(). Cancelled, it has taken nothing."""
        return await self._receive(self._readiness.take_part, flags, (flags, copy, track))

    async def recv_multipart(  # type: ignore[override]
        self, flags: int = 0, copy: bool = True, track: bool = False
    ) -> list[Any]:
        """Receive a whole message, a list of its parts."""
        parts: list[Any] = await self._receive(self._readiness.take_message, flags, (flags, copy, track))
        return parts

    async def recv_many(  # type: ignore[override]
        self,
        max: int = 1000,
        timeout: float | None = None,
        flags: int = 0,
        copy: bool = True,
        multipart: bool | None = None,
    ) -> list[Any]:
        """Receive many messages: waits for the first, then takes what is there; see Socket.recv_many()."""
        if max < 1:
            raise ValueError(f"recv_many() takes a max of at least 1, got {max}")
        timeout_ms = None if timeout is None else to_timeout_ms(timeout, "recv_many()")
        arguments = (max, flags, copy, multipart)
        try:
            return list(await self._receive(self._readiness.take_many, flags, arguments, timeout_ms))
        except Again:
            return []

    async def recv_into(self, buffer: Any, /, *, nbytes: int = 0, flags: int = 0) -> int:  # type: ignore[override]
        """Receive one part into a buffer; returns the message's size, which may be more than fitted."""
        view = writable_view(buffer, nbytes)
        frame = await self._receive(self._readiness.take_part, flags, (flags, False, False))
        return fill_buffer(view, frame)

    async def recv_string(self, flags: int = 0, encoding: str = "utf-8") -> str:  # type: ignore[override]
        """Receive one part that is text."""
        message: bytes = await self.recv(flags)
        return message.decode(encoding)

    recv_unicode = recv_string  # type: ignore[assignment]

    async def recv_json(self, flags: int = 0, **kwargs: Any) -> Any:
        """Receive one part that is JSON; kwargs are for json.loads()."""
        from json import loads

        return loads((await self.recv(flags)).decode("utf-8"), **kwargs)

    async def recv_pyobj(self, flags: int = 0) -> Any:
        """Receive one part that is a pickle, and load it: only from programs you trust."""
        from pickle import loads

        return loads(await self.recv(flags))  # noqa: S301 - the docstring says what it is for

    async def recv_serialized(
        self, deserialize: Callable[[list[Any]], Any], flags: int = 0, copy: bool = True
    ) -> Any:
        """Receive a whole message and return what deserialize makes of its parts."""
        return deserialize(await self.recv_multipart(flags, copy))

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Any:
        """Receive the next message: bytes for one of a single part, else a list. It ends when the socket is closed."""
        if self.closed:
            raise StopAsyncIteration
        try:
            return simplify(await self._receive(self._readiness.take_message, 0, (0, True, False), -1))
        except (anyio.ClosedResourceError, ContextTerminated):
            raise StopAsyncIteration from None

    async def _receive(
        self, take: Callable[..., Any], flags: int, arguments: tuple[Any, ...], timeout_ms: int | None = None
    ) -> Any:
        core = self._readiness
        await checkpoint_if_cancelled()
        if flags & DONTWAIT or timeout_ms == 0 or not core.receivers:
            try:
                raw, place = take(self, *arguments)
            except Again:
                if flags & DONTWAIT or timeout_ms == 0:
                    await cancel_shielded_checkpoint()
                    raise
            else:
                if core.busy:
                    core.check(self)
                try:
                    await cancel_shielded_checkpoint()
                except BaseException:  # asyncio cancels where trio never would
                    core.give_back(self, raw, place)
                    raise
                return raw
        waiter = _Waiter(lambda socket: take(socket, *arguments))
        timeout_ms = self._timeout(_RCVTIMEO) if timeout_ms is None else timeout_ms
        try:
            await self._wait(core.receivers, waiter, timeout_ms, "recv()")
        except BaseException:
            if waiter.result is not None:
                core.give_back(self, *waiter.result)
            raise
        return waiter.result[0]

    # ---- sending ----

    async def send(  # type: ignore[override]
        self,
        data: Any,
        flags: int = 0,
        copy: bool | None = None,
        track: bool = False,
        routing_id: int | None = None,
        group: str | bytes | None = None,
    ) -> Any:
        """Send one part of a message; see Socket.send(). Cancelled, it was not sent."""
        verb = partial(BaseSocket.send, routing_id=routing_id, group=group)
        return await self._send(verb, flags, (data, flags | DONTWAIT, copy, track))

    async def send_multipart(  # type: ignore[override]
        self,
        msg_parts: Sequence[Any],
        flags: int = 0,
        copy: bool | None = None,
        track: bool = False,
        routing_id: int | None = None,
        group: str | bytes | None = None,
    ) -> Any:
        """Send a whole message: all of its parts or none."""
        arguments = (msg_parts, flags | DONTWAIT, copy, track, routing_id, group)
        return await self._send(BaseSocket.send_multipart, flags, arguments)

    async def send_many(  # type: ignore[override]
        self, messages: Iterable[Any], flags: int = 0, copy: bool | None = None
    ) -> int:
        """Send many messages; returns how many were sent. An exception has `sent`, a cancellation too."""
        if isinstance(messages, (str, bytes)):
            raise TypeError(f"send_many() takes an iterable of messages, got {type(messages)}: put it in a list")
        many = ManySends(list(messages), flags | DONTWAIT, copy)
        try:
            await self._send(many, flags, ())
        except Again:
            pass
        except BaseException as error:
            error.sent = many.sent  # type: ignore[attr-defined]
            raise
        return many.sent

    async def send_json(self, obj: object, flags: int = 0, **kwargs: Any) -> None:  # type: ignore[override]
        """Send an object as JSON, as Socket.send_json() does."""
        from json import dumps

        options = {key: kwargs.pop(key) for key in ("routing_id", "group") if key in kwargs}
        await self.send(dumps(obj, **kwargs).encode("utf-8"), flags, **options)

    async def _send(self, verb: Callable[..., Any], flags: int, arguments: tuple[Any, ...]) -> Any:
        core = self._readiness
        may_wait = not flags & DONTWAIT
        more = leaves_more(flags, verb)
        await checkpoint_if_cancelled()
        if not may_wait or not core.senders:
            try:
                result = send_or_drop(self, verb, arguments, more, may_wait)
            except Again:
                if not may_wait:
                    await cancel_shielded_checkpoint()
                    raise
            else:
                if core.busy:
                    core.check(self)
                # Sent: from here on it does not fail, whatever asyncio does to the task.
                await cancel_shielded_checkpoint()
                return result
        waiter = _Waiter(lambda socket: send_or_drop(socket, verb, arguments, more))
        await self._wait(core.senders_queue(), waiter, self._timeout(_SNDTIMEO), "send()")
        return waiter.result

    # ---- waiting ----

    async def _wait(self, queue: Any, waiter: _Waiter, timeout_ms: int, call: str) -> None:
        """Wait in a queue until somebody has served it."""
        core = self._readiness
        core.driver = _driver
        queue.append(waiter)
        core.busy = True
        try:
            with anyio.move_on_after(timeout_ms / 1000 if timeout_ms >= 0 else None):
                await self._watch_until(waiter)
        finally:
            core.forget(self, queue, waiter)
        if not waiter.settled:
            raise error_from_errno(EAGAIN, call)
        if waiter.error is not None:
            raise waiter.error

    async def _watch_until(self, waiter: _Waiter) -> None:
        tasks = self._tasks
        tasks.append(waiter)
        try:
            while not waiter.settled:
                if self._watcher is None:
                    await self._watch(waiter)
                else:
                    waiter.event = anyio.Event()
                    await waiter.event.wait()
        finally:
            tasks.remove(waiter)
            if self._watcher is None and tasks:
                tasks[0].wake()  # it is the watcher now

    async def _watch(self, waiter: _Waiter) -> None:
        """Watch the descriptor for all who wait."""
        self._watcher = waiter
        core = self._readiness
        try:
            while not waiter.settled:
                with anyio.CancelScope() as waiter.scope:
                    await anyio.wait_readable(self.fileno())
                waiter.scope = None
                if not waiter.settled:
                    core.serve(self)
        except anyio.ClosedResourceError:
            if not waiter.settled:
                raise
        finally:
            self._watcher = None

    async def poll(self, timeout: float | None = None, flags: int = POLLIN) -> int:  # type: ignore[override]
        """Wait until the socket is ready.

        Args:
            timeout: milliseconds; None or negative waits for ever.
            flags: POLLIN, POLLOUT.

        Returns:
            The events that are ready; 0 when the time is over.
        """
        if self.closed:
            raise error_from_errno(ENOTSUP, "poll()", hint="the socket is closed")
        timeout_ms = to_timeout_ms(timeout, "poll()")
        flags = operator.index(flags) & (POLLIN | POLLOUT)
        core = self._readiness
        await checkpoint_if_cancelled()
        found: int = core.events(self) & flags
        if core.busy:
            core.check(self)
        if found or timeout_ms == 0 or not flags:
            await cancel_shielded_checkpoint()
            return found
        waiter = _Waiter(lambda _: None)
        interest = Interest(flags, lambda _: waiter.attempt(self), waiter.abandon)
        core.driver = _driver
        core.watch(interest)
        try:
            with anyio.move_on_after(timeout_ms / 1000 if timeout_ms >= 0 else None):
                await self._watch_until(waiter)
        finally:
            core.withdraw(interest)
        if waiter.error is not None:
            raise waiter.error
        return int(core.events(self) & flags)


class Context(BaseContext[Socket]):
    """A Context whose sockets have coroutines.

    Args:
        io_threads: I/O threads; another Context shadows it.
        shadow: a Context, or the address of a libzmq context, to share instead of making one.
    """

    _socket_class = Socket

    def _destroy(self, linger: int | None, implicit: bool) -> None:
        self._end_waiting()
        super()._destroy(linger, implicit)

    def _end_waiting(self) -> None:
        for socket in self._list_sockets():
            if isinstance(socket, Socket) and not socket.closed:
                socket._end_waiting()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *args: Any) -> None:
        self._end_waiting()
        with anyio.CancelScope(shield=True):
            await anyio.to_thread.run_sync(self.__exit__, None, None, None)
