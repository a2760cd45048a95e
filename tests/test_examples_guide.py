"""The Guide's programs in examples/guide, as real processes, and what they print."""

from __future__ import annotations

import re
import signal
import socket
from collections.abc import Iterator

import pytest
from example_rig import EXAMPLES, Stage, open_stage, read_until

import zmqlite

pytestmark = pytest.mark.skipif(not zmqlite.has("ipc"), reason="the examples talk over ipc:// here")


@pytest.fixture
def stage() -> Iterator[Stage]:
    """Example programs that run together."""
    with open_stage() as made:
        yield made


def test_version(stage):
    """Names zmqlite and libzmq."""
    assert stage.run("version.py") == f"zmqlite {zmqlite.__version__}, libzmq {zmqlite.zmq_version()}\n"


@pytest.mark.parametrize("server", ["hello_server.py", "hello_server_threads.py"])
def test_hello_world(stage, server):
    """Ten requests, ten replies, in turn; one thread or five serve them."""
    stage.start(server, stage.endpoint("hello"))
    lines = stage.run("hello_client.py", stage.endpoint("hello")).splitlines()
    assert lines == [line for n in range(10) for line in (f"Sending Hello {n} ...", f"Received World {n}")]


def test_hello_server_says_what_it_received(stage):
    """Once for each request."""
    server = stage.start("hello_server.py", stage.endpoint("hello"))
    stage.run("hello_client.py", stage.endpoint("hello"))
    server.terminate()
    assert server.communicate(timeout=20)[0] == "Received Hello\n" * 10


def test_threads_share_the_requests(stage):
    """The DEALER deals: ten requests of one client reach all five workers."""
    server = stage.start("hello_server_threads.py", stage.endpoint("hello"))
    stage.run("hello_client.py", stage.endpoint("hello"))
    server.terminate()
    lines = server.communicate(timeout=20)[0].splitlines()
    assert len(lines) == 10
    assert {line.partition(" received")[0] for line in lines} == {f"Worker {n}" for n in range(5)}


def test_weather(stage):
    """A client receives its zipcode's updates only."""
    stage.start("weather_server.py", stage.endpoint("weather"))
    said = stage.run("weather_client.py", stage.endpoint("weather"), "10001 ", 2).splitlines()
    assert re.fullmatch(r"Average temperature for zipcode '10001 ' was -?\d+F", said[0])
    assert said[1] == "Zipcodes received: 10001"


def test_weather_prefix(stage):
    """A subscription is a prefix: "1000" is ten zipcodes; through the proxy on another transport, too: ipc to tcp."""
    stage.start("weather_server.py", stage.endpoint("inside"))
    proxy = stage.start("weather_proxy.py", stage.endpoint("inside"), "tcp://127.0.0.1:*")
    bridge = re.fullmatch(r"Bridging ipc://\S+ to (tcp://127\.0\.0\.1:\d+)\n", proxy.stdout.readline())
    said = stage.run("weather_client.py", bridge[1], "1000", 100).splitlines()
    received = said[1].partition(": ")[2].split()
    assert len(received) > 1
    assert all(len(zipcode) == 5 and zipcode.startswith("1000") for zipcode in received)


def run_batch(stage, workers):
    """One ventilator, some workers, one sink. Returns what ventilator and sink printed, and the elapsed time in ms."""
    tasks, sink_at, control = (stage.endpoint(f"{name}-{workers}") for name in ("tasks", "sink", "control"))
    sink = stage.start("task_sink2.py", sink_at, control, workers)
    started = [stage.start("task_worker2.py", tasks, sink_at, control) for _ in range(workers)]
    done = stage.run("task_ventilator.py", tasks, sink_at, workers, 40)
    dots, elapsed = stage.finish(sink).splitlines()
    assert dots == ":........." * 10
    for worker in started:
        assert stage.finish(worker).endswith("\nKILL\n")
    return done, int(re.fullmatch(r"Total elapsed time: (\d+) msec", elapsed)[1])


def test_pipeline_takes_as_long_as_its_tasks(stage):
    """One worker does a hundred tasks one after the other: the elapsed time is at least the expected cost."""
    tasks, sink_at = stage.endpoint("tasks"), stage.endpoint("sink")
    sink = stage.start("task_sink.py", sink_at)
    stage.start("task_worker.py", tasks, sink_at)
    done = stage.run("task_ventilator.py", tasks, sink_at, 1, 20)
    dots, elapsed = stage.finish(sink).splitlines()
    assert dots == ":........." * 10
    expected = int(re.search(r"Total expected cost: (\d+) msec", done)[1])
    assert int(re.search(r"\d+", elapsed)[0]) >= expected * 0.5  # the sink may hear of the start late


def test_elapsed_time_falls_with_more_workers(stage):
    """One, two and four workers: a half and a quarter of the time; and the kill signal ends every one."""
    shares = []
    for workers in (1, 2, 4):
        done, elapsed_ms = run_batch(stage, workers)
        shares.append(elapsed_ms / int(re.search(r"Total expected cost: (\d+) msec", done)[1]))
    assert shares == sorted(shares, reverse=True)
    assert shares[2] < 0.6 < shares[0]


