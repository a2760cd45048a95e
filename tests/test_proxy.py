"""Proxies: what they forward, whom they obey, how they end, and that they lose nothing in silence."""

from __future__ import annotations

import contextlib
import struct
import threading
import time
import warnings
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from conftest import bind_wildcard

import zmqlite as zmq
from zmqlite.proxy import device, monitored_queue, proxy, proxy_steerable

TEN_SECONDS = 10_000


class Running:
    """A proxy in a thread, and how it ended."""

    def __init__(self, call: Callable[..., int], *args: Any) -> None:
        self.result: Any = None
        self.warnings: list[Any] = []
        self.thread = threading.Thread(target=self._run, args=(call, args))
        self.thread.start()

    def _run(self, call: Callable[..., int], args: Any) -> None:
        with warnings.catch_warnings(record=True) as self.warnings:
            warnings.simplefilter("always")
            try:
                self.result = call(*args)
            except zmq.ZMQError as error:
                self.result = error

    def join(self) -> Any:
        """Wait for its end, and tell how it was."""
        self.thread.join(20)
        assert not self.thread.is_alive(), "the proxy did not end"
        return self.result


@pytest.fixture
def make(context: Any) -> Iterator[Callable[..., Any]]:
    """Makes sockets with linger 0, and a timeout where a test would hang, and closes them after the test."""
    made = []

    def make_socket(socket_type: int, **options: Any) -> Any:
        socket = context.socket(socket_type)
        for name, value in {"linger": 0, "rcvtimeo": TEN_SECONDS, "sndtimeo": TEN_SECONDS, **options}.items():
            setattr(socket, name, value)
        made.append(socket)
        return socket

    yield make_socket
    for socket in made:
        socket.close()


@pytest.fixture
def start(context: Any, make: Any) -> Iterator[Callable[..., Running]]:
    """Starts proxies in threads, and ends them with the context before their sockets are closed."""
    started = []

    def start_proxy(call: Callable[..., int], *args: Any) -> Running:
        started.append(Running(call, *args))
        return started[-1]

    yield start_proxy
    context.destroy(linger=0)
    for running in started:
        running.join()


class Pipeline:
    """PUSH -> PULL [proxy] PUSH -> PULL, over inproc, steered by a PAIR."""

    def __init__(self, make: Any, hwm: int = 1000, sink: bool = True) -> None:
        self.frontend, self.backend = make(zmq.PULL), make(zmq.PUSH, sndhwm=hwm)
        self.source, self.sink = make(zmq.PUSH), make(zmq.PULL, rcvhwm=hwm)
        self.control, self.steering = make(zmq.PAIR), make(zmq.PAIR)
        self.source.connect(bind_wildcard(self.frontend))
        if sink:
            self.sink.connect(bind_wildcard(self.backend))
        self.steering.connect(bind_wildcard(self.control))

    def statistics(self) -> tuple[int, ...]:
        """Ask for the eight counters."""
        self.steering.send(b"STATISTICS")
        return tuple(struct.unpack("=Q", frame)[0] for frame in self.steering.recv_multipart())

    def fill(self) -> list[bytes]:
        """Make the running proxy hold a message: ten are sent, two fit (high-water marks of 1 on both sides)."""
        messages = [b"%d" % number for number in range(10)]
        self.steering.send(b"PAUSE")
        for message in messages:
            self.source.send(message)
        self.steering.send(b"RESUME")
        until = time.monotonic() + 10
        while self.statistics()[0] != 3:
            assert time.monotonic() < until
        assert self.statistics()[6] == 2
        return messages


def receive_all(*sockets: Any) -> list[bytes]:
    """What the sockets still have."""
    received = []
    for socket in sockets:
        while socket.poll(100):
            received.append(socket.recv())
    return received


# ---- forwarding ----


