"""zmqlite.eventloop.ioloop, under pyzmq's name."""

from zmqlite.compat import alias
from zmqlite.eventloop.ioloop import *  # noqa: F403

alias(__name__, "zmqlite.eventloop.ioloop")
