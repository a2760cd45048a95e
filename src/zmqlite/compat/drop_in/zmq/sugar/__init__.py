"""The public face of zmqlite, under the name that pyzmq gives its own."""

from zmqlite import *  # noqa: F403
from zmqlite import __all__ as __all__
from zmqlite.constants import *  # noqa: F403
from zmqlite.errors import *  # noqa: F403

from . import attrsettr as attrsettr
from . import context as context
from . import frame as frame
from . import poll as poll
from . import socket as socket
from . import stopwatch as stopwatch
from . import tracker as tracker
from . import version as version
from .version import __version__ as __version__
