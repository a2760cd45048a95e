"""zmqlite.testing: sockets that are connected for certain, timeouts in seconds, expectations one can read."""

from __future__ import annotations

import re
import threading
import time

import pytest

import zmqlite
from zmqlite.testing import NotConnectedError, bound, connected, expect


@pytest.fixture(params=["tcp", "ipc", "inproc"])
def place(request, tmp_path_factory, context):
    """What to bind, of each transport, and the context that both sides take."""
    if request.param == "tcp":
        return "tcp://127.0.0.1:*", None
    if request.param == "inproc":
        return f"inproc://{request.node.name}", context
    if not zmqlite.has("ipc"):
        pytest.skip("this libzmq has no ipc://")
    return f"ipc://{tmp_path_factory.mktemp('t')}/s", None


def test_messages_travel(place):
    """One part, several parts, text as UTF-8."""
    endpoint, context = place
    pair = zmqlite.PAIR
    with bound(pair, endpoint, context) as left, connected(pair, left.endpoint, context=context) as right:
        left.send(b"one")
        left.send_multipart([b"two", "parts"])
        right.send("grün")
        assert right.recv(timeout=5) == b"one"
        assert right.recv_multipart() == [b"two", b"parts"]
        assert left.recv().decode() == "grün"


def test_connecting_is_not_lazy(place):
    """Nobody is there: an error within the timeout, that names the endpoint."""
    endpoint, context = place
    if context is None:  # a context of its own: that ends before close() returns, and so does the listener
        with bound(zmqlite.PULL, endpoint) as gone:
            endpoint = gone.endpoint
    with pytest.raises(NotConnectedError, match=f"{re.escape(endpoint)}: .* within 0.2 s"):
        connected(zmqlite.PUSH, endpoint, timeout=0.2, context=context)


def test_connect_waits_for_who_comes_in_time(place):
    """The other side may come after connect() began: then it returns connected."""
    endpoint, shared = place
    free = endpoint
    if shared is None:
        with bound(zmqlite.PULL, endpoint) as first:
            free = first.endpoint
    opened = []
    thread = threading.Thread(target=lambda: opened.append(bound(zmqlite.PULL, free, shared)))
    with_push = threading.Thread(target=lambda: opened.append(connected(zmqlite.PUSH, free, 20, shared)))
    with_push.start()
    thread.start()
    thread.join()
    with_push.join()
    assert len(opened) == 2
    for probe in opened:
        probe.close()


def test_unknown_host_is_an_error():
    """At once, and with the name."""
    with pytest.raises(NotConnectedError, match=r"tcp://no-such-host\.invalid:5555: no such host"):
        connected(zmqlite.PUSH, "tcp://no-such-host.invalid:5555")


def test_host_names_are_resolved():
    """localhost is connected to, and asked about, by that name."""
    with bound(zmqlite.PULL) as pull:
        named = pull.endpoint.replace("127.0.0.1", "localhost")
        with connected(zmqlite.PUSH, named) as push:
            assert push.connected_to == [named]
            expect(push).is_connected_to(named).is_connected_to(pull.endpoint)
            push.disconnect(pull.endpoint)
            assert push.connected_to == []
            assert repr(push) == "<PUSH: nowhere>"


def test_refused_authentication_is_told(context):
    """A server that wants CURVE refuses a client without keys, and the message does not say "timeout" alone."""
    if not zmqlite.has("curve"):
        pytest.skip("this libzmq has no CURVE")
    keys = zmqlite.KeyPair.generate()
    with context.socket(zmqlite.PULL) as pull:
        zmqlite.set_curve_server(pull, keys, allow_any=True)
        port = pull.bind_to_random_port("tcp://127.0.0.1")
        with pytest.raises(NotConnectedError) as raised:
            connected(zmqlite.PUSH, f"tcp://127.0.0.1:{port}", timeout=1)
    assert "nobody answered" not in str(raised.value)


def test_high_water_marks_are_100_unless_told():
    """So that a test fills queues fast."""
    with bound(zmqlite.PUSH) as one, bound(zmqlite.PUSH, high_water_mark=7) as other:
        assert (one.socket.sndhwm, one.socket.rcvhwm) == (100, 100)
        assert (other.socket.sndhwm, other.socket.rcvhwm) == (7, 7)
    with bound(zmqlite.PUSH, sndhwm=200, rcvhwm=500) as each:
        assert (each.socket.sndhwm, each.socket.rcvhwm) == (200, 500)


