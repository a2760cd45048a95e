"""Whole messages: multipart, and many in one call. Each goes whole or not at all, and partial progress is told."""

from __future__ import annotations

import contextlib
import gc
import select
import subprocess
import sys
import threading
import time

import pytest
from conftest import bind_wildcard

import zmqlite as zmq
from zmqlite import _backend
from zmqlite._native import lib

LARGE = 200_000
PARTS = [b"", b"one", bytearray(b"two"), memoryview(b"three"), bytes(5000), b"x" * LARGE, b""]


def as_bytes(parts):
    """The parts as they arrive."""
    return [bytes(part) for part in parts]


# ---- multipart ----


@pytest.mark.parametrize("copy", [None, True, False])
def test_multipart_arrives_whole_and_in_order(pair, transport, copy):
    """Parts of every kind and size, empty ones included."""
    push, pull = pair(zmq.PUSH, zmq.PULL, transport)
    push.send_multipart(PARTS, copy=copy)
    push.send_multipart((b"only",), copy=copy)
    push.send_multipart([b"p%d" % number for number in range(3000)], copy=copy)
    assert pull.recv_multipart() == as_bytes(PARTS)
    assert pull.recv_multipart() == [b"only"]
    assert pull.recv_multipart() == [b"p%d" % number for number in range(3000)]


def test_multipart_arrives_part_by_part_too(pair, transport):
    """recv() takes one part, RCVMORE says whether there is another."""
    push, pull = pair(zmq.PUSH, zmq.PULL, transport)
    push.send_multipart(PARTS)
    received = [pull.recv()]
    while pull.getsockopt(zmq.RCVMORE):
        received.append(pull.recv())
    assert received == as_bytes(PARTS)


def test_multipart_takes_frames(pair):
    """A received frame goes on as it is."""
    push, pull = pair(zmq.PUSH, zmq.PULL)
    push.send_multipart([zmq.Frame(b"frame"), b"bytes", zmq.Frame(bytes(LARGE))])
    frames = pull.recv_multipart(copy=False)
    assert [frame.more for frame in frames] == [True, True, False]
    push.send_multipart(frames)
    assert pull.recv_multipart() == [b"frame", b"bytes", bytes(LARGE)]


def test_multipart_of_any_iterable(pair):
    """A generator is fine; a str, bytes or Frame is a mistake."""
    push, pull = pair(zmq.PUSH, zmq.PULL)
    push.send_multipart(b"%d" % number for number in range(3))
    assert pull.recv_multipart() == [b"0", b"1", b"2"]
    for mistake in ("text", b"bytes", zmq.Frame(b"frame")):
        with pytest.raises(TypeError, match="put it in a list"):
            push.send_multipart(mistake)


def test_multipart_without_parts_raises(pair):
    """There is no such message: IndexError, as in pyzmq."""
    push, _ = pair(zmq.PUSH, zmq.PULL)
    with pytest.raises(IndexError):
        push.send_multipart([])


def test_multipart_with_a_wrong_part_sends_nothing(pair):
    """The TypeError names the place."""
    push, pull = pair(zmq.PUSH, zmq.PULL)
    gc.collect()
    _backend.collect()
    in_flight = lib.zl_hold_count()
    with pytest.raises(TypeError, match=r"^send_multipart\(\) takes bytes-like parts, got str at index 2: encode it"):
        push.send_multipart([b"a", b"b", "c", b"d"])
    with pytest.raises(TypeError, match=r"got int at index 1$"):
        push.send_multipart([bytes(LARGE), 2])
    push.send_multipart([b"next"])
    assert pull.recv_multipart() == [b"next"]
    _backend.collect()
    assert lib.zl_hold_count() <= in_flight


def test_sndmore_leaves_the_message_open(pair, transport):
    """SNDMORE holds for the last part too; the message ends with the next that has none."""
    push, pull = pair(zmq.PUSH, zmq.PULL, transport)
    push.send(b"a", zmq.SNDMORE)
    push.send_multipart([b"b", b"c"], zmq.SNDMORE)
    assert not pull.poll(20)
    push.send(b"d")
    assert pull.recv_multipart() == [b"a", b"b", b"c", b"d"]


def test_multipart_tracker_watches_every_part(pair):
    """It is done when libzmq is done with all of them."""
    push, pull = pair(zmq.PUSH, zmq.PULL)
    tracker = push.send_multipart([bytes(LARGE), b"short", bytearray(LARGE)], copy=False, track=True)
    assert not tracker.done
    pull.recv()
    assert not tracker.done
    pull.recv_multipart()
    tracker.wait(10)
    assert push.send_multipart([b"a", b"b"], track=True).done
    assert push.send_multipart([b"a", bytes(LARGE)]) is None


