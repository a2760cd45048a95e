"""zmqlite.green.eventloop.ioloop, under pyzmq's name."""

from zmqlite.compat import alias
from zmqlite.green.eventloop.ioloop import *  # noqa: F403

alias(__name__, "zmqlite.green.eventloop.ioloop")
