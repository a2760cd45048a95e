"""zmq.backend, by the name of pyzmq's own backend."""

from .. import *  # noqa: F403, TID252
from .. import __all__ as __all__  # noqa: TID252
