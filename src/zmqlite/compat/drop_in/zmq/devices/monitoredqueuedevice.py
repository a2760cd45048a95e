"""zmqlite.devices.monitoredqueuedevice, under pyzmq's name."""

from zmqlite.compat import alias
from zmqlite.devices.monitoredqueuedevice import *  # noqa: F403
from zmqlite.devices.monitoredqueuedevice import MonitoredQueueBase as MonitoredQueueBase

alias(__name__, "zmqlite.devices.monitoredqueuedevice")
