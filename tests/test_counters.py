"""Counters of sockets, and what Prometheus reads of them."""

from __future__ import annotations

import urllib.request

import pytest

import zmqlite
from zmqlite.counters import CountingSocket


@pytest.fixture
def counted(context):
    """A pair that counts, connected over tcp."""
    left = context.socket(zmqlite.PAIR, socket_class=CountingSocket)
    right = context.socket(zmqlite.PAIR, socket_class=CountingSocket)
    left.linger = right.linger = 0
    left.rcvtimeo = right.rcvtimeo = 20_000
    right.connect(f"tcp://127.0.0.1:{left.bind_to_random_port('tcp://127.0.0.1')}")
    return left, right


def test_every_verb_counts(counted):
    """Messages once, whatever number of parts, and all their bytes."""
    left, right = counted
    left.send(b"12345")
    left.send(b"1", zmqlite.SNDMORE)
    left.send(bytearray(b"2"))
    left.send_multipart([b"123", memoryview(b"45")])
    left.send_string("äö")
    left.send_json([1])
    left.send_many([b"1", [b"2", b"3"]])
    sent = left.counters.read()
    assert (sent["messages_sent"], sent["bytes_sent"]) == (7, 5 + 2 + 5 + 4 + 3 + 3)
    assert (right.poll(20_000), right.try_recv()) == (zmqlite.POLLIN, b"12345")
    assert [right.recv(), right.recv(copy=False).bytes] == [b"1", b"2"]
    assert right.recv_multipart() == [b"123", b"45"]
    assert right.recv_string() == "äö"
    assert right.recv_into(bytearray(10)) == 3
    batch = []
    while len(batch) < 2:
        batch += right.recv_many(10)
    received = right.counters.read()
    assert (received["messages_received"], received["bytes_received"]) == (7, sent["bytes_sent"])


def test_refused_sends_are_counted(context):
    """A PUSH without a peer: nothing was sent, one send was refused; of a batch what went is counted."""
    push = context.socket(zmqlite.PUSH, socket_class=CountingSocket)
    with pytest.raises(zmqlite.Again):
        push.send(b"x", zmqlite.NOBLOCK)
    pull = context.socket(zmqlite.PULL)
    pull.rcvhwm = push.sndhwm = 1
    pull.bind("inproc://refused")
    push.connect("inproc://refused")
    assert push.send_many([b"12"] * 10, zmqlite.NOBLOCK) == 2
    counters = push.counters.read()
    assert counters["sends_refused"] == 2
    assert (counters["messages_sent"], counters["bytes_sent"]) == (2, 4)


def wait_for(socket, name, value):
    """Read until a counter has grown to a value; pytest's limit ends a test that waits in vain."""
    while socket.counters.read()[name] < value:
        pass


def test_connections_are_counted(context, counted):
    """Those that came up, those that were lost, and attempts that were put off; also after the socket is closed."""
    left, right = counted
    wait_for(left, "connections", 1)
    wait_for(right, "connections", 1)
    left.close()
    wait_for(right, "disconnections", 1)
    wait_for(right, "connect_retries", 1)
    assert left.counters.read()["connections"] == 1


def test_prometheus_reads_them(counted):
    """As metrics with the socket's name and type, over HTTP."""
    prometheus_client = pytest.importorskip("prometheus_client", reason="zmqlite[prometheus]")
    from zmqlite.counters.prometheus import export

    left, right = counted
    registry = prometheus_client.CollectorRegistry()
    export(left, "jobs", registry)
    export(right, "results", registry)
    left.send(b"123")
    right.recv()
    server, thread = prometheus_client.start_http_server(0, "127.0.0.1", registry)
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{server.server_port}/metrics", timeout=20) as reply:
            lines = reply.read().decode().splitlines()
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
    assert 'zmqlite_messages_sent_total{socket="jobs",type="PAIR"} 1.0' in lines
    assert 'zmqlite_bytes_received_total{socket="results",type="PAIR"} 3.0' in lines
    assert "# TYPE zmqlite_connect_retries_total counter" in lines


def test_export_refuses_what_does_not_count(context, counted):
    """A plain socket, and a name that is taken."""
    prometheus_client = pytest.importorskip("prometheus_client", reason="zmqlite[prometheus]")
    from zmqlite.counters.prometheus import export

    registry = prometheus_client.CollectorRegistry()
    with pytest.raises(TypeError, match="make it with socket_class=CountingSocket"):
        export(context.socket(zmqlite.PUSH), "plain", registry)
    export(counted[0], "name", registry)
    export(counted[0], "name", registry)
    with pytest.raises(ValueError, match="another socket is named 'name'"):
        export(counted[1], "name", registry)


@pytest.mark.parametrize(
    ("module", "package", "extra"),
    [
        ("zmqlite.counters.prometheus", "prometheus_client", "zmqlite[prometheus]"),
        ("zmqlite.tracing", "opentelemetry", "zmqlite[opentelemetry]"),
    ],
)
def test_missing_extra_is_told(run_child, module, package, extra):
    """The error says what to install."""
    child = run_child(
        f"""
        import importlib, sys
        sys.modules[{package!r}] = None
        try:
            importlib.import_module({module!r})
        except ModuleNotFoundError as error:
            print(error)
        """
    )
    assert child.stdout.endswith(f"pip install '{extra}'\n"), child.stderr
