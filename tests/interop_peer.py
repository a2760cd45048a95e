"""The pyzmq side of test_interop.py: a process that does what JSON lines on its standard input say.

Each line is an object with "do" and its arguments; the answer is a line with "result" or "error". Messages are given
as lists of sizes: what a part of a size consists of, both sides know, so that nothing large goes through the pipe.

The test imports from here what both sides share. pyzmq is imported in main() alone: never both libraries in a process.
"""

from __future__ import annotations

import contextlib
import functools
import hashlib
import json
import sys
from typing import Any

ZAP_DOMAIN, ZAP_USER, ZAP_PASSWORD = "test", "interop", "open sesame"
# Milliseconds; a message that is longer on its way is lost.
PATIENCE = 20000
# Multipart, empty parts, sizes around libzmq's limits (32 and 255 bytes, 8 KiB batches), 1 byte to 16 MiB.
MESSAGES = [
    [1],
    [0],
    [32, 33, 34],
    [255, 256],
    [0, 0, 0],
    [1, 0, 65537, 0],
    [8191, 8192, 8193],
    [3] * 100,
    [1 << 20, 2],
    [1 << 24],
    [0, 1 << 22, 1],
]


@functools.cache
def make_part(size: int) -> bytes:
    """The bytes that a part of this size consists of, the same everywhere."""
    return hashlib.shake_128(b"%d" % size).digest(size)


def make_message(sizes: list[int]) -> list[bytes]:
    """The parts of a message."""
    return [make_part(size) for size in sizes]


def compare(parts: list[bytes], sizes: list[int]) -> str:
    """Say what is wrong with a message that was to have parts of these sizes; "" when nothing is."""
    if [len(part) for part in parts] != sizes:
        return f"parts of {[len(part) for part in parts]} bytes came instead of {sizes}"
    for place, (part, size) in enumerate(zip(parts, sizes)):
        if part != make_part(size):
            digests = [hashlib.sha256(data).hexdigest() for data in (part, make_part(size))]
            return f"part {place} of {sizes} has SHA-256 {digests[0]} instead of {digests[1]}"
    return ""


def configure(socket: Any, options: dict[str, Any]) -> None:
    """Set options, text as UTF-8."""
    for name, value in {"linger": 0, "rcvtimeo": PATIENCE, "sndtimeo": PATIENCE, **options}.items():
        setattr(socket, name, value.encode() if isinstance(value, str) else value)


class Peer:
    """What can be done: each method is a command."""

    def __init__(self, zmq: Any) -> None:
        self.zmq = zmq
        self.context = zmq.Context()
        self.sockets: dict[int, Any] = {}
        self.allowed: list[bytes] = []
        self.authenticator: Any = None

    def version(self) -> list[str]:
        """Of pyzmq and of libzmq."""
        return [self.zmq.__version__, self.zmq.zmq_version()]

    def zmqlite_is_imported(self) -> bool:
        """Whether this process has more than pyzmq in it."""
        return "zmqlite" in sys.modules

    def authenticate(self, curve_keys: list[str]) -> None:
        """Answer for PLAIN and CURVE as RFC 27 says."""
        from zmq.auth.thread import ThreadAuthenticator

        self.allowed = [key.encode() for key in curve_keys]
        self.authenticator = ThreadAuthenticator(self.context)
        self.authenticator.start()
        self.authenticator.configure_plain(domain=ZAP_DOMAIN, passwords={ZAP_USER: ZAP_PASSWORD})
        self.authenticator.configure_curve_callback(domain=ZAP_DOMAIN, credentials_provider=self)

    def callback(self, domain: str, key: bytes) -> bool:
        """Whether a client of this public key may come in."""
        return key in self.allowed

    def open(self, type: str, options: dict[str, Any]) -> int:
        """Make a socket. Returns its number."""
        number = len(self.sockets)
        self.sockets[number] = self.context.socket(getattr(self.zmq, type))
        configure(self.sockets[number], options)
        return number

    def bind(self, socket: int, endpoint: str) -> str:
        """Bind. Returns what to connect to."""
        self.sockets[socket].bind(endpoint)
        return str(self.sockets[socket].last_endpoint.decode())

    def connect(self, socket: int, endpoint: str) -> None:
        """Connect."""
        self.sockets[socket].connect(endpoint)

    def subscribe(self, socket: int, topic: str) -> None:
        """Subscribe."""
        self.sockets[socket].subscribe(topic)

    def close(self, socket: int) -> None:
        """Close."""
        self.sockets[socket].close()

    def send(self, socket: int, sizes: list[int], prefix: str = "") -> None:
        """Send a message, after a first part in hexadecimal when there is one."""
        first = [bytes.fromhex(prefix)] if prefix else []
        self.sockets[socket].send_multipart(first + make_message(sizes))

    def recv(self, socket: int, sizes: list[int], prefixed: bool = False) -> list[str]:
        """Receive a message. Returns what is wrong with it, and its first part when it has one before the sizes."""
        parts = self.sockets[socket].recv_multipart()
        first = parts.pop(0) if prefixed else b""
        return [compare(parts, sizes), first.hex()]

    def recv_raw(self, socket: int, timeout: int) -> str | None:
        """Receive one part, in hexadecimal; None when none came in so many milliseconds."""
        if not self.sockets[socket].poll(timeout):
            return None
        return str(self.sockets[socket].recv().hex())

    def send_raw(self, socket: int, data: str) -> None:
        """Send one part, given in hexadecimal."""
        self.sockets[socket].send(bytes.fromhex(data))

    def offer_raw(self, socket: int, data: str) -> None:
        """Send one part if there is anybody to send it to."""
        with contextlib.suppress(self.zmq.Again):
            self.sockets[socket].send(bytes.fromhex(data), self.zmq.DONTWAIT)

    def recv_stream(self, socket: int, size: int) -> list[str]:
        """Receive the bytes of one part from a STREAM. Returns what is wrong with them, and the peer's id."""
        data = b""
        while len(data) < size:
            peer, more = self.sockets[socket].recv_multipart()
            data += more
        return [compare([data], [size]), peer.hex()]


def main() -> None:
    """Do what the lines say, until there are no more."""
    import zmq

    peer = Peer(zmq)
    for line in sys.stdin:
        command = json.loads(line)
        try:
            answer = {"result": getattr(peer, command.pop("do"))(**command)}
        except Exception as error:  # Whatever it is, the test shows it.
            answer = {"error": f"{type(error).__name__}: {error}"}
        print(json.dumps(answer), flush=True)
    if peer.authenticator is not None:
        peer.authenticator.stop()
    peer.context.destroy(linger=0)


if __name__ == "__main__":
    main()
