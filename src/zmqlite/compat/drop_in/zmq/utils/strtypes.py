"""zmqlite.utils.strtypes, under pyzmq's name."""

from zmqlite.compat import alias
from zmqlite.utils.strtypes import *  # noqa: F403

alias(__name__, "zmqlite.utils.strtypes")
