"""zmqlite.log.handlers, under pyzmq's name."""

from zmqlite.compat import alias
from zmqlite.log.handlers import *  # noqa: F403

alias(__name__, "zmqlite.log.handlers")
