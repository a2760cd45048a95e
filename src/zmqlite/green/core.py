"""Sockets whose calls wait in gevent's hub: one greenlet waits, the others run."""

from __future__ import annotations

import operator
import threading
import weakref
from collections.abc import Callable
from errno import EAGAIN, ENOTSUP
from typing import Any

from zmqlite.context import Context as BaseContext
from zmqlite.errors import Again, error_from_errno
from zmqlite.readiness import DONTWAIT, POLLIN, POLLOUT, Interest, try_part, turn
from zmqlite.socket import Socket as BaseSocket
from zmqlite.waiting import to_timeout_ms
from zmqlite.waiting_socket import ManySends, WaitingSocket, fill_buffer, leaves_more, send_or_drop, writable_view

try:
    import gevent
    from gevent.event import Event
    from gevent.hub import get_hub
except ImportError as _missing:
    raise ImportError("zmqlite.green needs gevent: pip install 'zmqlite[gevent]'") from _missing

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

__all__ = ["Context", "GreenWaiter", "Socket", "follow_hub"]

_RCVTIMEO, _SNDTIMEO = 27, 28


class GreenWaiter:
    """A greenlet that waits, until somebody settles what it waits for."""

    __slots__ = ("_attempt", "_event", "error", "result", "settled")

    def __init__(self, attempt: Callable[[Any], Any]) -> None:
        self._attempt = attempt
        self._event = Event()
        self.settled = False
        self.result: Any = None
        self.error: BaseException | None = None

    def done(self) -> bool:
        """Tell whether it waits no longer."""
        return self.settled

    def attempt(self, socket: Any) -> None:
        """Make the operation; raises Again when it has to wait on."""
        try:
            self.result = self._attempt(socket)
        except Again:
            raise
        except Exception as error:  # the socket's or the caller's: the greenlet gets it
            self.error = error
        self.settle()

    def abandon(self, error: BaseException | None) -> None:
        """Fail: without an error, the socket was closed."""
        self.error = error or error_from_errno(ENOTSUP, "wait", hint="the socket was closed")
        self.settle()

    def settle(self) -> None:
        """Wake the greenlet."""
        self.settled = True
        self._event.set()

    def wait(self, timeout_ms: int) -> None:
        """Let others run until it is settled, or the time is over."""
        if not self.settled:
            self._event.wait(timeout_ms / 1000 if timeout_ms >= 0 else None)
        if self.error is not None:
            raise self.error


def _on_edge(reference: weakref.ref[Any]) -> None:
    socket = reference()
    if socket is not None:
        socket._readiness.serve(socket)


class _HubDriver:
    """Watches one socket for the hub of one thread."""

    __slots__ = ("_reference", "_thread", "_watcher", "hub")

    def __init__(self, hub: Any, socket: Any) -> None:
        self.hub = hub
        self._thread = threading.get_ident()
        self._reference = weakref.ref(socket)
        self._watcher = hub.loop.io(socket.fileno(), 1)
        self._watcher.start(_on_edge, self._reference)

    def soon(self, socket: Any) -> None:
        """Have the hub look at the socket; from any thread."""
        loop = self.hub.loop
        if loop is None:
            return  # destroyed
        run = loop.run_callback if threading.get_ident() == self._thread else loop.run_callback_threadsafe
        run(_on_edge, self._reference)

    def stop(self) -> None:
        """Watch no longer."""
        if self.hub.loop is not None:
            self._watcher.stop()
            self._watcher.close()


def follow_hub(socket: Any) -> None:
    """Have a socket be watched by the hub of this thread."""
    readiness = socket._readiness
    hub = get_hub()
    driver = readiness.driver
    if driver is None or driver.hub is not hub:
        if driver is not None:
            driver.stop()
        readiness.driver = _HubDriver(hub, socket)


