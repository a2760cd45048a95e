"""Fixtures for every test: a context that must not leak, connected pairs, and child processes with a deadline.

`ZMQLITE_BACKEND` chooses the backend (c or cffi): the whole suite is run once with each. pyproject.toml gives every
test 60 seconds; what could hang or kill the process runs in `run_child`, which gives it less.
"""

from __future__ import annotations

import importlib.util
import os
import signal
import subprocess
import sys
import tempfile
import textwrap
import time
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import pytest

import zmqlite
from zmqlite._native import lib

TRANSPORTS = ("inproc", "ipc", "tcp")
_names = iter(range(sys.maxsize))
# Not ipc://*: without TMPDIR libzmq makes its directories in the current one.
_ipc_directory = tempfile.TemporaryDirectory(prefix="zmqlite-")


def bind_wildcard(socket: Any, transport: str = "inproc") -> str:
    """Bind socket to a free endpoint of the transport. Returns what to connect to."""
    endpoints = {
        "inproc": f"inproc://test-{next(_names)}",
        "ipc": f"ipc://{_ipc_directory.name}/{next(_names)}",
        "tcp": "tcp://127.0.0.1:*",
    }
    socket.bind(endpoints[transport])
    return str(socket.get_string(zmqlite.LAST_ENDPOINT))


@pytest.fixture
def context() -> Iterator[zmqlite.Context[Any]]:
    """A context of this test's own. It is destroyed afterwards, and then no socket of it may be left.

    It keeps the sockets that it makes: tests need not close them. What is about sockets that nobody holds makes its
    own context.
    """
    made = zmqlite.Context()
    kept = []

    def make_and_keep(*arguments: Any, **options: Any) -> Any:
        kept.append(zmqlite.Context.socket(made, *arguments, **options))
        return kept[-1]

    made.socket = make_and_keep
    yield made
    del made.socket
    # destroy(linger=0), with more patience: it gives up after a second.
    lib.zl_context_close_sockets(made._native, 0, -1)
    lib.zl_context_shutdown(made._native)
    made.term(timeout=20_000)
    assert made.closed
    assert lib.zl_context_socket_count(made._native) == 0, "the test leaked sockets"


@pytest.fixture(params=TRANSPORTS)
def transport(request: pytest.FixtureRequest) -> str:
    """inproc, ipc and tcp, one after the other."""
    name: str = request.param
    if name == "ipc" and not zmqlite.has("ipc"):
        pytest.skip("this libzmq has no ipc://")
    return name


@pytest.fixture
def pair(context: zmqlite.Context[Any]) -> Callable[..., tuple[Any, Any]]:
    """Make two sockets: `pair(zmqlite.PUSH, zmqlite.PULL, "tcp")`.

    The first binds, to a free port, the second connects. Both have linger 0, and options given by keyword are set on
    both before that: `pair(PUSH, PULL, sndhwm=1)`. What the first sends is queued until the second is there, where
    the pattern queues at all; a SUB is subscribed to everything, but its peer hears of that later.
    """

    def make(type_a: int, type_b: int, transport: str = "inproc", **options: Any) -> tuple[Any, Any]:
        sockets = (context.socket(type_a), context.socket(type_b))
        for socket, socket_type in zip(sockets, (type_a, type_b)):
            for name, value in {"linger": 0, **options}.items():
                setattr(socket, name, value)
            if socket_type == zmqlite.SUB:
                socket.setsockopt(zmqlite.SUBSCRIBE, b"")
        sockets[1].connect(bind_wildcard(sockets[0], transport))
        return sockets

    return make


class Child(NamedTuple):
    """How a child process ended."""

    exit_code: int | None  # None when a signal ended it
    signal: str | None  # "SIGABRT", ...; None when it ended by itself
    stdout: str
    stderr: str
    seconds: float


def _run_child(code: str, timeout: float = 20, **environment: str) -> Child:
    began = time.monotonic()
    process = subprocess.Popen(
        [sys.executable, "-X", "faulthandler", "-c", textwrap.dedent(code)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, **environment},
    )
    try:
        stdout, stderr = process.communicate(timeout=timeout)
    except subprocess.TimeoutExpired:
        # faulthandler writes where every thread is.
        process.send_signal(getattr(signal, "SIGABRT", signal.SIGTERM))
        try:
            stdout, stderr = process.communicate(timeout=5)
        except subprocess.TimeoutExpired:
            process.kill()
            stdout, stderr = process.communicate()
        pytest.fail(f"the child was still running after {timeout} s\n{stdout}\n{stderr}")
    ended_by = signal.Signals(-process.returncode).name if process.returncode < 0 else None
    exit_code = process.returncode if process.returncode >= 0 else None
    return Child(exit_code, ended_by, stdout, stderr, time.monotonic() - began)


@pytest.fixture
def run_child() -> Callable[..., Child]:
    """Run Python code in a process of its own: `run_child(code, timeout=20, NAME="value")`.

    code may be indented. Keywords are environment variables. Returns a Child; one that is still running after
    timeout seconds is killed and the test fails with what it printed and where its threads were.
    """
    return _run_child


@pytest.fixture(scope="module")
def sides() -> Iterator[Any]:
    """zmqlite here and pyzmq in a process of its own, for all tests of a module: an interop_rig.Sides."""
    if importlib.util.find_spec("zmq") is None:
        pytest.skip("pyzmq is not installed")
    from interop_rig import Sides

    made = Sides()
    yield made
    made.stop()
