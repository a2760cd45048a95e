"""A proxy between two processes: its sender and its receiver are C for every program, so the proxy is what differs."""

from __future__ import annotations

import threading

from .streams import Sender

TYPE_CHECKING = False
if TYPE_CHECKING:
    from benchmarks.child import Bench

__all__ = ["Forwarder", "Sender", "run"]

_FIRST = 8


def run(bench: Bench, transport: str, size: int) -> dict[str, float]:
    """Receive through the proxy: ns a message.

    Args:
        bench: runs C; the proxy's program is in the settings of the turn.
        transport: "tcp" or "ipc": three processes.
        size: bytes in a message.
    """
    forwarder = bench.start("Forwarder", endpoints=[bench.endpoint(transport), bench.endpoint(transport)])
    frontend, backend = forwarder.ask("where")["endpoints"]
    from benchmarks.adapters import load_adapter

    peer = load_adapter("C")
    receiver = peer.socket("PULL")
    peer.connect(receiver, backend)
    sender = bench.start("Sender", "C", endpoint=frontend, size=size, server_key=None, connections=1)

    def stream(count: int) -> int:
        sender.tell("send", count=count + 1)
        peer.recv(receiver, size, 1)
        took = int(peer.recv(receiver, size, count))
        sender.receive()
        return took

    return {"ns": bench.repeat(stream, _FIRST)}


class Forwarder:
    """The process of the proxy."""

    def __init__(self, bench: Bench, endpoints: list[str]) -> None:
        peer = bench.peer
        sockets = [peer.socket("PULL"), peer.socket("PUSH")]
        self.endpoints = [peer.bind(socket, endpoint) for socket, endpoint in zip(sockets, endpoints)]
        threading.Thread(target=peer.proxy, args=sockets, daemon=True).start()

    def where(self) -> dict[str, list[str]]:
        """Where its two sides listen."""
        return {"endpoints": self.endpoints}
