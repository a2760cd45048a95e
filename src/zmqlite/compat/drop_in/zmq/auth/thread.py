"""zmqlite.auth.thread, under pyzmq's name."""

from zmqlite.auth.thread import *  # noqa: F403
from zmqlite.auth.thread import AuthenticationThread as AuthenticationThread
from zmqlite.compat import alias

alias(__name__, "zmqlite.auth.thread")
