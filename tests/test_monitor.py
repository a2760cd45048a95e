"""Monitors: what they report, and that one nobody reads does no harm."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress
from errno import EMFILE
from typing import Any

import pytest
from conftest import bind_wildcard

import zmqlite as zmq
from zmqlite._native import ffi, has_function, lib
from zmqlite.monitor import recv_monitor_message, start_monitor, stop_monitor

Event = zmq.Event


def read(reader: Any, timeout_ms: int = 10_000) -> Any:
    """The next event; the test fails when none comes."""
    assert reader.poll(timeout_ms), "no event came"
    return recv_monitor_message(reader)


def read_until(reader: Any, event: int) -> list[Any]:
    """The events up to this one."""
    found = [read(reader)]
    while found[-1]["event"] != event:
        found.append(read(reader))
    return found


def wait_until(fact: Any, seconds: float = 20) -> None:
    """Wait for a state that only looking tells."""
    until = time.monotonic() + seconds
    while not fact():
        assert time.monotonic() < until, "it did not come to that"
        time.sleep(0.005)


@pytest.fixture
def make_restless(context: Any) -> Callable[..., tuple[Any, Any]]:
    """Makes a socket that tries to connect every millisecond, with three events each time, and its monitor."""

    def start(capacity: int) -> tuple[Any, Any]:
        socket = context.socket(zmq.DEALER)
        socket.reconnect_ivl = 1
        monitor = start_monitor(socket, f"inproc://restless-{id(socket)}", 0xFFFF, capacity=capacity)
        socket.connect("tcp://127.0.0.1:1")  # nobody listens there
        return socket, monitor

    return start


# ---- events ----


def test_monitor_reports_a_connection_from_listening_to_disconnected(context: Any) -> None:
    """A server's monitor tells all that happens to it, in order."""
    server = context.socket(zmq.ROUTER)
    reader = server.get_monitor_socket()
    endpoint = bind_wildcard(server, "tcp")
    client = context.socket(zmq.DEALER)
    client.connect(endpoint)
    events = read_until(reader, Event.HANDSHAKE_SUCCEEDED)
    assert [event["event"] for event in events] == [Event.LISTENING, Event.ACCEPTED, Event.HANDSHAKE_SUCCEEDED]
    assert {event["endpoint"] for event in events} == {endpoint.encode()}
    client.close()
    assert read(reader)["event"] == Event.DISCONNECTED
    assert server.monitor_dropped == 0


def test_monitor_reports_only_what_was_asked_for(context: Any) -> None:
    """The mask decides, and the stop that the drain itself needs does not show."""
    server = context.socket(zmq.ROUTER)
    reader = server.get_monitor_socket(Event.ACCEPTED)
    with context.socket(zmq.DEALER) as client:
        client.connect(bind_wildcard(server, "tcp"))
        assert read(reader)["event"] == Event.ACCEPTED
    stop_monitor(server)
    assert reader.poll(100) == 0


def test_reader_gets_the_stop_when_the_socket_closes(context: Any) -> None:
    """MONITOR_STOPPED is the last event."""
    server = context.socket(zmq.ROUTER)
    server.monitor("inproc://events", Event.LISTENING | Event.MONITOR_STOPPED)
    reader = context.socket(zmq.PAIR)
    reader.connect("inproc://events")
    bind_wildcard(server, "tcp")
    server.close(linger=0)
    assert [event["event"] for event in read_until(reader, Event.MONITOR_STOPPED)] == [
        Event.LISTENING,
        Event.MONITOR_STOPPED,
    ]


def test_reader_may_come_after_the_events(context: Any) -> None:
    """What happened before anybody listened waits in the ring."""
    server = context.socket(zmq.ROUTER)
    start_monitor(server, "inproc://early", 0xFFFF)
    bind_wildcard(server, "tcp")
    reader = context.socket(zmq.PAIR)
    reader.connect("inproc://early")
    assert read(reader)["event"] == Event.LISTENING


def test_reader_may_be_followed_by_another(context: Any) -> None:
    """Once the end of the first is noticed, who connects next gets the events; there is no need to start again."""
    server = context.socket(zmq.ROUTER)
    start_monitor(server, "inproc://relay", Event.LISTENING)
    with context.socket(zmq.PAIR) as first:
        first.connect("inproc://relay")
        bind_wildcard(server, "tcp")
        assert read(first)["event"] == Event.LISTENING

    def next_reader_hears() -> bool:
        with context.socket(zmq.PAIR) as reader:
            reader.connect("inproc://relay")
            bind_wildcard(server, "tcp")
            return bool(reader.poll(100))

    wait_until(next_reader_hears)


