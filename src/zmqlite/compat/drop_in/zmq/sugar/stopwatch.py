"""zmqlite.stopwatch, under pyzmq's name."""

from zmqlite.stopwatch import Stopwatch as Stopwatch

__all__ = ["Stopwatch"]
