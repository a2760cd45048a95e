"""A stopwatch, as programs written for pyzmq use it."""

from __future__ import annotations

import time

from .constants import Errno
from .errors import error_from_errno

__all__ = ["Stopwatch"]


class Stopwatch:
    """Measures microseconds between start() and stop()."""

    __slots__ = ("_started",)

    def __init__(self) -> None:
        self._started: int | None = None

    def start(self) -> None:
        """Start.

        Raises:
            ZMQError: EINVAL: it runs already.
        """
        if self._started is not None:
            raise error_from_errno(Errno.EINVAL, "Stopwatch.start()", hint="it runs already")
        self._started = time.monotonic_ns()

    def stop(self) -> int:
        """Stop, and return the microseconds since start(), 0 or more.

        Raises:
            ZMQError: EINVAL: it does not run.
        """
        if self._started is None:
            raise error_from_errno(Errno.EINVAL, "Stopwatch.stop()", hint="it does not run: start() it")
        elapsed_us = (time.monotonic_ns() - self._started) // 1000
        self._started = None
        return elapsed_us

    def sleep(self, seconds: float) -> None:
        """Sleep for some seconds."""
        time.sleep(seconds)
