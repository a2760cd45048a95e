"""zmqlite.green.device, under pyzmq's name."""

from zmqlite.compat import alias
from zmqlite.green.device import *  # noqa: F403

alias(__name__, "zmqlite.green.device")
