"""An authenticator on a thread of its own: the one for programs without an event loop."""

from __future__ import annotations

from contextlib import suppress
from errno import EBUSY
from threading import Event, Thread, current_thread
from typing import Any

from zmqlite.constants import Flag, PollEvent, SocketType
from zmqlite.errors import Again, ContextTerminated, ZMQError
from zmqlite.poller import Poller
from zmqlite.socket import Socket

from .base import Authenticator, close_bound

TYPE_CHECKING = False
if TYPE_CHECKING:
    from zmqlite.context import Context

__all__ = ["AuthenticationThread", "ThreadAuthenticator"]

_TERMINATE = b"TERMINATE"
_START_SECONDS = 10


class AuthenticationThread(Thread):
    """Receives the questions of an authenticator and answers them, one after the other.

    Args:
        authenticator: a started one.
        pipe: a PAIR; `TERMINATE` from its other end stops the thread.

    Attributes:
        started: set once questions are received.
    """

    pipe: Any

    def __init__(self, authenticator: Authenticator, pipe: Any) -> None:
        super().__init__(name="zmqlite-auth", daemon=True)
        self.authenticator = authenticator
        self.log = authenticator.log
        self.pipe = pipe
        self.started = Event()
        self._loop: Any = None
        self._not_answered: tuple[type[BaseException], ...] = (Exception,)

    def run(self) -> None:
        """Answer until it is told to stop, or the context ends."""
        poller = Poller()
        zap_socket = self.authenticator.zap_socket
        poller.register(self.pipe, PollEvent.POLLIN)
        poller.register(zap_socket, PollEvent.POLLIN)
        self.started.set()
        try:
            while True:
                ready = dict(poller.poll())
                if self.pipe in ready and self.pipe.recv() == _TERMINATE:
                    return
                if zap_socket in ready:
                    self._answer(zap_socket)
        except ZMQError as error:
            if error.errno == EBUSY:
                # Bound, and read by nobody: nobody is let in. Closed, servers that do not enforce would let all in.
                self.log.error("authentication ends: another thread is inside its socket: %s", error)
                return
            # The context is terminated, or destroyed: term() waits for these sockets.
            self.log.debug("authentication ends with its context: %s", error)
            zap_socket.close()
            self.authenticator._close_pipe()  # type: ignore[attr-defined]  # a ThreadAuthenticator
        finally:
            self.pipe.close()
            if self._loop is not None:
                self._loop.close()

    def _answer(self, zap_socket: Any) -> None:
        try:
            message = zap_socket.recv_multipart(Flag.DONTWAIT)
        except Again:
            return
        # Callbacks may await. The loop is made for the first question: asyncio takes 50 ms to import.
        if self._loop is None:
            import asyncio

            self._loop = asyncio.new_event_loop()
            self._not_answered = (Exception, asyncio.CancelledError)
        # A subclass of the user's, a callback that was cancelled, a log that fails: one client is kept out, not all
        # that come later. Also a ZMQError, which may be of a socket of theirs; that the context ends poll() tells.
        try:
            self._loop.run_until_complete(self.authenticator._handle_envelope(message))
        except ContextTerminated as error:
            self.log.debug("authentication ends with its context: %s", error)
        except self._not_answered:
            with suppress(Exception):
                self.log.exception("ZAP: a question was not answered")


class ThreadAuthenticator(Authenticator):
    """An Authenticator that answers on a thread of its own: `with ThreadAuthenticator(context) as auth:`.

    It answers one question after the other: callbacks that take long hold up whoever connects next. Rules can be
    changed while it runs. It ends when it is stopped or when its context is terminated, which does not wait for it.

    Args:
        context: whose sockets it is for; None takes Context.instance().
        encoding: of domains, addresses, user names, passwords and user ids.
        log: a logging.Logger; None takes that of the name `zmq.auth`.
    """

    pipe: Any
    pipe_endpoint: str = ""
    thread: Any
    _zap_type = SocketType.ROUTER

    def __init__(self, context: Context[Any] | None = None, encoding: str = "utf-8", log: Any = None) -> None:
        super().__init__(context=context, encoding=encoding, log=log)
        self.pipe = None
        self.pipe_endpoint = f"inproc://{id(self)}.inproc"
        self.thread = None

    def start(self) -> None:
        """Start to answer. It returns when questions are received.

        Raises:
            ZMQError: EADDRINUSE, there is another authenticator in this context, or this one runs already.
            RuntimeError: the thread could not be started.
        """
        super().start()
        thread_pipe = None
        try:
            self.pipe = self.context.socket(SocketType.PAIR, socket_class=Socket)
            self.pipe.linger = 1
            self.pipe.bind(self.pipe_endpoint)
            thread_pipe = self.context.socket(SocketType.PAIR, socket_class=Socket)
            thread_pipe.linger = 1
            thread_pipe.connect(self.pipe_endpoint)
            self.thread = AuthenticationThread(self, thread_pipe)
            self.thread.start()
        except BaseException:
            if thread_pipe is not None:
                thread_pipe.close()
            self.thread = None
            self._close_pipe()
            super().stop()
            raise
        if not self.thread.started.wait(timeout=_START_SECONDS):
            raise RuntimeError("ThreadAuthenticator.start(): the thread did not start")

    def stop(self) -> None:
        """Stop, and wait until the question at hand is answered. A second time is no error."""
        thread = self.thread
        if thread is not None and thread is not current_thread():
            try:
                self.pipe.send(_TERMINATE)
            except (ZMQError, AttributeError):
                pass  # it has ended with its context, or is the parent process's
            else:
                thread.join()
            self.thread = None
        self._close_pipe()
        super().stop()

    def is_alive(self) -> bool:
        """Tell whether questions are answered."""
        return bool(self.thread is not None and self.thread.is_alive())

    def _close_pipe(self) -> None:
        pipe, self.pipe = self.pipe, None
        close_bound(pipe, self.pipe_endpoint)

    def __del__(self) -> None:
        if self.__dict__.get("thread") is not None:
            self.stop()
