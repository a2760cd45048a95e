"""Sockets in tornado's IOLoop: ZMQStream, which calls back. Coroutines use zmqlite.asyncio."""

from __future__ import annotations

from tornado.ioloop import IOLoop

__all__ = ["IOLoop"]
