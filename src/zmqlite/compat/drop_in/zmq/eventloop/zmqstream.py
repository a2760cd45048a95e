"""zmqlite.eventloop.zmqstream, under pyzmq's name."""

from zmqlite.compat import alias
from zmqlite.eventloop.zmqstream import *  # noqa: F403

alias(__name__, "zmqlite.eventloop.zmqstream")