def test_options_are_set_before_connecting():
    """A routing id only counts then."""
    with bound(zmqlite.ROUTER) as router, connected(zmqlite.DEALER, router.endpoint, routing_id=b"me") as dealer:
        dealer.send(b"hello")
        assert router.recv_multipart() == [b"me", b"hello"]


def test_recv_times_out_in_seconds_with_a_readable_message():
    """Which socket, how long."""
    with bound(zmqlite.PULL) as pull:
        began = time.monotonic()
        with pytest.raises(TimeoutError, match=r"<PULL: bound to tcp://127\.0\.0\.1:\d+>: nothing came within 0\.1 s"):
            pull.recv(timeout=0.1)
        assert 0.09 < time.monotonic() - began < 10


def test_send_times_out_when_nobody_is_there():
    """A PUSH without a peer blocks; the error shows the message."""
    with bound(zmqlite.PUSH) as push:
        with pytest.raises(TimeoutError, match=r"no room to send b'job' within 0\.05 s"):
            push.send(b"job", timeout=0.05)
        assert push.send_nowait(b"job") is False


def test_send_waits_for_room_in_the_queue():
    """Up to its timeout; when the other side has read, there is room again."""
    # Over inproc:// the system has no buffers, which take more when it likes.
    at = "inproc://room"
    with zmqlite.Context() as own, bound(zmqlite.PULL, at, own, rcvhwm=1) as pull, connected(
        zmqlite.PUSH, at, context=own, sndhwm=1
    ) as push:
        while push.send_nowait("filling"):
            pass
        with pytest.raises(TimeoutError, match="no room to send"):
            push.send("one more", timeout=0.05)
        while not push.send_nowait("there is room"):
            pull.recv_nowait()


def test_type_that_cannot_send_says_so():
    """Instead of a timeout: waiting would not help."""
    with bound(zmqlite.PULL) as pull, pytest.raises(zmqlite.ZMQError, match="this socket type cannot send"):
        pull.send("x", timeout=0)


def test_non_blocking_forms():
    """They return at once: whether it was sent; the message, or None."""
    with bound(zmqlite.PULL) as pull, connected(zmqlite.PUSH, pull.endpoint) as push:
        assert pull.recv_nowait() is None
        assert pull.recv_multipart_nowait() is None
        assert push.send_nowait("x") is True
        assert push.send_multipart_nowait(["y", b"z"]) is True
        expect(pull).receives("x").receives(["y", "z"])


def test_recv_refuses_parts():
    """recv() is for one part: more is an error that shows them."""
    with bound(zmqlite.PULL) as pull, connected(zmqlite.PUSH, pull.endpoint) as push:
        push.send_multipart(["a", "b"])
        with pytest.raises(ValueError, match=r"a message of 2 parts: \[b'a', b'b'\]: use recv_multipart\(\)"):
            pull.recv()


def test_endpoints_are_told():
    """Which it is bound and connected to; unbind and disconnect from one or from all."""
    with bound(zmqlite.PULL) as pull, bound(zmqlite.PULL) as other:
        second = pull.bind()
        assert pull.bound_to == [pull.bound_to[0], second]
        with connected(zmqlite.PUSH, second) as push:
            push.connect(other.endpoint)
            assert push.connected_to == [second, other.endpoint]
            expect(push).is_connected_to(second).is_connected_to(other.endpoint)
            push.disconnect(second)
            assert push.connected_to == [other.endpoint]
            push.disconnect()
            assert push.connected_to == []
        pull.unbind(second)
        assert second not in pull.bound_to
        pull.unbind()
        assert pull.bound_to == []


def test_lost_connection_is_noticed():
    """The other side goes away: the socket says that it is not connected any more."""
    with bound(zmqlite.PULL) as pull, connected(zmqlite.PUSH, pull.endpoint) as push:
        where = pull.endpoint
        expect(push).is_connected_to(where)
        pull.close()
        expect(push).is_not_connected_to(where, within=20)


def test_peers_are_counted():
    """A bound socket knows how many have come."""
    with bound(zmqlite.PUB) as publisher:
        expect(publisher).has_peers(0)
        with connected(zmqlite.SUB, publisher.endpoint, subscribe=b""), connected(zmqlite.SUB, publisher.endpoint):
            expect(publisher).has_peers(2, within=20)
            with pytest.raises(AssertionError, match=r"expected 3 peers within 0\.1 s, but it has 2"):
                expect(publisher).has_peers(3, within=0.1)


