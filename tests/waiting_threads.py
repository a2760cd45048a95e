"""Threads that wait inside a socket, for the tests of what another thread may do meanwhile."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable
from typing import Any

import zmqlite as zmq


def in_background(call: Callable[[], Any]) -> tuple[threading.Thread, list[Any]]:
    """Run a call in a thread. It tries again while until_in_use() is in its way. What it returned is in the list."""
    found: list[Any] = []

    def run() -> None:
        while not found:
            with contextlib.suppress(zmq.SocketInUse):
                found.append(call())

    thread = threading.Thread(target=run)
    thread.start()
    return thread, found


def until_in_use(socket: Any) -> None:
    """Wait until another thread is inside the socket."""
    with contextlib.suppress(zmq.SocketInUse):
        while True:
            socket.get(zmq.TYPE)
