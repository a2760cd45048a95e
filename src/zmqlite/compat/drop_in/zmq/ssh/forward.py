"""zmqlite.ssh.forward, under pyzmq's name."""

from zmqlite.compat import alias
from zmqlite.ssh.forward import *  # noqa: F403

alias(__name__, "zmqlite.ssh.forward")
