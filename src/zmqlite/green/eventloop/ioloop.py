"""tornado's IOLoop."""

from __future__ import annotations

from tornado.ioloop import IOLoop

__all__ = ["IOLoop"]
