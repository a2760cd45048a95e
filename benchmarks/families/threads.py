"""Threads of one process over inproc: some send, one receives."""

from __future__ import annotations

import threading

from .memory import resident_kib
from .streams import high_water_mark

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from benchmarks.child import Bench

__all__ = ["run"]

_MOST_BYTES = 16 * 1024**3


def run(bench: Bench, size: int, senders: int = 1) -> dict[str, float]:
    """Receive what other threads send: ns a message from the arrival of the first to that of the last.

    Args:
        bench: the program.
        size: bytes in a message.
        senders: threads that send, each on a socket of its own.
    """
    peer = bench.peer
    receiver = peer.socket("PULL", **high_water_mark(size))
    endpoint = peer.bind(receiver, bench.endpoint("inproc"))
    data = b"x" * size
    sockets = [peer.socket("PUSH", **high_water_mark(size)) for _ in range(senders)]
    for socket in sockets:
        peer.connect(socket, endpoint)

    def send(socket: Any, count: int) -> None:
        peer.send(socket, data, count)

    def stream(count: int) -> int:
        each = -(-count // senders)
        threads = [threading.Thread(target=send, args=(socket, each)) for socket in sockets]
        for thread in threads:
            thread.start()
        peer.recv(receiver, size, 1)
        received = each * senders - 1
        took = int(peer.recv(receiver, size, received)) if received else 0
        for thread in threads:
            thread.join()
        return int(took / max(1, received) * count)

    most = max(2, _MOST_BYTES // size)
    return {"ns": bench.repeat(stream, 8 if size < 2**20 else 2, most), "rss_kib": resident_kib()}
