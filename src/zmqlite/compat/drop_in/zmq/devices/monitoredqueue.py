"""zmqlite.devices.monitoredqueue, under pyzmq's name."""

from zmqlite.compat import alias
from zmqlite.devices.monitoredqueue import *  # noqa: F403

alias(__name__, "zmqlite.devices.monitoredqueue")
