"""zmqlite.decorators, under pyzmq's name."""

from zmqlite.compat import alias
from zmqlite.decorators import *  # noqa: F403

alias(__name__, "zmqlite.decorators")
