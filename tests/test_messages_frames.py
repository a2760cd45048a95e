"""What Frame is: a message part that stays in libzmq's memory, can be looked at, and sent again."""

from __future__ import annotations

import gc
import sys
import weakref

import pytest

import zmqlite as zmq

# At least this many bytes go in place by default, whatever the backend.
LARGE = 200_000
DATA = bytes(range(256)) * (LARGE // 256)


def test_frame_outlives_its_socket_and_context(pair, context):
    """A received frame owns its message."""
    push, pull = pair(zmq.PUSH, zmq.PULL, "tcp")
    push.send(DATA)
    push.send(b"short")
    frames = [pull.recv(copy=False), pull.recv(copy=False)]
    context.destroy(linger=0)
    assert frames[0].bytes == DATA
    assert bytes(frames[1]) == b"short"


def test_view_outlives_its_frame(pair):
    """A memoryview of a frame keeps the message."""
    push, pull = pair(zmq.PUSH, zmq.PULL, "tcp")
    for data in (b"short", DATA):
        push.send(data)
        view = pull.recv(copy=False).buffer
        gc.collect()
        push.send(bytes(len(data)))
        pull.recv()
        assert view == data


def test_frame_of_its_own_memory_is_writable(pair):
    """What came over a wire belongs to the frame alone."""
    push, pull = pair(zmq.PUSH, zmq.PULL, "tcp")
    push.send(b"hello")
    frame = pull.recv(copy=False)
    frame.buffer[:1] = b"J"
    assert frame.bytes == b"Jello"


def test_frame_of_shared_memory_is_read_only(pair):
    """bytes objects never change, not even through a frame that was received in the same process."""
    push, pull = pair(zmq.PUSH, zmq.PULL)
    data = DATA
    push.send(data)
    frame = pull.recv(copy=False)
    assert frame.buffer.readonly
    assert frame.bytes is data
    assert zmq.Frame(data, copy=False).buffer.readonly
    copied = zmq.Frame(b"abc")
    assert copied.fast_copy().buffer.readonly


def test_frame_can_be_sent_many_times(pair):
    """Sending shares the memory and leaves the frame as it is."""
    push, pull = pair(zmq.PUSH, zmq.PULL)
    frame = zmq.Frame(DATA)
    for _ in range(3):
        push.send(frame)
    assert frame.bytes == DATA
    del frame
    assert [pull.recv() == DATA for _ in range(3)] == [True] * 3


def test_frame_knows_whether_more_parts_follow(pair, transport):
    """.more and the MORE option, before and after."""
    push, pull = pair(zmq.PUSH, zmq.PULL, transport)
    push.send_multipart([b"a", b"b"])
    first, last = pull.recv(copy=False), pull.recv(copy=False)
    assert (first.more, last.more) == (True, False)
    assert (first.get(zmq.MORE), last.get(zmq.MORE)) == (1, 0)
    assert not zmq.Frame(b"x").more


def test_frame_properties(pair):
    """Metadata of the connection, and clear errors for what is not there."""
    dealer, router = pair(zmq.DEALER, zmq.ROUTER, "tcp")
    dealer.send(b"x")
    frame = router.recv_multipart(copy=False)[1]
    assert frame.get("Socket-Type") == "DEALER"
    assert frame.get(b"Socket-Type") == "DEALER"
    assert frame.get("Peer-Address") == "127.0.0.1"
    for missing in ("No-Such-Property", 12345):
        with pytest.raises(zmq.ZMQError) as raised:
            frame.get(missing)
        assert raised.value.errno == zmq.EINVAL
    with pytest.raises(TypeError):
        frame.get(None)
    with pytest.raises(ValueError, match="null"):
        frame.get("a\0b")


@pytest.mark.skipif(sys.implementation.name != "cpython", reason="only CPython locks the size of an exported buffer")
def test_frame_made_in_place_shares_its_makers_memory():
    """copy=False shares from 33 bytes on, and a frame keeps the bytes it once gave."""
    data = bytearray(33)
    frame = zmq.Frame(data, copy=False)
    data[0] = ord("x")
    assert frame.buffer == b"x" + bytes(32)
    assert frame.bytes is frame.bytes
    with pytest.raises(TypeError, match="made once"):
        frame.__init__(b"other")


def test_frame_is_made_of_bytes_like_objects_only():
    """Frame() has send()'s errors."""
    with pytest.raises(TypeError, match=r"^Frame\(\) takes bytes-like, got str: encode it"):
        zmq.Frame("text")
    with pytest.raises(TypeError, match=r"^Frame\(\) takes bytes-like, got int"):
        zmq.Frame(3)
    empty = zmq.Frame()
    assert (len(empty), empty.bytes, bytes(empty), empty.tracker) == (0, b"", b"", None)
    assert zmq.Frame(b"x", track=True).tracker.done
    assert len(zmq.Frame(bytearray(7))) == 7


def test_received_frame_is_tracked_when_asked(pair):
    """recv(copy=False, track=True) gives a finished tracker."""
    push, pull = pair(zmq.PUSH, zmq.PULL)
    push.send_multipart([b"a", b"b"])
    assert [frame.tracker.done for frame in pull.recv_multipart(copy=False, track=True)] == [True, True]
    push.send(b"x")
    assert pull.recv(copy=False).tracker is None


def test_buffer_of_garbage_is_let_go_at_the_next_send(pair):
    """A frame, what it was received as, and its buffer refer to each other: sending anything in place frees them."""

    class Buffer(bytearray):
        pass

    push, pull = pair(zmq.PUSH, zmq.PULL)
    buffer = Buffer(100_000)
    freed = weakref.ref(buffer)
    frame = zmq.Frame(memoryview(buffer), copy=False)
    push.send(frame, copy=False)
    garbage = [buffer, frame, pull.recv(copy=False)]
    garbage.append(garbage)
    del buffer, frame, garbage
    # The first closes the messages, which then let go of the buffer: a collection for each.
    for _ in range(2):
        gc.collect()
        push.send(bytearray(1), copy=False)
        pull.recv()
    gc.collect()
    assert freed() is None


def test_finaliser_in_a_cycle_may_look_at_a_frame(run_child):
    """Whichever finaliser the collector runs first, what another can still reach is there; and later it is closed."""
    child = run_child(
        """
        import gc, sys, zmqlite as zmq
        from zmqlite import _backend
        # In Python before 3.12 a class cannot lend memory: there the view's memory goes with its finaliser.
        views = _backend.BACKEND == "c" or sys.version_info >= (3, 12) or sys.implementation.name == "pypy"
        data = bytes(range(256)) * 800
        context = zmq.Context()
        push, pull = context.socket(zmq.PUSH), context.socket(zmq.PULL)
        push.bind("tcp://127.0.0.1:*")
        pull.connect(push.get_string(zmq.LAST_ENDPOINT))
        seen, kept = [], []

        class Looker:
            def __del__(self):
                seen.append(self.frame.bytes == data and len(self.frame) == len(data))
                seen.append(self.view == data)
                if self.keep:
                    kept.append(self.frame)
                    kept.append(self.view)

        def make(order, keep):
            push.send(data)
            if order:
                looker = Looker()
            frame = pull.recv(copy=False)
            view = frame.buffer if views else data
            if not order:
                looker = Looker()
            looker.frame, looker.view, looker.keep = frame, view, keep
            looker.itself = looker

        for order in (0, 1):
            for keep in (0, 1):
                make(order, keep)
                gc.collect()
                gc.collect()
        assert seen == [True] * 8, seen
        assert kept[0].bytes == data and kept[1] == data and kept[2].bytes == data and kept[3] == data
        del kept[:]
        gc.collect()
        make(0, 0)
        context.destroy(linger=0)
        print("done")
        """
    )
    assert (child.exit_code, child.stdout) == (0, "done\n"), child