def test_full_queue_takes_no_part_of_a_message(pair):
    """Again means that nothing was sent."""
    push, pull = pair(zmq.PUSH, zmq.PULL, sndhwm=1, rcvhwm=1)
    sent = push.send_many([[b"%d" % number, b"end"] for number in range(100)], zmq.DONTWAIT)
    for _ in range(3):
        with pytest.raises(zmq.Again):
            push.send_multipart([b"lost", b"end"], zmq.DONTWAIT)
    push.sndtimeo = 20
    with pytest.raises(zmq.Again):
        push.send_multipart([b"lost", b"end"])
    received = pull.recv_many(1000, timeout=0)
    assert received == [[b"%d" % number, b"end"] for number in range(sent)]


PEER = """
import random, sys, time, zmqlite as zmq
context = zmq.Context()
while True:
    with context.socket(zmq.PULL) as pull:
        pull.linger = 0
        pull.rcvhwm = 1
        pull.connect(sys.argv[1])
        # Mostly a few milliseconds; at times long enough for a slow machine.
        time.sleep(min(0.005 / (1 - random.random()), 2))
"""


def test_peer_that_leaves_gets_no_half_message_and_nobody_its_rest(context):
    """A long message whose peer dies under it is not sent; the next message is whole, and goes to the next peer."""
    push = context.socket(zmq.PUSH)
    push.sndhwm = 1
    monitor = push.get_monitor_socket(zmq.EVENT_ACCEPTED | zmq.EVENT_DISCONNECTED | zmq.EVENT_CLOSED)
    endpoint = bind_wildcard(push, "tcp")
    parts = [b"%d" % number for number in range(50_000)]
    attempts, unsent = 0, False
    with subprocess.Popen([sys.executable, "-c", PEER, endpoint]) as peers:
        try:
            # Waiting, it goes to the next peer. The last is one that did not wait, and was not sent.
            while attempts < 20 or not unsent:
                assert push.poll(10_000, zmq.POLLOUT)
                attempts += 1
                unsent = False
                try:
                    push.send_multipart([b"%d" % attempts, *parts], zmq.DONTWAIT if attempts % 2 else 0)
                except zmq.Again:
                    unsent = True
        finally:
            peers.kill()
    # Nobody else comes, and everybody has gone.
    push.unbind(endpoint)
    connected, listening = 0, True
    while connected or listening:
        event = int.from_bytes(monitor.recv_multipart()[0][:2], sys.byteorder)
        connected += {zmq.EVENT_ACCEPTED: 1, zmq.EVENT_DISCONNECTED: -1}.get(event, 0)
        listening = listening and event != zmq.EVENT_CLOSED
    while push.poll(0, zmq.POLLOUT):
        pass  # a dead peer's queue, for a moment
    push.sndtimeo = -1
    pull = context.socket(zmq.PULL)
    pull.connect(bind_wildcard(push, "tcp"))
    push.send_multipart([b"end"])
    received = []
    while received[-1:] != [[b"end"]]:
        received.append(pull.recv_multipart())
    assert all(message[1:] == parts for message in received[:-1])


@pytest.mark.parametrize("flags", [0, zmq.DONTWAIT])
def test_rest_of_a_message_whose_peer_left(context, flags):
    """As in libzmq the rest has no message to belong to: it is dropped without a wait; the next is whole."""
    push, pull = context.socket(zmq.PUSH), context.socket(zmq.PULL)
    push.connect("inproc://left")
    pull.bind("inproc://left")
    push.send(b"begun", zmq.SNDMORE)
    pull.close()
    # libzmq has heard of it, but looks at what it hears not more than once in a millisecond or so.
    select.select([push.fileno()], [], [], 10)
    time.sleep(0.02)
    # DONTWAIT may say Again, when libzmq is still busy with the peer's leaving.
    with contextlib.suppress(zmq.Again) if flags else contextlib.nullcontext():
        push.send(b"rest", flags)
    pull = context.socket(zmq.PULL)
    pull.bind("inproc://next")
    push.connect("inproc://next")
    push.send(b"next")
    assert pull.recv_multipart() == [b"next"]


# ---- many ----


@pytest.mark.parametrize("copy", [None, True, False])
@pytest.mark.parametrize("kind", [list, tuple, iter])
def test_send_many_sends_all_in_order(pair, transport, copy, kind):
    """Single parts and multipart, short and long, mixed."""
    push, pull = pair(zmq.PUSH, zmq.PULL, transport)
    messages = [
        b"short",
        [b"two", b"parts"],
        b"",
        bytes(LARGE),
        (b"one part",),
        bytearray(b"bytearray"),
        zmq.Frame(b"frame"),
        [zmq.Frame(b"in"), bytes(70000), b""],
        *(b"%d" % number for number in range(600)),
    ]
    assert push.send_many(kind(messages), copy=copy) == len(messages)
    expected = [as_bytes(one) if isinstance(one, (list, tuple)) else [bytes(one)] for one in messages]
    assert [pull.recv_multipart() for _ in messages] == expected


