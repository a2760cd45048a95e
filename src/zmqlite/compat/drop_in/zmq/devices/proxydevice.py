"""zmqlite.devices.proxydevice, under pyzmq's name."""

from zmqlite.compat import alias
from zmqlite.devices.proxydevice import *  # noqa: F403
from zmqlite.devices.proxydevice import ProxyBase as ProxyBase

alias(__name__, "zmqlite.devices.proxydevice")
