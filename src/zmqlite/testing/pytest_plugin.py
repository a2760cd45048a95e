"""Fixtures for pytest; installed zmqlite brings them to every test run.

| fixture | what it is |
|---|---|
| `zmq_context` | a Context of the test's own; sockets of it that the test leaves open make the test fail |
| `zmq_endpoint` | a function: `zmq_endpoint()` is a free tcp endpoint; it takes "ipc" and "inproc", too |
"""

from __future__ import annotations

import itertools
import socket
import sys
import tempfile
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from zmqlite.context import Context
from zmqlite.lifetime import format_site

__all__ = ["zmq_context", "zmq_endpoint"]

_numbers = itertools.count(1)


@pytest.fixture
def zmq_context() -> Iterator[Context[Any]]:
    """A context of this test's own, whose sockets the test must close: a leaked one makes it fail, and is named."""
    context: Context[Any] = Context()
    yield context
    if context.closed:
        return
    leaked = sorted(f"{one!r}, made at {format_site(one._site)}" for one in context._list_sockets() if not one.closed)
    context.destroy(linger=0)
    if leaked:
        pytest.fail("the test left sockets open:\n" + "\n".join(leaked), pytrace=False)


@pytest.fixture
def zmq_endpoint() -> Iterator[Callable[..., str]]:
    """Make endpoints that nobody uses: `zmq_endpoint(transport="tcp")`, of tcp, ipc or inproc.

    A tcp port is free when it is asked for. Where the test itself binds, `tcp://127.0.0.1:*` is safer: nobody can
    take the port meanwhile.
    """
    # A short name: an ipc path has at most 107 bytes, pytest's tmp_path may be longer.
    with tempfile.TemporaryDirectory(prefix="zmq-") as folder:

        def make(transport: str = "tcp") -> str:
            number = next(_numbers)
            if transport == "tcp":
                with socket.socket() as probe:
                    if sys.platform != "win32":
                        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                    probe.bind(("127.0.0.1", 0))
                    return f"tcp://127.0.0.1:{probe.getsockname()[1]}"
            if transport == "ipc":
                return f"ipc://{folder}/{number}"
            if transport == "inproc":
                return f"inproc://zmq-endpoint-{number}"
            raise ValueError(f"zmq_endpoint() takes tcp, ipc or inproc, got {transport!r}")

        yield make