def test_requests_and_replies_find_their_way(make: Any, start: Any, transport: str) -> None:
    """REQ - ROUTER [proxy] DEALER - REP, several of each, over every transport."""
    frontend, backend = make(zmq.ROUTER), make(zmq.DEALER)
    front, back = bind_wildcard(frontend, transport), bind_wildcard(backend, transport)
    clients, servers = [make(zmq.REQ) for _ in range(3)], [make(zmq.REP) for _ in range(2)]
    for client in clients:
        client.connect(front)
    for server in servers:
        server.connect(back)
    start(proxy, frontend, backend)
    for number, client in enumerate(clients):
        client.send(b"%d" % number)
    answered = 0
    while answered < len(clients):
        for server in servers:
            with contextlib.suppress(zmq.Again):
                server.send(b"re:" + server.recv(zmq.NOBLOCK))
                answered += 1
    assert [client.recv() for client in clients] == [b"re:0", b"re:1", b"re:2"]


def test_messages_pass_whole_and_in_order(make: Any, start: Any) -> None:
    """Multipart, empty frames, large frames; more than a burst of them."""
    line = Pipeline(make)
    start(proxy, line.frontend, line.backend)
    messages = [[b"%d" % number, b"", bytes(number)] for number in range(1500)] + [
        [b""],
        [b"", b""],
        [bytes(5_000_000)],
    ]
    sender = threading.Thread(target=lambda: [line.source.send_multipart(message) for message in messages])
    sender.start()
    assert [line.sink.recv_multipart() for _ in messages] == messages
    sender.join()


def test_subscriptions_and_publications(make: Any, start: Any) -> None:
    """PUB - XSUB [proxy] XPUB - SUB: subscriptions go up, messages come down."""
    frontend, backend = make(zmq.XSUB), make(zmq.XPUB)
    publisher, subscriber = make(zmq.XPUB), make(zmq.SUB)
    publisher.connect(bind_wildcard(frontend))
    subscriber.connect(bind_wildcard(backend))
    start(proxy, frontend, backend)
    subscriber.setsockopt(zmq.SUBSCRIBE, b"news")
    assert publisher.recv() == b"\x01news"
    publisher.send(b"weather")
    publisher.send(b"news of today")
    assert subscriber.recv() == b"news of today"


def test_one_socket_may_be_both_ends(make: Any, start: Any) -> None:
    """It reflects what it gets."""
    mirror, face = make(zmq.DEALER), make(zmq.DEALER)
    face.connect(bind_wildcard(mirror))
    start(proxy, mirror, mirror)
    for number in range(5):
        face.send_multipart([b"%d" % number, b"x"])
    assert [face.recv_multipart()[0] for _ in range(5)] == [b"0", b"1", b"2", b"3", b"4"]


def test_one_socket_at_both_ends_is_one_direction(make: Any, start: Any) -> None:
    """It receives as the frontend and sends as the backend."""
    mirror, face, control, steering = make(zmq.DEALER), make(zmq.DEALER), make(zmq.PAIR), make(zmq.PAIR)
    face.connect(bind_wildcard(mirror))
    steering.connect(bind_wildcard(control))
    start(proxy_steerable, mirror, mirror, None, control)
    for _ in range(20):
        face.send(b"12")
        assert face.recv() == b"12"
    steering.send(b"STATISTICS")
    counters = [struct.unpack("=Q", frame)[0] for frame in steering.recv_multipart()]
    assert counters == [20, 40, 0, 0, 0, 0, 20, 40]


def test_device_is_proxy(make: Any, start: Any) -> None:
    """Its type makes no difference."""
    line = Pipeline(make)
    start(device, 3, line.frontend, line.backend)
    line.source.send(b"x")
    assert line.sink.recv() == b"x"


# ---- capture ----


def test_capture_gets_a_copy_of_every_message(make: Any, start: Any) -> None:
    """Of both directions, whole."""
    frontend, backend, capture = make(zmq.DEALER), make(zmq.DEALER), make(zmq.PUSH)
    left, right, watcher = make(zmq.DEALER), make(zmq.DEALER), make(zmq.PULL)
    left.connect(bind_wildcard(frontend))
    right.connect(bind_wildcard(backend))
    watcher.connect(bind_wildcard(capture))
    start(proxy, frontend, backend, capture)
    left.send_multipart([b"a", b"", b"b"])
    assert right.recv_multipart() == watcher.recv_multipart() == [b"a", b"", b"b"]
    right.send(b"c")
    assert left.recv() == watcher.recv() == b"c"


