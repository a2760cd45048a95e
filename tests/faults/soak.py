"""Numbered, checksummed messages of mixed sizes through many patterns at once: none lost, doubled or out of order.

Two processes with a thread for each lane, and lanes within one process. A message is its number, the CRC-32 of its
body begun with that number, and the body. The memory of both processes is sampled all along: its slope is a figure.
"""

from __future__ import annotations

import os
import random
import struct
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from zlib import crc32

from report import Report

import zmqlite as zmq

LONG = {"messages": 100_000_000}
SHORT = {"messages": 60_000}

HEAD = struct.Struct("<QI")
SAMPLES = 40
# Most are small, as in most programs; at 1 KiB and more a message is sent in place.
_choose = random.Random(1)
SIZES = [_choose.randrange(0, 200) for _ in range(990)] + [_choose.randrange(1000, 9000) for _ in range(33)] + [100_000]
_choose.shuffle(SIZES)
BODIES = [_choose.randbytes(size) for size in SIZES]

# name: (type of the sender, of the receiver, transport, share of the messages, verb)
LANES = {
    "PUSH-PULL tcp, many": (zmq.PUSH, zmq.PULL, "tcp", 0.30, "many"),
    "PUSH-PULL ipc": (zmq.PUSH, zmq.PULL, "ipc", 0.10, "one"),
    "DEALER-ROUTER ipc, multipart": (zmq.DEALER, zmq.ROUTER, "ipc", 0.08, "multipart"),
    "DEALER-DEALER tcp, frames": (zmq.DEALER, zmq.DEALER, "tcp", 0.06, "frames"),
    "PAIR-PAIR tcp": (zmq.PAIR, zmq.PAIR, "tcp", 0.10, "one"),
    "XPUB-SUB tcp": (zmq.XPUB, zmq.SUB, "tcp", 0.10, "one"),
    "REQ-REP ipc": (zmq.REQ, zmq.REP, "ipc", 0.002, "round trip"),
    "PUSH-PULL inproc": (zmq.PUSH, zmq.PULL, "inproc", 0.15, "one"),
    "PAIR-PAIR inproc, many": (zmq.PAIR, zmq.PAIR, "inproc", 0.108, "many"),
}


