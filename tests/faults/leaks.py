"""Every object made and dropped again and again, error paths too: nothing stays behind.

For each kind: blocks of Python's allocator, bytes of the C library's (libzmq's memory and every zmq_msg_t with it),
descriptors, threads, and buffers that libzmq still reads, before and after. What each cycle leaves is a figure.
"""

from __future__ import annotations

import ctypes
import gc
import os
import sys
import threading
import time
import warnings
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NamedTuple

import children
from report import Report

import zmqlite as zmq
from zmqlite._native import lib

LONG = {"cycles": 10_000}
SHORT = {"cycles": 60}

DEADLINE_SECONDS = 900.0
LONG_NAME = "ipc://" + "x" * 200
# What caches and lists that grow by half may take once, beside what a cycle takes.
SLACK_BLOCKS = 60
SLACK_BYTES = 60_000


EXPECTED = (
    zmq.ZMQBaseError,
    TypeError,
    ValueError,
    OverflowError,
    BufferError,
    AttributeError,
    KeyError,
    RuntimeError,
)


class Counts(NamedTuple):
    """What is there at a time."""

    blocks: int
    bytes: int
    descriptors: int
    threads: int
    buffers: int


class _Mallinfo2(ctypes.Structure):
    # malloc.h; uordblks and hblkhd are the bytes in use.
    _fields_ = [
        *((name, ctypes.c_size_t) for name in ("arena", "ordblks", "smblks", "hblks", "hblkhd", "usmblks")),
        *((name, ctypes.c_size_t) for name in ("fsmblks", "uordblks", "fordblks", "keepcost")),
    ]


def _bytes_in_use() -> int:
    try:
        mallinfo = ctypes.CDLL(None).mallinfo2
    except AttributeError:  # not glibc 2.33 or later
        return 0
    mallinfo.restype = _Mallinfo2
    info = mallinfo()
    return int(info.uordblks + info.hblkhd)


def count(before: Counts | None = None) -> Counts:
    """Count, once what ends on other threads has ended: nothing changes any more, or is as it was before."""
    until = time.monotonic() + 10
    same, last = 0, None
    while same < 8 and time.monotonic() < until:
        gc.collect()
        _pause.wait(0.01)
        found = (len(os.listdir("/proc/self/fd")), len(os.listdir("/proc/self/task")), int(lib.zl_hold_count()))
        settled = found == last and (before is None or all(now <= then for now, then in zip(found, before[2:])))
        same = same + 1 if settled else 0
        last = found
    return Counts(sys.getallocatedblocks(), _bytes_in_use(), *found)


_pause = threading.Event()


def _raises(call: Callable[..., Any], *arguments: Any, **keywords: Any) -> None:
    try:
        call(*arguments, **keywords)
    except EXPECTED:
        return
    raise AssertionError(f"{call} did not raise")


