"""zmqlite.ssh.tunnel, under pyzmq's name."""

from zmqlite.compat import alias
from zmqlite.ssh.tunnel import *  # noqa: F403

alias(__name__, "zmqlite.ssh.tunnel")