def test_what_is_written_to_a_monitor_is_ignored(context: Any) -> None:
    """A reader that sends disturbs nothing, and keeps no thread busy."""
    server = context.socket(zmq.ROUTER)
    reader = server.get_monitor_socket()
    for _ in range(100):
        reader.send_multipart([b"what", b"is", b"this"])
    began = time.process_time()
    assert reader.poll(300) == 0
    assert time.process_time() - began < 0.05
    bind_wildcard(server, "tcp")
    assert read(reader)["event"] == Event.LISTENING


@pytest.mark.skipif(not has_function("zmq_socket_monitor_versioned"), reason="this libzmq has no drafts")
def test_version_2_reports_both_ends(context: Any) -> None:
    """The long format of drafts, from a real connection."""
    server = context.socket(zmq.ROUTER)
    start_monitor(server, "inproc://long", Event.LISTENING | Event.ACCEPTED, version=2)
    reader = context.socket(zmq.PAIR)
    reader.connect("inproc://long")
    endpoint = bind_wildcard(server, "tcp")
    client = context.socket(zmq.DEALER)
    client.connect(endpoint)
    listening, accepted = read(reader), read(reader)
    assert (listening["event"], listening["endpoint"]) == (Event.LISTENING, endpoint.encode())
    assert (accepted["event"], accepted["local"]) == (Event.ACCEPTED, endpoint.encode())
    assert accepted["remote"].startswith(b"tcp://127.0.0.1:")
    assert accepted["values"] == [accepted["value"]]


# ---- nobody reads ----


def test_unread_monitor_does_not_freeze_the_io_thread(context: Any, make_restless: Any) -> None:
    """Past libzmq's high-water mark of 1000 events other sockets of the I/O thread still work."""
    _, monitor = make_restless(capacity=10)
    wait_until(lambda: monitor.dropped > 2500)
    server, client = context.socket(zmq.REP), context.socket(zmq.REQ)
    client.connect(bind_wildcard(server, "tcp"))
    client.send(b"alive?")
    assert server.poll(10_000) == zmq.POLLIN
    assert server.recv() == b"alive?"


def test_full_ring_keeps_the_newest(context: Any, make_restless: Any) -> None:
    """The oldest are dropped: a slow reader still hears how it ended, and gets no more than there is room for."""
    socket, monitor = make_restless(capacity=5)
    reader = context.socket(zmq.PAIR)
    reader.rcvhwm = 1
    wait_until(lambda: monitor.dropped > 20)
    reader.connect(monitor.addr)
    # Sent and received high-water marks are 1 each: two events are on the way, the ring has five.
    wait_until(lambda: reader.poll(0) and monitor.dropped > 50)
    stop_monitor(socket)
    assert len(read_until(reader, Event.MONITOR_STOPPED)) <= 2 + 5


def test_dropped_is_the_sockets_monitor_dropped(context: Any, make_restless: Any) -> None:
    """Socket.monitor_dropped counts too, and stays after the stop."""
    assert context.socket(zmq.PAIR).monitor_dropped == 0
    socket, monitor = make_restless(capacity=1)
    socket._monitor = monitor
    wait_until(lambda: socket.monitor_dropped > 3)
    socket.disable_monitor()
    assert socket.monitor_dropped == monitor.dropped > 3
    assert f"dropped={monitor.dropped}" in repr(monitor)


def test_term_does_not_wait_for_an_unread_monitor(run_child: Any) -> None:
    """A context with a busy monitor that nobody reads terminates at once, and so does the process."""
    child = run_child(
        """
        import time
        import zmqlite as zmq
        context = zmq.Context()
        socket = context.socket(zmq.DEALER)
        socket.linger = 0
        socket.reconnect_ivl = 1
        reader = socket.get_monitor_socket()
        reader.rcvhwm = 1
        socket.connect("tcp://127.0.0.1:1")
        while not reader.poll(100):
            pass
        socket.close()
        reader.close()
        began = time.monotonic()
        context.term()
        print(time.monotonic() - began < 0.5)
        """
    )
    assert (child.exit_code, child.stdout) == (0, "True\n"), child.stderr


