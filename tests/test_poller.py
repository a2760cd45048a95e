"""Poller, select() and zmq_poll(): sockets and descriptors, as pyzmq, and what may go wrong."""

from __future__ import annotations

import gc
import os
import time
import weakref
from collections.abc import Iterator
from typing import Any

import pytest
from conftest import bind_wildcard
from waiting_threads import in_background, until_in_use

import zmqlite as zmq
from zmqlite.poller import Poller, select, zmq_poll

POLLIN, POLLOUT, POLLERR = zmq.POLLIN, zmq.POLLOUT, zmq.POLLERR


@pytest.fixture
def linked(context: Any) -> tuple[Any, Any]:
    """A connected PUSH and PULL over inproc: what is sent is there at once."""
    push, pull = context.socket(zmq.PUSH), context.socket(zmq.PULL)
    push.connect(bind_wildcard(pull))
    return push, pull


@pytest.fixture
def pipe() -> Iterator[tuple[int, int]]:
    """The reading and the writing end of a pipe."""
    ends = os.pipe()
    yield ends
    for end in ends:
        os.close(end)


# ---- registrations: the same on pyzmq ----


@pytest.fixture(params=["zmqlite", "pyzmq"])
def poller_class(request: pytest.FixtureRequest) -> Any:
    """Poller of zmqlite, and pyzmq's where that is installed: the facts below are true of both."""
    if request.param == "zmqlite":
        return Poller
    return pytest.importorskip("zmq").Poller


def test_register_lists_in_order(poller_class: Any) -> None:
    """`sockets` has (socket, flags), POLLIN and POLLOUT by default."""
    poller = poller_class()
    poller.register(3)
    poller.register(4, POLLIN)
    assert poller.sockets == [(3, POLLIN | POLLOUT), (4, POLLIN)]
    assert 3 in poller
    assert 5 not in poller


def test_register_again_changes_flags_in_place(poller_class: Any) -> None:
    """register() and modify() are one; the order stays."""
    poller = poller_class()
    for descriptor in (3, 4, 5):
        poller.register(descriptor, POLLIN)
    poller.register(4, POLLOUT)
    poller.modify(3, POLLOUT)
    assert poller.sockets == [(3, POLLOUT), (4, POLLOUT), (5, POLLIN)]


def test_register_with_no_flags_unregisters(poller_class: Any) -> None:
    """Also for what was never registered."""
    poller = poller_class()
    poller.register(3, POLLIN)
    poller.register(3, 0)
    poller.register(4, 0)
    assert poller.sockets == []
    assert 3 not in poller
    assert 4 not in poller


def test_unregister_keeps_the_others(poller_class: Any) -> None:
    """Those behind it can still be changed and removed."""
    poller = poller_class()
    for descriptor in (3, 4, 5, 6):
        poller.register(descriptor, POLLIN)
    poller.unregister(4)
    poller.modify(5, POLLOUT)
    poller.unregister(6)
    assert poller.sockets == [(3, POLLIN), (5, POLLOUT)]


def test_unregister_of_a_stranger_raises_key_error(poller_class: Any) -> None:
    """As a dict."""
    with pytest.raises(KeyError):
        poller_class().unregister(3)


@pytest.mark.parametrize("timeout", [None, -1, 0, 100_000])
def test_empty_poller_returns_at_once(poller_class: Any, timeout: int | None) -> None:
    """There is nothing to wait for, also with no time limit."""
    assert poller_class().poll(timeout) == []


def test_nonsense_is_refused_by_poll(poller_class: Any) -> None:
    """register() takes anything, poll() says what it cannot wait for."""
    poller = poller_class()
    poller.register("no socket", POLLIN)
    with pytest.raises(TypeError, match="no socket"):
        poller.poll(0)


