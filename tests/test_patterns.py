"""Sockets that talk: waiting for them, and what each pattern does with messages."""

from __future__ import annotations

import errno
import select
import time
from typing import Any

import pytest
from conftest import bind_wildcard

import zmqlite
from zmqlite.errors import ZMQError


def make(context: Any, *names: str) -> list[Any]:
    """Make sockets that give up after ten seconds."""
    made = [context.socket(zmqlite.SocketType[name]) for name in names]
    for socket in made:
        socket.linger = 0
        socket.rcvtimeo = socket.sndtimeo = 10000
    return made


# ---- waiting ----


def test_poll_tells_what_is_ready(context: zmqlite.Context[Any], transport: str) -> None:
    """An int of events; 0 when the time is over; at once when something is there."""
    pull, push = make(context, "PULL", "PUSH")
    push.connect(bind_wildcard(pull, transport))
    for arguments in ((0,), (1,), (0.9,), (5, zmqlite.POLLIN)):
        assert pull.poll(*arguments) == 0
    assert push.poll(10000, zmqlite.POLLOUT) == zmqlite.POLLOUT
    push.send(b"x")
    for timeout in (None, -1, -7, 10000, 1e4):
        assert pull.poll(timeout) == zmqlite.POLLIN
    assert type(pull.poll(0)) is int
    assert pull.poll(timeout=0, flags=zmqlite.POLLIN | zmqlite.POLLOUT) == zmqlite.POLLIN
    assert pull.events == zmqlite.POLLIN
    pull.recv()
    assert pull.poll(0) == pull.events == 0


def test_poll_waits_as_long_as_it_is_told(context: zmqlite.Context[Any]) -> None:
    """In milliseconds."""
    (pull,) = make(context, "PULL")
    began = time.monotonic()
    assert pull.poll(60) == 0
    assert 0.055 <= time.monotonic() - began < 5


def test_poll_for_nothing_returns_at_once(context: zmqlite.Context[Any]) -> None:
    """Without flags there is nothing to wait for, whatever the timeout."""
    (pull,) = make(context, "PULL")
    for timeout in (None, -1, 10**6):
        assert pull.poll(timeout, 0) == 0


def test_poll_refuses_what_is_no_number(context: zmqlite.Context[Any]) -> None:
    """TypeError; OverflowError beyond a C int."""
    (pull,) = make(context, "PULL")
    for timeout in ("x", b"1", []):
        with pytest.raises(TypeError, match="timeout in milliseconds"):
            pull.poll(timeout)
    with pytest.raises(TypeError):
        pull.poll(0, "x")
    with pytest.raises(OverflowError):
        pull.poll(2**31)


def test_descriptor_moves_when_a_message_comes(context: zmqlite.Context[Any], transport: str) -> None:
    """For an event loop: it is readable when `events` may have changed."""
    pull, push = make(context, "PULL", "PUSH")
    push.connect(bind_wildcard(pull, transport))
    while pull.events or select.select([pull], [], [], 0)[0]:
        pass
    push.send(b"x")
    while not pull.events & zmqlite.POLLIN:
        assert select.select([pull.fileno()], [], [], 10)[0]
    assert pull.recv() == b"x"


def test_monitor_socket_is_one_until_disabled(context: zmqlite.Context[Any]) -> None:
    """Then there is another. Who reads them is told of the end, by disable_monitor() and by close()."""
    (pull,) = make(context, "PULL")
    first = pull.get_monitor_socket()
    assert first.type is zmqlite.SocketType.PAIR
    assert pull.get_monitor_socket() is first
    pull.disable_monitor()
    pull.disable_monitor()
    first.rcvtimeo = 10000
    assert zmqlite.recv_monitor_message(first)["event"] == zmqlite.EVENT_MONITOR_STOPPED
    second = pull.get_monitor_socket(zmqlite.EVENT_LISTENING | zmqlite.EVENT_MONITOR_STOPPED, addr="inproc://monitor")
    assert second is not first
    second.rcvtimeo = 10000
    pull.bind("tcp://127.0.0.1:*")
    event = zmqlite.recv_monitor_message(second)
    assert (event["event"], event["endpoint"]) == (zmqlite.EVENT_LISTENING, pull.last_endpoint)
    pull.close()
    while zmqlite.recv_monitor_message(second)["event"] != zmqlite.EVENT_MONITOR_STOPPED:
        pass
    pull.disable_monitor()


# ---- patterns ----


def test_req_and_rep_take_turns(context: zmqlite.Context[Any], transport: str) -> None:
    """EFSM out of turn, and nothing is lost by it."""
    rep, req = make(context, "REP", "REQ")
    req.connect(bind_wildcard(rep, transport))
    for call in (req.recv, lambda: rep.send(b"x")):
        with pytest.raises(ZMQError) as caught:
            call()
        assert caught.value.errno == zmqlite.EFSM
    req.send(b"question")
    with pytest.raises(ZMQError, match="recv"):
        req.send(b"again")
    assert rep.recv() == b"question"
    rep.send(b"answer")
    assert req.recv() == b"answer"


def test_router_and_dealer_carry_envelopes(context: zmqlite.Context[Any], transport: str) -> None:
    """By the id that was set; nobody there is EHOSTUNREACH when that is mandatory."""
    router, dealer = make(context, "ROUTER", "DEALER")
    router.router_mandatory = 1
    dealer.routing_id = b"me"
    dealer.connect(bind_wildcard(router, transport))
    dealer.send_multipart([b"", b"question"])
    assert router.recv_multipart() == [b"me", b"", b"question"]
    router.send_multipart([b"me", b"answer", b""])
    assert dealer.recv_multipart() == [b"answer", b""]
    with pytest.raises(ZMQError, match="no connected peer has that routing id") as caught:
        router.send_multipart([b"you", b"answer"])
    assert caught.value.errno == errno.EHOSTUNREACH


def test_subscriptions_are_prefixes(context: zmqlite.Context[Any], transport: str) -> None:
    """XPUB hears of them, PUB and SUB pass what matches."""
    xpub, sub = make(context, "XPUB", "SUB")
    sub.subscribe("ab")
    sub.connect(bind_wildcard(xpub, transport))
    assert xpub.recv() == b"\x01ab"
    for topic in (b"a", b"ab", b"abc", b"b"):
        xpub.send_multipart([topic, b"message"])
    assert [sub.recv_multipart()[0] for _ in range(2)] == [b"ab", b"abc"]
    assert sub.poll(0) == 0
    sub.unsubscribe("ab")
    assert xpub.recv() == b"\x00ab"


def test_pair_is_for_two(context: zmqlite.Context[Any], transport: str) -> None:
    """Both ways."""
    first, second = make(context, "PAIR", "PAIR")
    second.connect(bind_wildcard(first, transport))
    for number in range(3):
        second.send(b"%d" % number)
        assert first.recv() == b"%d" % number
        first.send_multipart([b"to", b"%d" % number])
        assert second.recv_multipart() == [b"to", b"%d" % number]


def test_push_goes_round(context: zmqlite.Context[Any]) -> None:
    """One message to each PULL in turn."""
    push, *pulls = make(context, "PUSH", "PULL", "PULL", "PULL")
    for pull in pulls:
        push.connect(bind_wildcard(pull))
    for number in range(6):
        push.send(b"%d" % number)
    got = {tuple(pull.recv() for _ in range(2)) for pull in pulls}
    assert got == {(b"0", b"3"), (b"1", b"4"), (b"2", b"5")}