def test_two_workers_share_the_tasks(stage):
    """Both do some of the batch, and end when the sink says so."""
    tasks, sink_at, control = (stage.endpoint(name) for name in ("tasks", "sink", "control"))
    sink = stage.start("task_sink2.py", sink_at, control, 2)
    workers = [stage.start("task_worker2.py", tasks, sink_at, control) for _ in range(2)]
    stage.run("task_ventilator.py", tasks, sink_at, 2, 20)
    stage.finish(sink)
    counts = [stage.finish(worker).count(".") for worker in workers]
    assert counts == [50, 50]  # PUSH deals in turn


@pytest.mark.parametrize("program", ["reader_by_hand.py", "reader_poll.py"])
def test_two_sockets_are_read(stage, program):
    """All hundred tasks, and weather between them."""
    stage.start("weather_server.py", stage.endpoint("weather"))
    sink = stage.start("task_sink.py", stage.endpoint("sink"))  # the ventilator tells it when the batch starts
    reader = stage.start(program, stage.endpoint("tasks"), stage.endpoint("weather"), 100)
    stage.run("task_ventilator.py", stage.endpoint("tasks"), stage.endpoint("sink"), 1, 20)
    assert stage.finish(reader) == "100 tasks and at least one weather update\n"
    sink.kill()


@pytest.mark.parametrize("broker", ["broker_poll.py", "broker_proxy.py"])
def test_broker(stage, broker):
    """Two clients, two workers, one broker: every request is answered, and both workers work."""
    frontend, backend = stage.endpoint("frontend"), stage.endpoint("backend")
    stage.start(broker, frontend, backend)
    workers = [stage.start("broker_worker.py", backend) for _ in range(2)]
    clients = [stage.start("broker_client.py", frontend) for _ in range(2)]
    for client in clients:
        assert stage.finish(client).splitlines() == [f"Received reply {n} [World]" for n in range(10)]
    requests = 0
    for worker in workers:
        worker.terminate()
        requests += worker.communicate(timeout=20)[0].count("Received request: [Hello]\n")
    assert requests == 20


def test_forwarder_passes_subscriptions(stage, context):
    """The publisher hears of a subscription made two hops away, and its subscriber of what it publishes."""
    inside, outside = stage.endpoint("inside"), stage.endpoint("outside")
    stage.start("forwarder.py", inside, outside)
    publisher, subscriber = context.socket(zmqlite.XPUB), context.socket(zmqlite.SUB)
    publisher.rcvtimeo = subscriber.rcvtimeo = 20_000
    publisher.connect(inside)
    subscriber.connect(outside)
    subscriber.subscribe("news")
    assert publisher.recv() == b"\1news"
    publisher.send_multipart([b"olds", b"-"])
    publisher.send_multipart([b"news", b"it works"])
    assert subscriber.recv_multipart() == [b"news", b"it works"]
    subscriber.unsubscribe("news")
    assert publisher.recv() == b"\0news"


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="POSIX signals")
@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM"])
def test_interrupt_ends_cleanly(stage, name):
    """A server that waits in recv() is interrupted, cleans up, and ends well."""
    server = stage.start("interrupt.py", stage.endpoint("hello"))
    read_until(server, "Waiting")
    server.send_signal(getattr(signal, name))
    assert stage.finish(server) == f"Interrupted by {name}, cleaning up\nDone\n"


def test_relay_of_threads(stage):
    """Each thread signals the next."""
    said = stage.run("relay_threads.py").splitlines()
    assert said == ["Step 1 ready, signaling step 2", "Step 2 ready, signaling step 3", "Test successful!"]


def test_synchronized_subscribers_receive_every_update(stage):
    """Ten subscribers, a million updates each, none is lost; on the reference backend a tenth of that."""
    updates = 1_000_000 if zmqlite._backend.BACKEND == "c" else 100_000
    at, sync = stage.endpoint("updates"), stage.endpoint("sync")
    publisher = stage.start("sync_publisher.py", at, sync, 10, updates)
    subscribers = [stage.start("sync_subscriber.py", at, sync) for _ in range(10)]
    assert stage.finish(publisher) == "Waiting for subscribers\nBroadcasting messages\n"
    assert [stage.finish(one) for one in subscribers] == [f"Received {updates} updates\n"] * 10


def test_zero_copy(stage):
    """Nothing is copied either way, and the tracker tells when the buffer is free."""
    assert stage.run("zero_copy.py").splitlines() == [
        "Sent, still in use: True",
        "The receiver sees the sender's memory: True",
        "Let go: True",
        "The very same object arrives: True",
    ]


def test_envelopes(stage):
    """Only whole messages whose envelope matches arrive."""
    stage.start("envelope_publisher.py", stage.endpoint("envelopes"))
    said = stage.run("envelope_subscriber.py", stage.endpoint("envelopes"), 3)
    assert said == "[B] We would like to see this\n" * 3


