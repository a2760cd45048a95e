"""pyzmq's authenticator for tornado's loop, which is asyncio's: take AsyncioAuthenticator."""

from __future__ import annotations

from typing import Any
from warnings import warn

from .asyncio import AsyncioAuthenticator

TYPE_CHECKING = False
if TYPE_CHECKING:
    from zmqlite.context import Context

__all__ = ["IOLoopAuthenticator"]


class IOLoopAuthenticator(AsyncioAuthenticator):
    """Deprecated: an AsyncioAuthenticator.

    Args:
        context: whose sockets it is for; None takes Context.instance().
        encoding: of domains, addresses, user names, passwords and user ids.
        log: a logging.Logger; None takes that of the name `zmq.auth`.
        io_loop: without effect.
    """

    def __init__(
        self, context: Context[Any] | None = None, encoding: str = "utf-8", log: Any = None, io_loop: Any = None
    ) -> None:
        warn("IOLoopAuthenticator is deprecated: use AsyncioAuthenticator", DeprecationWarning, stacklevel=2)
        super().__init__(context=context, encoding=encoding, log=log)
