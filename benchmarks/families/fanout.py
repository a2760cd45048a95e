"""One process publishes, another has many subscribers, each with a topic of its own."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from benchmarks.child import Bench

__all__ = ["Publisher", "run"]

# Messages for each subscriber before the publisher waits: a PUB drops what is over the high-water mark of 1000, and
# hears only of every 500th message that it is gone.
_ROUNDS = 400


def run(bench: Bench, subscribers: int, size: int) -> dict[str, float]:
    """Receive what is published: ns a message, each of which one subscriber gets.

    Args:
        bench: the program.
        subscribers: SUB sockets, 1 to 1000.
        size: bytes in a message, which begins with its topic.
    """
    peer = bench.peer
    publisher = bench.start("Publisher", subscribers=subscribers, size=size, endpoint=bench.endpoint("tcp"))
    endpoint = publisher.ask("where")["endpoint"]
    sockets = []
    for number in range(subscribers):
        sockets.append(peer.socket("SUB", subscribe=topic(number)))
        peer.connect(sockets[-1], endpoint)
    publisher.ask("wait_for_subscribers")

    def rounds(count: int) -> int:
        took = 0
        while count > 0:
            now = min(count, _ROUNDS)
            publisher.tell("publish", rounds=now)
            took += int(peer.collect(sockets, now, size))
            publisher.receive()
            count -= now
        return took

    return {"ns": bench.repeat(rounds) / subscribers}


def topic(number: int) -> bytes:
    """What a subscriber subscribes to: no topic begins with another."""
    return b"topic-%04d." % number


class Publisher:
    """The process that publishes."""

    def __init__(self, bench: Bench, subscribers: int, size: int, endpoint: str) -> None:
        self.peer = bench.peer
        # An XPUB hears of its subscribers; what it publishes costs the same.
        self.socket = self.peer.socket("XPUB")
        self.endpoint = self.peer.bind(self.socket, endpoint)
        self.messages = [topic(number).ljust(size, b"x") for number in range(subscribers)]

    def where(self) -> dict[str, str]:
        """Where it listens."""
        return {"endpoint": self.endpoint}

    def wait_for_subscribers(self) -> dict[str, int]:
        """Wait until every subscription is here."""
        for _ in self.messages:
            self.peer.recv(self.socket, 1 + len(topic(0)), 1)
        return {"subscribers": len(self.messages)}

    def publish(self, rounds: int) -> dict[str, int]:
        """Publish every message, rounds times."""
        # libzmq looks no more than once a millisecond for what is gone, unless it is asked something.
        self.peer.poll_socket(self.socket, 1)
        return {"ns": self.peer.publish(self.socket, self.messages, rounds)}
