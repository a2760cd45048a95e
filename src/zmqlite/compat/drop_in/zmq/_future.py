"""zmqlite.asyncio, under the names of pyzmq's private module that programs test against."""

from typing import TypeVar

from zmqlite.asyncio import Poller as _AsyncPoller
from zmqlite.asyncio import Socket as _AsyncSocket

__all__ = ["_AsyncPoller", "_AsyncSocket"]

T = TypeVar("T", bound=_AsyncSocket)
