"""Memory of short messages is kept for the next ones: how much, whose, and that no message gets another's."""

from __future__ import annotations

import ctypes
import sys
import threading
from collections.abc import Callable
from typing import Any

import pytest
from conftest import bind_wildcard
from exit_children import child_code

import zmqlite
from zmqlite.info import collect_info

# What malloc has given out, as the C library tells; messages that are dropped are freed by libzmq's threads.
QUEUED = """
    import ctypes, socket as system, threading

    class Figures(ctypes.Structure):
        names = "arena ordblks smblks hblks hblkhd usmblks fsmblks uordblks fordblks keepcost"
        _fields_ = [(name, ctypes.c_size_t) for name in names.split()]

    library = ctypes.CDLL(None)
    library.mallinfo2.restype = Figures
    nobody = system.socket()
    nobody.bind(("127.0.0.1", 0))

    def queue_and_drop(context, count):
        with context.socket(zmq.PUSH) as socket:
            socket.sndhwm = 0
            socket.linger = 0
            socket.connect("tcp://127.0.0.1:%d" % nobody.getsockname()[1])
            for _ in range(count):
                socket.send(bytes(400))

    def given_out(work):
        with zmq.Context() as context:
            queue_and_drop(context, 10)
        before = library.mallinfo2().uordblks
        with zmq.Context() as context:
            work(context)
        return library.mallinfo2().uordblks - before
"""
needs_figures = pytest.mark.skipif(
    sys.platform != "linux" or not hasattr(ctypes.CDLL(None), "mallinfo2"),
    reason="asks the C library, glibc 2.33 or later, what malloc has given out",
)
bundled = pytest.mark.skipif(
    collect_info()["libzmq"]["origin"] == "system", reason="the system's libzmq keeps no memory of messages"
)


def memory_after(run_child: Callable[..., Any], work: str, **environment: str) -> int:
    """Bytes that malloc has given out for good, after some work with a context that has ended since."""
    child = run_child(child_code(f"{QUEUED}\n    print(given_out({work}))\n"), timeout=60, **environment)
    assert child.exit_code == 0, child.stderr
    return int(child.stdout)


@needs_figures
def test_a_long_queue_leaves_little(run_child: Callable[..., Any]) -> None:
    """However long it was: here of 25 MB."""
    assert memory_after(run_child, "lambda context: queue_and_drop(context, 50_000)") < 1_000_000


@needs_figures
@bundled
def test_some_memory_is_kept(run_child: Callable[..., Any]) -> None:
    """Unless PYTHONMALLOC says that each is malloc's, for tools that look for faults in memory."""
    work = "lambda context: queue_and_drop(context, 50_000)"
    assert memory_after(run_child, work) > 200_000
    assert memory_after(run_child, work, PYTHONMALLOC="malloc") < 100_000


@needs_figures
def test_threads_that_come_and_go_leave_little(run_child: Callable[..., Any]) -> None:
    """What one kept is for the next: a hundred threads would have kept 20 MB."""
    work = """lambda context: [
        (thread.start(), thread.join())
        for thread in [threading.Thread(target=queue_and_drop, args=(context, 500)) for _ in range(100)]
    ]"""
    assert memory_after(run_child, work) < 3_000_000


@pytest.mark.parametrize("transport", ["tcp", "ipc"])
def test_messages_of_many_threads_arrive_as_they_were(transport: str, context: zmqlite.Context[Any]) -> None:
    """Of every size up to the largest whose memory is kept, and beyond, each filled with a byte of its own."""
    threads, largest = 4, 1100
    arrived = threading.Event()  # who closes before may lose some on ipc with the system's libzmq: docs/differences.md

    def send(number: int) -> None:
        with context.socket(zmqlite.PUSH) as socket:
            socket.linger = -1
            socket.connect(endpoint)
            for size in range(1, largest):
                socket.send(bytes([(size * threads + number) % 251]) * size)
            arrived.wait(30)

    with context.socket(zmqlite.PULL) as receiver:
        receiver.rcvtimeo = 20_000
        endpoint = bind_wildcard(receiver, transport)
        workers = [threading.Thread(target=send, args=(number,)) for number in range(threads)]
        for worker in workers:
            worker.start()
        try:
            received = [receiver.recv() for _ in range(threads * (largest - 1))]
        finally:
            arrived.set()
        for worker in workers:
            worker.join()
    numbers = [(size, size * threads + number) for size in range(1, largest) for number in range(threads)]
    assert sorted(received) == sorted(bytes([number % 251]) * size for size, number in numbers)
