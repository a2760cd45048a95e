"""zmqlite.utils, under pyzmq's name."""

from . import interop as interop
from . import jsonapi as jsonapi