def test_full_pub_capture_drops(make: Any, start: Any) -> None:
    """Whoever watches slowly holds nobody up."""
    line, capture, watcher = Pipeline(make), make(zmq.PUB, sndhwm=1), make(zmq.SUB, rcvhwm=1)
    watcher.setsockopt(zmq.SUBSCRIBE, b"")
    watcher.connect(bind_wildcard(capture))
    start(proxy, line.frontend, line.backend, capture)
    for _ in range(500):
        line.source.send(b"x")
        assert line.sink.recv() == b"x"


def test_push_capture_without_a_peer_holds_up(make: Any, start: Any) -> None:
    """Nothing is read until somebody watches; then everything passes, and is captured once."""
    line, capture, watcher = Pipeline(make), make(zmq.PUSH), make(zmq.PULL)
    endpoint = bind_wildcard(capture)
    start(proxy_steerable, line.frontend, line.backend, capture, line.control)
    for number in range(3):
        line.source.send(b"%d" % number)
    line.steering.send(b"RESUME")  # a command is obeyed meanwhile
    assert line.statistics()[:2] == (0, 0)
    watcher.connect(endpoint)
    assert [line.sink.recv() for _ in range(3)] == [b"0", b"1", b"2"]
    assert [watcher.recv() for _ in range(3)] == [b"0", b"1", b"2"]


def test_captured_once_though_the_destination_was_full(make: Any, start: Any) -> None:
    """A message that waits for room is not captured again when it goes."""
    line, capture, watcher = Pipeline(make, hwm=1), make(zmq.PUSH), make(zmq.PULL)
    watcher.connect(bind_wildcard(capture))
    start(proxy, line.frontend, line.backend, capture)
    sent = [b"%d" % number for number in range(50)]
    sender = threading.Thread(target=lambda: [line.source.send(message) for message in sent])
    sender.start()
    assert [line.sink.recv() for _ in sent] == sent
    assert [watcher.recv() for _ in sent] == sent
    assert watcher.poll(50) == 0
    sender.join()


# ---- room ----


def test_nothing_is_read_for_a_destination_without_a_peer(make: Any, start: Any) -> None:
    """It stays where it can be received by somebody else."""
    line = Pipeline(make, sink=False)
    running = start(proxy_steerable, line.frontend, line.backend, None, line.control)
    line.source.send(b"mine")
    assert line.statistics()[0] == 0
    line.steering.send(b"TERMINATE")
    assert running.join() == 0
    assert line.frontend.recv() == b"mine"


def test_full_destination_does_not_stop_the_other_direction(make: Any, start: Any) -> None:
    """Messages go from right to left while left to right is full."""
    frontend, backend = make(zmq.DEALER), make(zmq.DEALER, sndhwm=1)
    left, right = make(zmq.DEALER, sndtimeo=0), make(zmq.DEALER, rcvhwm=1)
    left.connect(bind_wildcard(frontend))
    right.connect(bind_wildcard(backend))
    start(proxy, frontend, backend)
    with contextlib.suppress(zmq.Again):
        while True:
            left.send(b"to a full one")
    for number in range(100):
        right.send(b"%d" % number)
        assert left.recv() == b"%d" % number


def test_what_waits_for_room_is_sent_first_and_once(make: Any, start: Any) -> None:
    """A slow sink gets every message, in order, over many waits for room."""
    line = Pipeline(make, hwm=2)
    start(proxy, line.frontend, line.backend)
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
def test_socket_that_refuses_though_it_says_pollout(make: Any, start: Any, kind: str) -> None:
    """These two may say that they have room when they have none: everything arrives all the same."""
    frontend, source = make(zmq.PULL), make(zmq.PUSH)
    source.connect(bind_wildcard(frontend))
    if kind == "ROUTER_MANDATORY":
        backend, sink = make(zmq.ROUTER, sndhwm=1, router_mandatory=1), make(zmq.DEALER, rcvhwm=1, routing_id=b"s")
        sink.connect(bind_wildcard(backend))
        sink.send(b"here I am")
        assert backend.recv_multipart() == [b"s", b"here I am"]
    else:
        backend, sink = make(zmq.XPUB, sndhwm=1, xpub_nodrop=1), make(zmq.SUB, rcvhwm=1, subscribe=b"")
        sink.connect(bind_wildcard(backend))
        assert backend.recv() == b"\x01"
    start(proxy, frontend, backend)
    for number in range(30):
        source.send_multipart([b"s", b"%d" % number])
    began = time.process_time()
    time.sleep(0.3)  # nobody reads: it runs into the refusal, and does not try again and again
    assert time.process_time() - began < 0.05
    assert [sink.recv_multipart()[-1] for _ in range(30)] == [b"%d" % number for number in range(30)]


