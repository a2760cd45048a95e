"""What the children of test_exit.py and its neighbours have at hand; PRELUDE imports it there.

Nobody listens at NOBODY: what is sent there is never delivered, and libzmq's own default is to wait for it for ever.
"""

from __future__ import annotations

import contextlib
import mmap
import os
import sys
import textwrap
import threading
import time
from collections.abc import Callable
from typing import Any

import zmqlite as zmq
from zmqlite.errors import errno_name

NOBODY = "tcp://127.0.0.1:1"
MEGABYTE = 1 << 20
SMALL = 2000
LARGE = 16

PRELUDE = f"""
import sys
sys.path.insert(0, {os.path.dirname(os.path.abspath(__file__))!r})
import atexit, errno, gc, multiprocessing, os, signal, socket as system_socket, tempfile, threading, time
import zmqlite as zmq
from exit_children import *
"""


def child_code(*codes: str, **names: object) -> str:
    """Put the code of a child together: the prelude, names with their values, and code, each part with its indent."""
    values = "".join(f"{name} = {value!r}\n" for name, value in names.items())
    return "\n".join((PRELUDE + values, *map(textwrap.dedent, codes)))


def about_to_exit() -> None:
    """Tell when the exit begins: the clock is the same in all processes of a machine."""
    print("about to exit", time.monotonic(), flush=True)


def leave_undeliverable(context: zmq.Context[Any], endpoint: str = NOBODY, count: int = 10) -> Any:
    """Make a socket with messages that nobody will ever take."""
    socket = context.socket(zmq.PUSH)
    socket.connect(endpoint)
    for number in range(count):
        socket.send(b"%d" % number)
    return socket


def insist(call: Callable[..., Any], *arguments: Any, **keywords: Any) -> Any:
    """Call until nobody else is inside the socket."""
    while True:
        try:
            return call(*arguments, **keywords)
        except zmq.SocketInUse:
            time.sleep(0.001)


def start_blocked(socket: Any, call: Callable[..., Any], *arguments: Any, **keywords: Any) -> threading.Thread:
    """Block a daemon thread in a call on the socket; returns once it is inside. The end of the context ends it."""

    def run() -> None:
        with contextlib.suppress(zmq.ContextTerminated):
            insist(call, *arguments, **keywords)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    wait_until_inside(socket)
    return thread


def wait_until_inside(socket: Any) -> None:
    """Wait until another thread blocks in the socket: then it is found there every time."""
    seen = 0
    while seen < 3:
        try:
            socket.get(zmq.TYPE)
            seen = 0
        except zmq.SocketInUse:
            seen += 1
        time.sleep(0.005)


def send_everything(context: zmq.Context[Any], endpoint: str, sent: str) -> Any:
    """Send SMALL short messages and LARGE long ones, in place and copied, from objects that nobody keeps.

    Then the file sent appears: the peer begins to read, so that most is still to be delivered by the exit.
    """
    socket = context.socket(zmq.PUSH)
    socket.sndhwm = 0
    socket.sndbuf = 1 << 16
    socket.connect(endpoint)
    for number in range(SMALL):
        socket.send(b"%d" % number)
    for number in range(0, LARGE, 4):
        socket.send(bytes([number]) * MEGABYTE)
        socket.send(bytearray([number + 1]) * MEGABYTE, copy=False)
        pages = mmap.mmap(-1, MEGABYTE)
        pages.write(bytes([number + 2]) * MEGABYTE)
        socket.send(pages, copy=False)
        socket.send(zmq.Frame(bytes([number + 3]) * MEGABYTE), copy=False)
    with open(sent, "w"):
        return socket


def everything() -> list[bytes]:
    """What send_everything() sends."""
    return [b"%d" % number for number in range(SMALL)] + [bytes([number]) * MEGABYTE for number in range(LARGE)]


def tell(call: Callable[..., Any], *arguments: Any, **keywords: Any) -> None:
    """Print what a call that should fail raised: the exception, and the name of its errno if it has one."""
    try:
        print("returned", call(*arguments, **keywords))
    except Exception as error:  # whatever it is, it is what the test looks at
        number = getattr(error, "errno", None)
        print(type(error).__name__, *(() if number is None else (errno_name(number),)), flush=True)


# ---- what children of children run: multiprocessing imports this module to find them ----

_kept: Any = None


def leave_socket_open() -> None:
    """Leave a socket of a new context open with messages that nobody takes."""
    global _kept
    _kept = leave_undeliverable(zmq.Context())


def send_from_process(endpoint: str, sent: str) -> None:
    """Send, and leave the socket open."""
    global _kept
    _kept = send_everything(zmq.Context(), endpoint, sent)


def send_number(endpoint: bytes, number: int) -> int:
    """Send a number through the context of this process. Returns the id of the process."""
    with zmq.Context.instance().socket(zmq.PUSH) as socket:
        socket.connect(endpoint)
        socket.send(b"%d" % number)
    return os.getpid()


def block_in_recv() -> None:
    """Never come back."""
    zmq.Context().socket(zmq.PULL).recv()


def run_process(method: str, target: Callable[..., None] = leave_socket_open, *arguments: Any) -> None:
    """Run target in a child process, to its end."""
    import multiprocessing

    process = multiprocessing.get_context(method).Process(target=target, args=arguments)
    process.start()
    process.join()
    if process.exitcode != 0:
        sys.exit(f"the {method} child ended with {process.exitcode}")
