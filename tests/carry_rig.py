"""What tests of objects that messages carry share: objects whose references are counted, and sockets over inproc."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from conftest import bind_wildcard

import zmqlite as zmq
from zmqlite import _backend
from zmqlite.info import collect_info

if not hasattr(sys, "getrefcount"):
    pytest.skip("needs a Python that counts references", allow_module_level=True)
INFO = collect_info()
MENDS = (INFO["build"] or {}).get("mends") or []
CARRIED = INFO["backend"] == "c" and any("carries its object" in name for name in MENDS)
needs_carrying = pytest.mark.skipif(not CARRIED, reason="only the C backend with the bundled libzmq carries objects")
SIZES = (2, 16, 33, 34, 300, 5000)
TIMES = 1500


def fresh(size: int) -> bytes:
    """Bytes that nobody else has."""
    return bytes(bytearray(size))


def counted(watched: list[bytes]) -> list[int]:
    """How many references there are to each object."""
    return [sys.getrefcount(one) for one in watched]


def comes_back(watched: list[bytes], before: list[int]) -> list[int]:
    """How the counts differ from before, once libzmq has let go of what it has; all 0 when it has of everything."""
    over = time.monotonic() + 10
    while True:
        _backend.collect()
        now = counted(watched)
        if now == before or time.monotonic() > over:
            return [new - old for new, old in zip(now, before)]
        threading.Event().wait(0.001)


_held: list[bytes] = []


def make_watched() -> list[bytes]:
    """Objects of every size, each with so many references that one dropped twice is counted, and not freed."""
    objects = [fresh(size) for size in SIZES]
    _held[:] = [one for one in objects for _ in range(20 * TIMES)]
    return objects


@pytest.fixture
def watched() -> Iterator[list[bytes]]:
    """The same for a test."""
    yield make_watched()
    _held.clear()


def connected(context: Any, sender: int, receiver: int, **options: Any) -> tuple[Any, Any]:
    """A socket of type sender that is connected over inproc to one of type receiver."""
    sockets = context.socket(sender), context.socket(receiver)
    for socket in sockets:
        for name, value in {"linger": 0, "rcvtimeo": 10_000, **options}.items():
            setattr(socket, name, value)
    sockets[0].connect(bind_wildcard(sockets[1]))
    return sockets


def refused(call: Callable[..., Any], *arguments: Any) -> bool:
    """Whether a send found no room, or nobody."""
    try:
        call(*arguments)
    except (zmq.Again, zmq.ZMQError):
        return True
    return False
