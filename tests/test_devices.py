"""zmqlite.devices: proxies that make their own sockets, in this thread, in a thread and in a process."""

from __future__ import annotations

import multiprocessing
import pickle
import sys
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest

import zmqlite as zmq
from zmqlite import devices

WAIT_MS = 20_000
Run = Callable[[Any], Any]


@pytest.fixture
def run() -> Iterator[Run]:
    """Start a device in a context of its own, whose end ends the device; returns the context."""
    started = []

    def start(device: Any) -> zmq.Context[Any]:
        own: zmq.Context[Any] = zmq.Context()
        own.linger = 0
        device.context_factory = lambda: own
        started.append((device, own))
        device.start()
        return own

    yield start
    for device, own in started:
        own.destroy(0)
        device.join(20)
        assert device.done
        assert not device.launcher.is_alive()


@pytest.fixture
def make(context: zmq.Context[Any]) -> Callable[..., Any]:
    """Make a socket of the test's that waits for 20 s at most."""

    def socket(socket_type: int, connect: str = "") -> Any:
        made = context.socket(socket_type)
        made.linger, made.rcvtimeo, made.sndtimeo = 0, WAIT_MS, WAIT_MS
        if connect:
            made.connect(connect)
        return made

    return socket


def bind(device: Any) -> tuple[str, str]:
    """Give both sides of a device a free port; the endpoints.

    Below those that systems give to outgoing connections: the port is free until the device runs.
    """
    choices = {"min_port": 20_000, "max_port": 32_000}
    ports = [
        choose("tcp://127.0.0.1", **choices)
        for choose in (device.bind_in_to_random_port, device.bind_out_to_random_port)
    ]
    return f"tcp://127.0.0.1:{ports[0]}", f"tcp://127.0.0.1:{ports[1]}"


def ask(make: Callable[..., Any], front: str, back: str) -> None:
    """See that a question and its answer of two frames pass."""
    request, reply = make(zmq.REQ, front), make(zmq.REP, back)
    request.send(b"question")
    assert reply.recv() == b"question"
    reply.send_multipart([b"an", b"answer"])
    assert request.recv_multipart() == [b"an", b"answer"]


def test_thread_device_forwards_until_its_context_ends(run: Run, make: Callable[..., Any]) -> None:
    """`done` turns, the daemon thread ends, join() returns."""
    device = devices.ThreadDevice(zmq.QUEUE, zmq.ROUTER, zmq.DEALER)
    endpoints = bind(device)
    own = run(device)
    assert device.launcher.daemon
    ask(make, *endpoints)
    device.join(0.01)
    assert not device.done
    own.destroy(0)
    device.join(20)
    assert device.done


def test_device_runs_in_the_calling_thread(make: Callable[..., Any]) -> None:
    """start() of a plain Device returns when the device is over; join() waits for that in another thread."""
    device = devices.Device(zmq.QUEUE, zmq.ROUTER, zmq.DEALER)
    endpoints = bind(device)
    own: zmq.Context[Any] = zmq.Context()
    device.context_factory = lambda: own
    runner = threading.Thread(target=device.start, daemon=True)
    runner.start()
    ask(make, *endpoints)
    device.join(0.01)
    assert not device.done
    own.destroy(0)
    device.join(20)
    assert device.done
    runner.join(20)
    assert not runner.is_alive()


def test_context_of_thread_devices_is_the_instance() -> None:
    """Process devices make their own: a forked child cannot use the parent's."""
    assert devices.ThreadDevice.context_factory() is zmq.Context.instance()
    assert devices.ProcessDevice.context_factory is zmq.Context
    zmq.Context.instance().destroy(0)


def bind_router(make: Callable[..., Any]) -> tuple[Any, str]:
    """A ROUTER of the test's: who connects with PROBE_ROUTER tells it its routing id at once."""
    router = make(zmq.ROUTER)
    return router, f"tcp://127.0.0.1:{router.bind_to_random_port('tcp://127.0.0.1')}"


def test_device_sets_options_before_it_connects(run: Run, make: Callable[..., Any]) -> None:
    """A routing id that is set after connecting would not be seen by the peer."""
    (front, front_endpoint), (back, back_endpoint) = bind_router(make), bind_router(make)
    device = devices.ThreadDevice(zmq.QUEUE, zmq.DEALER, zmq.DEALER)
    device.connect_in(front_endpoint)
    device.connect_out(back_endpoint)
    for option, value in ((zmq.ROUTING_ID, b"device"), (zmq.PROBE_ROUTER, 1)):
        device.setsockopt_in(option, value)
        device.setsockopt_out(option, value)
    run(device)
    assert front.recv_multipart() == back.recv_multipart() == [b"device", b""]
    front.send_multipart([b"device", b"work"])
    assert back.recv_multipart() == [b"device", b"work"]