def test_unroutable_message_ends_a_proxy_to_a_mandatory_router(make: Any, start: Any) -> None:
    """EHOSTUNREACH as libzmq's, and the message is told to be lost."""
    frontend, source, backend = make(zmq.PULL), make(zmq.PUSH), make(zmq.ROUTER, router_mandatory=1)
    source.connect(bind_wildcard(frontend))
    somebody = make(zmq.DEALER)
    somebody.connect(bind_wildcard(backend))
    source.send_multipart([b"nobody", b"x"])
    running = start(proxy, frontend, backend)
    assert running.join().errno == zmq.Errno.EHOSTUNREACH
    assert [warning.category for warning in running.warnings] == [ResourceWarning]


# ---- steering ----


def test_statistics_count_messages_and_bytes(make: Any, start: Any) -> None:
    """A multipart message counts once; frontend first, then backend."""
    frontend, backend, control = make(zmq.DEALER), make(zmq.DEALER), make(zmq.PAIR)
    left, right, steering = make(zmq.DEALER), make(zmq.DEALER), make(zmq.PAIR)
    left.connect(bind_wildcard(frontend))
    right.connect(bind_wildcard(backend))
    steering.connect(bind_wildcard(control))
    start(proxy_steerable, frontend, backend, None, control)
    left.send_multipart([b"abc", b"", b"de"])
    left.send(b"f")
    right.recv_multipart(), right.recv()
    right.send(b"1234567")
    left.recv()
    steering.send(b"STATISTICS")
    counters = [struct.unpack("=Q", frame)[0] for frame in steering.recv_multipart()]
    assert counters == [2, 6, 1, 7, 1, 7, 2, 6]


def test_pause_and_resume(make: Any, start: Any) -> None:
    """Paused it reads nothing, and sleeps; what came meanwhile goes on afterwards."""
    line = Pipeline(make)
    start(proxy_steerable, line.frontend, line.backend, None, line.control)
    line.steering.send(b"PAUSE")
    assert line.statistics() == (0,) * 8
    line.source.send(b"later")
    assert line.statistics() == (0,) * 8
    began = time.process_time()
    assert line.sink.poll(300) == 0
    assert time.process_time() - began < 0.05
    line.steering.send(b"RESUME")
    assert line.sink.recv() == b"later"


def test_terminate_returns_0_and_leaves_the_sockets_usable(make: Any, start: Any) -> None:
    """Also when paused."""
    line = Pipeline(make)
    for commands in ([b"TERMINATE"], [b"PAUSE", b"TERMINATE"]):
        running = start(proxy_steerable, line.frontend, line.backend, None, line.control)
        for command in commands:
            line.steering.send(command)
        assert running.join() == 0
        assert running.warnings == []
    line.source.send(b"x")
    assert line.frontend.recv() == b"x"


def test_rep_control_gets_an_answer_to_everything(make: Any, start: Any) -> None:
    """Empty ones, and the statistics."""
    line, control, steering = Pipeline(make), make(zmq.REP), make(zmq.REQ)
    steering.connect(bind_wildcard(control))
    running = start(proxy_steerable, line.frontend, line.backend, None, control)
    for command in (b"PAUSE", b"RESUME", b"nonsense"):
        steering.send(command)
        assert steering.recv_multipart() == [b""]
    steering.send(b"STATISTICS")
    assert len(steering.recv_multipart()) == 8
    steering.send(b"TERMINATE")
    assert steering.recv_multipart() == [b""]
    assert running.join() == 0


