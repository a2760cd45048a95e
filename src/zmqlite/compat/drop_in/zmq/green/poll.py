"""zmqlite.green.poll, under pyzmq's name."""

from zmqlite.compat import alias
from zmqlite.green.poll import *  # noqa: F403

alias(__name__, "zmqlite.green.poll")
