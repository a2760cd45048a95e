"""zmqlite.green.eventloop.zmqstream, under pyzmq's name."""

from zmqlite.compat import alias
from zmqlite.green.eventloop.zmqstream import *  # noqa: F403

alias(__name__, "zmqlite.green.eventloop.zmqstream")
