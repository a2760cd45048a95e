"""REQ/REP: the time from a question to its answer, between two processes, or two threads over inproc."""

from __future__ import annotations

import threading

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from benchmarks.child import Bench

__all__ = ["Answerer", "run"]


def run(bench: Bench, transport: str, size: int) -> dict[str, float]:
    """Ask and wait for the answer, one at a time.

    Args:
        bench: the program.
        transport: "tcp", "ipc" or "inproc".
        size: bytes in a question, and in its answer.
    """
    peer = bench.peer
    data = b"x" * size
    asking = peer.socket("REQ")
    if transport == "inproc":
        answering = peer.socket("REP")
        peer.connect(asking, peer.bind(answering, bench.endpoint(transport)))

        def ask_thread(count: int) -> int:
            thread = threading.Thread(target=peer.answer, args=(answering, count))
            thread.start()
            took = int(peer.ask(asking, data, count))
            thread.join()
            return took

        return {"ns": bench.repeat(ask_thread)}
    endpoint = bench.endpoint(transport)
    partner = bench.start("Answerer", endpoint=endpoint)
    peer.connect(asking, partner.ask("where")["endpoint"])

    def ask(count: int) -> int:
        partner.tell("answer", count=count)
        took = int(peer.ask(asking, data, count))
        partner.receive()
        return took

    return {"ns": bench.repeat(ask)}


class Answerer:
    """The process that answers."""

    def __init__(self, bench: Bench, endpoint: str) -> None:
        self.peer = bench.peer
        self.socket: Any = self.peer.socket("REP")
        self.endpoint = self.peer.bind(self.socket, endpoint)

    def where(self) -> dict[str, str]:
        """Where it listens."""
        return {"endpoint": self.endpoint}

    def answer(self, count: int) -> dict[str, int]:
        """Answer so many questions."""
        return {"ns": self.peer.answer(self.socket, count)}