def test_what_is_no_command_is_ignored(make: Any, start: Any) -> None:
    """libzmq 4.3.4 aborts the process for these."""
    line = Pipeline(make)
    start(proxy_steerable, line.frontend, line.backend, None, line.control)
    for message in ([b"STOP"], [b""], [b"TERMINATE", b"now"], [b"x", b"TERMINATE"], [b"terminate"]):
        line.steering.send_multipart(message)
    line.source.send(b"x")
    assert line.sink.recv() == b"x"
    assert line.statistics()[0] == 1


def test_control_that_cannot_answer_is_not_asked_to(make: Any, start: Any) -> None:
    """STATISTICS to a SUB ends nothing."""
    line, control, steering = Pipeline(make), make(zmq.SUB, subscribe=b""), make(zmq.XPUB)
    control.connect(bind_wildcard(steering))
    running = start(proxy_steerable, line.frontend, line.backend, None, control)
    assert steering.recv() == b"\x01"
    steering.send(b"STATISTICS")
    line.source.send(b"x")
    assert line.sink.recv() == b"x"
    steering.send(b"TERMINATE")
    assert running.join() == 0


def test_commands_are_captured(make: Any, start: Any) -> None:
    """As libzmq does."""
    line, capture, watcher = Pipeline(make), make(zmq.PUSH), make(zmq.PULL)
    watcher.connect(bind_wildcard(capture))
    start(proxy_steerable, line.frontend, line.backend, capture, line.control)
    line.steering.send(b"PAUSE")
    assert watcher.recv() == b"PAUSE"


# ---- monitored_queue ----


def test_monitored_queue_tells_the_directions_apart(make: Any, start: Any) -> None:
    """The first frame of each copy is the prefix."""
    inside, outside, monitor = make(zmq.DEALER), make(zmq.DEALER), make(zmq.PUSH)
    left, right, watcher = make(zmq.DEALER), make(zmq.DEALER), make(zmq.PULL)
    left.connect(bind_wildcard(inside))
    right.connect(bind_wildcard(outside))
    watcher.connect(bind_wildcard(monitor))
    start(monitored_queue, inside, outside, monitor, b">>", bytearray(b""))
    left.send_multipart([b"a", b"b"])
    assert right.recv_multipart() == [b"a", b"b"]
    assert watcher.recv_multipart() == [b">>", b"a", b"b"]
    right.send(b"c")
    assert left.recv() == b"c"
    assert watcher.recv_multipart() == [b"", b"c"]


def test_monitored_queue_between_routers_swaps_the_routing_ids(make: Any, start: Any) -> None:
    """A client names the peer, the peer sees the client."""
    inside, outside, monitor = make(zmq.ROUTER), make(zmq.ROUTER), make(zmq.PUB)
    client, worker = make(zmq.DEALER, routing_id=b"client"), make(zmq.DEALER, routing_id=b"worker")
    client.connect(bind_wildcard(inside))
    worker.connect(bind_wildcard(outside))
    start(monitored_queue, inside, outside, monitor)
    client.send_multipart([b"worker", b"question"])
    assert worker.recv_multipart() == [b"client", b"question"]
    worker.send_multipart([b"client", b"answer"])
    assert client.recv_multipart() == [b"worker", b"answer"]


def test_monitored_queue_wants_bytes(make: Any) -> None:
    """A str is not encoded by guess."""
    sockets = [make(zmq.PAIR) for _ in range(3)]
    with pytest.raises(TypeError, match="encode"):
        monitored_queue(*sockets, "in")  # type: ignore[arg-type]


# ---- ends and errors ----


def test_proxy_raises_when_the_context_ends(context: Any, make: Any) -> None:
    """ContextTerminated, at once, though nothing moves."""
    line = Pipeline(make)
    running = Running(proxy, line.frontend, line.backend)
    line.source.send(b"x")
    assert line.sink.recv() == b"x"
    began = time.monotonic()
    context.destroy(linger=0)
    assert isinstance(running.join(), zmq.ContextTerminated)
    assert time.monotonic() - began < 0.5
    assert running.warnings == []


def test_socket_of_a_running_proxy_is_in_use(make: Any, start: Any) -> None:
    """SocketInUse for the other thread, and the proxy goes on."""
    line = Pipeline(make)
    start(proxy, line.frontend, line.backend)
    line.source.send(b"x")
    assert line.sink.recv() == b"x"
    for use in (line.frontend.recv, line.backend.close, lambda: line.backend.send(b"x")):
        with pytest.raises(zmq.SocketInUse):
            use()
    line.source.send(b"y")
    assert line.sink.recv() == b"y"


