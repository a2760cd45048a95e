"""zmqlite.utils.interop, under pyzmq's name."""

from zmqlite.compat import alias
from zmqlite.utils.interop import *  # noqa: F403

alias(__name__, "zmqlite.utils.interop")