def test_high_water_marks(stage):
    """PUSH and DEALER block and lose nothing; PUB and ROUTER drop what does not fit."""
    assert stage.run("high_water_marks.py").splitlines() == [
        "PUSH blocks: 10 sent, 10 received, 0 lost",
        "DEALER blocks: 10 sent, 10 received, 0 lost",
        "PUB drops: 100 sent, 10 received, 90 lost",
        "ROUTER drops: 100 sent, 10 received, 90 lost",
    ]


def test_http_server(stage):
    """An HTTP client gets its page, also when it sends the request in two pieces; and once more."""
    server = stage.start("http_server.py", "tcp://127.0.0.1:*")
    assert server.stdout is not None
    port = int(server.stdout.readline().rpartition(":")[2])
    for _ in range(2):
        with socket.create_connection(("127.0.0.1", port), timeout=20) as client:
            client.sendall(b"GET /index.html HTTP/1.1\r\n")
            client.sendall(b"Host: localhost\r\n\r\n")
            reply = b"".join(iter(lambda: client.recv(4096), b""))
        assert reply.startswith(b"HTTP/1.1 200 OK\r\n")
        assert reply.endswith(b"\r\n\r\nHello, World!\n")
        assert server.stdout.readline() == "GET /index.html HTTP/1.1\n"


def test_clean_exit_with_threads(stage):
    """term() ends what waits in three threads, and returns when they have closed their sockets."""
    assert stage.run("clean_exit_threads.py").splitlines() == ["3 threads were told to end, and did: a clean exit"]


def test_asynchronous_server(stage):
    """Each client gets all replies to its own requests, and nobody else's."""
    said = stage.run("async_server.py", stage.endpoint("server"), 3, 5).splitlines()
    assert sorted(said) == [f"client-{n}: 10 replies, all mine" for n in range(3)]


def test_load_balancer(stage):
    """Every request is answered once, and every worker has taken part."""
    assert stage.run("load_balancer.py", 10, 3, 3) == "30 requests, 3 workers took part\n"


def test_lazy_pirate(stage):
    """A request that is ignored is sent again, and answered."""
    endpoint = stage.endpoint("pirate")
    server = stage.start("lazy_pirate_server.py", endpoint, 1, 2)
    said = stage.run("lazy_pirate_client.py", endpoint, 4, 1000, 5).splitlines()
    assert [line for line in said if line.startswith("Server")] == [f"Server replied OK ({n})" for n in range(1, 5)]
    assert {"No response to 1, 4 tries left", "No response to 2, 4 tries left"} <= set(said)
    server.terminate()
    served = server.communicate(timeout=20)[0].splitlines()
    assert [line for line in served if line.startswith("Ignoring")] == ["Ignoring request 1", "Ignoring request 2"]


def test_lazy_pirate_gives_up(stage):
    """With nobody there the client says so and fails, at once when its tries are over."""
    client = stage.start("lazy_pirate_client.py", stage.endpoint("nobody"), 1, 50, 3)
    stdout, stderr = client.communicate(timeout=20)
    assert stdout.splitlines() == [
        "No response to 1, 2 tries left",
        "No response to 1, 1 tries left",
        "No response to 1, giving up",
    ]
    assert (client.returncode, stderr) == (1, f"{stage.endpoint('nobody')} seems to be offline\n")


def test_heartbeats(stage):
    """A worker that is gone is found dead; another takes its place; one that lost its queue connects anew."""
    frontend, backend = stage.endpoint("frontend"), stage.endpoint("backend")
    queue = stage.start("heartbeat_queue.py", frontend, backend, 0.1)
    first = stage.start("heartbeat_worker.py", backend, 0.1)
    read_until(queue, "A worker is ready")
    first.kill()
    read_until(queue, "A worker is dead")
    second = stage.start("heartbeat_worker.py", backend, 0.1)
    read_until(queue, "A worker is ready")
    stage.run("lazy_pirate_client.py", frontend, 3, 5000, 3)
    read_until(second, "Normal reply to 3")
    queue.kill()
    read_until(second, "The queue is silent, connecting anew")
    stage.start("heartbeat_queue.py", frontend, backend, 0.1)
    stage.run("lazy_pirate_client.py", frontend, 1, 5000, 3)


def test_last_value_cache(stage):
    """A subscriber that comes after everything was published gets its topic's latest value."""
    inside, outside = stage.endpoint("inside"), stage.endpoint("outside")
    cache = stage.start("last_value_cache.py", inside, outside)
    read_until(stage.start("last_value_publisher.py", inside), "Published")
    late = stage.run("last_value_subscriber.py", outside, "042")
    assert late == "Topic 042: Save Roger\n"
    assert stage.run("last_value_subscriber.py", outside, "999") == "Topic 999: Save Roger\n"
    assert cache.poll() is None


def test_every_example_is_run_here():
    """No program of examples/guide is without a test, and each has a docstring."""
    here = EXAMPLES.parent.joinpath("tests", "test_examples_guide.py").read_text(encoding="utf-8")
    programs = sorted((EXAMPLES / "guide").glob("*.py"))
    assert len(programs) >= 30
    assert [path.name for path in programs if f'"{path.name}"' not in here] == []
