"""zmqlite.context, under pyzmq's name."""

from zmqlite.context import Context as Context
from zmqlite.context import SyncContext as SyncContext

__all__ = ["Context", "SyncContext"]
