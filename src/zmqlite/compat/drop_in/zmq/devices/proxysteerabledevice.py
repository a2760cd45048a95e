"""zmqlite.devices.proxysteerabledevice, under pyzmq's name."""

from zmqlite.compat import alias
from zmqlite.devices.proxysteerabledevice import *  # noqa: F403
from zmqlite.devices.proxysteerabledevice import ProxySteerableBase as ProxySteerableBase

alias(__name__, "zmqlite.devices.proxysteerabledevice")
