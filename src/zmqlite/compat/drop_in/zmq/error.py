"""zmqlite.errors, under pyzmq's name."""

from zmqlite.compat import alias
from zmqlite.errors import *  # noqa: F403

alias(__name__, "zmqlite.errors")
