"""Proxies: what they forward and capture, and what they do when there is no room."""

from __future__ import annotations

import contextlib
import struct
import threading
import time
from typing import Any

import pytest
from conftest import bind_wildcard
from proxy_rig import Pipeline, Running, make

import zmqlite as zmq
from zmqlite.proxy import device, proxy, proxy_steerable

# ---- forwarding ----


def test_requests_and_replies_find_their_way(context: Any, transport: str) -> None:
    """REQ - ROUTER [proxy] DEALER - REP, several of each, over every transport."""
    frontend, backend = make(context, zmq.ROUTER), make(context, zmq.DEALER)
    front, back = bind_wildcard(frontend, transport), bind_wildcard(backend, transport)
    clients, servers = [make(context, zmq.REQ) for _ in range(3)], [make(context, zmq.REP) for _ in range(2)]
    for client in clients:
        client.connect(front)
    for server in servers:
        server.connect(back)
    Running(proxy, frontend, backend)
    for number, client in enumerate(clients):
        client.send(b"%d" % number)
    answered = 0
    while answered < len(clients):
        for server in servers:
            with contextlib.suppress(zmq.Again):
                server.send(b"re:" + server.recv(zmq.NOBLOCK))
                answered += 1
    assert [client.recv() for client in clients] == [b"re:0", b"re:1", b"re:2"]


def test_messages_pass_whole_and_in_order(context: Any) -> None:
    """Multipart, empty frames, large frames; more than a burst of them."""
    line = Pipeline(context)
    Running(proxy, line.frontend, line.backend)
    messages = [[b"%d" % number, b"", bytes(number)] for number in range(1500)] + [
        [b""],
        [b"", b""],
        [bytes(5_000_000)],
    ]
    sender = threading.Thread(target=lambda: [line.source.send_multipart(message) for message in messages])
    sender.start()
    assert [line.sink.recv_multipart() for _ in messages] == messages
    sender.join()


def test_subscriptions_and_publications(context: Any) -> None:
    """PUB - XSUB [proxy] XPUB - SUB: subscriptions go up, messages come down."""
    frontend, backend = make(context, zmq.XSUB), make(context, zmq.XPUB)
    publisher, subscriber = make(context, zmq.XPUB), make(context, zmq.SUB)
    publisher.connect(bind_wildcard(frontend))
    subscriber.connect(bind_wildcard(backend))
    Running(proxy, frontend, backend)
    subscriber.setsockopt(zmq.SUBSCRIBE, b"news")
    assert publisher.recv() == b"\x01news"
    publisher.send(b"weather")
    publisher.send(b"news of today")
    assert subscriber.recv() == b"news of today"


def test_one_socket_may_be_both_ends(context: Any) -> None:
    """It reflects what it gets."""
    mirror, face = make(context, zmq.DEALER), make(context, zmq.DEALER)
    face.connect(bind_wildcard(mirror))
    Running(proxy, mirror, mirror)
    for number in range(5):
        face.send_multipart([b"%d" % number, b"x"])
    assert [face.recv_multipart()[0] for _ in range(5)] == [b"0", b"1", b"2", b"3", b"4"]


def test_one_socket_at_both_ends_is_one_direction(context: Any) -> None:
    """It receives as the frontend and sends as the backend."""
    mirror, face, control, steering = (
        make(context, zmq.DEALER),
        make(context, zmq.DEALER),
        make(context, zmq.PAIR),
        make(context, zmq.PAIR),
    )
    face.connect(bind_wildcard(mirror))
    steering.connect(bind_wildcard(control))
    Running(proxy_steerable, mirror, mirror, None, control)
    for _ in range(20):
        face.send(b"12")
        assert face.recv() == b"12"
    steering.send(b"STATISTICS")
    counters = [struct.unpack("=Q", frame)[0] for frame in steering.recv_multipart()]
    assert counters == [20, 40, 0, 0, 0, 0, 20, 40]


def test_device_is_proxy(context: Any) -> None:
    """Its type makes no difference."""
    line = Pipeline(context)
    Running(device, 3, line.frontend, line.backend)
    line.source.send(b"x")
    assert line.sink.recv() == b"x"


# ---- capture ----


def test_capture_gets_a_copy_of_every_message(context: Any) -> None:
    """Of both directions, whole."""
    frontend, backend, capture = make(context, zmq.DEALER), make(context, zmq.DEALER), make(context, zmq.PUSH)
    left, right, watcher = make(context, zmq.DEALER), make(context, zmq.DEALER), make(context, zmq.PULL)
    left.connect(bind_wildcard(frontend))
    right.connect(bind_wildcard(backend))
    watcher.connect(bind_wildcard(capture))
    Running(proxy, frontend, backend, capture)
    left.send_multipart([b"a", b"", b"b"])
    assert right.recv_multipart() == watcher.recv_multipart() == [b"a", b"", b"b"]
    right.send(b"c")
    assert left.recv() == watcher.recv() == b"c"


def test_full_pub_capture_drops(context: Any) -> None:
    """Whoever watches slowly holds nobody up."""
    line, capture, watcher = Pipeline(context), make(context, zmq.PUB, sndhwm=1), make(context, zmq.SUB, rcvhwm=1)
    watcher.setsockopt(zmq.SUBSCRIBE, b"")
    watcher.connect(bind_wildcard(capture))
    Running(proxy, line.frontend, line.backend, capture)
    for _ in range(500):
        line.source.send(b"x")
        assert line.sink.recv() == b"x"


