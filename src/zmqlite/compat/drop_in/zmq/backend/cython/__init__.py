"""zmq.backend, by the name of pyzmq's own backend."""

from zmq.backend import *  # noqa: F403
from zmq.backend import __all__ as __all__
