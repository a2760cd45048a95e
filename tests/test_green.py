"""zmqlite.green: greenlets that wait for sockets let others run, and lose nothing when they are killed."""

from __future__ import annotations

import contextlib
import random
import socket as sockets
from collections.abc import Callable, Iterator
from typing import Any

import pytest

import zmqlite

gevent = pytest.importorskip("gevent", reason="gevent is not installed for this Python")

import zmqlite.green  # noqa: E402 - only where gevent is

_names = iter(range(10**9))


@pytest.fixture(autouse=True)
def limit() -> Iterator[None]:
    """Every test has a time limit in gevent's own terms."""
    with gevent.Timeout(30):
        yield


@pytest.fixture
def green_pair() -> Iterator[Callable[..., tuple[Any, Any]]]:
    """Make two connected green sockets; the first binds."""
    context = zmqlite.green.Context()
    kept = []

    def make(type_a: int, type_b: int, endpoint: str = "", **options: Any) -> tuple[Any, Any]:
        for socket_type in (type_a, type_b):
            kept.append(context.socket(socket_type))
            for name, value in {"linger": 0, **options}.items():
                setattr(kept[-1], name, value)
        one, other = kept[-2:]
        one.bind(endpoint or f"inproc://green-{next(_names)}")
        other.connect(one.get_string(zmqlite.LAST_ENDPOINT))
        return one, other

    yield make
    for socket in kept:
        socket.close(linger=0)
    context.term(timeout=20_000)


def test_every_form_waits_and_is_ready(green_pair):
    """Each form of send and recv, with a message that is there and with one that comes."""
    push, pull = green_pair(zmqlite.PUSH, zmqlite.PULL)
    buffer = bytearray(4)
    forms = (
        (lambda: push.send(b"1"), pull.recv, b"1"),
        (lambda: push.send_multipart([b"1", b"2"]), pull.recv_multipart, [b"1", b"2"]),
        (lambda: push.send_string("ä"), pull.recv_string, "ä"),
        (lambda: push.send_json([1]), pull.recv_json, [1]),
        (lambda: push.send_pyobj((1,)), pull.recv_pyobj, (1,)),
        (lambda: push.send_serialized(7, lambda n: [b"%d" % n]), lambda: pull.recv_serialized(_number), 7),
        (lambda: push.send(b"abc"), lambda: pull.recv_into(buffer), 3),
        (lambda: push.send(b"1"), pull.recv_many, [b"1"]),
    )
    for send, recv, expected in forms:
        send()
        assert recv() == expected
        waiting = gevent.spawn(recv)
        gevent.idle()
        assert not waiting.ready()
        send()
        assert waiting.get() == expected
    assert buffer == b"abc\0"


def _number(parts):
    return int(parts[0])


def test_request_reply_over_tcp(green_pair):
    """A server and a client, in greenlets."""
    server, client = green_pair(zmqlite.REP, zmqlite.REQ, "tcp://127.0.0.1:*")

    def serve():
        while True:
            server.send(b"re: " + server.recv())

    serving = gevent.spawn(serve)
    for number in range(100):
        client.send(b"%d" % number)
        assert client.recv() == b"re: %d" % number
    serving.kill()


def test_greenlets_that_wait_are_served_in_turn(green_pair):
    """Several wait for one socket, one of them is killed; close() ends the others."""
    push, pull = green_pair(zmqlite.PUSH, zmqlite.PULL)
    waiting = [gevent.spawn(pull.recv) for _ in range(4)]
    gevent.idle()
    waiting[0].kill()
    for number in range(3):
        push.send(b"%d" % number)
    assert [one.get() for one in waiting[1:]] == [b"0", b"1", b"2"]
    ended = []

    def receive_to_the_end():
        try:
            pull.recv()
        except zmqlite.ZMQError as error:
            ended.append(error.errno)

    waiting = [gevent.spawn(receive_to_the_end) for _ in range(3)]
    gevent.idle()
    pull.close()
    gevent.joinall(waiting)
    assert ended == [zmqlite.ENOTSUP] * 3


@pytest.mark.parametrize("form", ["recv", "recv_multipart", "recv_string", "recv_many"])
def test_greenlets_that_are_killed_lose_nothing(form, green_pair):
    """Receives that are killed or time out at any moment: each message comes once, in order."""
    push, pull = green_pair(zmqlite.PUSH, zmqlite.PULL)
    chooser = random.Random(1)
    got, sent = [], 0

    def receive():
        value = getattr(pull, form)()
        got.extend(int(one) for one in (value if isinstance(value, list) else [value]))

    for _ in range(400):
        if chooser.random() < 0.6:
            push.send(b"%d" % sent)
            sent += 1
        greenlet = gevent.spawn(receive)
        for _ in range(chooser.randrange(4)):
            gevent.sleep(0)
        if chooser.random() < 0.5:
            push.send(b"%d" % sent)
            sent += 1
            if chooser.random() < 0.3:
                pull._readiness.serve(pull)
        greenlet.kill()
        with gevent.Timeout(chooser.choice((0, 1e-5)), False):
            receive()
    while len(got) < sent:
        receive()
    assert got == list(range(sent))
    assert not pull._readiness.receivers