def test_device_with_a_negative_out_type_reflects(run: Run, make: Callable[..., Any]) -> None:
    """One socket is both sides, and what is meant for the out socket is done to it."""
    device = devices.ThreadDevice(zmq.QUEUE, zmq.ROUTER, -1)
    port = device.bind_out_to_random_port("tcp://127.0.0.1")
    run(device)
    request = make(zmq.REQ, f"tcp://127.0.0.1:{port}")
    request.send(b"mirror")
    assert request.recv() == b"mirror"


@pytest.mark.parametrize("types", [{}, {"in_type": zmq.PULL}, {"out_type": zmq.PUSH}], ids=["none", "in", "out"])
def test_device_without_types_raises(types: dict[str, int]) -> None:
    """At once, not in the thread."""
    with pytest.raises(TypeError, match="in_type and out_type"):
        devices.Device(zmq.QUEUE, **types)


def test_ports_are_never_promised_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    """A port is free again until the device runs: the same one is not given to two sides of a device."""
    device = devices.Device(zmq.QUEUE, zmq.ROUTER, zmq.DEALER)
    found = iter([7, 7, 8, *[8] * 5])
    monkeypatch.setattr(zmq.Socket, "bind_to_random_port", lambda *_, **__: next(found))
    assert device.bind_in_to_random_port("tcp://127.0.0.1") == 7
    assert device.bind_out_to_random_port("tcp://127.0.0.1") == 8
    with pytest.raises(zmq.ZMQBindError):
        device.bind_out_to_random_port("tcp://127.0.0.1")


def test_run_raises_what_is_no_clean_end(context: zmq.Context[Any]) -> None:
    """An endpoint that cannot be bound: the device is over, and its sockets are closed."""
    device = devices.Device(zmq.QUEUE, zmq.ROUTER, zmq.DEALER)
    device.context_factory = lambda: context
    device.bind_in("nonsense://x")
    with pytest.raises(zmq.ZMQError) as caught:
        device.start()
    assert caught.value.errno == zmq.EPROTONOSUPPORT
    assert device.done
    context.term(timeout=WAIT_MS)


def test_proxy_copies_every_message_to_its_monitor(run: Run, make: Callable[..., Any]) -> None:
    """ThreadProxy: questions and answers, with the frames that a ROUTER and a DEALER add."""
    proxy = devices.ThreadProxy(zmq.ROUTER, zmq.DEALER, zmq.DEALER)
    endpoints = bind(proxy)
    monitor, monitor_endpoint = bind_router(make)
    proxy.setsockopt_mon(zmq.ROUTING_ID, b"proxy")
    proxy.connect_mon(monitor_endpoint)
    run(proxy)
    ask(make, *endpoints)
    there, back = monitor.recv_multipart(), monitor.recv_multipart()
    assert (there[0], there[2:]) == (b"proxy", [b"", b"question"])
    assert (back[0], back[2:]) == (b"proxy", [b"", b"an", b"answer"])


def test_monitored_queue_says_which_way(run: Run, make: Callable[..., Any]) -> None:
    """ThreadMonitoredQueue: a first frame of the program's choice, and a monitor that is bound."""
    queue = devices.ThreadMonitoredQueue(zmq.ROUTER, zmq.DEALER, zmq.PUSH, b"there", b"back")
    endpoints = bind(queue)
    monitor = make(zmq.PULL, f"tcp://127.0.0.1:{queue.bind_mon_to_random_port('tcp://127.0.0.1')}")
    run(queue)
    ask(make, *endpoints)
    there, back = monitor.recv_multipart(), monitor.recv_multipart()
    assert (there[0], there[-1], back[0], back[-2:]) == (b"there", b"question", b"back", [b"an", b"answer"])


def test_steerable_proxy_obeys_its_control_socket(run: Run, make: Callable[..., Any]) -> None:
    """STATISTICS counts one message of the client's, TERMINATE ends the device."""
    proxy = devices.ThreadProxySteerable(zmq.ROUTER, zmq.DEALER, zmq.PUB, zmq.PAIR)
    endpoints = bind(proxy)
    control = make(zmq.PAIR, f"tcp://127.0.0.1:{proxy.bind_ctrl_to_random_port('tcp://127.0.0.1')}")
    run(proxy)
    ask(make, *endpoints)
    control.send(b"STATISTICS")
    assert int.from_bytes(control.recv_multipart()[0], sys.byteorder) == 1
    control.send(b"TERMINATE")
    proxy.join(20)
    assert proxy.done


