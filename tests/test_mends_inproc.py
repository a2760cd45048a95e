"""What zmqlite changes in the libzmq that it carries: connects to inproc:// that wait, and peers that have closed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from exit_children import child_code

import zmqlite
from zmqlite.info import collect_info

pytestmark = pytest.mark.skipif(
    collect_info()["libzmq"]["origin"] == "system", reason="the system's libzmq is as its distribution made it"
)
needs_drafts = pytest.mark.skipif(not zmqlite.has("draft"), reason="hello and disconnect messages are drafts")
ROUNDS = 1500


@needs_drafts
@pytest.mark.parametrize("ending", ["closed", "disconnected"])
@pytest.mark.parametrize("kind", ["ROUTER", "SERVER", "DEALER"])
def test_bind_with_a_hello_message_where_who_waited_has_gone(
    kind: str, ending: str, run_child: Callable[..., Any]
) -> None:
    """Nobody is greeted, and who connects next is."""
    code = """
        context = zmq.Context()
        waiting = context.socket(zmq.DEALER)
        waiting.connect("inproc://greeting")
        if ENDING == "closed":
            waiting.close()
        else:
            waiting.disconnect("inproc://greeting")
            waiting.poll(0)
        server, client = context.socket(getattr(zmq, KIND)), context.socket(zmq.DEALER)
        server.hello_msg = b"welcome"
        server.bind("inproc://greeting")
        client.connect("inproc://greeting")
        client.rcvtimeo = 20_000
        print(client.recv_multipart()[-1])
        context.destroy(linger=0)
    """
    child = run_child(child_code(code, KIND=kind, ENDING=ending))
    assert (child.exit_code, child.signal, child.stdout.strip()) == (0, None, "b'welcome'"), child.stderr


@needs_drafts
@pytest.mark.parametrize("kind", ["ROUTER", "SERVER"])
def test_close_after_a_peer_with_a_disconnect_message_has_closed(kind: str, run_child: Callable[..., Any]) -> None:
    """Whatever libzmq's own thread has noticed of the first end, and the second one."""
    code = """
        context = zmq.Context()
        for number in range(200):
            server, client = context.socket(getattr(zmq, KIND)), context.socket(zmq.DEALER)
            server.disconnect_msg = b"gone"
            server.bind(f"inproc://{number}")
            client.connect(f"inproc://{number}")
            server.poll(0)
            server.close(linger=0)
            # Until one sees what the end of the other has left.
            for _ in range(number % 20):
                client.poll(0)
            client.close(linger=0)
        context.term()
        print("all closed")
    """
    child = run_child(child_code(code, KIND=kind))
    assert (child.exit_code, child.signal, child.stdout.strip()) == (0, None, "all closed"), child.stderr


@pytest.mark.parametrize(
    ("kind", "peer"), [("PULL", "PUSH"), ("DEALER", "ROUTER"), ("ROUTER", "DEALER"), ("SUB", "PUB"), ("PAIR", "PAIR")]
)
def test_connect_that_waits_ends_while_another_thread_binds(
    kind: str, peer: str, run_child: Callable[..., Any]
) -> None:
    """Closed or disconnected, before and while the other uses what it has bound: nobody notices, all ends."""
    code = """
        context = zmq.Context()
        ready, go = queue.SimpleQueue(), queue.SimpleQueue()

        def wait_and_end():
            for number in range(ROUNDS):
                socket = context.socket(getattr(zmq, KIND))
                socket.linger = 0
                socket.connect(f"inproc://{number}")
                if number % 2:
                    socket.disconnect(f"inproc://{number}")
                ready.put(number)
                go.get()
                for _ in range(number % 7):
                    socket.poll(0)
                socket.close()

        def bind():
            for number in range(ROUNDS):
                socket = context.socket(getattr(zmq, PEER))
                socket.linger = 0
                socket.sndtimeo = socket.rcvtimeo = 0
                assert ready.get() == number
                if number % 3:
                    go.put(None)
                socket.bind(f"inproc://{number}")
                if not number % 3:
                    go.put(None)
                for verb in (lambda: socket.send_many([b"x"] * 500), socket.recv_many):
                    try:
                        verb()
                    except zmq.ZMQError:
                        pass  # not this type's, nobody is there any more
                socket.close()

        threads = [threading.Thread(target=target) for target in (wait_and_end, bind)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        context.term()
        print("all ended")
    """
    child = run_child("import queue\n" + child_code(code, KIND=kind, PEER=peer, ROUNDS=ROUNDS))
    assert (child.exit_code, child.signal, child.stdout.strip()) == (0, None, "all ended"), child.stderr


@pytest.mark.parametrize("option", ["sndhwm", "rcvhwm"])
def test_high_water_mark_after_the_peer_has_gone(option: str, run_child: Callable[..., Any]) -> None:
    """Between one end's agreement to be gone and the other's; what is freed is filled, so that its use shows."""
    code = """
        context = zmq.Context()
        left, right = context.socket(zmq.XPUB), context.socket(zmq.XSUB)
        for number in range(50):
            endpoint = f"inproc://{number}"
            left.connect(endpoint)
            left.disconnect(endpoint)
            right.bind(endpoint)
            right.unbind(endpoint)
            assert right.try_recv() is None
            setattr(right, OPTION, number)
            left.bind(endpoint)
        context.destroy(linger=0)
        print("met")
    """
    child = run_child(child_code(code, OPTION=option), MALLOC_PERTURB_="165")
    assert (child.exit_code, child.signal, child.stdout.strip()) == (0, None, "met"), child.stderr
