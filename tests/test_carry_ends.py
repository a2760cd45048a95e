"""Whatever becomes of a message that carries its object: the object is let go, and once."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from typing import Any

import pytest
from carry_rig import MENDS, SIZES, TIMES, comes_back, connected, counted, make_watched, refused
from conftest import bind_wildcard
from exit_children import child_code

import zmqlite as zmq

SCENARIOS: dict[str, Callable[[Any, list[bytes]], None]] = {}
NEEDS_MENDS = ("only the last is kept", "message is never finished", "peer disconnects from an unfinished message")


def scenario(function: Callable[[Any, list[bytes]], None]) -> Callable[[Any, list[bytes]], None]:
    """What may happen to messages; the context is destroyed afterwards."""
    SCENARIOS[function.__name__[1:].replace("_", " ")] = function
    return function


@scenario
def _receiver_closes_with_messages_queued(context: Any, watched: list[bytes]) -> None:
    for _ in range(5):
        a, b = connected(context, zmq.PUSH, zmq.PULL, sndhwm=0, rcvhwm=0)
        a.send_many(watched * (TIMES // 5))
        a.send_multipart(watched)
        b.recv()
        b.close()
        a.close()


@scenario
def _sender_closes_with_messages_queued(context: Any, watched: list[bytes]) -> None:
    for _ in range(5):
        a, b = connected(context, zmq.PUSH, zmq.PULL, sndhwm=0, rcvhwm=0)
        a.send_many(watched * (TIMES // 5))
        a.close()
        b.recv_many(10)


@scenario
def _context_ends_with_full_queues(context: Any, watched: list[bytes]) -> None:
    a, _ = connected(context, zmq.DEALER, zmq.ROUTER, sndhwm=100, rcvhwm=100)
    a.sndtimeo = 0
    a.send_many(watched * 100)
    context.destroy(linger=0)


@scenario
def _nobody_binds(context: Any, watched: list[bytes]) -> None:
    a = context.socket(zmq.PUSH)
    a.connect("inproc://nobody-binds-this")
    for data in watched * 100:
        a.send(data)


@scenario
def _no_room(context: Any, watched: list[bytes]) -> None:
    a, b = connected(context, zmq.PUSH, zmq.PULL, sndhwm=1, rcvhwm=1)
    for _ in range(TIMES // 10):
        for data in watched:
            refused(a.send, data, zmq.DONTWAIT)
            refused(a.send_multipart, [data, data], zmq.DONTWAIT)
            a.send_many([data] * 5, zmq.DONTWAIT)
        b.recv_many(2, 0)


@scenario
def _endpoint_is_disconnected(context: Any, watched: list[bytes]) -> None:
    a, b = connected(context, zmq.PUSH, zmq.PULL, sndhwm=0, rcvhwm=0)
    endpoint = b.get_string(zmq.LAST_ENDPOINT)
    for _ in range(50):
        a.send_many(watched)
        a.send_multipart(watched)
        a.disconnect(endpoint)
        a.connect(endpoint)
    b.recv_many(100)


@scenario
def _only_the_last_is_kept(context: Any, watched: list[bytes]) -> None:
    # The proxy's thread reads without the GIL, so that a message may be sent while another is read.
    a, frontend = connected(context, zmq.PUSH, zmq.PULL, conflate=1)
    backend, _ = connected(context, zmq.PUSH, zmq.PULL, conflate=1)
    control, commands = connected(context, zmq.PAIR, zmq.PAIR)
    thread = threading.Thread(target=zmq.proxy_steerable, args=(frontend, backend, None, commands))
    thread.start()
    many = watched * 500
    for _ in range(100):
        a.send_many(many)
    del many
    control.send(b"TERMINATE")
    thread.join()


@scenario
def _router_has_no_such_peer(context: Any, watched: list[bytes]) -> None:
    a, b = connected(context, zmq.ROUTER, zmq.DEALER)
    for data in watched * 50:
        a.send_multipart([b"nobody", data, data])
    a.router_mandatory = 1
    for data in watched * 50:
        assert refused(a.send_multipart, [data, data, data])
    b.close()


@scenario
def _message_is_never_finished(context: Any, watched: list[bytes]) -> None:
    for type_a, type_b in [(zmq.PUSH, zmq.PULL), (zmq.PAIR, zmq.PAIR), (zmq.DEALER, zmq.ROUTER)] * 20:
        for first in (0, 1):
            sockets = connected(context, type_a, type_b)
            for data in watched:
                sockets[0].send(data, zmq.SNDMORE)
            sockets[first].close()
            if first == 0:
                refused(sockets[1].recv, zmq.DONTWAIT)
            sockets[1 - first].close()


@scenario
def _peer_disconnects_from_an_unfinished_message(context: Any, watched: list[bytes]) -> None:
    for type_a, type_b in [(zmq.PUSH, zmq.PULL), (zmq.PAIR, zmq.PAIR), (zmq.DEALER, zmq.ROUTER)] * 20:
        a, b = context.socket(type_a), context.socket(type_b)
        endpoint = bind_wildcard(a)
        b.connect(endpoint)
        for data in watched:
            a.send(data, zmq.SNDMORE)
        b.disconnect(endpoint)
        a.poll(0, zmq.POLLOUT)  # hears of it
        a.close()
        b.close()


@scenario
def _requests_are_given_up(context: Any, watched: list[bytes]) -> None:
    a, b = connected(context, zmq.REQ, zmq.REP)
    a.req_relaxed = a.req_correlate = 1
    for data in watched * 50:
        a.send_multipart([data, data])
        a.send_multipart([data, data])
        for _ in range(2):
            b.recv_multipart()
            b.send(data)
        assert a.recv() == data


@scenario
def _peer_takes_over_a_routing_id(context: Any, watched: list[bytes]) -> None:
    router = context.socket(zmq.ROUTER)
    router.router_handover = 1
    endpoint = bind_wildcard(router)
    for data in watched * 5:
        dealer = context.socket(zmq.DEALER)
        dealer.routing_id = b"one"
        dealer.connect(endpoint)
        dealer.send_multipart([data, data])
        assert router.recv_multipart() == [b"one", data, data]
        router.send_multipart([b"one", data, data])


@scenario
def _proxy_hands_it_to_subscribers(context: Any, watched: list[bytes]) -> None:
    a, frontend = connected(context, zmq.PUSH, zmq.PULL, sndhwm=0, rcvhwm=0)
    backend, capture = context.socket(zmq.XPUB), context.socket(zmq.XPUB)
    backend.xpub_nodrop = backend.xpub_verbose = 1
    backend.sndhwm = 0
    subscribers = []
    for publisher, transport in ((backend, "inproc"), (backend, "tcp"), (backend, "inproc"), (capture, "inproc")):
        subscriber = context.socket(zmq.SUB)
        subscriber.rcvtimeo, subscriber.rcvhwm = 10_000, 0
        subscriber.subscribe(b"")
        subscriber.connect(bind_wildcard(publisher, transport))
        subscribers.append(subscriber)
    for publisher in (backend, backend, backend, capture):
        assert publisher.recv() == b"\1"
    control, commands = connected(context, zmq.PAIR, zmq.PAIR)
    thread = threading.Thread(target=zmq.proxy_steerable, args=(frontend, backend, capture, commands))
    thread.start()
    for _ in range(TIMES // 10):
        a.send_multipart(watched)
    for subscriber in subscribers:
        for _ in range(TIMES // 10):
            assert subscriber.recv_multipart() == watched
    control.send(b"TERMINATE")
    thread.join()


@scenario
def _sender_connects_elsewhere_later(context: Any, watched: list[bytes]) -> None:
    a, near = connected(context, zmq.PUSH, zmq.PULL)
    a.send_many(watched)
    far = context.socket(zmq.PULL)
    far.rcvtimeo = 10_000
    a.connect(bind_wildcard(far, "tcp"))
    assert near.recv_many(len(watched)) == watched
    a.send_many(watched * 2)


@scenario
def _frames_are_sent_on(context: Any, watched: list[bytes]) -> None:
    a, b = connected(context, zmq.PUSH, zmq.PULL)
    publisher, subscriber = context.socket(zmq.XPUB), context.socket(zmq.SUB)
    subscriber.rcvtimeo = 10_000
    subscriber.subscribe(b"")
    subscriber.connect(bind_wildcard(publisher, "tcp"))
    publisher.recv()
    for data in watched * 20:
        a.send(data)
        frame = b.recv(copy=False)
        publisher.send(frame)
        a.send(frame)
        assert b.recv_into(bytearray(5000)) == len(data)
        assert subscriber.recv() == data


if zmq.has("draft"):

    @scenario
    def _group_takes_its_place(context: Any, watched: list[bytes]) -> None:
        a, b = connected(context, zmq.PUSH, zmq.PULL)
        for data in watched * 100:
            for group in ("fourteen chars", "a group of more than fourteen letters"):
                a.send(data)
                frame = b.recv(copy=False)
                assert frame.get("group") == ""
                frame.set("group", group)
                assert frame.get("group") == group
                assert frame.bytes == data


@scenario
def _thread_destroys_the_context_under_it(context: Any, watched: list[bytes]) -> None:
    a, b = connected(context, zmq.PUSH, zmq.PULL, sndhwm=10, rcvhwm=10)
    sending = threading.Event()

    def send() -> None:
        while not refused(a.send_multipart, watched):
            sending.set()

    threads = [threading.Thread(target=send)]
    threads[0].start()
    sending.wait(10)
    b.recv_multipart()
    context.destroy(linger=0)
    threads[0].join()


def let_go_once(name: str) -> list[int]:
    """How many references are left over, in a context of its own; for a child: one too few ends a process."""
    watched = make_watched()
    before = counted(watched)
    context: Any = zmq.Context()
    sockets: list[Any] = []

    def make_and_keep(*arguments: Any) -> Any:
        sockets.append(zmq.Context.socket(context, *arguments))
        return sockets[-1]

    context.socket = make_and_keep
    SCENARIOS[name](context, watched)
    context.destroy(linger=0)
    return comes_back(watched, before)


@pytest.mark.parametrize("name", list(SCENARIOS))
def test_its_object_is_let_go_once(name: str, run_child: Callable[..., Any]) -> None:
    """Whatever becomes of the message: no reference is kept, and none is dropped twice."""
    if name in NEEDS_MENDS and not MENDS:
        pytest.skip("the system's libzmq leaks such messages")
    child = run_child(child_code("from test_carry_ends import let_go_once", "print(let_go_once(NAME))", NAME=name))
    assert (child.exit_code, child.stdout.strip(), child.stderr) == (0, str([0] * len(SIZES)), "")


# ---- the end of a process ----

QUEUED = """
    context = zmq.Context()
    sockets = [context.socket(zmq.PUSH), context.socket(zmq.PULL)]
    sockets[1].bind("inproc://queued")
    sockets[0].connect("inproc://queued")
    sockets[0].sndtimeo = 0
    def queue(count):
        return sockets[0].send_many([b"%0*d" % (size, number) for number in range(count) for size in (3, 30, 300)])
    assert queue(300) == 900
"""


def test_process_exits_with_messages_queued(run_child: Callable[..., Any]) -> None:
    """Their objects are nobody's any more, and libzmq's own threads close them meanwhile."""
    child = run_child(child_code(QUEUED, "assert sockets[1].recv_many(10)[0] == b'000'"))
    assert (child.exit_code, child.stderr) == (0, "")


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
def test_process_forks_with_messages_queued(run_child: Callable[..., Any]) -> None:
    """The child begins anew and ends well; the parent receives what it has queued."""
    code = """
        child = os.fork()
        if child == 0:
            del sockets, context
            gc.collect()
            context = zmq.Context()
            sockets = [context.socket(zmq.PUSH), context.socket(zmq.PULL)]
            sockets[1].bind("inproc://queued")
            sockets[0].connect("inproc://queued")
            assert queue(10) == 30
            assert sockets[1].recv_many(30)[29] == b"%0300d" % 9
            sys.exit(0)
        assert os.waitpid(child, 0)[1] == 0
        assert [len(data) for data in sockets[1].recv_many(900)] == [3, 30, 300] * 300
    """
    child = run_child(child_code(QUEUED, code))
    assert (child.exit_code, child.signal) == (0, None), child.stderr  # which has a warning that fork() has threads