def test_steerable_proxy_connects_its_control_socket(run: Run, make: Callable[..., Any]) -> None:
    """With the options that it is to have."""
    control, endpoint = bind_router(make)
    proxy = devices.ThreadProxySteerable(zmq.PULL, zmq.PUSH, zmq.PUB, zmq.DEALER)
    proxy.setsockopt_ctrl(zmq.ROUTING_ID, b"proxy")
    proxy.setsockopt_ctrl(zmq.PROBE_ROUTER, 1)
    proxy.connect_ctrl(endpoint)
    run(proxy)
    assert control.recv_multipart() == [b"proxy", b""]
    control.send_multipart([b"proxy", b"TERMINATE"])
    proxy.join(20)
    assert proxy.done


def test_steerable_proxy_without_a_control_type_raises(context: zmq.Context[Any]) -> None:
    """As soon as it runs; the other sockets are closed."""
    proxy = devices.ProxySteerable(zmq.ROUTER, zmq.DEALER)
    proxy.context_factory = lambda: context
    with pytest.raises(TypeError, match="ctrl_type"):
        proxy.start()
    context.term(timeout=WAIT_MS)


KINDS = [
    (devices.ProcessDevice, (zmq.QUEUE, zmq.ROUTER, zmq.DEALER)),
    (devices.ProcessProxy, (zmq.ROUTER, zmq.DEALER)),
    (devices.ProcessMonitoredQueue, (zmq.ROUTER, zmq.DEALER)),
    (devices.ProcessProxySteerable, (zmq.ROUTER, zmq.DEALER, zmq.PUB, zmq.PAIR)),
]


@pytest.mark.parametrize(("kind", "types"), KINDS, ids=lambda value: getattr(value, "__name__", ""))
def test_process_devices_can_be_pickled(kind: Any, types: tuple[int, ...]) -> None:
    """As spawn and forkserver do it: with what they are to bind, and without the process that was started."""
    device = kind(*types)
    device.bind_in("tcp://127.0.0.1:1")
    device.launcher = object()
    copy = pickle.loads(pickle.dumps(device))
    assert copy._in.binds == ["tcp://127.0.0.1:1"]
    assert copy.launcher is None


def test_process_device_forwards_in_a_spawned_process(
    make: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A MonitoredQueue in another process; it is a daemon, so it ends with this one, too."""
    spawn = multiprocessing.get_context("spawn")
    monkeypatch.setattr(devices.ProcessDevice, "_launch_class", spawn.Process)
    queue = devices.ProcessMonitoredQueue(zmq.ROUTER, zmq.DEALER)
    endpoints = bind(queue)
    queue.start()
    try:
        assert queue.launcher.daemon
        assert queue.launcher.pid != multiprocessing.current_process().pid
        ask(make, *endpoints)
    finally:
        queue.launcher.terminate()
        queue.join(20)


@pytest.mark.skipif(not hasattr(multiprocessing, "get_context") or sys.platform == "win32", reason="no fork here")
def test_process_device_forwards_in_a_forked_process(run_child: Callable[..., Any]) -> None:
    """Beside a context of the parent's that is in use: the child has one of its own."""
    done = run_child(
        """
        import multiprocessing, warnings
        warnings.simplefilter("ignore", DeprecationWarning)  # of 3.12: fork() in a process with threads
        import zmqlite as zmq
        from zmqlite.devices import ProcessDevice

        ProcessDevice._launch_class = multiprocessing.get_context("fork").Process
        device = ProcessDevice(zmq.QUEUE, zmq.ROUTER, zmq.DEALER)
        ports = [device.bind_in_to_random_port("tcp://127.0.0.1"), device.bind_out_to_random_port("tcp://127.0.0.1")]
        context = zmq.Context.instance()
        request, reply = context.socket(zmq.REQ), context.socket(zmq.REP)
        for socket, port in zip((request, reply), ports):
            socket.rcvtimeo = 15000
            socket.connect(f"tcp://127.0.0.1:{port}")
        device.start()
        request.send(b"x")
        print(reply.recv(), device.launcher.daemon)
        context.destroy(0)
        """,
        timeout=40,
    )
    assert (done.stdout, done.stderr, done.exit_code) == ("b'x' True\n", "", 0)