def test_proxy_of_a_busy_socket_raises(make: Any, start: Any) -> None:
    """The second proxy gets SocketInUse, and its other socket is free again."""
    line, other = Pipeline(make), make(zmq.PUSH)
    start(proxy, line.frontend, line.backend)
    line.source.send(b"x")
    assert line.sink.recv() == b"x"
    with pytest.raises(zmq.SocketInUse, match=r"proxy\(\)"):
        proxy(other, line.backend)
    other.close()


def test_proxy_of_a_closed_socket_raises(make: Any) -> None:
    """ENOTSOCK."""
    frontend, backend = make(zmq.PULL), make(zmq.PUSH)
    backend.close()
    with pytest.raises(zmq.ZMQError) as caught:
        proxy(frontend, backend)
    assert caught.value.errno == zmq.Errno.ENOTSOCK


@pytest.mark.parametrize("place", ["frontend", "backend", "capture", "control"])
def test_proxy_wants_sockets(make: Any, place: str) -> None:
    """TypeError that says which is none."""
    arguments = {"frontend": make(zmq.PULL), "backend": make(zmq.PUSH), place: "tcp://*:5555"}
    with pytest.raises(TypeError, match=f"Socket as {place}, got str"):
        proxy_steerable(**arguments)


def test_message_held_at_the_end_is_told(make: Any, start: Any) -> None:
    """TERMINATE waits a second for room; then one ResourceWarning says what is missing, and all others are there."""
    line = Pipeline(make, hwm=1)
    running = start(proxy_steerable, line.frontend, line.backend, None, line.control)
    sent = line.fill()
    line.steering.send(b"TERMINATE")
    assert running.join() == 0
    assert [warning.category for warning in running.warnings] == [ResourceWarning]
    assert "1 message(s) received and not sent on" in str(running.warnings[0].message)
    sent.remove(b"2")
    assert receive_all(line.sink, line.frontend) == sent


def test_message_held_when_the_context_ends_is_told(context: Any, make: Any) -> None:
    """ContextTerminated comes with the warning."""
    line = Pipeline(make, hwm=1)
    running = Running(proxy_steerable, line.frontend, line.backend, None, line.control)
    line.fill()
    context.destroy(linger=0)
    assert isinstance(running.join(), zmq.ContextTerminated)
    assert [warning.category for warning in running.warnings] == [ResourceWarning]


def test_terminate_waits_for_room_for_what_was_read(make: Any, start: Any) -> None:
    """A sink that reads again in time gets it: nothing is lost."""
    line, capture, watcher = Pipeline(make, hwm=1), make(zmq.PUSH), make(zmq.PULL)
    watcher.connect(bind_wildcard(capture))
    running = start(proxy_steerable, line.frontend, line.backend, capture, line.control)
    sent = line.fill()
    line.steering.send(b"TERMINATE")
    while watcher.recv() != b"TERMINATE":
        pass  # from there on it only waits for room
    received = [line.sink.recv() for _ in range(3)]
    assert running.join() == 0
    assert running.warnings == []
    assert received + receive_all(line.sink, line.frontend) == sent


def test_waiting_for_room_takes_no_cpu(make: Any, start: Any) -> None:
    """Neither with a message in hand nor, in the next proxy, with messages that are not read yet."""
    full, peerless = Pipeline(make, hwm=1), Pipeline(make, sink=False)
    for line in (full, peerless):
        start(proxy_steerable, line.frontend, line.backend, None, line.control)
    full.fill()
    peerless.source.send(b"x")
    peerless.statistics()
    began = time.process_time()
    time.sleep(0.3)
    assert time.process_time() - began < 0.05


SIGNAL_PROXY = """
    import os, signal, threading, time, warnings
    import zmqlite as zmq
    from zmqlite.proxy import proxy
    warnings.simplefilter("always")
    context = zmq.Context()
    frontend, backend = context.socket(zmq.PULL), context.socket(zmq.PUSH)
    frontend.bind("inproc://front")
    backend.bind("inproc://back")
    source, sink = context.socket(zmq.PUSH), context.socket(zmq.PULL)
    source.connect("inproc://front")
    sink.connect("inproc://back")
"""


