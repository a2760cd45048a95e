"""zmqlite.utils.z85, under pyzmq's name."""

from zmqlite.compat import alias
from zmqlite.utils.z85 import *  # noqa: F403
from zmqlite.utils.z85 import Z85MAP as Z85MAP

alias(__name__, "zmqlite.utils.z85")
