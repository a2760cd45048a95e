"""ZMQStream; the same as zmqlite.eventloop.zmqstream's."""

from __future__ import annotations

from zmqlite.eventloop.zmqstream import ZMQStream

__all__ = ["ZMQStream"]
