"""ZMQStream: callbacks for what a socket receives and has sent, in tornado's IOLoop. Jupyter is built on it."""

from __future__ import annotations

import asyncio
import pickle
from collections import deque
from collections.abc import Awaitable
from typing import Any
from warnings import warn

from zmqlite.asyncio.drivers import LoopDriver
from zmqlite.errors import Again, ZMQError
from zmqlite.readiness import DONTWAIT, POLLIN, POLLOUT, Interest, Readiness
from zmqlite.socket import Socket as BaseSocket
from zmqlite.waiting_socket import WaitingSocket, leaves_more, send_or_drop

try:
    from tornado.ioloop import IOLoop
    from tornado.log import gen_log
except ImportError as _missing:
    raise ImportError("zmqlite.eventloop needs tornado: pip install 'zmqlite[tornado]'") from _missing

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

__all__ = ["ZMQStream"]

_AT_ONCE = 16


class _Watched:
    """What a driver and a Readiness need of a socket, for one that has none of its own; and what a loop closes."""

    def __init__(self, socket: BaseSocket[Any], interest: Interest) -> None:
        self.socket = socket
        self._readiness = Readiness()
        self._interest = interest

    @property
    def _native(self) -> Any:
        return self.socket._native

    @property
    def _type_number(self) -> int:
        return self.socket._type_number

    @property
    def closed(self) -> bool:
        return self.socket.closed

    def send(self, parts: Sequence[Any], options: dict[str, Any]) -> Any:
        return self.socket.send_multipart(parts, **{**options, "flags": options["flags"] | DONTWAIT})

    def fileno(self) -> int:
        return self.socket.fileno()

    def close(self, linger: int | None = None) -> None:
        self._readiness.withdraw(self._interest)
        self._readiness.abandon(None)
        self.socket.close(linger)

    def join(self, io_loop: IOLoop) -> int:
        """Have the loop close this with all its descriptors; it does not watch it. Returns the descriptor."""
        descriptor = self.fileno()
        try:
            io_loop.add_handler(self, _never, 0)
        except ValueError:
            # Of a socket that was closed behind its stream's back.
            io_loop.remove_handler(descriptor)
            io_loop.add_handler(self, _never, 0)
        return descriptor


def _never(descriptor: Any, events: int) -> None:
    """Be no handler: the descriptor is not watched."""


