"""Long messages from a peer over tcp or ipc: they are received into what becomes their bytes object."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable
from typing import Any

import pytest
from conftest import bind_wildcard
from exit_children import child_code

import zmqlite as zmq
from zmqlite.info import collect_info

INFO = collect_info()
LANDS = INFO["backend"] == "c" and any("land in memory" in name for name in (INFO["build"] or {}).get("mends") or [])
LEAST = 16_384
SIZES = (LEAST - 1, LEAST, LEAST + 1, 65_536, 135_169, 1_000_000, 3_000_001)
needs_landing = pytest.mark.skipif(not LANDS, reason="only the C backend with the bundled libzmq has messages land")
ALLOCATORS: dict[str, dict[str, str]] = {
    "Python's own": {},
    "the C library's": {"PYTHONMALLOC": "malloc"},
    "that checks": {"PYTHONMALLOC": "debug"},
    "that checks the C library's": {"PYTHONMALLOC": "malloc_debug"},
    "that traces": {"PYTHONTRACEMALLOC": "3"},
}


def connected(context: Any, transport: str = "tcp") -> tuple[Any, Any]:
    """A PUSH that is connected to a PULL."""
    receiver, sender = context.socket(zmq.PULL), context.socket(zmq.PUSH)
    sender.sndtimeo = receiver.rcvtimeo = 20_000
    sender.connect(bind_wildcard(receiver, transport))
    return sender, receiver


def make(size: int, seed: int) -> bytes:
    """Bytes that say where they were taken from."""
    return (b"%d," % seed) * (size // len(b"%d," % seed)) + b"e" * (size % len(b"%d," % seed))


def check(received: Any, sent: bytes) -> None:
    """It is bytes like any other."""
    assert type(received) is bytes
    assert len(received) == len(sent)
    assert received == sent
    assert {sent: 1}[received] == 1  # by its hash
    assert sys.getsizeof(received) == sys.getsizeof(sent)


@pytest.mark.parametrize("transport", ["tcp", "ipc"])
def test_long_messages_are_bytes_like_others(transport: str, context: Any) -> None:
    """From every call that receives, alone and as parts, while others of them are kept and let go."""
    sender, receiver = connected(context, transport)
    kept = []
    for seed in range(10):
        for size in SIZES:
            sent = make(size, seed)
            sender.send_many([sent, sent, sent])
            check(receiver.recv(), sent)
            receiver.poll(20_000)
            check(receiver.try_recv(), sent)
            check(receiver.recv_many(1)[0], sent)
            sender.send_multipart([sent, b"", sent])
            first, nothing, last = receiver.recv_multipart()
            assert nothing == b""
            check(first, sent)
            check(last, sent)
            kept.append((first, sent))
        del kept[::3]
    for received, sent in kept:
        check(received, sent)


def test_a_zero_follows_the_data(context: Any) -> None:
    """Python's own parsers read up to it; the memory is that of a longer message before."""
    sender, receiver = connected(context)
    for size in sorted(SIZES, reverse=True):
        for less in (0, 1, 7):
            sender.send(b"0" * (size - less - 1) + b"7")
            assert float(receiver.recv()) == 7.0


def test_frames_and_bytes_of_one_message(context: Any) -> None:
    """A frame keeps its memory when its bytes were asked for, and they outlive it; and so where it was sent on to."""
    sender, receiver = connected(context)
    onward, end = connected(context, "inproc")
    for size in SIZES:
        sent = make(size, 5)
        sender.send(sent)
        frame = receiver.recv(copy=False)
        view, data = frame.buffer, frame.bytes
        check(data, sent)
        onward.send(frame)
        del frame
        assert view == sent
        view.release()
        check(data, sent)
        del data
        bytearray(size)
        check(end.recv(), sent)


def test_a_message_that_two_have_is_copied(context: Any) -> None:
    """proxy_steerable() hands one message to a capture socket and on: both get it whole, whoever is first."""
    sender, front = connected(context)
    control, steered = context.socket(zmq.PAIR), context.socket(zmq.PAIR)
    steered.connect(bind_wildcard(control))
    (back, end), (capture, captured) = connected(context, "inproc"), connected(context, "inproc")
    thread = threading.Thread(target=zmq.proxy_steerable, args=(front, back, capture, steered))
    thread.start()
    for size in SIZES:
        sent = make(size, 6)
        sender.send(sent)
        first = end.recv()
        check(first, sent)
        del first
        check(captured.recv(), sent)
    control.send(b"TERMINATE")
    thread.join(20)
    assert not thread.is_alive()


