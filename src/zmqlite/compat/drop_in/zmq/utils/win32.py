"""zmqlite.utils.win32, under pyzmq's name."""

from zmqlite.compat import alias
from zmqlite.utils.win32 import *  # noqa: F403

alias(__name__, "zmqlite.utils.win32")