@pytest.mark.parametrize("end", ["", "context.destroy()", "del socket, reader, context", "import os; os._exit(0)"])
def test_process_with_a_live_monitor_ends(run_child: Any, end: str) -> None:
    """Left open, destroyed or dropped: exit code 0 within 2 s."""
    child = run_child(
        f"""
        import zmqlite as zmq
        context = zmq.Context()
        socket = context.socket(zmq.ROUTER)
        reader = socket.get_monitor_socket()
        socket.bind("tcp://127.0.0.1:*")
        assert reader.poll(5000)
        {end}
        """
    )
    assert child.exit_code == 0, child.stderr
    assert child.seconds < 2


def test_forked_child_leaves_the_parents_monitor_alone(run_child: Any) -> None:
    """The child cannot stop it, forgets it without harm, and the parent goes on reading."""
    child = run_child(
        """
        import gc, os
        import zmqlite as zmq
        from zmqlite.monitor import recv_monitor_message, start_monitor, stop_monitor
        with zmq.Context() as context, context.socket(zmq.ROUTER) as socket, context.socket(zmq.PAIR) as reader:
            monitor = start_monitor(socket, "inproc://events", 0xFFFF)
            reader.connect("inproc://events")
            if os.fork() == 0:
                try:
                    stop_monitor(socket)
                except zmq.ForkedError:
                    assert monitor.dropped == 0
                    del monitor
                    gc.collect()
                    os._exit(0)
                os._exit(1)
            assert os.waitstatus_to_exitcode(os.wait()[1]) == 0
            socket.bind("tcp://127.0.0.1:*")
            assert reader.poll(5000)
            print(recv_monitor_message(reader)["event"] == zmq.Event.LISTENING)
        """
    )
    assert (child.exit_code, child.stdout) == (0, "True\n"), child.stderr


# ---- start, stop and errors ----


@pytest.mark.parametrize("events", [0xFFFF, Event.LISTENING, 0])
def test_stop_frees_the_endpoint_at_once(context: Any, events: int) -> None:
    """The same endpoint again, as fast as one can, whatever was asked for."""
    socket = context.socket(zmq.ROUTER)
    for _ in range(50):
        socket.monitor("inproc://again", events)
        socket.monitor(None)


def test_new_monitor_takes_the_place_of_the_old_one(context: Any) -> None:
    """Without a stop in between, at the same endpoint or another."""
    socket = context.socket(zmq.ROUTER)
    for name in ("a", "a", "b", "a"):
        socket.monitor(f"inproc://{name}")
    reader = context.socket(zmq.PAIR)
    reader.connect("inproc://a")
    bind_wildcard(socket, "tcp")
    assert read(reader)["event"] == Event.LISTENING


def test_stop_without_a_monitor_does_nothing(context: Any) -> None:
    """No error, as libzmq."""
    stop_monitor(context.socket(zmq.PAIR))


@pytest.mark.parametrize(
    ("addr", "errno"),
    [
        ("tcp://127.0.0.1:5555", zmq.Errno.EPROTONOSUPPORT),
        ("ipc://somewhere", zmq.Errno.EPROTONOSUPPORT),
        ("somewhere", zmq.Errno.EINVAL),
        ("inproc://a\0b", zmq.Errno.EINVAL),
    ],
)
def test_endpoint_must_be_inproc(context: Any, addr: str, errno: int) -> None:
    """The error names the call and the endpoint."""
    with pytest.raises(zmq.ZMQError, match=r"monitor\(") as caught:
        context.socket(zmq.PAIR).monitor(addr)
    assert caught.value.errno == errno


def test_endpoint_in_use_is_told_at_once(context: Any) -> None:
    """EADDRINUSE from the call itself."""
    context.socket(zmq.PAIR).bind("inproc://taken")
    with pytest.raises(zmq.ZMQError, match="inproc://taken") as caught:
        context.socket(zmq.PAIR).monitor("inproc://taken")
    assert caught.value.errno == zmq.Errno.EADDRINUSE