def test_ctrl_c_ends_a_proxy_and_loses_nothing(run_child: Any) -> None:
    """Within 200 ms, idle or busy; every message is with the sink or still with the frontend."""
    child = run_child(
        SIGNAL_PROXY
        + """
    stop, counts, sent = threading.Event(), {"sent": 0, "received": 0}, []
    source.sndtimeo = 100
    def pour():
        while not stop.is_set():
            try:
                source.send(b"x")
            except zmq.Again:
                continue
            counts["sent"] += 1
    def drink():
        while sink.poll(500):
            sink.recv()
            counts["received"] += 1
    threads = [threading.Thread(target=pour), threading.Thread(target=drink)]
    for thread in threads:
        thread.start()
    def interrupt():
        sent.append(time.monotonic())
        # Here, so that the main thread's system call is not interrupted: it has to look.
        signal.pthread_kill(threading.get_ident(), signal.SIGINT)
    threading.Timer(0.3, interrupt).start()
    try:
        proxy(frontend, backend)
    except KeyboardInterrupt:
        quick = time.monotonic() - sent[0] < 0.2
    stop.set()
    for thread in threads:
        thread.join()
    left = 0
    while frontend.poll(200):
        frontend.recv()
        left += 1
    print(quick, counts["received"] > 0, counts["sent"] == counts["received"] + left)
    context.destroy(linger=0)
    """
    )
    assert (child.exit_code, child.stdout) == (0, "True True True\n"), (child.stdout, child.stderr)
    assert "ResourceWarning: proxy()" not in child.stderr


def test_signal_handlers_run_and_the_proxy_goes_on(run_child: Any) -> None:
    """A timer signal every 5 ms interrupts no message: 3000 arrive, in order."""
    child = run_child(
        SIGNAL_PROXY
        + """
    calls, result = [], []
    signal.signal(signal.SIGALRM, lambda *_: calls.append(1))
    def run():
        signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGALRM])
        for number in range(3000):
            source.send(b"%d" % number)
            if number % 100 == 0:
                time.sleep(0.01)
        result.append([sink.recv() for _ in range(3000)] == [b"%d" % number for number in range(3000)])
        os.kill(os.getpid(), signal.SIGINT)
    sink.rcvhwm = 5000
    threading.Thread(target=run).start()
    signal.setitimer(signal.ITIMER_REAL, 0.005, 0.005)
    try:
        proxy(frontend, backend)
    except KeyboardInterrupt:
        signal.setitimer(signal.ITIMER_REAL, 0)
        print(result, len(calls) > 10)
    context.destroy(linger=0)
    """
    )
    assert (child.exit_code, child.stdout) == (0, "[True] True\n"), (child.stdout, child.stderr)


@pytest.mark.parametrize("busy", [False, True])
def test_proxy_in_a_daemon_thread_does_not_stop_exit(run_child: Any, busy: bool) -> None:
    """Idle or full of messages: exit code 0 within 2 s, and nothing on stderr."""
    child = run_child(
        SIGNAL_PROXY
        + f"""
    threading.Thread(target=proxy, args=(frontend, backend), daemon=True).start()
    source.send(b"x")
    assert sink.recv() == b"x"
    if {busy}:
        source.sndtimeo = 50
        try:
            while True:
                source.send(b"x")
        except zmq.Again:
            pass
    """
    )
    assert (child.exit_code, child.stderr) == (0, "")
    assert child.seconds < 2


def test_forked_child_cannot_proxy_its_parents_sockets(run_child: Any) -> None:
    """ForkedError in the child; the parent's sockets still work."""
    child = run_child(
        SIGNAL_PROXY
        + """
    if os.fork() == 0:
        try:
            proxy(frontend, backend)
        except zmq.ForkedError:
            os._exit(0)
        os._exit(1)
    code = os.waitstatus_to_exitcode(os.wait()[1])
    source.send(b"x")
    print(code, frontend.recv())
    context.destroy(linger=0)
    """
    )
    assert (child.exit_code, child.stdout) == (0, "0 b'x'\n"), child.stderr
