"""What calls cost in one thread over inproc: send, recv, lists, multipart, frames, large messages, a busy neighbour."""

from __future__ import annotations

import threading

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from benchmarks.child import Bench

__all__ = ["run"]

# As many as fit below the default high-water marks, twice over.
_BATCH = 500
_LIST = 1000
_QUEUE_BYTES = 32 * 1024 * 1024


def run(bench: Bench, what: str, size: int) -> dict[str, float]:
    """Measure one kind of call.

    Args:
        bench: the program.
        what: "batches", "lists", "parts", "exchange" or "busy".
        size: bytes in a message.
    """
    sender, receiver = _open_pair(bench, "PAIR" if what == "lists" else "PUSH")
    data = b"x" * size
    peer = bench.peer
    if what == "exchange":
        return {"ns": bench.repeat(lambda count: int(peer.exchange(sender, receiver, data, count)))}
    if what == "busy":
        with _BusyThread():
            return {"ns": bench.repeat(lambda count: int(peer.exchange(sender, receiver, data, count)))}
    batch = max(1, min(_BATCH, _QUEUE_BYTES // size))
    if what == "lists":
        messages = [data] * _LIST
        return _in_batches(
            bench, _LIST, lambda: peer.send_batch(sender, messages), lambda: peer.recv_batch(receiver, _LIST, size)
        )
    if what == "parts":
        parts = [data] * 3
        batch //= 5
        return _in_batches(
            bench, batch, lambda: peer.send_parts(sender, parts, batch), lambda: peer.recv_parts(receiver, 3, batch)
        )
    return _in_batches(bench, batch, lambda: peer.send(sender, data, batch), lambda: peer.recv(receiver, size, batch))


def _open_pair(bench: Bench, kind: str) -> tuple[Any, Any]:
    peer = bench.peer
    receiver = peer.socket("PULL" if kind == "PUSH" else kind)
    endpoint = peer.bind(receiver, bench.endpoint("inproc"))
    sender = peer.socket(kind)
    peer.connect(sender, endpoint)
    return sender, receiver


def _in_batches(bench: Bench, batch: int, send: Any, recv: Any) -> dict[str, float]:
    """Send a batch, receive it, and again; the two parts are timed apart."""
    parts = [0.0, 0.0]

    def both(times: int) -> int:
        parts[:] = 0.0, 0.0
        for _ in range(times):
            parts[0] += send()
            parts[1] += recv()
        parts[:] = parts[0] / (times * batch), parts[1] / (times * batch)
        return int(sum(parts) * times * batch)

    bench.repeat(both)
    return {"ns": sum(parts), "send_ns": parts[0], "recv_ns": parts[1]}


class _BusyThread:
    """One other thread that computes in Python."""

    def __init__(self) -> None:
        self._stop = False
        self._thread = threading.Thread(target=self._compute, daemon=True)

    def _compute(self) -> None:
        number = 0
        while not self._stop:
            number = (number * 31 + 7) % 1000003

    def __enter__(self) -> None:
        self._thread.start()

    def __exit__(self, *error: object) -> None:
        self._stop = True
        self._thread.join()