class Socket(WaitingSocket):
    """A Socket whose send, recv and poll let other greenlets run while they wait.

    Several greenlets may wait for one socket: they are served in turn. A greenlet that is killed, or times out, while
    it waits loses no message: it is the next to be received.

    Source: zmq_socket(3).
    """

    # ---- life ----

    def close(self, linger: int | None = None) -> None:
        """Close the socket. Greenlets that wait get a ZMQError.

        Args:
            linger: milliseconds; -1 for ever; None keeps the socket's own LINGER.
        """
        if not self.closed:
            self._readiness.abandon(None)
        super().close(linger)

    def __del__(self) -> None:
        readiness = self._readiness
        if readiness is not None and readiness.driver is not None:
            readiness.driver.stop()
            readiness.driver = None
        super().__del__()

    # ---- receiving ----

    def recv(self, flags: int = 0, copy: bool = True, track: bool = False) -> Any:
        """Receive one part of a message: see zmqlite.Socket.recv()."""
        core = self._readiness
        turn.left -= 1
        if not core.busy and turn.left >= 0 and not flags and not track:
            message = try_part(self, copy)
            if message is not None:
                return message
        return self._receive(core.take_part, flags, (flags, copy, track), "recv()")

    def recv_multipart(
        self, flags: int = 0, copy: bool = True, track: bool = False
    ) -> list[Any]:
        """Receive a whole message: see zmqlite.Socket.recv_multipart()."""
        arguments = (flags, copy, track)
        parts: list[Any] = self._receive(self._readiness.take_message, flags, arguments, "recv_multipart()")
        return parts

    def recv_many(
        self,
        max: int = 1000,
        timeout: float | None = None,
        flags: int = 0,
        copy: bool = True,
        multipart: bool | None = None,
    ) -> list[Any]:
        """Receive many messages: see zmqlite.Socket.recv_many()."""
        if max < 1:
            raise ValueError(f"recv_many() takes a max of at least 1, got {max}")
        timeout_ms = None if timeout is None else to_timeout_ms(timeout, "recv_many()")
        arguments = (max, flags, copy, multipart)
        try:
            return list(self._receive(self._readiness.take_many, flags, arguments, "recv_many()", timeout_ms))
        except Again:
            return []

    def recv_into(self, buffer: Any, /, *, nbytes: int = 0, flags: int = 0) -> int:
        """Receive one part into a buffer: see zmqlite.Socket.recv_into()."""
        view = writable_view(buffer, nbytes)
        frame = self._receive(self._readiness.take_part, flags, (flags, False, False), "recv_into()")
        return fill_buffer(view, frame)

    def _receive(
        self,
        take: Callable[..., Any],
        flags: int,
        arguments: tuple[Any, ...],
        call: str,
        timeout_ms: int | None = None,
    ) -> Any:
        core = self._readiness
        if flags & DONTWAIT:
            return self._take(take, arguments)[0]
        self._give_way()
        if not core.receivers:
            try:
                return self._take(take, arguments)[0]
            except Again:
                pass
        waiter = GreenWaiter(lambda socket: take(socket, *arguments))
        timeout_ms = self._timeout(_RCVTIMEO) if timeout_ms is None else timeout_ms
        try:
            self._wait(core.receivers, waiter, timeout_ms, call)
        except BaseException:  # killed, or gevent.Timeout
            if waiter.result is not None:
                core.give_back(self, *waiter.result)
            raise
        return waiter.result[0]

    def _take(self, take: Callable[..., Any], arguments: tuple[Any, ...]) -> Any:
        core = self._readiness
        if core.receivers:
            core.serve(self)  # those that came before
        taken = take(self, *arguments)
        if core.busy:
            core.check(self)
        return taken

    # ---- sending ----

    def send(
        self,
        data: Any,
        flags: int = 0,
        copy: bool | None = None,
        track: bool = False,
        routing_id: int | None = None,
        group: str | bytes | None = None,
    ) -> Any:
        """Send one part of a message: see zmqlite.Socket.send()."""
        return self._send(BaseSocket.send, flags, (data, flags | DONTWAIT, copy, track, routing_id, group), "send()")

    def send_multipart(
        self,
        msg_parts: Sequence[Any],
        flags: int = 0,
        copy: bool | None = None,
        track: bool = False,
        routing_id: int | None = None,
        group: str | bytes | None = None,
    ) -> Any:
        """Send a whole message: see zmqlite.Socket.send_multipart()."""
        arguments = (msg_parts, flags | DONTWAIT, copy, track, routing_id, group)
        return self._send(BaseSocket.send_multipart, flags, arguments, "send_multipart()")

    def send_many(self, messages: Iterable[Any], flags: int = 0, copy: bool | None = None) -> int:
        """Send many messages: see zmqlite.Socket.send_many()."""
        if isinstance(messages, (str, bytes)):
            raise TypeError(f"send_many() takes an iterable of messages, got {type(messages)}: put it in a list")
        many = ManySends(list(messages), flags | DONTWAIT, copy)
        try:
            self._send(many, flags, (), "send_many()")
        except Again:
            pass
        except BaseException as error:
            error.sent = many.sent  # type: ignore[attr-defined]
            raise
        return many.sent

    def _send(self, verb: Callable[..., Any], flags: int, arguments: tuple[Any, ...], call: str) -> Any:
        core = self._readiness
        may_wait = not flags & DONTWAIT
        more = leaves_more(flags, verb)
        if may_wait:
            turn.left -= 1
            self._give_way()
        if not may_wait or not core.senders:
            try:
                result = send_or_drop(self, verb, arguments, more, may_wait)
            except Again:
                if not may_wait:
                    raise
            else:
                if core.busy:
                    core.check(self)
                return result
        waiter = GreenWaiter(lambda socket: send_or_drop(socket, verb, arguments, more))
        self._wait(core.senders_queue(), waiter, self._timeout(_SNDTIMEO), call)
        return waiter.result

    # ---- waiting ----

    def _give_way(self) -> None:
        """Let other greenlets run, when this one has not waited for long enough."""
        if turn.left < 0 and turn.is_over(get_hub().loop.run_callback):
            gevent.sleep(0)

    def _wait(self, queue: Any, waiter: GreenWaiter, timeout_ms: int, call: str) -> None:
        core = self._readiness
        follow_hub(self)
        queue.append(waiter)
        core.busy = True
        core.check(self)
        try:
            waiter.wait(timeout_ms)
        finally:
            core.forget(self, queue, waiter)
        if not waiter.settled:
            raise error_from_errno(EAGAIN, call)

    def poll(self, timeout: float | None = None, flags: int = POLLIN) -> int:
        """Wait until the socket is ready: see zmqlite.Socket.poll()."""
        if self.closed:
            raise error_from_errno(ENOTSUP, "poll()", hint="the socket is closed")
        timeout_ms = to_timeout_ms(timeout, "poll()")
        flags = operator.index(flags) & (POLLIN | POLLOUT)
        core = self._readiness
        found = int(core.events(self) & flags)
        if core.busy:
            core.check(self)
        if found or timeout_ms == 0 or not flags:
            return found
        waiter = GreenWaiter(lambda _: None)
        interest = Interest(flags, lambda _: waiter.settle(), waiter.abandon)
        follow_hub(self)
        core.watch(interest)
        try:
            waiter.wait(timeout_ms)
        finally:
            core.withdraw(interest)
        return int(core.events(self) & flags)


class Context(BaseContext[Socket]):
    """A Context whose sockets let other greenlets run while they wait.

    Args:
        io_threads: I/O threads; another Context shadows it.
        shadow: a Context, or the address of a libzmq context, to share instead of making one.
    """

    _socket_class = Socket

    def _destroy(self, linger: int | None, implicit: bool) -> None:
        for socket in self._list_sockets():
            if isinstance(socket, Socket) and not socket.closed:
                socket._readiness.abandon(None)
        super()._destroy(linger, implicit)

    def term(self, timeout: int | None = None) -> None:
        """Terminate: see zmqlite.Context.term(). Other greenlets run meanwhile."""
        get_hub().threadpool.apply(super().term, (timeout,))
