"""zmqlite.utils.garbage, under pyzmq's name."""

from zmqlite.compat import alias
from zmqlite.utils.garbage import *  # noqa: F403

alias(__name__, "zmqlite.utils.garbage")
