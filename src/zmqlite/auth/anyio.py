"""An authenticator for anyio, and so for trio."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from zmqlite.constants import Flag, SocketType
from zmqlite.errors import Again, ZMQError

from .base import Authenticator

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import NoReturn

    from typing_extensions import Self

    from zmqlite.context import Context

__all__ = ["AnyioAuthenticator"]

_AT_ONCE = 100


def _import_anyio() -> Any:
    try:
        return import_module("anyio")
    except ImportError as error:
        raise ImportError("AnyioAuthenticator needs anyio: pip install 'zmqlite[anyio]'") from error


class AnyioAuthenticator(Authenticator):
    """An Authenticator that answers in anyio's loop: `async with AnyioAuthenticator(context) as auth:`.

    Callbacks may await: up to 100 questions are answered at the same time, so a slow one holds up no other.

    Args:
        context: whose sockets it is for; None takes Context.instance().
        encoding: of domains, addresses, user names, passwords and user ids.
        log: a logging.Logger; None takes that of the name `zmq.auth`.

    Raises:
        ImportError: anyio is not installed.
    """

    _zap_type = SocketType.ROUTER

    def __init__(self, context: Context[Any] | None = None, encoding: str = "utf-8", log: Any = None) -> None:
        super().__init__(context=context, encoding=encoding, log=log)
        self._anyio = _import_anyio()
        self._tasks: Any = None
        self._room: Any = None

    def __enter__(self) -> NoReturn:
        raise TypeError("AnyioAuthenticator answers in a loop: use async with")

    async def __aenter__(self) -> Self:
        self._tasks = self._anyio.create_task_group()
        await self._tasks.__aenter__()
        try:
            await self._tasks.start(self.run)
        except BaseException as error:
            self._tasks.cancel_scope.cancel()
            await self._tasks.__aexit__(type(error), error, error.__traceback__)
            raise
        return self

    async def __aexit__(self, *args: Any) -> Any:
        tasks, self._tasks = self._tasks, None
        tasks.cancel_scope.cancel()
        return await tasks.__aexit__(*args)

    async def run(self, *, task_status: Any = None) -> None:
        """Answer until it is cancelled or the context ends: `await task_group.start(auth.run)`.

        Args:
            task_status: as task_group.start() passes it; told when questions are received.

        Raises:
            ZMQError: EADDRINUSE, there is another authenticator in this context.
        """
        self.start()
        try:
            self._room = self._anyio.Semaphore(_AT_ONCE)
            async with self._anyio.create_task_group() as answers:
                if task_status is not None:
                    task_status.started()
                try:
                    await self._serve(self.zap_socket, answers)
                except ZMQError as error:
                    self._log_end(error)
                answers.cancel_scope.cancel()
        finally:
            self.stop()

    async def _serve(self, socket: Any, answers: Any) -> None:
        descriptor = socket.fileno()
        while True:
            self._receive(socket, answers)
            async with self._room:
                pass
            await self._anyio.wait_readable(descriptor)

    def _receive(self, socket: Any, answers: Any) -> None:
        """Take all questions there are. Called after whatever else touched the socket: its descriptor tells once."""
        while self._room.value:
            try:
                message = socket.recv_multipart(Flag.DONTWAIT)
            except Again:
                return
            self._room.acquire_nowait()
            answers.start_soon(self._answer, message, socket, answers)

    async def _answer(self, message: list[bytes], socket: Any, answers: Any) -> None:
        try:
            await self._handle_envelope(message)
        except ZMQError as error:
            self._log_end(error)
        except Exception:  # a subclass of the user's: its error keeps one client out, not all that come later
            self.log.exception("ZAP: a question was not answered")
        finally:
            self._room.release()
        try:
            self._receive(socket, answers)
        except ZMQError as error:
            self._log_end(error)
            answers.cancel_scope.cancel()

    def _log_end(self, error: ZMQError) -> None:
        # The context is terminated, or destroyed: term() waits for the socket.
        self.log.debug("authentication ends with its context: %s", error)