def test_push_capture_without_a_peer_holds_up(context: Any) -> None:
    """Nothing is read until somebody watches; then everything passes, and is captured once."""
    line, capture, watcher = Pipeline(context), make(context, zmq.PUSH), make(context, zmq.PULL)
    endpoint = bind_wildcard(capture)
    Running(proxy_steerable, line.frontend, line.backend, capture, line.control)
    for number in range(3):
        line.source.send(b"%d" % number)
    line.steering.send(b"RESUME")  # a command is obeyed meanwhile
    assert line.statistics()[:2] == (0, 0)
    watcher.connect(endpoint)
    assert [line.sink.recv() for _ in range(3)] == [b"0", b"1", b"2"]
    assert [watcher.recv() for _ in range(3)] == [b"0", b"1", b"2"]


def test_captured_once_though_the_destination_was_full(context: Any) -> None:
    """A message that waits for room is not captured again when it goes."""
    line, capture, watcher = Pipeline(context, hwm=1), make(context, zmq.PUSH), make(context, zmq.PULL)
    watcher.connect(bind_wildcard(capture))
    Running(proxy, line.frontend, line.backend, capture)
    sent = [b"%d" % number for number in range(50)]
    sender = threading.Thread(target=lambda: [line.source.send(message) for message in sent])
    sender.start()
    assert [line.sink.recv() for _ in sent] == sent
    assert [watcher.recv() for _ in sent] == sent
    assert watcher.poll(50) == 0
    sender.join()


# ---- room ----


def test_nothing_is_read_for_a_destination_without_a_peer(context: Any) -> None:
    """It stays where it can be received by somebody else."""
    line = Pipeline(context, sink=False)
    running = Running(proxy_steerable, line.frontend, line.backend, None, line.control)
    line.source.send(b"mine")
    assert line.statistics()[0] == 0
    line.steering.send(b"TERMINATE")
    assert running.join() == 0
    assert line.frontend.recv() == b"mine"


def test_full_destination_does_not_stop_the_other_direction(context: Any) -> None:
    """Messages go from right to left while left to right is full."""
    frontend, backend = make(context, zmq.DEALER), make(context, zmq.DEALER, sndhwm=1)
    left, right = make(context, zmq.DEALER, sndtimeo=0), make(context, zmq.DEALER, rcvhwm=1)
    left.connect(bind_wildcard(frontend))
    right.connect(bind_wildcard(backend))
    Running(proxy, frontend, backend)
    with contextlib.suppress(zmq.Again):
        while True:
            left.send(b"to a full one")
    for number in range(100):
        right.send(b"%d" % number)
        assert left.recv() == b"%d" % number


def test_what_waits_for_room_is_sent_first_and_once(context: Any) -> None:
    """A slow sink gets every message, in order, over many waits for room."""
    line = Pipeline(context, hwm=2)
    Running(proxy, line.frontend, line.backend)
    sent = [[b"%d" % number, b"", b"end"] for number in range(200)]
    sender = threading.Thread(target=lambda: [line.source.send_multipart(message) for message in sent])
    sender.start()
    received = []
    for _ in sent:
        received.append(line.sink.recv_multipart())
        time.sleep(0.0005)  # a slow reader
    assert received == sent
    sender.join()


@pytest.mark.parametrize("kind", ["ROUTER_MANDATORY", "XPUB_NODROP"])
def test_socket_that_refuses_though_it_says_pollout(context: Any, kind: str) -> None:
    """These two may say that they have room when they have none: everything arrives all the same."""
    frontend, source = make(context, zmq.PULL), make(context, zmq.PUSH)
    source.connect(bind_wildcard(frontend))
    if kind == "ROUTER_MANDATORY":
        backend, sink = (
            make(context, zmq.ROUTER, sndhwm=1, router_mandatory=1),
            make(context, zmq.DEALER, rcvhwm=1, routing_id=b"s"),
        )
        sink.connect(bind_wildcard(backend))
        sink.send(b"here I am")
        assert backend.recv_multipart() == [b"s", b"here I am"]
    else:
        backend, sink = (
            make(context, zmq.XPUB, sndhwm=1, xpub_nodrop=1),
            make(context, zmq.SUB, rcvhwm=1, subscribe=b""),
        )
        sink.connect(bind_wildcard(backend))
        assert backend.recv() == b"\x01"
    Running(proxy, frontend, backend)
    for number in range(30):
        source.send_multipart([b"s", b"%d" % number])
    began = time.process_time()
    time.sleep(0.3)  # nobody reads: it runs into the refusal, and does not try again and again
    assert time.process_time() - began < 0.05
    assert [sink.recv_multipart()[-1] for _ in range(30)] == [b"%d" % number for number in range(30)]


def test_unroutable_message_ends_a_proxy_to_a_mandatory_router(context: Any) -> None:
    """EHOSTUNREACH as libzmq's, and the message is told to be lost."""
    frontend, source, backend = (
        make(context, zmq.PULL),
        make(context, zmq.PUSH),
        make(context, zmq.ROUTER, router_mandatory=1),
    )
    source.connect(bind_wildcard(frontend))
    somebody = make(context, zmq.DEALER)
    somebody.connect(bind_wildcard(backend))
    source.send_multipart([b"nobody", b"x"])
    running = Running(proxy, frontend, backend)
    lost = running.join()
    assert isinstance(lost, ResourceWarning)
    assert lost.__context__.errno == zmq.Errno.EHOSTUNREACH