def test_send_many_of_nothing(pair):
    """Zero is a number of messages too."""
    push, _ = pair(zmq.PUSH, zmq.PULL)
    assert push.send_many([]) == 0
    assert push.send_many(iter(())) == 0
    with pytest.raises(TypeError, match="put it in a list"):
        push.send_many(b"bytes")
    with pytest.raises(TypeError):
        push.send_many(3)


@pytest.mark.parametrize("message", [b"x", [b"x", b"y"], bytearray(b"x")], ids=["bytes", "parts", "bytearray"])
def test_send_many_tells_how_many_fitted(pair, message):
    """DONTWAIT and SNDTIMEO stop it, without Again; exactly so many messages arrive."""
    push, pull = pair(zmq.PUSH, zmq.PULL, sndhwm=300, rcvhwm=300)
    sent = push.send_many([message] * 2000, zmq.DONTWAIT)
    assert 300 <= sent <= 600
    assert push.send_many([message] * 2000, zmq.DONTWAIT) == 0
    push.sndtimeo = 20
    assert push.send_many([message] * 2000) == 0
    assert len(pull.recv_many(5000)) == sent
    assert not pull.poll(0)


def test_send_many_goes_on_when_there_is_room_again(pair):
    """It waits for a slow reader, and loses and repeats nothing."""
    push, pull = pair(zmq.PUSH, zmq.PULL, "tcp", sndhwm=10, rcvhwm=10)
    count = 5000
    result = []
    sender = threading.Thread(target=lambda: result.append(push.send_many([b"%d" % n for n in range(count)])))
    sender.start()
    received = []
    while len(received) < count:
        batch = pull.recv_many(7, timeout=20_000)
        assert batch
        received += batch
    sender.join()
    assert result == [count]
    assert received == [b"%d" % number for number in range(count)]


@pytest.mark.parametrize(
    ("wrong", "error", "text"),
    [
        (3, TypeError, r"^send_many\(\) takes bytes-like, got int$"),
        ("text", TypeError, "got str: encode it"),
        ([b"a", None], TypeError, r"^send_many\(\) takes bytes-like parts, got NoneType at index 1$"),
        ([], ValueError, "at least one part"),
    ],
)
@pytest.mark.parametrize("before", [0, 1, 700])
def test_send_many_stopped_by_a_wrong_message_tells_what_went(pair, wrong, error, text, before):
    """The exception has the number of messages sent before it, and so many arrive."""
    push, pull = pair(zmq.PUSH, zmq.PULL)
    with pytest.raises(error, match=text) as raised:
        push.send_many([*[b"good"] * before, wrong, b"never"])
    assert raised.value.sent == before
    assert pull.recv_many(5000, timeout=0) == [b"good"] * before


def test_send_many_on_a_socket_that_cannot_send(pair):
    """Whatever stops it carries `sent`."""
    _, pull = pair(zmq.PUSH, zmq.PULL)
    with pytest.raises(zmq.ZMQError) as raised:
        pull.send_many([b"x"])
    assert (raised.value.errno, raised.value.sent) == (zmq.ENOTSUP, 0)
    pull.close()
    with pytest.raises(zmq.ZMQError) as raised:
        pull.send_many([b"x"])
    assert (raised.value.errno, raised.value.sent) == (zmq.ENOTSOCK, 0)


def test_recv_many_takes_what_is_there(pair, transport):
    """At most max, in order; more than a megabyte of short and long messages in one call."""
    push, pull = pair(zmq.PUSH, zmq.PULL, transport, sndhwm=0, rcvhwm=0)
    messages = [bytes([number % 256]) * size for number, size in enumerate([0, 10, 1000, 5000, LARGE, 3, 4096] * 50)]
    push.send_many(messages)
    push.send(b"end")
    received = []
    while received[-1:] != [b"end"]:
        batch = pull.recv_many(100, timeout=20_000)
        assert 1 <= len(batch) <= 100
        received += batch
    assert received == [*messages, b"end"]


def test_recv_many_in_one_call(pair):
    """Over inproc everything sent is there at once."""
    push, pull = pair(zmq.PUSH, zmq.PULL, sndhwm=0, rcvhwm=0)
    messages = [b"%d" % number * 300 for number in range(1000)]
    push.send_many(messages)
    assert pull.recv_many() == messages
    push.send_many(messages)
    assert pull.recv_many(10) == messages[:10]
    assert pull.recv_many(5000) == messages[10:]


