"""Sockets for tests: they connect for certain, wait in seconds, and fail with a message that one can read.

    from zmqlite import PULL, PUSH
    from zmqlite.testing import bound, connected, expect

    with bound(PULL) as sink, connected(PUSH, sink.endpoint, timeout=5) as source:
        source.send(b"hello", timeout=1)
        expect(sink).receives(b"hello", within=2)

A ZeroMQ socket connects lazily: connect() succeeds although nobody is there. In a test that hides the mistake, so
connected() returns connected, or raises within its timeout and says why. `pytest_plugin` has fixtures.
"""

from __future__ import annotations

from .connections import NotConnectedError
from .expectations import Expectation, expect
from .probe import Probe, bound, connected

__all__ = ["Expectation", "NotConnectedError", "Probe", "bound", "connected", "expect"]
