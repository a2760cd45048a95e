"""zmqlite.green, under pyzmq's name."""

from zmqlite.green import *  # noqa: F403
from zmqlite.green import __all__ as __all__