class Cycles:
    """A cycle of each kind; those that need sockets share a connected pair."""

    def __init__(self) -> None:
        self.context: Any = zmq.Context()
        self.one, self.two = self.context.socket(zmq.PAIR), self.context.socket(zmq.PAIR)
        for socket in (self.one, self.two):
            socket.linger = 0
            socket.rcvtimeo = socket.sndtimeo = 5000
        self.one.bind("inproc://leaks")
        self.two.connect("inproc://leaks")
        self.large = os.urandom(5000)
        self.buffer = bytearray(6000)
        self.number = 0
        self.pair = zmq.KeyPair.generate() if zmq.has("curve") else None

    def contexts(self) -> None:
        """Made and ended in both ways."""
        with zmq.Context() as context, context.socket(zmq.PUSH) as socket:
            socket.bind("inproc://x")
        context = zmq.Context()
        context.set(zmq.IO_THREADS, 1)
        _raises(context.set, 99999, 1)
        context.term()
        _raises(context.socket, zmq.PUSH)

    def contexts_dropped_in_cycles(self) -> None:
        """Found by the garbage collector."""
        context: Any = zmq.Context()
        socket = context.socket(zmq.PULL)
        socket.__dict__["itself"] = socket
        context.__dict__["socket"] = socket
        del context, socket
        gc.collect()

    def sockets(self) -> None:
        """Bound, connected, closed, used after."""
        socket = self.context.socket(zmq.DEALER)
        socket.bind("tcp://127.0.0.1:*")
        socket.connect(socket.last_endpoint)
        socket.close()
        _raises(socket.send, b"x")
        _raises(socket.recv)
        _raises(self.context.socket, 99)
        _raises(self.context.socket, zmq.PULL, nothing_like_it=1)

    def endpoints(self) -> None:
        """Refused ones, and one given back."""
        socket = self.context.socket(zmq.DEALER)
        for endpoint in ("", "tcp://", "tcp://*:99999", "nothing://x", "tcp://\0", "inproc://", 5, LONG_NAME):
            _raises(socket.bind, endpoint)
            _raises(socket.connect, endpoint)
        _raises(socket.bind, "inproc://leaks")
        socket.bind("tcp://127.0.0.1:*")
        endpoint = socket.last_endpoint
        socket.unbind(endpoint)
        _raises(socket.unbind, endpoint)
        socket.close(0)

    def messages(self) -> None:
        """Sent and received by every verb."""
        one, two = self.one, self.two
        one.send(b"x")
        two.recv()
        one.send(self.large)
        two.recv()
        one.send(bytearray(self.large), copy=False)
        two.recv()
        one.send_multipart([b"x", self.large, memoryview(self.buffer)])
        two.recv_multipart()
        one.send_many([b"x", self.large] * 3)
        two.recv_many(6)
        one.send(b"x")
        two.recv_into(self.buffer)
        one.send_string("text")
        two.recv_string()
        one.send_pyobj({"a": [1]})
        two.recv_pyobj()
        one.send_json([1])
        two.recv_json()

    def messages_that_fail(self) -> None:
        """Refused by every verb, some of them half way."""
        one, two = self.one, self.two
        _raises(one.send, "text")
        _raises(one.send, None)
        _raises(one.send, self.large, nothing=1)
        _raises(one.send, memoryview(self.buffer)[::2], copy=False)
        _raises(one.send_multipart, [b"x", self.large, "text"])
        _raises(one.send_multipart, 5)
        _raises(one.send_many, [b"x", 5])
        assert two.recv() == b"x"
        _raises(two.recv, zmq.DONTWAIT)
        _raises(two.recv_multipart, zmq.DONTWAIT, copy=False)
        _raises(two.recv_into, self.buffer, flags=zmq.DONTWAIT)
        _raises(two.recv_into, b"constant")
        _raises(two.recv, "flags")

    def frames(self) -> None:
        """Copied, in place, tracked, and refused."""
        one, two = self.one, self.two
        frame = zmq.Frame(self.large, track=True)
        one.send(frame, copy=False)
        received = two.recv(copy=False)
        assert len(received.bytes) == len(received.buffer)
        tracker = one.send(bytearray(self.large), copy=False, track=True)
        two.recv(copy=False)
        tracker.wait(5)
        _raises(zmq.Frame, "text")
        _raises(received.get, "Nothing")
        _raises(received.set, 99, 1)
        one.send_multipart([zmq.Frame(b"x"), zmq.Frame(self.large)], copy=False)
        two.recv_multipart(copy=False)

    def frames_in_cycles(self) -> None:
        """In garbage that refers to itself."""
        holder: list[Any] = [bytearray(self.large)]
        frame = zmq.Frame(memoryview(holder[0]), copy=False)
        holder.append((frame, holder))
        self.one.send(frame, copy=False)
        received = self.two.recv(copy=False)
        holder.append(received)
        del frame, received

    def options(self) -> None:
        """Read, set, refused."""
        for name in ("linger", "routing_id", "last_endpoint", "type", "events", "mechanism", "fd"):
            getattr(self.one, name)
        self.one.linger = 0
        _raises(self.one.setsockopt, zmq.LINGER, "x")
        _raises(self.one.setsockopt, 9999, 1)
        _raises(self.one.getsockopt, 9999)
        _raises(self.one.set_string, zmq.LINGER, 5)

    def pollers(self) -> None:
        """Polled, and refused."""
        poller = zmq.Poller()
        poller.register(self.one, zmq.POLLIN)
        poller.register(0, zmq.POLLIN)
        poller.poll(0)
        poller.unregister(0)
        _raises(poller.unregister, 0)
        zmq.select([self.one], [self.two], [], 0)
        _raises(zmq.zmq_poll, [("x", zmq.POLLIN)], 0)

    def monitors(self) -> None:
        """With events, until they stop."""
        socket, monitor = self.context.socket(zmq.PULL), self.context.socket(zmq.PAIR)
        self.number += 1
        socket.monitor(f"inproc://monitor-{self.number}")
        monitor.connect(f"inproc://monitor-{self.number}")
        socket.bind("tcp://127.0.0.1:*")
        _raises(zmq.parse_monitor_message, [b"x", b"y"])
        _raises(socket.monitor, "tcp://nothing")
        socket.close(0)
        # Events that nobody takes keep the monitor's thread for a second.
        while zmq.recv_monitor_message(monitor)["event"] != zmq.EVENT_MONITOR_STOPPED:
            pass
        monitor.close(0)

    def proxies(self) -> None:
        """Ended by a word, and refused."""
        sockets = [self.context.socket(kind) for kind in (zmq.PULL, zmq.PUSH, zmq.PAIR, zmq.PAIR)]
        self.number += 1  # libzmq gives a name free a moment after the close
        sockets[2].bind(f"inproc://control-{self.number}")
        sockets[3].connect(f"inproc://control-{self.number}")
        sockets[3].send(b"TERMINATE")
        zmq.proxy_steerable(sockets[0], sockets[1], None, sockets[2])
        _raises(zmq.proxy, sockets[0], None)
        for socket in sockets:
            socket.close(0)
        _raises(zmq.proxy, sockets[0], sockets[1])

    def keys(self) -> None:
        """Made, used, refused."""
        if self.pair is None:
            return
        zmq.KeyPair(self.pair.secret)
        _raises(zmq.KeyPair, b"~" * 40)
        _raises(zmq.curve_public, b"x")
        with self.context.socket(zmq.PULL) as socket:
            socket.curve_secretkey, socket.curve_publickey = self.pair.secret, self.pair.public
            _raises(socket.setsockopt, zmq.CURVE_SERVERKEY, b"x" * 7)


