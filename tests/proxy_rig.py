"""What the tests of proxies share: sockets around a proxy, and a proxy that runs in a thread."""

from __future__ import annotations

import struct
import threading
import time
from collections.abc import Callable
from typing import Any

from conftest import bind_wildcard

import zmqlite as zmq

TEN_SECONDS = 10_000


def make(context: Any, socket_type: int, **options: Any) -> Any:
    """A socket of the test's context, which closes it; with a timeout where a test would hang."""
    socket = context.socket(socket_type)
    for name, value in {"rcvtimeo": TEN_SECONDS, "sndtimeo": TEN_SECONDS, **options}.items():
        setattr(socket, name, value)
    return socket


class Running:
    """A proxy in a thread, and how it ended. The end of the test's context ends it."""

    def __init__(self, call: Callable[..., int], *args: Any) -> None:
        self.result: Any = None
        self.thread = threading.Thread(target=self._run, args=(call, args))
        self.thread.start()

    def _run(self, call: Callable[..., int], args: Any) -> None:
        # Warnings are errors in tests: one that tells of a lost message is raised in the place of the result.
        try:
            self.result = call(*args)
        except (zmq.ZMQError, ResourceWarning) as error:
            self.result = error

    def join(self) -> Any:
        """Wait for its end, and tell how it was."""
        self.thread.join(20)
        assert not self.thread.is_alive(), "the proxy did not end"
        return self.result


class Pipeline:
    """PUSH -> PULL [proxy] PUSH -> PULL, over inproc, steered by a PAIR. hwm: from the proxy on."""

    def __init__(self, context: Any, hwm: int = 1000, sink: bool = True) -> None:
        self.frontend, self.backend = make(context, zmq.PULL), make(context, zmq.PUSH, sndhwm=hwm)
        self.source, self.sink = make(context, zmq.PUSH), make(context, zmq.PULL, rcvhwm=hwm)
        self.control, self.steering = make(context, zmq.PAIR), make(context, zmq.PAIR)
        self.source.connect(bind_wildcard(self.frontend))
        if sink:
            self.sink.connect(bind_wildcard(self.backend))
        self.steering.connect(bind_wildcard(self.control))

    def statistics(self) -> tuple[int, ...]:
        """Ask for the eight counters."""
        self.steering.send(b"STATISTICS")
        return tuple(struct.unpack("=Q", frame)[0] for frame in self.steering.recv_multipart())

    def fill(self) -> list[bytes]:
        """Make the running proxy hold a message: ten are sent, two fit (high-water marks of 1 on both sides)."""
        messages = [b"%d" % number for number in range(10)]
        self.steering.send(b"PAUSE")
        for message in messages:
            self.source.send(message)
        self.steering.send(b"RESUME")
        until = time.monotonic() + 10
        while self.statistics()[0] != 3:
            assert time.monotonic() < until
        assert self.statistics()[6] == 2
        return messages


def receive_all(*sockets: Any) -> list[bytes]:
    """What the sockets still have."""
    received = []
    for socket in sockets:
        while socket.poll(100):
            received.append(socket.recv())
    return received
