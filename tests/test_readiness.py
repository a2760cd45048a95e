"""Asking without waiting: poll(0), try_recv() and DONTWAIT.

libzmq's descriptor tells only of commands that came since libzmq looked last, so what a socket remembers of its own
emptiness must end with whatever may have changed it.
"""

from __future__ import annotations

import time

import pytest

import zmqlite as zmq
from zmqlite._native import ffi, lib

LOOKS = {
    "try_recv": lambda socket: socket.try_recv() is not None,
    "try_recv a frame": lambda socket: socket.try_recv(copy=False) is not None,
    "recv_many": lambda socket: bool(socket.recv_many(1, 0)),
    "recv_many DONTWAIT": lambda socket: bool(socket.recv_many(1, flags=zmq.DONTWAIT)),
    "recv DONTWAIT": lambda socket: not raises_again(socket),
    "poll": lambda socket: socket.poll(0) == zmq.POLLIN,
    "poll for both": lambda socket: bool(socket.poll(0, zmq.POLLIN | zmq.POLLOUT) & zmq.POLLIN),
}
USES = {
    "nothing": lambda socket: None,
    "get EVENTS": lambda socket: socket.get(zmq.EVENTS),
    "send": lambda socket: [socket.send(b"back") for _ in range(200)],  # libzmq looks for commands now and then
    "poll for room": lambda socket: socket.poll(0, zmq.POLLOUT),
    "Poller": lambda socket: zmq.zmq_poll([(socket, zmq.POLLIN | zmq.POLLOUT)], 0),
    "set LINGER": lambda socket: socket.set(zmq.LINGER, 0),
}
every_look = pytest.mark.parametrize("look", LOOKS)


def raises_again(socket):
    """Whether recv(DONTWAIT) raises Again; if not, a message is gone."""
    try:
        socket.recv(zmq.DONTWAIT)
    except zmq.Again:
        return True
    return False


def events_of(raw):
    """Ask libzmq, without zmqlite: its descriptor is still afterwards."""
    events, size = ffi.new("int *"), ffi.new("size_t *", 4)
    assert lib.zmq_getsockopt(raw, zmq.EVENTS, events, size) == 0
    return events[0]


def look_until_seen(socket, look):
    """Look again and again, and nothing else."""
    deadline = time.monotonic() + 20
    while not LOOKS[look](socket):
        assert time.monotonic() < deadline, "the message was never seen"


def test_try_recv_returns_a_part_or_none(pair, transport):
    """Parts one by one, as recv(); an empty one is not None."""
    push, pull = pair(zmq.PUSH, zmq.PULL, transport)
    assert pull.try_recv() is None
    assert pull.try_recv(False) is None
    push.send_multipart([b"", b"long" * 1000, b"last"])
    assert pull.poll(10_000)
    assert pull.try_recv() == b""
    assert pull.rcvmore
    frame = pull.try_recv(copy=False)
    assert (frame.bytes, frame.more) == (b"long" * 1000, True)
    assert pull.try_recv() == b"last"
    assert not pull.rcvmore
    assert pull.try_recv() is None


def test_try_recv_never_waits(pair):
    """Whatever RCVTIMEO says."""
    _, pull = pair(zmq.PUSH, zmq.PULL)
    pull.rcvtimeo = -1
    assert [pull.try_recv() for _ in range(3)] == [None] * 3


def test_try_recv_raises_what_recv_raises(context, pair):
    """Not this socket's turn; cannot receive; closed; a wrong argument."""
    push, _ = pair(zmq.PUSH, zmq.PULL)
    with pytest.raises(zmq.ZMQError, match=r"^try_recv\(\): ") as raised:
        push.try_recv()
    assert raised.value.errno == zmq.ENOTSUP
    request = context.socket(zmq.REQ)
    with pytest.raises(zmq.ZMQError) as raised:
        request.try_recv()
    assert raised.value.errno == zmq.EFSM
    request.close()
    with pytest.raises(zmq.ZMQError, match=r"^try_recv\(\): ") as raised:
        request.try_recv()
    assert raised.value.errno == zmq.ENOTSOCK
    with pytest.raises(TypeError):
        push.try_recv(True, 1)


def test_try_recv_of_a_terminated_context_raises(context):
    """Also where it was known that nothing is there."""
    socket = context.socket(zmq.PULL)
    assert socket.try_recv() is None
    lib.zl_context_shutdown(context._native)
    with pytest.raises(zmq.ContextTerminated):
        socket.try_recv()


@every_look
@pytest.mark.parametrize("use", USES)
def test_message_is_seen_after_nothing_was(pair, transport, use, look):
    """Whatever was done in between, with a message on its way or not."""
    one, other = pair(zmq.PAIR, zmq.PAIR, transport)
    for _ in range(2):
        assert not LOOKS[look](other)
        USES[use](other)
        assert not LOOKS[look](other)
        one.send(b"message")
        USES[use](other)
        look_until_seen(other, look)
        other.recv_many(1, 0)
        one.recv_many(1000, 0)


@every_look
def test_message_is_seen_where_somebody_else_looked(context, look):
    """A libzmq socket that is not ours, used behind our back: its descriptor is still then."""
    push = context.socket(zmq.PUSH)
    push.bind(f"inproc://{look}")
    raw = lib.zmq_socket(ffi.cast("void *", context.underlying), zmq.PULL)
    shadow = zmq.Socket.shadow(int(ffi.cast("uintptr_t", raw)))
    shadow.connect(f"inproc://{look}")
    assert not LOOKS[look](shadow)
    push.send(b"message")
    assert events_of(raw) == zmq.POLLIN
    assert LOOKS[look](shadow)
    lib.zmq_close(raw)


@every_look
def test_message_is_seen_where_an_address_was_given_away(pair, look):
    """`underlying` is for other bindings and for C: they use the socket behind our back."""
    push, pull = pair(zmq.PUSH, zmq.PULL)
    assert not LOOKS[look](pull)
    address = pull.underlying
    push.send(b"message")
    assert events_of(ffi.cast("void *", address)) == zmq.POLLIN
    assert LOOKS[look](pull)


def test_poll_tells_of_room_where_nothing_is_to_read(pair):
    """What is known of one event says nothing of the other."""
    one, other = pair(zmq.PAIR, zmq.PAIR, sndhwm=1, rcvhwm=1)
    assert other.try_recv() is None
    assert other.poll(0, zmq.POLLOUT) == zmq.POLLOUT
    assert other.poll(0, zmq.POLLIN | zmq.POLLOUT) == zmq.POLLOUT
    while other.poll(0, zmq.POLLOUT):
        other.send(b"fill")
    assert other.try_recv() is None
    assert other.poll(0, zmq.POLLOUT) == 0
    one.recv_many()
    assert other.poll(10_000, zmq.POLLOUT) == zmq.POLLOUT


def test_each_again_is_an_exception_of_its_own(context):
    """Who keeps one, or adds to it, changes no other; it tells its call."""
    socket = context.socket(zmq.PULL)
    kept = []
    for _ in range(3):
        with pytest.raises(zmq.Again) as raised:
            socket.recv(zmq.DONTWAIT)
        kept.append(raised.value)
        assert not hasattr(raised.value, "note")
        raised.value.note = "seen"
    assert len(set(map(id, kept))) == 3
    assert {(error.errno, str(error)) for error in kept} == {
        (zmq.EAGAIN, "recv(): Resource temporarily unavailable (EAGAIN)")
    }
