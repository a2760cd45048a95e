"""zmqlite.eventloop.future, under pyzmq's name."""

from zmqlite.compat import alias
from zmqlite.eventloop.future import *  # noqa: F403

alias(__name__, "zmqlite.eventloop.future")
