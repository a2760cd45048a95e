"""zmqlite.constants, under pyzmq's name."""

from zmqlite.compat import alias
from zmqlite.constants import *  # noqa: F403

alias(__name__, "zmqlite.constants")