def test_recv_many_shapes(pair):
    """A message of one part is bytes, of several a list; multipart=True makes lists of all."""
    push, pull = pair(zmq.PUSH, zmq.PULL)
    for multipart, first in ((None, b"one"), (False, b"one"), (True, [b"one"])):
        push.send_many([b"one", [b"a", b"b"], b"two"])
        last = [b"two"] if multipart else b"two"
        assert pull.recv_many(multipart=multipart) == [first, [b"a", b"b"], last]
    push.send_many([b"one", b"two"])
    assert pull.recv_many(multipart=True) == [[b"one"], [b"two"]]
    push.send_many([b"one", [b"a", b"b"]])
    one, parts = pull.recv_many(copy=False)
    assert isinstance(one, zmq.Frame)
    assert one.bytes == b"one"
    assert [(part.bytes, part.more) for part in parts] == [(b"a", True), (b"b", False)]


def test_recv_many_of_nothing_is_empty(pair):
    """No Again: the list says it. timeout, RCVTIMEO and DONTWAIT each end the wait."""
    _, pull = pair(zmq.PUSH, zmq.PULL)
    assert pull.recv_many(timeout=0) == []
    assert pull.recv_many(timeout=20) == []
    assert pull.recv_many(flags=zmq.DONTWAIT) == []
    pull.rcvtimeo = 20
    assert pull.recv_many() == []


def test_recv_many_checks_its_arguments(pair):
    """Nonsense is a ValueError or TypeError, before anything is received."""
    push, pull = pair(zmq.PUSH, zmq.PULL)
    push.send(b"x")
    for arguments in ({"max": 0}, {"max": -1}, {"timeout": -2}):
        with pytest.raises(ValueError, match=r"^recv_many\(\) takes a"):
            pull.recv_many(**arguments)
    for arguments in ({"max": "many"}, {"timeout": "long"}):
        with pytest.raises(TypeError):
            pull.recv_many(**arguments)
    assert pull.recv_many() == [b"x"]


def test_recv_many_finishes_a_message_begun_with_recv(pair):
    """What is left of a message is the first element."""
    push, pull = pair(zmq.PUSH, zmq.PULL)
    push.send_multipart([b"a", b"b", b"c"])
    push.send(b"d")
    assert pull.recv() == b"a"
    assert pull.recv_many() == [[b"b", b"c"], b"d"]


def test_large_messages_received_many_at_once_are_the_objects_sent(pair):
    """recv_many() and recv_multipart() give own bytes back as recv() does."""
    push, pull = pair(zmq.PUSH, zmq.PULL)
    data = bytes(LARGE)
    push.send_many([data, [b"a", data], data])
    first, (_, second), third = pull.recv_many()
    push.send_multipart([data, data])
    assert all(one is data for one in (first, second, third, *pull.recv_multipart()))


# ---- memory ----


MEMORY = """
    import resource, zmqlite as zmq
    context = zmq.Context()
    push, pull = context.socket(zmq.PUSH), context.socket(zmq.PULL)
    push.bind("inproc://memory")
    pull.connect("inproc://memory")

    def work(rounds):
        for _ in range(rounds):
            push.send_many([b"x" * 100] * 50 + [[b"a", bytes(30000)]] * 5)
            pull.recv_many()
            push.send_multipart([b"a", bytearray(70000), bytes(70000)], copy=False)
            frames = pull.recv_multipart(copy=False)
            push.send_multipart(frames)
            pull.recv_multipart()
            push.send(bytes(70000))
            view = pull.recv(copy=False).buffer
            push.send(bytes(70000), copy=True)
            pull.recv()
            push.send(b"x" * 100)
            pull.recv_into(bytearray(200))
            for call in (pull.recv, pull.recv_multipart):
                try:
                    call(zmq.DONTWAIT)
                except zmq.Again:
                    pass
            try:
                push.send_multipart([bytes(70000), "wrong"])
            except TypeError:
                pass

    work(300)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    work(3000)
    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
    context.destroy(linger=0)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="ru_maxrss is in kibibytes on Linux")
def test_moving_messages_leaks_nothing(run_child):
    """3000 rounds of every verb: one lost 70 kB buffer a round would be 200 MB."""
    child = run_child(MEMORY, timeout=50)
    assert child.exit_code == 0, child.stderr
    # PyPy collects in its own time.
    assert int(child.stdout) < (20_000 if sys.implementation.name == "cpython" else 100_000)
