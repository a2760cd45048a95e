"""zmqlite.auth.asyncio, under pyzmq's name."""

from zmqlite.auth.asyncio import *  # noqa: F403
from zmqlite.compat import alias

alias(__name__, "zmqlite.auth.asyncio")
