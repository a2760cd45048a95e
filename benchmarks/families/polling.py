"""Asking for what is ready, and asking in vain: pollers, Socket.poll, NOBLOCK, options."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from benchmarks.child import Bench

__all__ = ["run"]


def run(bench: Bench, what: str, items: int = 1) -> dict[str, float]:
    """Measure one kind of question.

    Args:
        bench: the program.
        what: "poller", with one of the items ready; or "poll_socket", "try_raising", "try_quietly", "set_and_get" on
            an empty socket.
        items: sockets in the poller.
    """
    peer = bench.peer
    receivers = [peer.socket("PULL") for _ in range(items)]
    endpoints = [peer.bind(receiver, bench.endpoint("inproc")) for receiver in receivers]
    sender = peer.socket("PUSH")
    peer.connect(sender, endpoints[items // 2])
    if what == "poller":
        peer.send(sender, b"ready", 1)
        poller = peer.make_poller(receivers)
        return {"ns": bench.repeat(lambda count: int(peer.poll(poller, 1, count)))}
    loop = getattr(peer, what)
    return {"ns": bench.repeat(lambda count: int(loop(receivers[0], count)))}
