"""zmqlite.poller, under pyzmq's name."""

from zmqlite.poller import Poller as Poller
from zmqlite.poller import select as select

__all__ = ["Poller", "select"]