def test_failing_fileno_is_a_value_error(poller_class: Any) -> None:
    """Whatever fileno() raised."""

    class Broken:
        def fileno(self) -> int:
            raise RuntimeError("broken")

    poller = poller_class()
    poller.register(Broken(), POLLIN)
    with pytest.raises(ValueError, match="fileno"):
        poller.poll(0)


def test_descriptors_come_back_as_ints(poller_class: Any, pipe: tuple[int, int]) -> None:
    """Objects with fileno() too."""
    reading, writing = pipe
    with open(writing, "wb", buffering=0, closefd=False) as file:
        poller = poller_class()
        poller.register(reading, POLLIN)
        poller.register(file, POLLOUT)
        assert poller.poll(0) == [(writing, POLLOUT)]
        file.write(b"x")
        assert dict(poller.poll(1000)) == {reading: POLLIN, writing: POLLOUT}


def test_float_timeouts_are_cut_to_milliseconds(poller_class: Any, pipe: tuple[int, int]) -> None:
    """0.9 ms is 0."""
    poller = poller_class()
    poller.register(pipe[0], POLLIN)
    assert poller.poll(0.9) == []
    assert poller.poll(1.5) == []


def test_timeout_beyond_an_int_overflows(poller_class: Any, pipe: tuple[int, int]) -> None:
    """OverflowError, no wait of another length."""
    poller = poller_class()
    poller.register(pipe[0], POLLIN)
    with pytest.raises(OverflowError):
        poller.poll(2**31)
    with pytest.raises((OverflowError, ValueError)):
        poller.poll(float("inf"))


def test_changing_the_list_itself_counts(poller_class: Any, pipe: tuple[int, int]) -> None:
    """`sockets` is a list that programs may edit."""
    poller = poller_class()
    poller.register(pipe[0], POLLIN)
    assert poller.poll(0) == []
    poller.sockets.append((pipe[1], POLLOUT))
    assert poller.poll(0) == [(pipe[1], POLLOUT)]
    del poller.sockets[:]
    assert poller.poll(None) == []


# ---- sockets ----


def test_poll_tells_what_is_readable_and_writable(linked: tuple[Any, Any]) -> None:
    """(socket, events), in order of registration, with the flags that were asked for."""
    push, pull = linked
    poller = Poller()
    poller.register(pull, POLLIN)
    poller.register(push)
    assert poller.poll(0) == [(push, POLLOUT)]
    push.send(b"x")
    assert poller.poll(1000) == [(pull, POLLIN), (push, POLLOUT)]
    poller.modify(push, POLLIN)
    assert poller.poll(1000) == [(pull, POLLIN)]


def test_poll_sees_a_second_message(linked: tuple[Any, Any]) -> None:
    """The edge of ZMQ_FD is gone after the first; the message is there all the same."""
    push, pull = linked
    poller = Poller()
    poller.register(pull, POLLIN)
    push.send(b"1")
    push.send(b"2")
    for expected in (b"1", b"2"):
        assert poller.poll(1000) == [(pull, POLLIN)]
        assert pull.recv() == expected
    assert poller.poll(0) == []


def test_poll_mixes_sockets_and_descriptors(linked: tuple[Any, Any], pipe: tuple[int, int]) -> None:
    """Either wakes it."""
    push, pull = linked
    poller = Poller()
    poller.register(pull, POLLIN)
    poller.register(pipe[0], POLLIN)
    os.write(pipe[1], b"x")
    assert poller.poll() == [(pipe[0], POLLIN)]
    os.read(pipe[0], 1)
    push.send(b"x")
    assert poller.poll() == [(pull, POLLIN)]


def test_poll_wakes_when_a_message_comes(context: Any, transport: str) -> None:
    """From another thread, without a time limit, over every transport."""
    push, pull = context.socket(zmq.PUSH), context.socket(zmq.PULL)
    push.connect(bind_wildcard(pull, transport))
    poller = Poller()
    poller.register(pull, POLLIN)
    waiting, found = in_background(poller.poll)
    until_in_use(pull)
    push.send(b"x")
    waiting.join(10)
    assert found == [[(pull, POLLIN)]]


