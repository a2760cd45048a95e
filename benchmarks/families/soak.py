"""A soak of zmqlite: numbered, checksummed messages of mixed sizes, which all have to arrive, whole and in order."""

from __future__ import annotations

import struct
import threading
from dataclasses import dataclass
from time import monotonic
from zlib import crc32

from .memory import resident_kib

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from benchmarks.child import Bench

__all__ = ["CASES", "Feeder", "SoakError", "run"]

# Checksum of all that follows, the sender's number, the message's number.
_HEAD = struct.Struct("<IIQ")
_REST = struct.Struct("<IQ")
_SIZES = (0, 1, 7, 16, 17, 33, 64, 100, 255, 256, 500, 1000, 1007, 1008, 1024, 1500, 4096)
_LARGE = (65_536, 100_000)
# One message in so many is large: a mean of about 1 KiB, so that sizes meet and memory does not decide.
_LARGE_EVERY = 256
_MANY = 200
# What a process may grow by after its first third: queues are full at one time and empty at another.
_GROWTH_KIB = 48 * 1024


class SoakError(Exception):
    """A message is missing, out of order or damaged, or memory grew."""


@dataclass(frozen=True)
class Case:
    """One way for messages to travel.

    Attributes:
        kinds: the sockets that send and that receive.
        transport: inproc is threads of one process; tcp and ipc are two processes.
        senders: threads that send, each on a socket of its own.
        form: "single", "parts", "many" (send_many and recv_many) or "frames" (copy=False).
        echo: every message comes back; this many are under way at a time for each sender. 0 is one way.
        share: messages of this case in a soak, for one of the simplest case.
    """

    kinds: tuple[str, str]
    transport: str
    senders: int = 1
    form: str = "single"
    echo: int = 0
    share: float = 1.0


CASES = {
    "push-pull, inproc": Case(("PUSH", "PULL"), "inproc"),
    "push-pull, inproc, 4 threads": Case(("PUSH", "PULL"), "inproc", senders=4),
    "push-pull, inproc, frames": Case(("PUSH", "PULL"), "inproc", form="frames", share=0.5),
    "pair, inproc, lists": Case(("PAIR", "PAIR"), "inproc", form="many"),
    "push-pull, tcp": Case(("PUSH", "PULL"), "tcp"),
    "push-pull, tcp, 4 threads": Case(("PUSH", "PULL"), "tcp", senders=4),
    "push-pull, tcp, lists": Case(("PUSH", "PULL"), "tcp", senders=2, form="many"),
    "push-pull, tcp, frames": Case(("PUSH", "PULL"), "tcp", form="frames", share=0.5),
    "push-pull, ipc, parts": Case(("PUSH", "PULL"), "ipc", senders=2, form="parts"),
    "publish, tcp": Case(("XPUB", "SUB"), "tcp", senders=2),
    "dealer-router, tcp, echo": Case(("DEALER", "ROUTER"), "tcp", senders=4, echo=50, share=0.1),
    "dealer-router, inproc, echo": Case(("DEALER", "ROUTER"), "inproc", senders=4, echo=50, share=0.1),
    "req-rep, tcp": Case(("REQ", "REP"), "tcp", echo=1, share=0.01),
}


