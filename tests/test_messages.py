"""What send(), recv(), recv_into() and Frame do with a message part, on every transport and both backends."""

from __future__ import annotations

import array
import contextlib
import gc
import inspect
import sys

import pytest

import zmqlite as zmq
from zmqlite import _backend
from zmqlite._native import lib

SIZES = (0, 1, 8, 32, 33, 34, 255, 1024, 4096, 4097, 65535, 65536, 1_000_000)
# At least this many bytes go in place by default, whatever the backend.
LARGE = 200_000
VERBS = {
    "send": lambda socket: socket.send(b"x"),
    "send_frame": lambda socket: socket.send(zmq.Frame(b"x")),
    "send_large": lambda socket: socket.send(bytes(LARGE)),
    "send_multipart": lambda socket: socket.send_multipart([b"x", b"y"]),
    "send_many": lambda socket: socket.send_many([b"x", b"y"]),
    "recv": lambda socket: socket.recv(),
    "recv_frame": lambda socket: socket.recv(copy=False),
    "recv_multipart": lambda socket: socket.recv_multipart(),
    "recv_many": lambda socket: socket.recv_many(),
    "recv_into": lambda socket: socket.recv_into(bytearray(8)),
}


def pattern(size):
    """Bytes that tell where they are."""
    return bytes(range(256)) * (size // 256) + bytes(range(size % 256))


def drained():
    """Whether libzmq has let go of every buffer."""
    _backend.collect()
    return lib.zl_hold_count() == 0


# ---- bytes in, bytes out ----


@pytest.mark.parametrize("copy", [None, True, False])
def test_every_size_arrives_unchanged(pair, transport, copy):
    """From empty to a megabyte, copied or in place."""
    push, pull = pair(zmq.PUSH, zmq.PULL, transport)
    push.copy_threshold = 1
    for size in SIZES:
        data = pattern(size)
        push.send(data, copy=copy)
        received = pull.recv()
        assert type(received) is bytes
        assert received == data


@pytest.mark.parametrize(
    "data",
    [
        b"abcdefgh",
        bytearray(b"abcdefgh"),
        memoryview(b"abcdefgh"),
        memoryview(bytearray(b"..abcdefgh.."))[2:10],
        memoryview(b"abcdefgh").cast("B", (2, 4)),
        array.array("H", [0x6261, 0x6463, 0x6665, 0x6867]),
        zmq.Frame(b"abcdefgh"),
    ],
    ids=lambda data: type(data).__name__,
)
@pytest.mark.parametrize("copy", [None, True, False])
def test_send_takes_every_contiguous_buffer(pair, data, copy):
    """The bytes of a buffer are sent, whatever its items and shape."""
    if sys.byteorder == "big" and isinstance(data, array.array):
        data = array.array("H", data)
        data.byteswap()
    push, pull = pair(zmq.PUSH, zmq.PULL)
    push.copy_threshold = 1
    push.send(data, copy=copy)
    assert pull.recv() == b"abcdefgh"


@pytest.mark.parametrize(("data", "name"), [("text", "str"), (3, "int"), (None, "NoneType"), ([b"x"], "list")])
@pytest.mark.parametrize("copy", [None, True, False])
def test_send_of_what_is_not_bytes_like_names_the_type(pair, data, name, copy):
    """A wrong type is a TypeError that says what it was."""
    push, _ = pair(zmq.PUSH, zmq.PULL)
    with pytest.raises(TypeError, match=rf"^send\(\) takes bytes-like, got {name}"):
        push.send(data, copy=copy)


def test_send_of_str_says_what_to_do(pair):
    """The most common mistake gets advice."""
    push, _ = pair(zmq.PUSH, zmq.PULL)
    with pytest.raises(TypeError, match=r"^send\(\) takes bytes-like, got str: encode it, or use send_string\(\)$"):
        push.send("text")


@pytest.mark.parametrize("copy", [None, True, False])
def test_send_of_strided_buffer_raises(pair, copy):
    """A buffer with gaps is refused, not sent with its gaps."""
    push, _ = pair(zmq.PUSH, zmq.PULL)
    with pytest.raises(BufferError):
        push.send(memoryview(bytearray(LARGE))[::2], copy=copy)


def test_subclass_of_bytes_is_sent(pair):
    """bytes subclasses are bytes-like too, and come back as plain bytes."""

    class Name(bytes):
        pass

    push, pull = pair(zmq.PUSH, zmq.PULL)
    for data in (Name(b"short"), Name(bytes(LARGE))):
        push.send(data)
        received = pull.recv()
        assert type(received) is bytes
        assert received == data


# ---- in place ----


def test_large_bytes_come_back_as_the_same_object(pair):
    """Over inproc the default sends large bytes without a copy, and receives them without one."""
    push, pull = pair(zmq.PUSH, zmq.PULL)
    data = pattern(LARGE)
    for _ in range(3):
        push.send(data)
    assert [pull.recv() is data for _ in range(3)] == [True] * 3
    push.send(data, copy=True)
    received = pull.recv()
    assert received is not data
    assert received == data


def test_buffers_are_let_go_when_received(pair, transport):
    """Nothing is held once libzmq is done."""
    push, pull = pair(zmq.PUSH, zmq.PULL, transport)
    for _ in range(20):
        push.send(pattern(LARGE))
        push.send(bytearray(LARGE), copy=False)
    tracker = push.send(bytes(LARGE), copy=False, track=True)
    for _ in range(41):
        pull.recv()
    tracker.wait(10)
    assert drained()


def test_unsent_buffers_are_let_go(pair):
    """A send that fails holds nothing."""
    push, _ = pair(zmq.PUSH, zmq.PULL, sndhwm=1, rcvhwm=1)
    data = bytes(LARGE)
    assert push.send_many([data] * 10, zmq.DONTWAIT) < 10
    in_flight = lib.zl_hold_count()
    references = sys.getrefcount(data) if hasattr(sys, "getrefcount") else 0
    for _ in range(5):
        with pytest.raises(zmq.Again):
            push.send(data, zmq.DONTWAIT)
    _backend.collect()
    assert lib.zl_hold_count() == in_flight
    if references:
        assert sys.getrefcount(data) <= references


@pytest.mark.skipif(sys.implementation.name != "cpython", reason="only CPython locks the size of an exported buffer")
def test_buffer_in_flight_cannot_be_resized(pair):
    """A bytearray that libzmq reads in place keeps its memory until it is received."""
    push, pull = pair(zmq.PUSH, zmq.PULL)
    data = bytearray(LARGE)
    push.send(data, copy=False)
    with pytest.raises(BufferError):
        data.extend(b"more")
    assert len(pull.recv()) == LARGE
    _backend.collect()
    data.extend(b"more")


def test_short_buffers_are_copied_by_default(pair):
    """copy=False below copy_threshold copies: the buffer is free at once, and the tracker finished."""
    push, pull = pair(zmq.PUSH, zmq.PULL)
    assert push.copy_threshold == zmq.COPY_THRESHOLD
    data = bytearray(b"short")
    tracker = push.send(data, copy=False, track=True)
    assert tracker.done
    data.extend(b" but longer now")
    assert pull.recv() == b"short"


# ---- trackers ----


def test_tracker_is_done_once_the_message_is_received(pair):
    """It says when libzmq has let go of the buffer."""
    push, pull = pair(zmq.PUSH, zmq.PULL)
    tracker = push.send(bytes(LARGE), copy=False, track=True)
    assert not tracker.done
    with pytest.raises(zmq.NotDone):
        tracker.wait(0.01)
    pull.recv()
    tracker.wait(10)
    assert tracker.done


def test_send_without_track_returns_none(pair):
    """A tracker is there when it is asked for; copy=False that copied after all has a finished one, as in pyzmq."""
    push, _ = pair(zmq.PUSH, zmq.PULL)
    for copy in (None, True, False):
        assert push.send(bytes(LARGE), copy=copy) is None
    assert push.send(b"x") is None
    assert push.send(b"x", copy=True) is None
    assert push.send(b"x", copy=False).done


def test_send_with_copy_true_returns_no_tracker(pair):
    """There is nothing to track: as in pyzmq."""
    push, _ = pair(zmq.PUSH, zmq.PULL)
    assert push.send(b"x", copy=True, track=True) is None
    assert push.send(b"x", track=True).done


def test_tracking_an_untracked_frame_raises(pair):
    """A frame is tracked from the beginning or never."""
    push, pull = pair(zmq.PUSH, zmq.PULL)
    with pytest.raises(ValueError, match="Not a tracked message"):
        push.send(zmq.Frame(b"x"), track=True)
    frame = zmq.Frame(bytes(LARGE), copy=False, track=True)
    assert push.send(frame, track=True) is frame.tracker
    pull.recv()
    assert not frame.tracker.done  # the frame itself still has it
    tracker = frame.tracker
    del frame
    gc.collect()
    tracker.wait(10)


# ---- recv_into ----


@pytest.mark.parametrize("size", SIZES)
def test_recv_into_writes_the_message(pair, transport, size):
    """And returns its size."""
    push, pull = pair(zmq.PUSH, zmq.PULL, transport)
    push.send(pattern(size))
    target = bytearray(b"\xee" * (size + 2))
    assert pull.recv_into(target) == size
    assert target == pattern(size) + b"\xee\xee"


def test_recv_into_truncates_what_does_not_fit(pair):
    """It returns the size of the whole message, and writes not one byte more than it may."""
    push, pull = pair(zmq.PUSH, zmq.PULL)
    for _ in range(3):
        push.send(b"0123456789")
    target = bytearray(12)
    assert pull.recv_into(target, nbytes=4) == 10
    assert target == b"0123" + bytes(8)
    assert pull.recv_into(memoryview(target)[10:]) == 10
    assert target == b"0123" + bytes(6) + b"01"
    assert pull.recv_into(bytearray()) == 10
    assert not pull.poll(0)


def test_recv_into_checks_its_buffer_first(pair):
    """Nothing is received into a buffer that cannot take it."""
    push, pull = pair(zmq.PUSH, zmq.PULL)
    push.send(b"0123")
    with pytest.raises(BufferError):
        pull.recv_into(b"read-only")
    with pytest.raises(BufferError):
        pull.recv_into(memoryview(bytearray(20))[::2])
    with pytest.raises(TypeError):
        pull.recv_into(20)
    for nbytes in (-1, 21):
        with pytest.raises(ValueError, match=rf"nbytes={nbytes}, but the buffer has 20 bytes"):
            pull.recv_into(bytearray(20), nbytes=nbytes)
    target = array.array("H", [0, 0, 0])
    assert pull.recv_into(target) == 4
    assert target.tobytes() == b"0123\0\0"


# ---- the two backends ----


@pytest.mark.skipif(sys.implementation.name != "cpython", reason="PyPy has one backend")
@pytest.mark.parametrize(
    "name",
    ["send", "recv", "try_recv", "poll", "send_multipart", "recv_multipart", "send_many", "recv_many", "recv_into"],
)
def test_backends_have_the_same_signatures_and_docstrings(name):
    """Whichever is in use, help() tells the same."""
    from zmqlite import _hotpath, _hotpath_cffi

    in_c, in_python = getattr(_hotpath.SocketBase, name), getattr(_hotpath_cffi.SocketBase, name)
    parameters = [
        [(one.name, one.kind, one.default) for one in inspect.signature(verb).parameters.values()]
        for verb in (in_c, in_python)
    ]
    assert parameters[0][1:] == parameters[1][1:]  # self is positional-only in C
    assert inspect.cleandoc(in_c.__doc__) == inspect.cleandoc(in_python.__doc__)


# ---- errors ----


@pytest.mark.parametrize("verb", VERBS)
def test_verb_on_closed_socket_raises(pair, verb):
    """ENOTSOCK, with the name of the call."""
    push, pull = pair(zmq.PUSH, zmq.PULL)
    socket = push if verb.startswith("send") else pull
    socket.close()
    assert socket.closed
    with pytest.raises(zmq.ZMQError, match="closed") as raised:
        VERBS[verb](socket)
    assert raised.value.errno == zmq.ENOTSOCK


@pytest.mark.parametrize("verb", VERBS)
def test_verb_of_the_other_direction_raises(pair, verb):
    """A PULL cannot send, a PUSH cannot receive: ENOTSUP."""
    push, pull = pair(zmq.PUSH, zmq.PULL)
    with pytest.raises(zmq.ZMQError) as raised:
        VERBS[verb](pull if verb.startswith("send") else push)
    assert raised.value.errno == zmq.ENOTSUP


def test_req_out_of_turn_raises(pair):
    """EFSM says which call is due."""
    req, rep = pair(zmq.REQ, zmq.REP)
    with pytest.raises(zmq.ZMQError, match=r"^recv\(\): .*EFSM.*send\(\) first"):
        req.recv()
    with pytest.raises(zmq.ZMQError, match=r"^send\(\): .*EFSM.*recv\(\) first"):
        rep.send(b"x")


def test_flags_must_be_an_int(pair):
    """And nothing is received by mistake."""
    push, pull = pair(zmq.PUSH, zmq.PULL)
    push.send(b"x")
    for verb in (pull.recv, pull.recv_multipart):
        with pytest.raises(TypeError):
            verb("DONTWAIT")
    with pytest.raises(TypeError):
        pull.recv_many(flags="DONTWAIT")
    with pytest.raises(TypeError):
        pull.recv_into(bytearray(8), flags="DONTWAIT")
    with pytest.raises(TypeError):
        push.send(b"x", "SNDMORE")
    assert pull.recv() == b"x"


REST = {
    "bytes": lambda push, flags: push.send(b"rest", flags),
    "large": lambda push, flags: push.send(bytes(100_000), flags),
    "frame": lambda push, flags: push.send(zmq.Frame(b"rest"), flags),
    "many": lambda push, flags: push.send_many([b"rest"], flags),
}


@pytest.mark.parametrize("may_wait", [True, False])
@pytest.mark.parametrize("form", REST)
def test_rest_of_a_message_that_was_lost_is_no_message(context, form, may_wait):
    """Its first part went away with its peer: the rest is dropped, or refused with Again, and never sent to another."""
    push, pull = context.socket(zmq.PUSH), context.socket(zmq.PULL)
    push.bind("inproc://stays")
    pull.connect("inproc://stays")
    push.connect("inproc://goes")
    while not pull.poll(0):  # the next one goes to "goes"
        push.send(b"turn")
    pull.recv()
    push.send(b"begun", zmq.SNDMORE)
    push.disconnect("inproc://goes")
    with contextlib.nullcontext() if may_wait else contextlib.suppress(zmq.Again):
        REST[form](push, 0 if may_wait else zmq.DONTWAIT)
    push.send(b"whole")
    assert pull.recv_multipart() == [b"whole"]
    assert not pull.poll(0)
