"""An authenticator in an asyncio loop."""

from __future__ import annotations

import asyncio
from typing import Any
from warnings import warn

from zmqlite.asyncio import Socket
from zmqlite.asyncio.ready import current_loop
from zmqlite.constants import SocketType
from zmqlite.errors import ZMQError

from .base import Authenticator

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing_extensions import Self

    from zmqlite.context import Context

__all__ = ["AsyncioAuthenticator"]

_AT_ONCE = 100


class AsyncioAuthenticator(Authenticator):
    """An Authenticator that answers in the asyncio loop: `async with AsyncioAuthenticator(context) as auth:`.

    Callbacks may await: up to 100 questions are answered at the same time, so a slow one holds up no other.

    Args:
        context: whose sockets it is for, of asyncio or not; None takes Context.instance().
        loop: deprecated, without effect.
        encoding: of domains, addresses, user names, passwords and user ids.
        log: a logging.Logger; None takes that of the name `zmq.auth`.
    """

    _zap_type = SocketType.ROUTER
    _zap_class = Socket

    def __init__(
        self, context: Context[Any] | None = None, loop: Any = None, encoding: str = "utf-8", log: Any = None
    ) -> None:
        super().__init__(context, encoding, log)
        if loop is not None:
            warn(f"{type(self).__name__}(loop) is deprecated and ignored", DeprecationWarning, stacklevel=2)
        self._task: asyncio.Task[None] | None = None
        self._answers: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> Self:
        self.start()
        return self

    async def __aexit__(self, *args: object) -> None:
        self.stop()

    def start(self) -> None:
        """Start to answer in the running loop; where none runs, in the one that will, with a DeprecationWarning.

        Raises:
            ZMQError: EADDRINUSE, there is another authenticator in this context, or this one runs already.
        """
        loop = current_loop()
        super().start()
        self._task = loop.create_task(self._serve(self.zap_socket), name="zmqlite-auth")

    def stop(self) -> None:
        """Stop; what is being asked gets no answer. A second time is no error."""
        task, self._task = self._task, None
        for one in (task, *self._answers):
            if one is not None and not one.get_loop().is_closed():
                one.cancel()
        super().stop()

    async def _serve(self, socket: Any) -> None:
        room = asyncio.Semaphore(_AT_ONCE)
        try:
            while True:
                await room.acquire()
                message = await socket.recv_multipart()
                answer = asyncio.get_running_loop().create_task(self._answer(message, room))
                self._answers.add(answer)
                answer.add_done_callback(self._answers.discard)
        except ZMQError as error:
            # The context is terminated, or destroyed: term() waits for this socket.
            self.log.debug("authentication ends with its context: %s", error)
            socket.close()

    async def _answer(self, message: list[bytes], room: asyncio.Semaphore) -> None:
        try:
            await self._handle_envelope(message)
        except ZMQError as error:
            self.log.debug("authentication ends with its context: %s", error)
        except Exception:  # a subclass of the user's: its error keeps one client out, not all that come later
            self.log.exception("ZAP: a question was not answered")
        finally:
            room.release()
