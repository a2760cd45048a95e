"""Deprecated, as pyzmq's: tornado's IOLoop needs nothing special."""

from __future__ import annotations

from warnings import warn

from tornado.ioloop import IOLoop

__all__ = ["IOLoop", "ZMQIOLoop", "install"]

ZMQIOLoop = IOLoop


def install() -> None:
    """Do nothing. Deprecated."""
    warn("install() is deprecated: tornado's own loop does", DeprecationWarning, stacklevel=2)
