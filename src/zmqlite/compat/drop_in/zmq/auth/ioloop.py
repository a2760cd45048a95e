"""zmqlite.auth.ioloop, under pyzmq's name."""

from zmqlite.auth.ioloop import *  # noqa: F403
from zmqlite.compat import alias

alias(__name__, "zmqlite.auth.ioloop")
