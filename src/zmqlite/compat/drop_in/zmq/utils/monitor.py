"""zmqlite.utils.monitor, under pyzmq's name."""

from zmqlite.compat import alias
from zmqlite.utils.monitor import *  # noqa: F403

alias(__name__, "zmqlite.utils.monitor")
