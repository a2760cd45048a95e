"""tornado's streams under gevent's names, as pyzmq has them: the loop is tornado's own."""

from __future__ import annotations

from .ioloop import IOLoop
from .zmqstream import ZMQStream

__all__ = ["IOLoop", "ZMQStream"]
