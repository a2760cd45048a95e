"""The trackers of zmqlite.message, under pyzmq's name."""

from zmqlite.message import _FINISHED_TRACKER as _FINISHED_TRACKER
from zmqlite.message import MessageTracker as MessageTracker

__all__ = ["_FINISHED_TRACKER", "MessageTracker"]
