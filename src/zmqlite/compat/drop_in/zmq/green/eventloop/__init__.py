"""zmqlite.green.eventloop, under pyzmq's name."""

from zmqlite.green.eventloop import *  # noqa: F403
