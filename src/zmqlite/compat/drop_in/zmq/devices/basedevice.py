"""zmqlite.devices.basedevice, under pyzmq's name."""

from zmqlite.compat import alias
from zmqlite.devices.basedevice import *  # noqa: F403
from zmqlite.devices.basedevice import BackgroundDevice as BackgroundDevice

alias(__name__, "zmqlite.devices.basedevice")
