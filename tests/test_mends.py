"""What zmqlite changes in the libzmq that it carries: what is written before and read after a hang-up, routing ids."""

from __future__ import annotations

import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from conftest import bind_wildcard
from exit_children import child_code

import zmqlite
from zmqlite.info import collect_info

pytestmark = pytest.mark.skipif(
    collect_info()["libzmq"]["origin"] == "system", reason="the system's libzmq is as its distribution made it"
)
COUNT = 100_000


def test_every_mend_is_in() -> None:
    """None was left out without a word because libzmq's source reads otherwise."""
    sys.path.insert(0, str(Path(__file__).parents[1] / "vendor" / "libzmq"))
    try:
        from mends import MENDS
    finally:
        del sys.path[0]
    assert collect_info()["build"]["mends"] == [one.name for one in MENDS]


@pytest.mark.parametrize("transport", ["tcp", "ipc"])
def test_slow_receiver_gets_what_a_peer_sent_before_it_ended(
    transport: str, context: zmqlite.Context[Any], run_child: Callable[..., Any]
) -> None:
    """With both queues full, so that the last messages are in the system's buffers when the peer hangs up."""
    with context.socket(zmqlite.PULL) as receiver:
        receiver.rcvhwm = 1
        endpoint = bind_wildcard(receiver, transport)
        code = """
            context = zmq.Context()
            socket = context.socket(zmq.PUSH)
            socket.sndhwm = 0
            socket.linger = -1
            socket.connect(ENDPOINT)
            socket.send_many([b"%d" % number for number in range(COUNT)])
            socket.close()
            context.term()
        """
        received: list[bytes] = []

        receiver.rcvtimeo = 20_000
        with ThreadPoolExecutor(1) as executor:
            child = executor.submit(run_child, child_code(code, ENDPOINT=endpoint, COUNT=COUNT))
            while len(received) < COUNT:
                received.append(receiver.recv())
            assert child.result().exit_code == 0
    assert received == [b"%d" % number for number in range(COUNT)]


@pytest.mark.parametrize(("transport", "end"), [("tcp", "close"), ("ipc", "close"), ("ipc", "term")])
@pytest.mark.parametrize("size", [1000, 40_000, 300_000])
def test_closing_writes_all_that_was_taken_from_the_queue(
    transport: str, end: str, size: int, context: zmqlite.Context[Any]
) -> None:
    """With more in a batch than the system has room for when the socket is closed, the rest follows."""
    count = 3_000_000 // size
    with context.socket(zmqlite.PULL) as receiver, ThreadPoolExecutor(1) as executor:
        receiver.rcvhwm, receiver.rcvbuf, receiver.rcvtimeo = 1, 8192, 20_000
        endpoint = bind_wildcard(receiver, transport)
        other = zmqlite.Context()
        try:
            sender = other.socket(zmqlite.PUSH)
            sender.sndhwm, sender.sndbuf, sender.out_batch_size, sender.linger = 0, 8192, 4_000_000, 20_000
            sender.connect(endpoint)
            for number in range(count):
                sender.send(b"%d" % number + b"x" * size)
            sender.close()
            ended = executor.submit(other.term if end == "term" else str)
            assert [receiver.recv() for _ in range(count)] == [b"%d" % number + b"x" * size for number in range(count)]
            ended.result(20)
        finally:
            other.destroy(0)


