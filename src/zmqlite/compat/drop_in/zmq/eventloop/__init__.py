"""zmqlite.eventloop, under pyzmq's name."""

from zmqlite.eventloop import IOLoop

__all__ = ["IOLoop"]
