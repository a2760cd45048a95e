"""Messages on the thread-safe sockets of libzmq's drafts: routing ids, groups, and many threads in one socket."""

from __future__ import annotations

import contextlib
import threading
import time

import pytest

import zmqlite as zmq

pytestmark = pytest.mark.skipif(not zmq.has("draft"), reason="this libzmq has no drafts")


def test_server_answers_by_routing_id(pair, transport):
    """The id is on the received frame, and says where an answer goes: by argument, or on a frame."""
    server, client = pair(zmq.SERVER, zmq.CLIENT, transport)
    client.send(b"question")
    frame = server.recv(copy=False)
    assert frame.bytes == b"question"
    server.send(b"by argument", routing_id=frame.routing_id)
    assert client.recv() == b"by argument"
    answer = zmq.Frame(b"on the frame")
    answer.routing_id = frame.routing_id
    server.send(answer)
    assert client.recv() == b"on the frame"
    server.send_multipart([bytes(200_000)], routing_id=frame.routing_id)
    assert len(client.recv()) == 200_000


def test_wrong_routing_id_raises(pair):
    """Nobody has it: EHOSTUNREACH. It is none: EINVAL, OverflowError, TypeError."""
    server, _ = pair(zmq.SERVER, zmq.CLIENT)
    for wrong, errno in ((12345, zmq.EHOSTUNREACH), (0, zmq.EINVAL)):
        with pytest.raises(zmq.ZMQError) as raised:
            server.send(b"x", routing_id=wrong)
        assert raised.value.errno == errno
    for wrong in (-1, 2**32):
        with pytest.raises(OverflowError):
            server.send(b"x", routing_id=wrong)
    with pytest.raises(TypeError):
        server.send(b"x", routing_id="peer")
    with pytest.raises(zmq.ZMQError):
        zmq.Frame(b"x").get("routing_id")


def test_radio_sends_to_a_group(pair):
    """Only who joined hears it; the frame tells the group."""
    radio, dish = pair(zmq.RADIO, zmq.DISH, "tcp")
    dish.join("news")
    dish.rcvtimeo = 20
    frame = None
    while frame is None:  # until the RADIO has heard who joined
        radio.send(b"not heard", group="sport")
        radio.send(b"heard", group=b"news")
        with contextlib.suppress(zmq.Again):
            frame = dish.recv(copy=False)
    assert (frame.bytes, frame.group) == (b"heard", "news")


def test_wrong_group_raises(pair):
    """Cut off by a NUL, or no text."""
    radio, _ = pair(zmq.RADIO, zmq.DISH)
    with pytest.raises(ValueError, match="null"):
        radio.send(b"x", group="a\0b")
    with pytest.raises(TypeError):
        radio.send(b"x", group=3)


def test_group_too_long_for_libzmq_raises(pair):
    """libzmq would send to the group of the first 255 bytes."""
    radio, _ = pair(zmq.RADIO, zmq.DISH)
    radio.send(b"x", group="g" * 255)
    for group in ("g" * 256, b"g" * 256):
        with pytest.raises(zmq.ZMQError) as raised:
            radio.send(b"x", group=group)
        assert raised.value.errno == zmq.EINVAL


def test_many_threads_may_be_in_a_client(pair):
    """These sockets are thread-safe: everything arrives once, short and long."""
    server, client = pair(zmq.SERVER, zmq.CLIENT, sndhwm=0, rcvhwm=0)
    client.send(b"hello")
    peer = server.recv(copy=False).routing_id
    count, received = 2000, []

    def send(name):
        for number in range(count):
            client.send(b"%d/%d" % (name, number) + bytes(2000 * (number % 50 == 0)))

    def receive():
        while True:
            data = client.recv()
            if data == b"end":
                return
            received.append(data)

    receivers = [threading.Thread(target=receive) for _ in range(3)]
    senders = [threading.Thread(target=send, args=(name,)) for name in range(3)]
    for thread in receivers + senders:
        thread.start()
    for _ in range(3 * count):
        server.send(server.recv(), routing_id=peer)
    for _ in receivers:
        server.send(b"end", routing_id=peer)
    for thread in receivers + senders:
        thread.join()
    names = [data.rstrip(b"\0") for data in received]
    assert len(names) == 3 * count
    assert set(names) == {b"%d/%d" % (name, number) for name in range(3) for number in range(count)}


def test_waiting_client_does_not_spin(pair):
    """It has no descriptor of its own to wait for."""
    _, client = pair(zmq.SERVER, zmq.CLIENT)
    client.rcvtimeo = 300
    cpu = time.process_time()
    with pytest.raises(zmq.Again):
        client.recv()
    assert time.process_time() - cpu < 0.15


def test_blocked_server_does_not_spin(pair):
    """A SERVER is always ready for sending, even to a peer whose queue is full."""
    server, client = pair(zmq.SERVER, zmq.CLIENT, sndhwm=1, rcvhwm=1)
    client.send(b"hello")
    peer = server.recv(copy=False).routing_id
    with contextlib.suppress(zmq.Again):
        for _ in range(10):
            server.send(b"x", zmq.DONTWAIT, routing_id=peer)
    server.sndtimeo = 300
    cpu = time.process_time()
    with pytest.raises(zmq.Again):
        server.send(b"x", routing_id=peer)
    assert time.process_time() - cpu < 0.15


def test_multipart_is_refused(pair):
    """These sockets have messages of one part: EINVAL, and nothing is sent."""
    server, client = pair(zmq.SERVER, zmq.CLIENT)
    with pytest.raises(zmq.ZMQError) as raised:
        client.send_multipart([b"a", b"b"])
    assert raised.value.errno == zmq.EINVAL
    client.send_multipart([b"one"])
    assert server.recv_multipart() == [b"one"]
    assert client.send_many([b"a", [b"b"]]) == 2
    assert server.recv_many(2, timeout=1000) == [b"a", b"b"]