class ZMQStream:
    """Calls back when a socket has received a message, and when one was sent.

    Callbacks may be coroutine functions. An exception in one is logged, and the stream goes on.

    Args:
        socket: a Socket; an asyncio socket is shared by a plain one, with a RuntimeWarning.
        io_loop: tornado's loop; the current one.

    Attributes:
        socket: the Socket; None after close().
        io_loop: the loop.
    """

    socket: Any
    io_loop: IOLoop

    def __init__(self, socket: Any, io_loop: IOLoop | None = None) -> None:
        if isinstance(socket, WaitingSocket):
            warn(
                f"ZMQStream takes a plain zmqlite.Socket, got {type(socket).__module__}.{type(socket).__name__}: "
                "it is shared by one",
                RuntimeWarning,
                stacklevel=2,
            )
            socket = BaseSocket(shadow=socket)
        self.socket = socket
        self.io_loop = io_loop or IOLoop.current()
        self._send_queue: deque[tuple[Any, dict[str, Any]]] = deque()
        self._recv_callback: Callable[..., Any] | None = None
        self._send_callback: Callable[..., Any] | None = None
        self._close_callback: Callable[..., Any] | None = None
        self._recv_copy = False
        self._flushed = False
        self._scheduled = False
        self._interest = Interest(0, self._on_ready, self._on_end)
        self._watched = _Watched(socket, self._interest)
        loop: Any = getattr(self.io_loop, "asyncio_loop", None) or asyncio.get_event_loop()
        self._watched._readiness.driver = LoopDriver(loop, self._watched)
        # As in pyzmq IOLoop.close(all_fds=True) closes the socket: ipykernel's term() would wait for it.
        self._descriptor = self._watched.join(self.io_loop)
        for name in ("bind", "bind_to_random_port", "connect", "setsockopt", "getsockopt"):
            setattr(self, name, getattr(socket, name))
        for name in ("setsockopt_string", "getsockopt_string", "setsockopt_unicode", "getsockopt_unicode"):
            setattr(self, name, getattr(socket, name))

    # ---- callbacks ----

    def on_recv(self, callback: Callable[[list[Any]], Any] | None, copy: bool = True) -> None:
        """Have callback called with each message, a list of parts; None for no longer.

        Args:
            callback: called as callback(parts).
            copy: False gives Frames.
        """
        self._check_closed()
        self._recv_callback = callback
        self._recv_copy = copy
        self._update()

    def on_recv_stream(self, callback: Callable[[ZMQStream, list[Any]], Any] | None, copy: bool = True) -> None:
        """The same, called as callback(stream, parts)."""
        self.on_recv(None if callback is None else lambda parts: callback(self, parts), copy=copy)

    def on_send(self, callback: Callable[[Any, Any], Any] | None) -> None:
        """Have callback called when a message was sent: callback(parts, tracker or error); None for no longer."""
        self._check_closed()
        self._send_callback = callback

    def on_send_stream(self, callback: Callable[[ZMQStream, Any, Any], Any] | None) -> None:
        """The same, called as callback(stream, parts, status)."""
        self.on_send(None if callback is None else lambda parts, status: callback(self, parts, status))

    def stop_on_recv(self) -> None:
        """Receive no longer."""
        self.on_recv(None)

    def stop_on_send(self) -> None:
        """Call back no longer when a message was sent."""
        self.on_send(None)

    def on_err(self, callback: Callable[..., Any]) -> None:
        """Deprecated, without effect."""
        warn("on_err does nothing, and will be removed", DeprecationWarning, stacklevel=2)

    def stop_on_err(self) -> None:
        """Do nothing. Deprecated, as on_err()."""
        warn("stop_on_err does nothing, and will be removed", DeprecationWarning, stacklevel=2)

    def set_close_callback(self, callback: Callable[[], Any] | None) -> None:
        """Have callback called when the stream is closed."""
        self._close_callback = callback

    # ---- sending ----

    def send(
        self,
        msg: Any,
        flags: int = 0,
        copy: bool | None = None,
        track: bool = False,
        callback: Callable[..., Any] | None = None,
        **kwargs: Any,
    ) -> None:
        """Send a message of one part, when there is room; see send_multipart()."""
        self.send_multipart([msg], flags=flags, copy=copy, track=track, callback=callback, **kwargs)

    def send_multipart(
        self,
        msg: Sequence[Any],
        flags: int = 0,
        copy: bool | None = None,
        track: bool = False,
        callback: Callable[..., Any] | None = None,
        **kwargs: Any,
    ) -> None:
        """Send a message when the loop runs and there is room.

        Args:
            msg: its parts.
            flags: as for Socket.send_multipart().
            copy: likewise.
            track: likewise; the callback gets the MessageTracker.
            callback: from now on called as on_send() says.
            **kwargs: as for Socket.send_multipart().
        """
        self._check_closed()
        self._send_queue.append((msg, {"flags": flags, "copy": copy, "track": track, **kwargs}))
        if callback is not None:
            self.on_send(callback)
        self._update()

    def send_string(
        self,
        u: str,
        flags: int = 0,
        encoding: str = "utf-8",
        callback: Callable[..., Any] | None = None,
        **kwargs: Any,
    ) -> None:
        """Send a str."""
        if not isinstance(u, str):
            raise TypeError("unicode/str objects only")
        self.send(u.encode(encoding), flags=flags, callback=callback, **kwargs)

    send_unicode = send_string

    def send_json(
        self, obj: Any, flags: int = 0, callback: Callable[..., Any] | None = None, **kwargs: Any
    ) -> None:
        """Send an object as JSON."""
        from json import dumps

        self.send(dumps(obj).encode("utf-8"), flags=flags, callback=callback, **kwargs)

    def send_pyobj(
        self,
        obj: Any,
        flags: int = 0,
        protocol: int = -1,
        callback: Callable[..., Any] | None = None,
        **kwargs: Any,
    ) -> None:
        """Send an object as a pickle: only to programs that trust this one."""
        self.send(pickle.dumps(obj, protocol), flags, callback=callback, **kwargs)

    # ---- state ----

    def receiving(self) -> bool:
        """Whether there is a callback for messages."""
        return self._recv_callback is not None

    def sending(self) -> bool:
        """Whether messages wait to be sent."""
        return bool(self._send_queue)

    def closed(self) -> bool:
        """Whether the stream is closed; one whose socket was closed is closed by this."""
        if self.socket is None:
            return True
        if self.socket.closed:
            self.close()
            return True
        return False

    def close(self, linger: int | None = None) -> None:
        """Close the stream, and its socket.

        Args:
            linger: as for Socket.close().
        """
        if self.socket is None:
            return
        self.socket = None
        self.io_loop.remove_handler(self._descriptor)
        self._watched.close(linger)
        if self._close_callback is not None:
            self._run_callback(self._close_callback)

    def _check_closed(self) -> None:
        if self.socket is None:
            raise OSError("Stream is closed")

    # ---- handling ----

    def flush(self, flag: int = POLLIN | POLLOUT, limit: int | None = None) -> int:
        """Receive and send what can be now, with callbacks, without the loop. What nobody receives is dropped.

        Args:
            flag: POLLIN, POLLOUT.
            limit: at most so many messages, both ways; None for all.

        Returns:
            How many messages.
        """
        self._check_closed()
        before, self._flushed = self._flushed, False
        count = 0
        while self.socket is not None and (not limit or count < limit):
            done = 0
            if flag & POLLIN:
                done += self._handle_recv()
            if self.socket is not None and flag & POLLOUT and self._send_queue and (not limit or count + done < limit):
                done += self._handle_send()
            if not done:
                break
            count += done
        if count:
            # The callbacks of this turn have had theirs.
            self._flushed = True
            if not before:
                self.io_loop.add_callback(self._finish_flush)
        else:
            self._flushed = before
        self._update()
        return count

    def _finish_flush(self) -> None:
        self._flushed = False
        self._update()

    def _update(self) -> None:
        """Tell the core what is wanted."""
        if self.socket is None:
            return
        readiness, interest = self._watched._readiness, self._interest
        interest.flags = (POLLIN if self._recv_callback else 0) | (POLLOUT if self._send_queue else 0)
        readiness.withdraw(interest)
        if interest.flags:
            readiness.watch(interest)
            readiness.check(self._watched)

    def _on_ready(self, events: int) -> None:
        # Callbacks run outside the core, which they may change.
        if not self._scheduled:
            self._scheduled = True
            self.io_loop.add_callback(self._handle_events)

    def _on_end(self, error: BaseException | None) -> None:
        if self.socket is not None:
            gen_log.warning("Got events for closed stream %s: %s", self, error)
            self.io_loop.add_callback(self.closed)

    def _handle_events(self) -> None:
        self._scheduled = False
        if self.closed() or self._flushed:
            return
        try:
            for _ in range(_AT_ONCE):
                done = self._handle_recv() if self._recv_callback else 0
                if self.socket is not None and self._send_queue:
                    done += self._handle_send()
                if not done or self.socket is None or self._flushed:
                    break
        finally:
            self._update()

    def _handle_recv(self) -> int:
        try:
            parts = self.socket.recv_multipart(DONTWAIT, copy=self._recv_copy)
        except Again:
            return 0
        except ZMQError as error:
            gen_log.error("RECV Error: %s", error)
            return 0
        if self._recv_callback is not None:
            self._run_callback(self._recv_callback, parts)
        return 1

    def _handle_send(self) -> int:
        parts, options = self._send_queue[0]
        status: Any
        try:
            status = send_or_drop(self._watched, _Watched.send, (parts, options), leaves_more(options["flags"]))
        except Again:
            return 0
        except ZMQError as error:
            gen_log.error("SEND Error: %s", error)
            status = error
        except BaseException:  # a wrong type: the caller's, and the next ones are to go
            self._send_queue.popleft()
            raise
        self._send_queue.popleft()
        if self._send_callback is not None:
            self._run_callback(self._send_callback, parts, status)
        return 1

    def _run_callback(self, callback: Callable[..., Any], *args: Any) -> None:
        """Call back; log what it raises, and let the loop see it."""
        try:
            result = callback(*args)
        except Exception:
            gen_log.error("Uncaught exception in ZMQStream callback", exc_info=True)
            raise
        if isinstance(result, Awaitable):
            asyncio.ensure_future(result).add_done_callback(_log_error)

    def __repr__(self) -> str:
        return f"<{type(self).__name__}({self.socket!r})>"


def _log_error(future: Any) -> None:
    if not future.cancelled() and future.exception() is not None:
        gen_log.error("Uncaught exception in ZMQStream callback", exc_info=future.exception())