def test_timeouts_and_polls(green_pair):
    """RCVTIMEO, SNDTIMEO, DONTWAIT and poll()."""
    push, pull = green_pair(zmqlite.PUSH, zmqlite.PULL, sndhwm=1, rcvhwm=1)
    pull.rcvtimeo = 10
    with pytest.raises(zmqlite.Again):
        pull.recv()
    assert pull.recv_many(timeout=5) == []
    with pytest.raises(zmqlite.Again):
        pull.recv(zmqlite.DONTWAIT)
    assert pull.poll(5) == 0
    waiting = gevent.spawn(pull.poll)
    gevent.idle()
    push.send(b"x")
    assert waiting.get() == zmqlite.POLLIN
    assert pull.recv() == b"x"
    push.sndtimeo = 10
    assert push.send_many([b"x"] * 100) < 100
    with pytest.raises(zmqlite.Again):
        push.send(b"x")


def test_sends_wait_for_room(green_pair):
    """A full socket: sends wait, in order."""
    push, pull = green_pair(zmqlite.PUSH, zmqlite.PULL, sndhwm=1, rcvhwm=1)
    sending = [gevent.spawn(push.send, b"%d" % number) for number in range(20)]
    gevent.idle()
    assert [int(pull.recv()) for _ in range(20)] == list(range(20))
    gevent.joinall(sending, raise_error=True)


@pytest.mark.parametrize("may_wait", [True, False])
@pytest.mark.parametrize("form", ["send", "send_multipart", "send_many"])
@pytest.mark.parametrize("kind", [zmqlite.PUSH, zmqlite.DEALER])
def test_rest_of_a_message_that_was_lost_is_no_message(kind, form, may_wait, green_pair):
    """Its first part went away with its peer: the rest is dropped, or refused with Again, and never sent to another."""
    push, pull = green_pair(kind, zmqlite.PULL if kind == zmqlite.PUSH else zmqlite.DEALER)
    push.connect("inproc://green-goes")
    while not pull.poll(0):  # the next one goes to "goes"
        push.send(b"turn")
    pull.recv()
    push.send(b"begun", zmqlite.SNDMORE)
    push.disconnect("inproc://green-goes")
    rest = b"rest" if form == "send" else [b"rest"]
    flags = 0 if may_wait else zmqlite.DONTWAIT
    with contextlib.nullcontext() if may_wait else contextlib.suppress(zmqlite.Again):
        assert getattr(push, form)(rest, flags) == (None if form != "send_many" else int(may_wait))
    push.send(b"whole")
    assert pull.recv_multipart() == [b"whole"]
    assert not pull.poll(0)


def test_rest_of_a_message_is_sent_when_there_is_room(green_pair):
    """A message whose peer stays keeps its parts together, also when each of them has to wait."""
    push, pull = green_pair(zmqlite.PUSH, zmqlite.PULL, sndhwm=1, rcvhwm=1)
    got = []

    def receive():
        while len(got) < 20:
            got.append(pull.recv_multipart())

    receiving = gevent.spawn(receive)
    for _ in range(20):
        push.send(b"begun", zmqlite.SNDMORE)
        push.send(b"rest")
    receiving.join()
    assert got == [[b"begun", b"rest"]] * 20


def test_error_names_the_call(green_pair):
    """What recv() raises says recv(), not what it is made of."""
    req, _ = green_pair(zmqlite.REQ, zmqlite.REP)
    for flags in (0, zmqlite.DONTWAIT):
        with pytest.raises(zmqlite.ZMQError, match=r"^recv\(\): Operation cannot be accomplished in current state"):
            req.recv(flags)


def test_flood_lets_other_greenlets_run(green_pair):
    """A greenlet whose socket always has a message gives way."""
    push, pull = green_pair(zmqlite.PUSH, zmqlite.PULL)
    ran = []

    def flood():
        while not ran:
            push.send(b"x")
            pull.recv()

    flooding = gevent.spawn(flood)
    gevent.spawn_later(0.001, ran.append, True)
    flooding.join()
    assert ran


def test_poller_watches_sockets_and_descriptors(green_pair, context):
    """A Poller of green sockets, plain sockets and descriptors: each wakes it."""
    push, pull = green_pair(zmqlite.PUSH, zmqlite.PULL)
    plain_push, plain_pull = context.socket(zmqlite.PUSH), context.socket(zmqlite.PULL)
    plain_push.bind("inproc://plain-green")
    plain_pull.connect("inproc://plain-green")
    left, right = sockets.socketpair()
    with left, right:
        poller = zmqlite.green.Poller()
        for thing in (pull, plain_pull, left):
            poller.register(thing, zmqlite.POLLIN)
        assert poller.poll(0) == []
        assert poller.poll(5) == []
        for source, expected in ((push, pull), (plain_push, plain_pull), (right, left)):
            waiting = gevent.spawn(poller.poll)
            gevent.idle()
            source.send(b"x")
            found = left.fileno() if expected is left else expected
            assert waiting.get() == [(found, zmqlite.POLLIN)]
            expected.recv(*([1] if expected is left else []))
    assert not pull._readiness.interests


def test_device_forwards(green_pair):
    """green.device(): requests and replies pass, until it is killed."""
    client, frontend = green_pair(zmqlite.REQ, zmqlite.ROUTER)
    server, backend = green_pair(zmqlite.REP, zmqlite.DEALER)
    device = gevent.spawn(zmqlite.green.device, zmqlite.QUEUE, frontend, backend)
    for number in range(20):
        client.send(b"%d" % number)
        server.send(server.recv() + b"!")
        assert client.recv() == b"%d!" % number
    device.kill()


def test_names_of_the_package_are_there():
    """zmqlite.green has every name of zmqlite, its own classes among them."""
    assert set(zmqlite.__all__) <= set(zmqlite.green.__all__)
    assert zmqlite.green.Socket is not zmqlite.Socket
    with zmqlite.green.Context() as context, context.socket(zmqlite.PULL) as socket:
        assert type(socket) is zmqlite.green.Socket
