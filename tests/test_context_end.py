"""How contexts end: term(), destroy(), `with`, and being dropped."""

from __future__ import annotations

import errno
import gc
import inspect
import threading
import time
import warnings
import weakref
from collections.abc import Iterator
from typing import Any

import pytest

import zmqlite
from zmqlite.errors import ZMQError

SocketClass = zmqlite.Socket[bytes]



def get_line() -> int:
    """The number of the caller's line."""
    frame = inspect.currentframe()
    assert frame is not None
    assert frame.f_back is not None
    return frame.f_back.f_lineno


def test_term_twice_is_no_error() -> None:
    """term() and destroy() of a closed context do nothing."""
    context = zmqlite.Context()
    assert not context.closed
    context.term()
    assert context.closed
    assert context.underlying == 0
    context.term()
    context.term(timeout=0)
    context.destroy()
    context.destroy(linger=0)


def test_term_with_a_timeout_raises_and_can_be_called_again() -> None:
    """It names the socket that is still open and where it was made."""
    context = zmqlite.Context()
    socket, line = context.socket(zmqlite.PUSH), get_line()
    began = time.monotonic()
    with pytest.raises(zmqlite.Again, match=rf"term\(timeout=20\).*1 socket\(s\) still open.*{__file__}:{line}"):
        context.term(timeout=20)
    assert 0.02 <= time.monotonic() - began < 5
    assert not context.closed
    with pytest.raises(zmqlite.ContextTerminated):
        socket.send(b"x")
    socket.close()
    context.term(timeout=5000)
    assert context.closed


def test_term_waits_for_the_linger() -> None:
    """A message that cannot be delivered keeps term() until the linger is over."""
    context = zmqlite.Context()
    socket = context.socket(zmqlite.PUSH)
    socket.connect("tcp://127.0.0.1:1")
    socket.send(b"nobody takes this")
    socket.close(linger=150)
    with pytest.raises(zmqlite.Again, match="messages are still being sent"):
        context.term(timeout=1)
    context.term(timeout=5000)
    assert context.closed


def test_term_ends_a_blocked_recv() -> None:
    """The other thread gets ContextTerminated, closes, and term() returns."""
    context = zmqlite.Context()
    waiting = threading.Event()
    raised: list[BaseException] = []

    def receive() -> None:
        with context.socket(zmqlite.PULL) as socket:
            waiting.set()
            try:
                socket.recv()
            except ZMQError as error:
                raised.append(error)

    thread = threading.Thread(target=receive)
    thread.start()
    waiting.wait()
    context.term(timeout=10000)
    thread.join()
    assert isinstance(raised[0], zmqlite.ContextTerminated)
    assert raised[0].errno == zmqlite.ETERM


def test_destroy_closes_every_socket() -> None:
    """Without a warning, and the sockets know it."""
    context = zmqlite.Context()
    sockets = [context.socket(zmqlite.PUSH) for _ in range(3)]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        context.destroy()
    assert context.closed
    for socket in sockets:
        assert socket.closed
        with pytest.raises(ZMQError, match="closed") as caught:
            socket.send(b"x")
        assert caught.value.errno == errno.ENOTSOCK
        socket.close()


def test_destroy_sets_the_linger() -> None:
    """linger=0 drops what cannot be delivered; a wrong one is refused and nothing is closed."""
    context = zmqlite.Context()
    socket = context.socket(zmqlite.PUSH)
    socket.connect("tcp://127.0.0.1:1")
    socket.send(b"nobody takes this")
    with pytest.raises(ZMQError, match="LINGER"):
        context.destroy(linger=-2)
    with pytest.raises(TypeError):
        context.destroy(linger="x")  # type: ignore[arg-type]
    assert not socket.closed
    began = time.monotonic()
    context.destroy(linger=0)
    assert time.monotonic() - began < 0.9
    assert context.closed


def test_destroy_waits_for_what_was_closed_with_a_longer_linger() -> None:
    """As long as the exit linger is, though its own be shorter: it is for the sockets that are open."""
    before = zmqlite.get_exit_linger()
    zmqlite.set_exit_linger(30_000)
    try:
        context = zmqlite.Context()
        socket = context.socket(zmqlite.PUSH)
        socket.connect("tcp://127.0.0.1:1")
        socket.send(b"nobody takes this")
        socket.close(linger=1_000)
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            context.destroy(linger=0)
        assert context.closed
    finally:
        zmqlite.set_exit_linger(before)


def test_with_warns_of_each_open_socket_and_says_where_it_was_made() -> None:
    """A ResourceWarning for each, that points at the with statement and names the line."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        with zmqlite.Context() as context:
            first, first_line = context.socket(zmqlite.PUSH), get_line()
            second, second_line = context.socket(zmqlite.PULL), get_line()
            context.socket(zmqlite.PAIR).close()
    assert context.closed
    assert first.closed
    assert second.closed
    assert [warning.category for warning in caught] == [ResourceWarning] * 2
    messages = sorted(str(warning.message) for warning in caught)
    assert all(warning.filename == __file__ for warning in caught)
    for line in (first_line, second_line):
        assert any(f"made at {__file__}:{line}" in message for message in messages)


def test_with_ends_after_an_exception_too() -> None:
    """And the exception goes on."""
    with pytest.raises(KeyError), zmqlite.Context() as context:
        raise KeyError
    assert context.closed


def test_dropped_context_warns_and_says_where_it_was_made() -> None:
    """ResourceWarning, and the context is gone."""
    made, line = [zmqlite.Context()], get_line()
    gone = weakref.ref(made[0])
    with pytest.warns(ResourceWarning, match=rf"Unclosed context .*{__file__}:{line}"):
        made.clear()
    gc.collect()
    assert gone() is None


def test_dropped_context_that_was_closed_does_not_warn() -> None:
    """Nothing to say."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        context = zmqlite.Context()
        context.term()
        del context
        gc.collect()


def test_destroy_closes_a_socket_made_meanwhile() -> None:
    """Another thread makes a socket while destroy() looks through them: both are closed."""
    context = zmqlite.Context()
    made: list[Any] = []

    class Growing(weakref.WeakSet[Any]):
        def __iter__(self) -> Iterator[Any]:
            for socket in super().__iter__():
                if len(made) == 1:
                    made.append(context.socket(zmqlite.PUSH))
                yield socket

    context._sockets = Growing()
    made.append(context.socket(zmqlite.PUSH))
    context.destroy(linger=0)
    assert context.closed
    assert [socket.closed for socket in made] == [True, True]
