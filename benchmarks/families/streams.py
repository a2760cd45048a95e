"""Two processes: one sends, the other receives. Over tcp or ipc, plain or CURVE, by one connection or many."""

from __future__ import annotations

from .memory import resident_kib

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from benchmarks.child import Bench

__all__ = ["Sender", "run"]

# What may be on its way: bounds the memory of the largest sizes, and leaves the default high-water mark up to 64 KiB.
_QUEUE_BYTES = 64 * 1024 * 1024
_DEFAULT_HIGH_WATER_MARK = 1000
_FIRST = 8
_MOST_BYTES = 4 * 1024**3


def high_water_mark(size: int) -> dict[str, int]:
    """The option that bounds the queues for large messages; none where the default does."""
    wanted = max(1, _QUEUE_BYTES // size)
    return {"hwm": wanted} if wanted < _DEFAULT_HIGH_WATER_MARK else {}


def run(bench: Bench, transport: str, size: int, curve: bool = False, connections: int = 1) -> dict[str, float]:
    """Receive a stream: ns a message from the arrival of the first to that of the last.

    Args:
        bench: the program.
        transport: "tcp" or "ipc".
        size: bytes in a message.
        curve: encrypt.
        connections: how often the sender connects: messages go to each in turn.
    """
    peer = bench.peer
    receiver = peer.socket("PULL", **high_water_mark(size), **({"backlog": 4096} if connections > 1 else {}))
    keys = peer.make_keys() if curve else None
    if keys:
        peer.serve_curve(receiver, keys)
    endpoint = peer.bind(receiver, bench.endpoint(transport))
    server_key = keys[0].decode() if keys else None
    sender = bench.start("Sender", endpoint=endpoint, size=size, server_key=server_key, connections=connections)
    # The connections are there when each has brought a message.
    sender.tell("send", count=connections)
    peer.recv(receiver, size, connections)
    sender.receive()

    def stream(count: int) -> int:
        sender.tell("send", count=count + 1)
        peer.recv(receiver, size, 1)
        took = int(peer.recv(receiver, size, count))
        sender.receive()
        return took

    figure = bench.repeat(stream, _FIRST if size < 2**20 else 1, max(1, _MOST_BYTES // size))
    return {"ns": figure, "rss_kib": resident_kib(), "sender_rss_kib": sender.ask("measure")["rss_kib"]}


class Sender:
    """The process that sends."""

    def __init__(self, bench: Bench, endpoint: str, size: int, server_key: str | None, connections: int) -> None:
        self.peer = bench.peer
        self.data = b"x" * size
        self.socket: Any = self.peer.socket("PUSH", **high_water_mark(size))
        if server_key:
            self.peer.join_curve(self.socket, self.peer.make_keys(), server_key.encode())
        for _ in range(connections):
            self.peer.connect(self.socket, endpoint)

    def send(self, count: int) -> dict[str, int]:
        """Send so many."""
        return {"ns": self.peer.send(self.socket, self.data, count)}

    def measure(self) -> dict[str, float]:
        """Memory of this process."""
        return {"rss_kib": resident_kib()}
