"""The function that forwards and tells a monitor which way each message went: see proxy.monitored_queue()."""

from __future__ import annotations

from zmqlite.proxy import monitored_queue

__all__ = ["monitored_queue"]
