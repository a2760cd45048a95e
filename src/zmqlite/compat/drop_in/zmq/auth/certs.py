"""zmqlite.auth.certs, under pyzmq's name."""

from zmqlite.auth.certs import *  # noqa: F403
from zmqlite.compat import alias

alias(__name__, "zmqlite.auth.certs")