def make_bodies() -> list[bytes]:
    """What messages carry, in turn."""
    sizes = [_SIZES[at % len(_SIZES)] for at in range(2 * _LARGE_EVERY)]
    sizes[_LARGE_EVERY // 2], sizes[_LARGE_EVERY + _LARGE_EVERY // 2] = _LARGE
    return [
        bytes((at * 31 + size + step) & 255 for step in range(64)) * (size // 64 + 1) for at, size in enumerate(sizes)
    ]


def make_head(stream: int, number: int, body: bytes) -> bytes:
    """The head of a message."""
    return _HEAD.pack(crc32(body, crc32(_REST.pack(stream, number))), stream, number)


class Check:
    """What has arrived: every sender's messages are numbered from 0."""

    def __init__(self, senders: int) -> None:
        self.expected = [0] * senders

    def take(self, head: Any, body: Any) -> None:
        """Check one message.

        Raises:
            SoakError: it is not the next one of its sender, or damaged.
        """
        checksum, stream, number = _HEAD.unpack(head)
        if crc32(body, crc32(head[4:])) != checksum:
            raise SoakError(f"message {number} of sender {stream} is damaged")
        if number != self.expected[stream]:
            raise SoakError(f"message {number} of sender {stream} came where {self.expected[stream]} was due")
        self.expected[stream] = number + 1

    def take_whole(self, message: Any) -> None:
        """Check one message that is one part."""
        view = memoryview(message)
        self.take(view[: _HEAD.size], view[_HEAD.size :])


def feed(peer: Any, case: Case, endpoint: str, stream: int, count: int) -> None:
    """Send so many messages; check those that come back."""
    bodies = make_bodies()
    socket = peer.socket(case.kinds[0], linger=-1)
    if case.kinds[0] == "XPUB":
        socket.xpub_nodrop = 1
    peer.connect(socket, endpoint)
    if case.kinds[0] == "XPUB":
        socket.recv()  # the subscription
    returned = Check(stream + 1)
    pending: list[bytes] = []
    for number in range(count):
        body = bodies[number % len(bodies)]
        head = make_head(stream, number, body)
        if case.form == "parts":
            socket.send_multipart([head, body])
        elif case.form == "many":
            pending.append(head + body)
            if len(pending) == _MANY or number + 1 == count:
                socket.send_many(pending)
                pending = []
        elif case.form == "frames":
            socket.send(bytearray(head + body), copy=False)
        else:
            socket.send(head + body)
        if case.echo and (number % case.echo == case.echo - 1 or number + 1 == count):
            while returned.expected[stream] <= number:
                returned.take_whole(socket.recv())
    socket.close()


def start_feeding(peer: Any, case: Case, endpoint: str, count: int) -> tuple[list[threading.Thread], list[str]]:
    """Start the sending threads; what fails in one of them is in the second list."""
    failed: list[str] = []

    def run_one(stream: int) -> None:
        try:
            feed(peer, case, endpoint, stream, count)
        except Exception as error:  # whatever it is has to reach the main thread
            failed.append(f"sender {stream}: {type(error).__name__}: {error}")

    threads = [threading.Thread(target=run_one, args=(stream,), daemon=True) for stream in range(case.senders)]
    for thread in threads:
        thread.start()
    return threads, failed


class Feeder:
    """The process that sends."""

    def __init__(self, bench: Bench, case: str, endpoint: str, count: int) -> None:
        self.threads, self.failed = start_feeding(bench.peer, CASES[case], endpoint, count)

    def finish(self) -> dict[str, Any]:
        """Wait for the threads."""
        for thread in self.threads:
            thread.join()
        return {"failed": self.failed}


def receive(socket: Any, case: Case, check: Check) -> int:
    """Receive and check what is next. Returns how many messages that was."""
    if case.form == "many":
        messages = socket.recv_many(_MANY)
        for message in messages:
            check.take_whole(message)
        return len(messages)
    if case.form == "frames":
        check.take_whole(socket.recv(copy=False).buffer)
    elif case.form == "parts":
        check.take(*socket.recv_multipart())
    elif case.kinds[1] == "ROUTER":
        message = socket.recv_multipart()
        check.take_whole(message[1])
        socket.send_multipart(message)
    else:
        message = socket.recv()
        check.take_whole(message)
        if case.echo:
            socket.send(message)
    return 1


def run(bench: Bench, case: str, count: int) -> dict[str, float]:
    """Let so many messages travel in one of `CASES`.

    Args:
        bench: zmqlite.
        case: one of CASES.
        count: messages, of all senders together.

    Raises:
        SoakError: one is missing, out of order or damaged, or memory grew.
    """
    way = CASES[case]
    peer = bench.peer
    each = -(-count // way.senders)
    receiver = peer.socket(way.kinds[1], **({"subscribe": b""} if way.kinds[1] == "SUB" else {}), linger=-1)
    endpoint = peer.bind(receiver, bench.endpoint(way.transport))
    started = monotonic()
    if way.transport == "inproc":
        threads, failed = start_feeding(peer, way, endpoint, each)
    else:
        feeder = bench.start("Feeder", case=case, endpoint=endpoint, count=each)
    check = Check(way.senders)
    left, before = each * way.senders, 0.0
    third = left * 2 // 3
    while left > 0:
        if not before and left <= third:
            before = resident_kib()
        left -= receive(receiver, way, check)
    after = resident_kib()
    if way.transport == "inproc":
        for thread in threads:
            thread.join()
    else:
        failed = feeder.ask("finish")["failed"]
    if failed:
        raise SoakError("; ".join(failed))
    if receiver.poll(0):
        raise SoakError("there is a message too many")
    if after - before > _GROWTH_KIB:
        raise SoakError(f"memory grew by {(after - before) / 1024:.0f} MiB after the first third")
    return {"messages": each * way.senders, "ns": (monotonic() - started) * 1e9, "growth_kib": after - before}