@pytest.mark.parametrize("events", [-1, 1 << 16])
def test_events_beyond_version_1_are_refused(context: Any, events: int) -> None:
    """EINVAL, as libzmq."""
    with pytest.raises(zmq.ZMQError) as caught:
        start_monitor(context.socket(zmq.PAIR), "inproc://x", events)
    assert caught.value.errno == zmq.Errno.EINVAL


@pytest.mark.parametrize("wrong", [{"version": 0}, {"version": 3}, {"capacity": 0}, {"capacity": 10_000_001}])
def test_version_and_capacity_have_limits(context: Any, wrong: dict[str, int]) -> None:
    """ValueError that says which."""
    with pytest.raises(ValueError, match=next(iter(wrong))):
        start_monitor(context.socket(zmq.PAIR), "inproc://x", 0xFFFF, **wrong)


def test_monitor_of_a_closed_socket_raises(context: Any) -> None:
    """ENOTSOCK."""
    socket = context.socket(zmq.PAIR)
    socket.close()
    with pytest.raises(zmq.ZMQError) as caught:
        start_monitor(socket, "inproc://x", 0xFFFF)
    assert caught.value.errno == zmq.Errno.ENOTSOCK


def test_monitor_takes_three_of_max_sockets() -> None:
    """libzmq's own limit is never reached by sockets that the user does not see; a stop gives them back."""
    with zmq.Context() as context:
        context.max_sockets = 4
        with context.socket(zmq.ROUTER) as socket:
            other = context.socket(zmq.PAIR)
            with pytest.raises(zmq.ZMQError) as caught:
                socket.monitor("inproc://x")
            assert caught.value.errno == EMFILE
            other.close()
            socket.monitor("inproc://x")
            with pytest.raises(zmq.ZMQError):
                context.socket(zmq.PAIR)
            socket.monitor(None)
            wait_until(lambda: _can_make(context))


def _can_make(context: Any) -> bool:
    try:
        context.socket(zmq.PAIR).close()
    except zmq.ZMQError:
        return False
    return True


def test_events_for_a_reader_that_has_gone_keep_no_sockets() -> None:
    """Forty times one after the other, in a context that has room for one: at a second each it would take too long."""
    with zmq.Context() as context:
        context.max_sockets = 6
        until = time.monotonic() + 30
        for _ in range(40):
            socket = context.socket(zmq.PULL)
            reader = None
            while reader is None:
                assert time.monotonic() < until, "the sockets were kept"
                with suppress(zmq.ZMQError):
                    reader = socket.get_monitor_socket()
            bind_wildcard(socket, "tcp")
            read_until(reader, Event.LISTENING)
            reader.close()
            socket.close()


def test_slow_reader_gets_what_was_left_when_the_socket_closed(context: Any) -> None:
    """More than its queue takes: the rest waits for it."""
    socket = context.socket(zmq.PULL)
    start_monitor(socket, "inproc://slow", int(Event.LISTENING | Event.CLOSED))
    reader = context.socket(zmq.PAIR)
    reader.rcvhwm = 1
    reader.connect("inproc://slow")
    for _ in range(10):
        socket.unbind(bind_wildcard(socket, "tcp"))
    socket.close()
    events = sorted(read(reader)["event"] for _ in range(20))
    assert events == [Event.LISTENING] * 10 + [Event.CLOSED] * 10


def test_socket_of_an_unknown_context_cannot_be_monitored() -> None:
    """ENOTSUP with the reason: a foreign handle does not tell its context."""
    handle = lib.zmq_ctx_new()
    foreign = lib.zmq_socket(handle, zmq.PAIR)
    try:
        shadow = zmq.Socket.shadow(int(ffi.cast("uintptr_t", foreign)))
        with pytest.raises(zmq.ZMQError, match="foreign") as caught:
            start_monitor(shadow, "inproc://x", 0xFFFF)
        assert caught.value.errno == zmq.Errno.ENOTSUP
    finally:
        lib.zmq_close(foreign)
        lib.zmq_ctx_term(handle)


def test_monitors_of_many_sockets_at_once(context: Any) -> None:
    """Each reader hears of its own socket."""
    sockets = [context.socket(zmq.ROUTER) for _ in range(20)]
    readers = [socket.get_monitor_socket(Event.LISTENING) for socket in sockets]
    endpoints = [bind_wildcard(socket, "tcp") for socket in sockets]
    assert [read(reader)["endpoint"].decode() for reader in readers] == endpoints
