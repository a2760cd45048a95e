"""zmqlite.green.core, under pyzmq's name."""

from zmqlite.compat import alias
from zmqlite.green.core import *  # noqa: F403

alias(__name__, "zmqlite.green.core")
