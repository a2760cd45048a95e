"""zmqlite.ssh, under pyzmq's name."""

from zmqlite.ssh import *  # noqa: F403

from . import tunnel as tunnel