def test_expectations_say_what_they_found():
    """Each fails with the socket, what was expected, and what there was."""
    with bound(zmqlite.PULL) as pull, bound(zmqlite.PUSH) as lonely:
        with pytest.raises(AssertionError, match=r"PUSH: bound to .*expected that it can send without blocking, but"):
            expect(lonely).can_send()
        expect(lonely).cannot_send()
        with pytest.raises(AssertionError, match=r"expected to be bound to tcp://x:1, but it is bound to tcp://127"):
            expect(pull).is_bound_to("tcp://x:1")
        with pytest.raises(AssertionError, match=r"to be connected to tcp://x:1, but it is connected to nothing"):
            expect(pull).is_connected_to("tcp://x:1")
        with pytest.raises(AssertionError, match=r"to receive b'hello' within 0\.05 s, but nothing came"):
            expect(pull).receives("hello", within=0.05)
        expect(pull).is_bound_to(pull.endpoint).receives_nothing()
        with connected(zmqlite.PUSH, pull.endpoint) as push:
            expect(push).can_send(within=20)
            with pytest.raises(AssertionError, match="expected that sending would block, but it can send"):
                expect(push).cannot_send()
            with pytest.raises(AssertionError, match=r"not to be connected to .*, but it is, and it is up"):
                expect(push).is_not_connected_to(pull.endpoint)
            push.send("goodbye")
            with pytest.raises(AssertionError, match="to receive b'hello' within 20 s, but received b'goodbye'"):
                expect(pull).receives("hello", within=20)
            push.send_multipart(["a", "b"])
            with pytest.raises(AssertionError, match=r"to receive nothing for 20 s, but received \[b'a', b'b'\]"):
                expect(pull).receives_nothing(within=20)


def test_close_leaves_nothing_behind(context):
    """Neither sockets nor a monitor, also when connecting failed."""
    with bound(zmqlite.PULL) as gone, bound(zmqlite.PULL, context=context):
        where = gone.endpoint
    with pytest.raises(NotConnectedError):
        connected(zmqlite.PUSH, where, timeout=0.05, context=context)
    assert [one for one in context._list_sockets() if not one.closed] == []


PLUGIN = "zmqlite.testing.pytest_plugin"


def run_pytest(run_child, tmp_path, code):
    """Run pytest on a test file of its own. Returns how it ended."""
    (tmp_path / "test_it.py").write_text(code, encoding="utf-8")
    arguments = ["-p", PLUGIN, "-p", "no:cacheprovider", "-q", "-W", "error", f"--rootdir={tmp_path}", str(tmp_path)]
    return run_child(f"import sys, pytest; sys.exit(pytest.main({arguments!r}))", timeout=50)


def test_fixture_fails_the_test_that_leaks_a_socket(run_child, tmp_path):
    """And names the line that made it; a test that closes its sockets passes."""
    done = run_pytest(
        run_child,
        tmp_path,
        "import zmqlite\n"
        "def test_good(zmq_context):\n"
        "    with zmq_context.socket(zmqlite.PULL) as pull:\n"
        "        pull.bind('inproc://x')\n"
        "def test_leak(zmq_context):\n"
        "    global kept\n"
        "    kept = zmq_context.socket(zmqlite.PUSH)\n",
    )
    assert done.exit_code == 1
    assert "2 passed, 1 error" in done.stdout
    assert re.search(r"the test left sockets open:\n.*PUSH.* made at .*test_it\.py:7", done.stdout)


def test_fixture_makes_free_endpoints(run_child, tmp_path):
    """Each time another one, that can be bound."""
    transports = ["tcp", "inproc", *(["ipc"] if zmqlite.has("ipc") else [])]
    done = run_pytest(
        run_child,
        tmp_path,
        "import pytest, zmqlite\n"
        f"@pytest.mark.parametrize('transport', {transports})\n"
        "def test_free(zmq_context, zmq_endpoint, transport):\n"
        "    a, b = zmq_endpoint(transport), zmq_endpoint(transport)\n"
        "    assert a != b and a.startswith(transport + '://')\n"
        "    with zmq_context.socket(zmqlite.PULL) as pull:\n"
        "        pull.bind(a); pull.bind(b)\n"
        "def test_unknown(zmq_endpoint):\n"
        "    with pytest.raises(ValueError, match='takes tcp, ipc or inproc'):\n"
        "        zmq_endpoint('pigeon')\n",
    )
    assert (done.exit_code, done.stderr) == (0, ""), done.stdout