@pytest.mark.parametrize("kind", ["ROUTER", "REP"])
def test_peer_cannot_claim_the_routing_id_that_comes_next(kind: str, run_child: Callable[..., Any]) -> None:
    """libzmq's own ids start with a zero byte. Who claims one is given another, and the next peer is served."""
    code = """
        import zmtp_peer

        def ask(port, routing_id):
            # libzmq ends a handshake in which it is not given its turn.
            connection = zmtp_peer.connect(port)
            connection.sendall(zmtp_peer.greeting())
            heard = 0
            while heard < zmtp_peer.GREETING_SIZE:
                heard += len(connection.recv(65536))
            properties = zmtp_peer.metadata((b"Socket-Type", b"REQ"), (b"Identity", routing_id))
            connection.sendall(zmtp_peer.command(b"READY", properties))
            if heard == zmtp_peer.GREETING_SIZE:
                assert connection.recv(65536)
            connection.sendall(zmtp_peer.frame(b"", flags=1) + zmtp_peer.frame(b"question"))
            return connection

        context = zmq.Context()
        server = context.socket(getattr(zmq, KIND))
        server.rcvtimeo = 10_000
        port = server.bind_to_random_port("tcp://127.0.0.1")
        kept, given = [], []
        for _ in range(20):
            # A ROUTER is told the id that it gives next, and a REP, which tells nobody, one that starts alike.
            claim = b"\\0" + ((int.from_bytes(given[-1][1:], "big") + 1) % 2**32 if given else 1).to_bytes(4, "big")
            for routing_id in (claim, b"") if given or KIND == "REP" else (b"",):
                kept.append(ask(port, routing_id))
                parts = server.recv_multipart()
                assert parts[-1] == b"question"
                if KIND == "REP":
                    server.send(b"answer")
                else:
                    assert len(parts[0]) == 5 and parts[0][0] == 0
                    given.append(parts[0])
        kept.append(ask(port, b"a name of its own"))
        print(len(set(given)), server.recv_multipart()[0 if KIND == "ROUTER" else -1])
    """
    child = run_child(child_code(code, KIND=kind))
    assert (child.exit_code, child.signal) == (0, None), child.stderr
    assert child.stdout.strip() == ("39 b'a name of its own'" if kind == "ROUTER" else "0 b'question'")


@pytest.mark.parametrize("kind", ["ROUTER", "REP"])
def test_pair_with_a_peer_may_bind_where_somebody_waits(kind: str, run_child: Callable[..., Any]) -> None:
    """The second peer is refused, as everywhere with a PAIR; the first is served as before."""
    code = """
        context = zmq.Context()
        waiting = context.socket(getattr(zmq, KIND))
        waiting.connect("inproc://wanted")
        peer, pair = context.socket(zmq.PAIR), context.socket(zmq.PAIR)
        peer.bind("inproc://peer")
        pair.connect("inproc://peer")
        pair.bind("inproc://wanted")
        pair.send(b"to the first")
        print(peer.recv(), waiting.poll(100))
        context.destroy(linger=0)
    """
    child = run_child(child_code(code, KIND=kind))
    assert (child.exit_code, child.signal) == (0, None), child.stderr
    assert child.stdout.strip() == "b'to the first' 0"


def test_rep_answers_the_request_after_a_malformed_one(context: zmqlite.Context[Any]) -> None:
    """Of a peer that has gone when it is read: there is no way back to it, and the next one keeps its own."""
    with context.socket(zmqlite.REP) as server:
        endpoint = bind_wildcard(server, "tcp")
        with server.get_monitor_socket(zmqlite.EVENT_DISCONNECTED) as monitor:
            with context.socket(zmqlite.DEALER) as stranger:
                stranger.connect(endpoint)
                stranger.send(b"no delimiter")
            assert monitor.poll(20_000)
        server.rcvtimeo = 20_000
        with context.socket(zmqlite.REQ) as client:
            client.connect(endpoint)
            client.send(b"question")
            assert server.recv() == b"question"
            server.send(b"answer")
            assert client.poll(20_000)
            assert client.recv() == b"answer"


def test_thread_safe_sockets_used_by_a_thread_each_do_not_wait_for_each_other(run_child: Callable[..., Any]) -> None:
    """Each tells the other that there is room, or something to read, with its own lock held."""
    code = """
        context = zmq.Context()
        server, client = context.socket(zmq.SERVER), context.socket(zmq.CLIENT)
        for socket in (server, client):
            socket.sndhwm = socket.rcvhwm = 10
        server.bind("inproc://both")
        client.connect("inproc://both")
        client.send(b"")
        peer = server.recv(copy=False).routing_id
        calls = [lambda: client.send(b"x"), client.recv, lambda: server.send(b"x", routing_id=peer), server.recv]

        def repeat(call):
            for _ in range(COUNT):
                call()

        threads = [threading.Thread(target=repeat, args=(call,)) for call in calls]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        print("all arrived")
        context.destroy(0)
    """
    child = run_child(child_code(code, COUNT=COUNT))
    assert (child.exit_code, child.signal, child.stdout.split("\n")[0]) == (0, None, "all arrived"), child.stderr
