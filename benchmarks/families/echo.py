"""A ROUTER that echoes, and many DEALERs in another process, each with so many messages under way."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from benchmarks.child import Bench

__all__ = ["Echoer", "run"]


def run(bench: Bench, clients: int, size: int, window: int = 1) -> dict[str, float]:
    """Ask on every client, then take every answer: ns a message there and back.

    Args:
        bench: the program.
        clients: DEALER sockets.
        size: bytes in a message.
        window: messages that each client has under way.
    """
    peer = bench.peer
    echoer = bench.start("Echoer", endpoint=bench.endpoint("tcp"))
    endpoint = echoer.ask("where")["endpoint"]
    sockets = [peer.socket("DEALER") for _ in range(clients)]
    for socket in sockets:
        peer.connect(socket, endpoint)
    data = b"x" * size

    def rounds(count: int) -> int:
        echoer.tell("echo", count=count * clients * window)
        took = int(peer.ask_all(sockets, data, window, count))
        echoer.receive()
        return took

    return {"ns": bench.repeat(rounds) / (clients * window)}


class Echoer:
    """The process that echoes."""

    def __init__(self, bench: Bench, endpoint: str) -> None:
        self.peer = bench.peer
        self.socket = self.peer.socket("ROUTER")
        self.endpoint = self.peer.bind(self.socket, endpoint)

    def where(self) -> dict[str, str]:
        """Where it listens."""
        return {"endpoint": self.endpoint}

    def echo(self, count: int) -> dict[str, int]:
        """Echo so many."""
        return {"ns": self.peer.answer_parts(self.socket, count)}