@pytest.mark.skipif(not zmq.has("curve"), reason="this libzmq has no CURVE")
def test_curve_messages_land(context: Any) -> None:
    """They are decrypted where they landed, and are shorter then."""
    receiver, sender = context.socket(zmq.PULL), context.socket(zmq.PUSH)
    keys = zmq.KeyPair.generate()
    zmq.set_curve_server(receiver, keys, allow_any=True)
    zmq.set_curve_client(sender, keys.public)
    sender.sndtimeo = receiver.rcvtimeo = 20_000
    sender.connect(bind_wildcard(receiver, "tcp"))
    for size in SIZES:
        sent = make(size, 7)
        sender.send(sent)
        check(receiver.recv(), sent)


def receive_in(context: Any, times: int) -> None:
    """What the children below do."""
    sender, receiver = connected(context)
    kept = []
    for seed in range(times):
        for size in SIZES:
            sent = make(size, seed)
            sender.send(sent)
            received = receiver.recv()
            check(received, sent)
            check(b"".join((received, b"x"))[:-1], sent)
            kept.append(received)
        del kept[::2]


@pytest.mark.parametrize("allocator", ALLOCATORS)
def test_whatever_allocates_objects_frees_them(allocator: str, run_child: Callable[..., Any]) -> None:
    """Nothing else would let the process live on; Python's count of its blocks is as it was, and tracemalloc's true."""
    code = """
        import gc, tracemalloc
        context = zmq.Context()
        receive_in(context, 1)
        gc.collect()
        before = sys.getallocatedblocks()
        receive_in(context, 10)
        gc.collect()
        print("blocks" if abs(sys.getallocatedblocks() - before) < 40 else sys.getallocatedblocks() - before)
        tracemalloc.start()
        sender, receiver = connected(context)
        sent = make(5_000_000, 1)
        tracemalloc.clear_traces()
        sender.send(sent)
        received = receiver.recv()
        traced = tracemalloc.get_traced_memory()[0]
        print("traced" if 5_000_000 < traced < 6_000_000 else traced)
        tracemalloc.stop()
        del received
        receive_in(context, 2)
        context.destroy(0)
    """
    names = "from test_landing import *; import sys"
    child = run_child(child_code(names, code), **ALLOCATORS[allocator])
    assert (child.exit_code, child.stdout.split()) == (0, ["blocks", "traced"]), child


@needs_landing
@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads /proc")
def test_a_long_message_takes_its_memory_once(run_child: Callable[..., Any]) -> None:
    """At its highest, too: it is not copied into its bytes object."""
    code = """
        def read(name):
            lines = open("/proc/self/status").read().splitlines()
            return next(int(line.split()[1]) for line in lines if line.startswith(name + ":"))
        sender, receiver = connected(zmq.Context())
        sent = make(64 << 20, 1)
        before = read("VmRSS")
        sender.send(sent)
        received = receiver.recv()
        print((read("VmHWM") - before) // 1024)
        del received
        sender.send(sent)
        del sender  # what was on its way is freed without having been received
        zmq.Context.instance().term()
    """
    names = "from test_landing import *"
    child = run_child(child_code(names, code))
    assert child.exit_code == 0, child
    assert 60 <= int(child.stdout) < 90


@needs_landing
@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads /proc")
@pytest.mark.parametrize("tuning", [None, "throughput"])
def test_a_frame_of_a_stream_of_long_ones_keeps_no_others_alive(
    run_child: Callable[..., Any], tuning: str | None
) -> None:
    """Of 32 KiB and more: each was read into its own place, not with others into one buffer."""
    code = """
        def rss():
            return int(open("/proc/self/statm").read().split()[1]) // 256
        context = zmq.Context(tuning=TUNING)
        sender, receiver = connected(context, "ipc")
        sent = make(50_000, 1)
        def receive(keep):
            for number in range(800):
                sender.send(sent, copy=False)
            return [frame for number in range(800) for frame in [receiver.recv(copy=False)] if number % 8 == keep]
        receive(None)
        before = rss()
        kept = [receive(0) for _ in range(5)]
        print(rss() - before)
    """
    child = run_child(child_code("from test_landing import *", code, TUNING=tuning))
    assert child.exit_code == 0, child
    assert int(child.stdout) < 60, child  # they are 24 MiB; with the buffers that they came in it would be 190


@needs_landing
@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads /proc")
def test_what_nobody_received_is_freed(run_child: Callable[..., Any]) -> None:
    """With the sockets that it waits in."""
    code = """
        def rss():
            return int(open("/proc/self/statm").read().split()[1]) // 256
        def fill_and_close():
            with zmq.Context() as context:
                sender, receiver = connected(context)
                sender.linger = 0
                sent = make(1 << 20, 1)
                for _ in range(30):
                    sender.send(sent)
                receiver.recv()
                receiver.close(0)
                sender.close(0)
        for _ in range(5):
            fill_and_close()
        before = rss()
        for _ in range(20):
            fill_and_close()
        print(rss() - before)
    """
    child = run_child(child_code("from test_landing import *", code))
    assert child.exit_code == 0, child
    assert int(child.stdout) < 60