def settle(all_of_them: Cycles) -> None:
    """Let everything go: garbage holds messages, which hold buffers, which hold garbage. Sending lets buffers go."""
    for _ in range(4):
        gc.collect()
        all_of_them.messages()


def measure(kind: str, cycles: int) -> None:
    """Run cycles of a kind, in this process. Prints what is there more than before."""
    warnings.simplefilter("ignore")
    all_of_them = Cycles()
    cycle = getattr(all_of_them, kind)
    # What is taken once, such as the rows of a queue that grew to its size, is there after some.
    for _ in range(max(30, cycles // 5)):
        cycle()
    settle(all_of_them)
    before = count()
    for _ in range(cycles):
        cycle()
    settle(all_of_them)
    after = count(before)
    print(*(now - then for then, now in zip(before, after)))


def run(report: Report, cycles: int) -> None:
    """Run so many cycles of each kind, each kind in a process of its own."""
    kinds = [name for name, value in vars(Cycles).items() if not name.startswith("_") and callable(value)]

    def start(kind: str) -> children.Ended:
        code = f"import sys; sys.path[:0] = {sys.path!r}; import leaks; leaks.measure({kind!r}, {cycles})"
        return children.run(code, DEADLINE_SECONDS)

    with ThreadPoolExecutor(2) as pool:
        ends = list(pool.map(start, kinds))
    for kind, ended in zip(kinds, ends):
        if not ended.well:
            report.figure(f"{kind}: {ended.signal or ended.code} {ended.stderr[-1500:]}", False)
            continue
        more = Counts(*map(int, ended.stdout.split()))
        grown = cycles * 0.01
        met = (
            more.blocks < SLACK_BLOCKS + grown
            and more.bytes < SLACK_BYTES + 16 * grown
            and more.descriptors <= 0
            and more.threads <= 0
            and more.buffers <= 0
        )
        report.figure(
            f"{cycles:,} cycles of {kind.replace('_', ' ')}: {more.blocks:+} blocks, {more.bytes:+,} bytes, "
            f"{more.descriptors:+} descriptors, {more.threads:+} threads, {more.buffers:+} buffers",
            met,
        )
