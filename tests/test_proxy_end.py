"""Proxies: how they end, and that they lose nothing in silence."""

from __future__ import annotations

import time
from typing import Any

import pytest
from conftest import bind_wildcard
from proxy_rig import Pipeline, Running, make, receive_all

import zmqlite as zmq
from zmqlite.proxy import proxy, proxy_steerable


def test_proxy_raises_when_the_context_ends(context: Any) -> None:
    """ContextTerminated, at once, though nothing moves."""
    line = Pipeline(context)
    running = Running(proxy, line.frontend, line.backend)
    line.source.send(b"x")
    assert line.sink.recv() == b"x"
    began = time.monotonic()
    context.destroy(linger=0)
    assert isinstance(running.join(), zmq.ContextTerminated)
    assert time.monotonic() - began < 0.5


def test_socket_of_a_running_proxy_is_in_use(context: Any) -> None:
    """SocketInUse for the other thread, and the proxy goes on."""
    line = Pipeline(context)
    Running(proxy, line.frontend, line.backend)
    line.source.send(b"x")
    assert line.sink.recv() == b"x"
    for use in (line.frontend.recv, line.backend.close, lambda: line.backend.send(b"x")):
        with pytest.raises(zmq.SocketInUse):
            use()
    line.source.send(b"y")
    assert line.sink.recv() == b"y"


def test_proxy_of_a_busy_socket_raises(context: Any) -> None:
    """The second proxy gets SocketInUse, and its other socket is free again."""
    line, other = Pipeline(context), make(context, zmq.PUSH)
    Running(proxy, line.frontend, line.backend)
    line.source.send(b"x")
    assert line.sink.recv() == b"x"
    with pytest.raises(zmq.SocketInUse, match=r"proxy\(\)"):
        proxy(other, line.backend)
    other.close()


def test_proxy_of_a_closed_socket_raises(context: Any) -> None:
    """ENOTSOCK."""
    frontend, backend = make(context, zmq.PULL), make(context, zmq.PUSH)
    backend.close()
    with pytest.raises(zmq.ZMQError) as caught:
        proxy(frontend, backend)
    assert caught.value.errno == zmq.Errno.ENOTSOCK


@pytest.mark.parametrize("place", ["frontend", "backend", "capture", "control"])
def test_proxy_wants_sockets(context: Any, place: str) -> None:
    """TypeError that says which is none."""
    arguments = {"frontend": make(context, zmq.PULL), "backend": make(context, zmq.PUSH), place: "tcp://*:5555"}
    with pytest.raises(TypeError, match=f"Socket as {place}, got str"):
        proxy_steerable(**arguments)


def test_message_held_at_the_end_is_told(context: Any) -> None:
    """TERMINATE waits a second for room; then one ResourceWarning says what is missing, and all others are there."""
    line = Pipeline(context, hwm=1)
    running = Running(proxy_steerable, line.frontend, line.backend, None, line.control)
    sent = line.fill()
    line.steering.send(b"TERMINATE")
    lost = running.join()
    assert isinstance(lost, ResourceWarning)
    assert "1 message(s) received and not sent on" in str(lost)
    sent.remove(b"2")
    assert receive_all(line.sink, line.frontend) == sent


def test_message_held_when_the_context_ends_is_told(context: Any) -> None:
    """ContextTerminated comes with the warning."""
    line = Pipeline(context, hwm=1)
    running = Running(proxy_steerable, line.frontend, line.backend, None, line.control)
    line.fill()
    context.destroy(linger=0)
    lost = running.join()
    assert isinstance(lost, ResourceWarning)
    assert isinstance(lost.__context__, zmq.ContextTerminated)


def test_terminate_waits_for_room_for_what_was_read(context: Any) -> None:
    """A sink that reads again in time gets it: nothing is lost."""
    line, capture, watcher = Pipeline(context, hwm=1), make(context, zmq.PUSH), make(context, zmq.PULL)
    watcher.connect(bind_wildcard(capture))
    running = Running(proxy_steerable, line.frontend, line.backend, capture, line.control)
    sent = line.fill()
    line.steering.send(b"TERMINATE")
    while watcher.recv() != b"TERMINATE":
        pass  # from there on it only waits for room
    received = [line.sink.recv() for _ in range(3)]
    assert running.join() == 0
    assert received + receive_all(line.sink, line.frontend) == sent


def test_waiting_for_room_takes_no_cpu(context: Any) -> None:
    """Neither with a message in hand nor, in the next proxy, with messages that are not read yet."""
    full, peerless = Pipeline(context, hwm=1), Pipeline(context, sink=False)
    for line in (full, peerless):
        Running(proxy_steerable, line.frontend, line.backend, None, line.control)
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


def test_message_held_at_ctrl_c_finds_the_room_that_comes(run_child: Any) -> None:
    """A proxy that read a message too many waits a moment for a sink that receives only then."""
    child = run_child(
        SIGNAL_PROXY.replace('backend.bind("', 'backend.sndhwm = 1; backend.bind("').replace(
            "sink.connect(", "sink.rcvhwm = 1; sink.connect("
        )
        + """
    told, received = threading.Event(), []
    def handle(*_):
        told.set()
        raise KeyboardInterrupt
    signal.signal(signal.SIGINT, handle)
    def drink():
        told.wait(20)
        while sink.poll(500):
            received.append(sink.recv())
    thread = threading.Thread(target=drink)
    thread.start()
    for number in range(4):
        source.send(b"%d" % number)
    threading.Timer(0.3, signal.pthread_kill, (threading.get_ident(), signal.SIGINT)).start()
    try:
        proxy(frontend, backend)
    except KeyboardInterrupt:
        thread.join()
    print(received, frontend.recv(), frontend.poll(0))
    context.destroy(linger=0)
    """
    )
    assert (child.exit_code, child.stdout) == (0, "[b'0', b'1', b'2'] b'3' 0\n"), (child.stdout, child.stderr)
    assert "ResourceWarning: proxy()" not in child.stderr


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
