"""Buffers that libzmq reads in place: which ones, who holds them, and when they are let go."""

from __future__ import annotations

import array
import ctypes
import gc
import importlib.util
import mmap
import sys
import time
import weakref
from collections.abc import Callable
from typing import Any

import pytest
from exit_children import child_code

import zmqlite as zmq
from zmqlite import _backend
from zmqlite._native import lib

SIZE = 100_000
CONTENT = bytes(range(250)) * (SIZE // 250)

Pair = Callable[..., tuple[Any, Any]]


class Buffer(bytearray):
    """One that weak references can watch."""


def _numpy_array() -> Any:
    import numpy

    return numpy.frombuffer(CONTENT, dtype="uint16").reshape(2, -1).copy()


def _mapped() -> mmap.mmap:
    mapped = mmap.mmap(-1, SIZE)
    mapped.write(CONTENT)
    return mapped


BUFFERS: dict[str, Callable[[], Any]] = {
    "bytes": lambda: bytes(bytearray(CONTENT)),
    "bytearray": lambda: bytearray(CONTENT),
    "memoryview": lambda: memoryview(bytearray(CONTENT)),
    "memoryview of a part": lambda: memoryview(b"before" + CONTENT + b"after")[6:-5],
    "memoryview of another type": lambda: memoryview(bytearray(CONTENT)).cast("I"),
    "array": lambda: array.array("H", CONTENT),
    "mmap": _mapped,
    "ctypes": lambda: (ctypes.c_char * SIZE).from_buffer(bytearray(CONTENT)),
    "Frame": lambda: zmq.Frame(CONTENT),
}
if importlib.util.find_spec("numpy"):
    BUFFERS["numpy"] = _numpy_array


def wait_until(condition: Callable[[], bool]) -> bool:
    """Wait for what another thread of libzmq does. Returns whether it did, within 10 s."""
    over = time.monotonic() + 10
    while not condition():
        if time.monotonic() > over:
            return False
        _backend.collect()
        time.sleep(0.001)
    return True


def let_go(watched: Any) -> bool:
    """Whether a weak reference dies, once libzmq has let go."""
    return wait_until(lambda: gc.collect() >= 0 and watched() is None)


@pytest.mark.parametrize("kind", BUFFERS)
def test_any_contiguous_buffer_is_sent_in_place(kind: str, transport: str, pair: Pair) -> None:
    """copy=False, by all three verbs that send: the bytes arrive, and then nothing is held any more."""
    push, pull = pair(zmq.PUSH, zmq.PULL, transport)
    before = lib.zl_hold_count()
    data = BUFFERS[kind]()
    tracker = push.send(data, copy=False, track=kind != "Frame")
    assert pull.recv() == CONTENT
    push.send_multipart([b"head", data], copy=False)
    assert pull.recv_multipart() == [b"head", CONTENT]
    push.send_many([data, [data, data]], copy=False)
    assert pull.recv() == CONTENT
    assert pull.recv_multipart() == [CONTENT, CONTENT]
    if tracker is not None:
        tracker.wait(10)
    del data
    assert wait_until(lambda: lib.zl_hold_count() == before)


def test_a_buffer_is_not_copied(pair: Pair) -> None:
    """What is written into it after the send is what arrives: that is what copy=False means."""
    push, pull = pair(zmq.PUSH, zmq.PULL)
    data = bytearray(CONTENT)
    push.send(data, copy=False)
    data[:5] = b"after"
    assert pull.recv()[:5] == b"after"
    push.send(data)
    data[:5] = b"later"
    assert pull.recv()[:5] == b"after"


def test_long_bytes_are_passed_without_asking(pair: Pair) -> None:
    """Over inproc the receiver gets the very object that was sent, by every verb."""
    push, pull = pair(zmq.PUSH, zmq.PULL)
    data = bytes(bytearray(CONTENT))
    push.send(data)
    assert pull.recv() is data
    push.send_multipart([b"short", data])
    assert pull.recv_multipart()[1] is data
    push.send_many([data, [data, b"short"]])
    received = pull.recv_many()
    assert received[0] is data
    assert received[1][0] is data
    push.send(data)
    assert pull.recv(copy=False).bytes is data
    push.send(zmq.Frame(data))
    assert pull.recv() is data
    push.send(data, copy=True)
    copied = pull.recv()
    assert copied == data
    assert copied is not data


def test_one_object_may_be_in_flight_many_times(pair: Pair) -> None:
    """Each receiver of each message gets it, and no reference is left over."""
    publisher, subscriber = pair(zmq.XPUB, zmq.SUB)
    publisher.recv()
    data = bytes(bytearray(CONTENT))
    before = sys.getrefcount(data) if hasattr(sys, "getrefcount") else 0
    for _ in range(50):
        publisher.send(data)
    assert all(subscriber.recv() is data for _ in range(50))
    assert wait_until(lambda: before == (sys.getrefcount(data) if hasattr(sys, "getrefcount") else 0))


def test_a_subclass_of_bytes_arrives_as_bytes(pair: Pair) -> None:
    """The object that comes back is bytes exactly, whatever was sent."""

    class Special(bytes):
        pass

    push, pull = pair(zmq.PUSH, zmq.PULL)
    push.send(Special(CONTENT))
    received = pull.recv()
    assert type(received) is bytes
    assert received == CONTENT


def test_a_buffer_lives_until_libzmq_lets_go(transport: str, pair: Pair) -> None:
    """Nobody else holds it while it waits to be received, and nobody does afterwards."""
    push, pull = pair(zmq.PUSH, zmq.PULL, transport)
    data = Buffer(CONTENT)
    watched = weakref.ref(data)
    push.send(data, copy=False)
    if transport == "inproc":
        del data
        gc.collect()
        assert watched() is not None
        assert pull.recv() == CONTENT
    else:
        del data
        assert pull.recv() == CONTENT
    assert let_go(watched)


def test_a_buffer_that_nobody_receives_is_let_go_with_its_socket(context: zmq.Context[Any]) -> None:
    """Closing with linger=0 drops the messages, and the tracker says so."""
    push = context.socket(zmq.PUSH)
    push.connect("tcp://127.0.0.1:1")
    data = Buffer(CONTENT)
    watched = weakref.ref(data)
    tracker = push.send(data, copy=False, track=True)
    del data
    assert not tracker.done
    push.close(linger=0)
    tracker.wait(10)
    assert tracker.done
    assert let_go(watched)


@pytest.mark.parametrize("verb", ["send", "send_multipart", "send_many"])
def test_a_send_that_fails_holds_nothing(verb: str, context: zmq.Context[Any]) -> None:
    """The buffer is the caller's alone again."""
    with context.socket(zmq.PUSH) as push:
        data = Buffer(CONTENT)
        watched = weakref.ref(data)
        message: Any = data if verb == "send" else [data, data] if verb == "send_multipart" else [[data], data]
        if verb == "send_many":
            assert push.send_many(message, zmq.DONTWAIT, copy=False) == 0
        else:
            with pytest.raises(zmq.Again):
                getattr(push, verb)(message, zmq.DONTWAIT, copy=False)
        del data, message
        assert let_go(watched)


def test_a_tracker_tells_when_the_buffer_is_free(pair: Pair) -> None:
    """Not before the receiver has the message; wait() takes seconds and raises NotDone."""
    push, pull = pair(zmq.PUSH, zmq.PULL)
    data = bytearray(CONTENT)
    tracker = push.send(data, copy=False, track=True)
    assert not tracker.done
    with pytest.raises(zmq.NotDone):
        tracker.wait(0.01)
    with pytest.raises(BufferError):
        data.extend(b"x")
    assert pull.recv() == CONTENT
    tracker.wait(10)
    assert tracker.done
    data.extend(b"x")


def test_one_tracker_tells_of_all_parts(pair: Pair) -> None:
    """send_multipart(track=True) gives one, and trackers can be put together."""
    push, pull = pair(zmq.PUSH, zmq.PULL)
    first = push.send_multipart([bytearray(CONTENT), b"short", bytearray(CONTENT)], copy=False, track=True)
    second = push.send(bytearray(CONTENT), copy=False, track=True)
    both = zmq.MessageTracker(first, second)
    assert [first.done, second.done, both.done] == 3 * [False]
    pull.recv_multipart()
    first.wait(10)
    assert [first.done, second.done, both.done] == [True, False, False]
    pull.recv()
    both.wait(10)
    assert both.done


def test_what_was_copied_is_done_at_once(pair: Pair) -> None:
    """Short messages are copied, and so is what copy=True says."""
    push, pull = pair(zmq.PUSH, zmq.PULL)
    assert push.send(b"short", copy=False, track=True).done
    assert push.send_multipart([b"short", b"shorter"], copy=False, track=True).done
    data = bytearray(CONTENT)
    push.send(data, copy=True)
    data.extend(b"x")
    pull.recv_many(2)
    assert pull.recv() == CONTENT


def test_a_frame_outlives_its_socket_and_context() -> None:
    """What recv(copy=False) returned can be read, and sent elsewhere, when all else is gone."""
    frames = []
    with zmq.Context() as first, first.socket(zmq.PUSH) as push, first.socket(zmq.PULL) as pull:
        pull.connect("inproc://frames")
        push.bind("inproc://frames")
        for size in (0, 10, 1000, SIZE):
            for copy in (True, False):
                push.send(CONTENT[:size], copy=copy)
                frames.append(pull.recv(copy=False))
    assert [frame.bytes for frame in frames] == [CONTENT[:size] for size in (0, 0, 10, 10, 1000, 1000, SIZE, SIZE)]
    view = frames[-1].buffer
    with zmq.Context() as second, second.socket(zmq.PUSH) as push, second.socket(zmq.PULL) as pull:
        pull.connect("inproc://frames")
        push.bind("inproc://frames")
        push.send_multipart(frames)
        assert pull.recv_multipart() == [frame.bytes for frame in frames]
    del frames
    assert bytes(view) == CONTENT


def test_memory_does_not_grow(run_child: Callable[..., Any]) -> None:
    """Two gigabytes through each verb and transport, in place and copied, leave the process as large as it was."""
    code = """
        from conftest import bind_wildcard
        context = zmq.Context()

        def size():
            with open("/proc/self/statm") as file:
                return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")

        def move(transport, count):
            with context.socket(zmq.PUSH) as push, context.socket(zmq.PULL) as pull:
                push.sndhwm = pull.rcvhwm = 10
                push.connect(bind_wildcard(pull, transport))
                for number in range(count):
                    push.send(bytes(100000))
                    push.send(bytearray(100000), copy=False)
                    push.send_multipart([bytearray(100000), b"x"], copy=False, track=True)
                    push.send_many([bytes(100000)])
                    assert len(pull.recv()) == len(pull.recv(copy=False)) == 100000
                    assert len(pull.recv_multipart()[0]) == len(pull.recv_many(1)[0]) == 100000

        for transport in ("inproc", "tcp"): move(transport, 50)
        before = size()
        for transport in ("inproc", "tcp"): move(transport, 1000)
        print((size() - before) >> 20)
    """
    if not sys.platform.startswith("linux"):
        pytest.skip("tells the size of a process by Linux's /proc")
    child = run_child(child_code(code), timeout=50)
    assert (child.exit_code, child.signal) == (0, None), child.stderr
    assert int(child.stdout) < 20, "MiB more than before"


@pytest.mark.parametrize("size", [1, 32, 33, 5000])
@pytest.mark.parametrize("forget", ["recv", "recv_many", "recv_into", "frame"])
def test_short_buffers_are_let_go_as_soon_as_they_are_received(pair, size, forget):
    """copy=False sends as little as one byte in place when told to, and the receiver keeps none of it."""
    push, pull = pair(zmq.PUSH, zmq.PULL, "inproc")
    push.copy_threshold = 1
    data = bytearray(b"x" * size)
    tracker = push.send(data, copy=False, track=True)
    assert not tracker.done
    data[0] = ord("y")
    received = {
        "recv": lambda: pull.recv(),
        "recv_many": lambda: pull.recv_many(1)[0],
        "recv_into": lambda: pull.recv_into(bytearray(size)) and b"y",
        "frame": lambda: pull.recv(copy=False).bytes,
    }[forget]()
    tracker.wait(10)
    assert received[:1] == b"y"


THRESHOLDS = """
import {} as zmq

with zmq.Context() as context:
    assert zmq.COPY_THRESHOLD == context.socket(zmq.PUSH).copy_threshold == 65536
    frame = zmq.Frame(b"eight...", track=True)
    assert frame.tracker.done
    zmq.COPY_THRESHOLD = 8
    for data in (b"eight...", bytearray(8)):
        frame = zmq.Frame(data, track=True)
        assert not frame.tracker.done
    frame = zmq.Frame(b"seven..", track=True)
    assert frame.tracker.done
    frame = zmq.Frame(b"eight...", track=True, copy=True)
    assert frame.tracker.done
    frame = zmq.Frame(b"eight...", track=True, copy_threshold=9)
    assert frame.tracker.done
    with context.socket(zmq.PUSH) as push, context.socket(zmq.PULL) as pull:
        push.bind("inproc://threshold")
        pull.connect("inproc://threshold")
        assert push.copy_threshold == 8
        tracker = push.send(b"eight...", copy=False, track=True)
        assert not tracker.done
        pull.recv()
        tracker.wait(10)
        assert push.send(b"seven..", copy=False, track=True).done
    zmq.COPY_THRESHOLD = "none"
    for make in (lambda: zmq.Frame(b"x"), lambda: context.socket(zmq.PUSH)):
        try:
            make()
        except TypeError:
            continue
        raise AssertionError
"""


@pytest.mark.parametrize("name", ["zmqlite", "zmq"])
def test_copy_threshold_can_be_replaced_in_the_module(run_child, name):
    """`zmq.COPY_THRESHOLD = n` counts for the frames and sockets that are made then, under either name."""
    install = "import zmqlite.compat; zmqlite.compat.install()\n" if name == "zmq" else ""
    child = run_child(install + THRESHOLDS.format(name))
    assert (child.exit_code, child.stderr) == (0, "")
