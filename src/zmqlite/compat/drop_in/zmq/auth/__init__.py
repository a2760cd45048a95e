"""zmqlite.auth, under pyzmq's name."""

from zmqlite.auth import *  # noqa: F403
from zmqlite.auth import __all__ as __all__

from . import base as base
from . import certs as certs
