"""zmqlite.devices, under pyzmq's name."""

from zmqlite.devices import *  # noqa: F403
from zmqlite.devices import __all__ as __all__

from . import basedevice as basedevice
from . import monitoredqueue as monitoredqueue
from . import monitoredqueuedevice as monitoredqueuedevice
from . import proxydevice as proxydevice
from . import proxysteerabledevice as proxysteerabledevice