@pytest.mark.parametrize("timeout", [1, 30, 120])
def test_poll_waits_as_long_as_it_says(linked: tuple[Any, Any], timeout: int) -> None:
    """Not less, and not much more: below a slice, and over several."""
    poller = Poller()
    poller.register(linked[1], POLLIN)
    began = time.monotonic()
    assert poller.poll(timeout) == []
    assert timeout <= (time.monotonic() - began) * 1000 < timeout + 2000


def test_poll_many_sockets(context: Any) -> None:
    """More than fit on the stack; only what is ready comes back."""
    pulls = [context.socket(zmq.PULL) for _ in range(100)]
    pushes = []
    poller = Poller()
    for pull in pulls:
        pushes.append(context.socket(zmq.PUSH))
        pushes[-1].connect(bind_wildcard(pull))
        poller.register(pull, POLLIN)
    assert poller.poll(0) == []
    for at in (99, 3, 50):
        pushes[at].send(b"x")
    assert poller.poll(1000) == [(pulls[at], POLLIN) for at in (3, 50, 99)]


def test_zmq_poll_takes_a_list_and_duplicates(linked: tuple[Any, Any]) -> None:
    """A socket may be listed twice, for reading and for writing."""
    push, pull = linked
    assert zmq_poll([(push, POLLIN), (push, POLLOUT), (pull, POLLIN)], 0) == [(push, POLLOUT)]
    assert zmq_poll([], None) == []
    assert zmq_poll([(pull, POLLIN)], timeout=0) == []


def test_subclass_may_replace_poll(linked: tuple[Any, Any]) -> None:
    """Everything it needs is in `sockets`."""

    class Backwards(Poller):
        def poll(self, timeout: float | None = None) -> list[tuple[Any, int]]:
            return super().poll(timeout)[::-1]

    push, pull = linked
    poller = Backwards()
    poller.register(pull, POLLIN)
    poller.register(push, POLLOUT)
    push.send(b"x")
    assert poller.poll(1000) == [(push, POLLOUT), (pull, POLLIN)]


def test_poller_lets_unregistered_sockets_go() -> None:
    """No native array keeps one alive."""
    with zmq.Context() as context:
        socket = context.socket(zmq.PULL)
        poller = Poller()
        poller.register(socket, POLLIN)
        poller.poll(0)
        poller.unregister(socket)
        socket.close()
        gone = weakref.ref(socket)
        del socket
        gc.collect()
        assert gone() is None


# ---- select ----


def test_select_sorts_into_three_lists(linked: tuple[Any, Any], pipe: tuple[int, int]) -> None:
    """Readable, writable, in error; any iterable; sockets as they are and files as descriptors."""
    push, pull = linked
    reading, writing = pipe
    push.send(b"x")
    assert select([pull, reading], (push, writing), [], 1) == ([pull], [push, writing], [])
    assert select([push], [push], [push], timeout=0) == ([], [push], [])


def test_select_counts_in_seconds(linked: tuple[Any, Any]) -> None:
    """0.05 is 50 ms."""
    began = time.monotonic()
    assert select([linked[1]], [], [], 0.05) == ([], [], [])
    assert 0.05 <= time.monotonic() - began < 2


@pytest.mark.parametrize("timeout", [None, -1])
def test_select_without_a_time_limit_waits(linked: tuple[Any, Any], timeout: int | None) -> None:
    """None and negative wait for ever."""
    push, pull = linked
    waiting, found = in_background(lambda: select([pull], [], [], timeout))
    until_in_use(pull)
    push.send(b"x")
    waiting.join(10)
    assert found == [([pull], [], [])]


def test_select_of_nothing_returns_at_once() -> None:
    """As pyzmq, and unlike select.select()."""
    assert select([], [], []) == ([], [], [])
