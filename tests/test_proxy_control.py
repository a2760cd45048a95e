"""Proxies: whom they obey, and monitored queues."""

from __future__ import annotations

import struct
import time
from typing import Any

import pytest
from conftest import bind_wildcard
from proxy_rig import Pipeline, Running, make

import zmqlite as zmq
from zmqlite.proxy import monitored_queue, proxy_steerable

# ---- steering ----


def test_statistics_count_messages_and_bytes(context: Any) -> None:
    """A multipart message counts once; frontend first, then backend."""
    frontend, backend, control = make(context, zmq.DEALER), make(context, zmq.DEALER), make(context, zmq.PAIR)
    left, right, steering = make(context, zmq.DEALER), make(context, zmq.DEALER), make(context, zmq.PAIR)
    left.connect(bind_wildcard(frontend))
    right.connect(bind_wildcard(backend))
    steering.connect(bind_wildcard(control))
    Running(proxy_steerable, frontend, backend, None, control)
    left.send_multipart([b"abc", b"", b"de"])
    left.send(b"f")
    right.recv_multipart(), right.recv()
    right.send(b"1234567")
    left.recv()
    steering.send(b"STATISTICS")
    counters = [struct.unpack("=Q", frame)[0] for frame in steering.recv_multipart()]
    assert counters == [2, 6, 1, 7, 1, 7, 2, 6]


def test_pause_and_resume(context: Any) -> None:
    """Paused it reads nothing, and sleeps; what came meanwhile goes on afterwards."""
    line = Pipeline(context)
    Running(proxy_steerable, line.frontend, line.backend, None, line.control)
    line.steering.send(b"PAUSE")
    assert line.statistics() == (0,) * 8
    line.source.send(b"later")
    assert line.statistics() == (0,) * 8
    began = time.process_time()
    assert line.sink.poll(300) == 0
    assert time.process_time() - began < 0.05
    line.steering.send(b"RESUME")
    assert line.sink.recv() == b"later"


def test_terminate_returns_0_and_leaves_the_sockets_usable(context: Any) -> None:
    """Also when paused."""
    line = Pipeline(context)
    for commands in ([b"TERMINATE"], [b"PAUSE", b"TERMINATE"]):
        running = Running(proxy_steerable, line.frontend, line.backend, None, line.control)
        for command in commands:
            line.steering.send(command)
        assert running.join() == 0
    line.source.send(b"x")
    assert line.frontend.recv() == b"x"


def test_rep_control_gets_an_answer_to_everything(context: Any) -> None:
    """Empty ones, and the statistics."""
    line, control, steering = Pipeline(context), make(context, zmq.REP), make(context, zmq.REQ)
    steering.connect(bind_wildcard(control))
    running = Running(proxy_steerable, line.frontend, line.backend, None, control)
    for command in (b"PAUSE", b"RESUME", b"nonsense"):
        steering.send(command)
        assert steering.recv_multipart() == [b""]
    steering.send(b"STATISTICS")
    assert len(steering.recv_multipart()) == 8
    steering.send(b"TERMINATE")
    assert steering.recv_multipart() == [b""]
    assert running.join() == 0


def test_what_is_no_command_is_ignored(context: Any) -> None:
    """libzmq 4.3.4 aborts the process for these."""
    line = Pipeline(context)
    Running(proxy_steerable, line.frontend, line.backend, None, line.control)
    for message in ([b"STOP"], [b""], [b"TERMINATE", b"now"], [b"x", b"TERMINATE"], [b"terminate"]):
        line.steering.send_multipart(message)
    line.source.send(b"x")
    assert line.sink.recv() == b"x"
    assert line.statistics()[0] == 1


def test_control_that_cannot_answer_is_not_asked_to(context: Any) -> None:
    """STATISTICS to a SUB ends nothing."""
    line, control, steering = Pipeline(context), make(context, zmq.SUB, subscribe=b""), make(context, zmq.XPUB)
    control.connect(bind_wildcard(steering))
    running = Running(proxy_steerable, line.frontend, line.backend, None, control)
    assert steering.recv() == b"\x01"
    steering.send(b"STATISTICS")
    line.source.send(b"x")
    assert line.sink.recv() == b"x"
    steering.send(b"TERMINATE")
    assert running.join() == 0


def test_commands_are_captured(context: Any) -> None:
    """As libzmq does."""
    line, capture, watcher = Pipeline(context), make(context, zmq.PUSH), make(context, zmq.PULL)
    watcher.connect(bind_wildcard(capture))
    Running(proxy_steerable, line.frontend, line.backend, capture, line.control)
    line.steering.send(b"PAUSE")
    assert watcher.recv() == b"PAUSE"


# ---- monitored_queue ----


def test_monitored_queue_tells_the_directions_apart(context: Any) -> None:
    """The first frame of each copy is the prefix."""
    inside, outside, monitor = make(context, zmq.DEALER), make(context, zmq.DEALER), make(context, zmq.PUSH)
    left, right, watcher = make(context, zmq.DEALER), make(context, zmq.DEALER), make(context, zmq.PULL)
    left.connect(bind_wildcard(inside))
    right.connect(bind_wildcard(outside))
    watcher.connect(bind_wildcard(monitor))
    Running(monitored_queue, inside, outside, monitor, b">>", bytearray(b""))
    left.send_multipart([b"a", b"b"])
    assert right.recv_multipart() == [b"a", b"b"]
    assert watcher.recv_multipart() == [b">>", b"a", b"b"]
    right.send(b"c")
    assert left.recv() == b"c"
    assert watcher.recv_multipart() == [b"", b"c"]


def test_monitored_queue_between_routers_swaps_the_routing_ids(context: Any) -> None:
    """A client names the peer, the peer sees the client."""
    inside, outside, monitor = make(context, zmq.ROUTER), make(context, zmq.ROUTER), make(context, zmq.PUB)
    client, worker = make(context, zmq.DEALER, routing_id=b"client"), make(context, zmq.DEALER, routing_id=b"worker")
    client.connect(bind_wildcard(inside))
    worker.connect(bind_wildcard(outside))
    Running(monitored_queue, inside, outside, monitor)
    client.send_multipart([b"worker", b"question"])
    assert worker.recv_multipart() == [b"client", b"question"]
    worker.send_multipart([b"client", b"answer"])
    assert client.recv_multipart() == [b"worker", b"answer"]


def test_monitored_queue_wants_bytes(context: Any) -> None:
    """A str is not encoded by guess."""
    sockets = [make(context, zmq.PAIR) for _ in range(3)]
    with pytest.raises(TypeError, match="encode"):
        monitored_queue(*sockets, "in")  # type: ignore[arg-type]