class Memory:
    """Resident memory of this process over the messages of one of its threads."""

    def __init__(self, total: int) -> None:
        self.points: list[tuple[int, float]] = []
        self._total = total

    def sample(self, done: int, part: int) -> None:
        """Note it, where done of part messages of one lane stands for all lanes."""
        pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
        self.points.append((done * self._total // part, pages * os.sysconf("SC_PAGE_SIZE") / 2**20))

    def slope(self) -> float:
        """MiB for each 10^7 messages, by least squares over the last three quarters."""
        points = self.points[len(self.points) // 4 :]
        mean_x = sum(x for x, _ in points) / len(points)
        mean_y = sum(y for _, y in points) / len(points)
        below = sum((x - mean_x) ** 2 for x, _ in points)
        return 1e7 * sum((x - mean_x) * (y - mean_y) for x, y in points) / below if below else 0.0


def send_lane(socket: Any, verb: str, count: int, tick: Callable[[int], None]) -> None:
    """Send the numbers 0 to count as messages."""
    number = 0
    every = max(1, count // SAMPLES)
    bodies, pack = BODIES, HEAD.pack
    while number < count:
        block = range(number, min(number + 500, count))
        messages = [pack(each, crc32(bodies[each & 1023], each & 0xFFFFFFFF)) + bodies[each & 1023] for each in block]
        if verb == "many":
            socket.send_many(messages)
        elif verb == "multipart":
            for message in messages:
                socket.send_multipart([b"first", message, b""])
        elif verb == "frames":
            for message in messages:
                socket.send(zmq.Frame(message), copy=False)
        elif verb == "round trip":
            for message in messages:
                socket.send(message)
                if socket.recv() != message[:12]:
                    raise ValueError("a reply that belongs to another request")
        else:
            for message in messages:
                socket.send(message)
        if number // every != (number + 500) // every:
            tick(number)
        number = block.stop


def _receivers(socket: Any, verb: str) -> Callable[[], list[Any]]:
    """What receives some messages."""
    if verb == "many":
        return socket.recv_many  # type: ignore[no-any-return]
    if verb == "multipart":
        return lambda: [socket.recv_multipart()[-2]]
    if verb == "frames":
        return lambda: [socket.recv(copy=False).bytes]
    if verb == "round trip":

        def answer() -> list[Any]:
            message = socket.recv()
            socket.send(message[:12])
            return [message]

        return answer
    return lambda: [socket.recv()]


def receive_lane(socket: Any, verb: str, count: int, tick: Callable[[int], None]) -> tuple[int, int, int]:
    """Receive until the last number came. Returns how many were lost, came again or too late, and were damaged."""
    expected = lost = again = damaged = 0
    every = max(1, count // SAMPLES)
    unpack = HEAD.unpack_from
    receive = _receivers(socket, verb)
    due = every
    while expected < count:
        for message in receive():
            number, check = unpack(message)
            if check != crc32(message[12:], number & 0xFFFFFFFF):
                damaged += 1
                continue
            if number != expected:
                if number < expected:
                    again += 1
                    continue
                lost += number - expected
            expected = number + 1
        if expected >= due:
            due += every
            tick(expected)
    return lost, again, damaged


def _open(context: Any, socket_type: int) -> Any:
    socket = context.socket(socket_type)
    if socket_type == zmq.XPUB:
        socket.xpub_nodrop = True
    elif socket_type == zmq.SUB:
        socket.subscribe(b"")
    return socket


def _send_all(folder: Path, messages: int) -> None:
    """The process that sends. It prints its memory's slope."""
    with zmq.Context(2) as context:
        memory = Memory(messages)
        threads = []
        for number, (from_type, _, transport, share, verb) in enumerate(LANES.values()):
            if transport == "inproc":
                continue
            socket = _open(context, from_type)
            socket.connect((folder / f"{number}.endpoint").read_text(encoding="ascii"))
            count = int(messages * share)
            tick = (lambda done, part=count: memory.sample(done, part)) if number == 0 else (lambda done: None)
            threads.append(threading.Thread(target=_send_one, args=(socket, verb, count, tick)))
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    print(memory.slope())


def _send_one(socket: Any, verb: str, count: int, tick: Callable[[int], None]) -> None:
    if socket.type == zmq.XPUB:
        socket.recv()  # there is a subscriber
    with socket:
        send_lane(socket, verb, count, tick)
        socket.close(linger=-1)


def run(report: Report, messages: int) -> None:
    """Send and receive messages in all; the lanes share them."""
    memory = Memory(messages)
    found: dict[str, tuple[int, int, int]] = {}
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as name, zmq.Context(2) as context:
        folder = Path(name)
        threads = []
        for number, (lane, (from_type, to_type, transport, share, verb)) in enumerate(LANES.items()):
            socket = _open(context, to_type)
            wanted = {"tcp": "tcp://127.0.0.1:*", "ipc": f"ipc://{folder / str(number)}"}
            socket.bind(wanted.get(transport, f"inproc://lane-{number}"))
            (folder / f"{number}.endpoint").write_text(socket.get_string(zmq.LAST_ENDPOINT), encoding="ascii")
            count = int(messages * share)

            def progress(done: int, count: int = count) -> None:
                memory.sample(done, count)
                if messages >= 10_000_000:
                    rate = done * messages / count / (time.monotonic() - began)
                    report.say(f"{100 * done // count} %, about {rate:,.0f} messages/s, {memory.points[-1][1]:.0f} MiB")

            tick = progress if number == 0 else (lambda done: None)

            def receive(lane: str = lane, arguments: Any = (socket, verb, count, tick)) -> None:
                with arguments[0]:
                    found[lane] = receive_lane(*arguments)

            threads.append(threading.Thread(target=receive))
            if transport == "inproc":
                sender = _open(context, from_type)
                sender.connect(f"inproc://lane-{number}")
                threads.append(threading.Thread(target=_send_one, args=(sender, verb, count, lambda done: None)))
        code = f"import sys; sys.path[:0] = {sys.path!r}; import soak; from pathlib import Path; "
        code += f"soak._send_all(Path({name!r}), {messages})"
        child = subprocess.Popen([sys.executable, "-X", "faulthandler", "-c", code], stdout=subprocess.PIPE, text=True)
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        said = child.communicate()[0]
    seconds = time.monotonic() - began
    total = sum(int(messages * share) for _, _, _, share, _ in LANES.values())
    lost, again, damaged = (sum(each[index] for each in found.values()) for index in range(3))
    report.figure(
        f"{total:,} messages over {len(LANES)} lanes in {seconds:.0f} s ({total / seconds:,.0f} a second): "
        f"{lost} lost, {again} doubled or out of order, {damaged} damaged",
        len(found) == len(LANES) and lost == again == damaged == 0 and child.returncode == 0,
    )
    for who, slope in (("receiving", memory.slope()), ("sending", float(said))):
        # Below 10^6 messages the first fill of the queues is all that there is to see.
        report.figure(f"the {who} process: {slope:+.2f} MiB for each 10^7", slope < 1 or messages < 10_000_000)
