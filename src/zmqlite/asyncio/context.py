"""The asyncio context: it makes asyncio sockets."""

from __future__ import annotations

import asyncio
from typing import Any

from zmqlite.context import Context as BaseContext

from .socket import Socket

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing_extensions import Self

__all__ = ["Context"]


class Context(BaseContext[Socket]):
    """A Context whose sockets return Futures.

    Args:
        io_threads: I/O threads; another Context shadows it.
        shadow: a Context, or the address of a libzmq context, to share instead of making one.
    """

    _socket_class = Socket

    def _destroy(self, linger: int | None, implicit: bool) -> None:
        # Calls that wait are cancelled as by close(), and no loop watches a descriptor that is closed.
        for socket in self._list_sockets():
            if isinstance(socket, Socket) and not socket.closed:
                socket._readiness.abandon(None)
        super()._destroy(linger, implicit)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *args: Any) -> None:
        for socket in self._list_sockets():
            if isinstance(socket, Socket) and not socket.closed:
                socket._readiness.abandon(None)
        await asyncio.get_running_loop().run_in_executor(None, self.__exit__, None, None, None)
