"""zmqlite.auth.base, under pyzmq's name."""

from zmqlite.auth.base import *  # noqa: F403
from zmqlite.compat import alias

alias(__name__, "zmqlite.auth.base")
