"""Poller and zmq_poll(): what may go wrong, and signals."""

from __future__ import annotations

import os
import socket as sockets
import time
from collections.abc import Iterator
from typing import Any

import pytest
from conftest import bind_wildcard
from waiting_threads import in_background, until_in_use

import zmqlite as zmq
from zmqlite.poller import Poller, zmq_poll

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


# ---- errors ----


def test_closed_socket_is_never_ready(linked: tuple[Any, Any], context: Any) -> None:
    """The others go on, and the time is kept; a wait for ever that nothing can end says which is closed."""
    push, pull = linked
    closed = context.socket(zmq.ROUTER)
    poller = Poller()
    poller.register(closed, POLLIN)
    poller.register(pull, POLLIN)
    push.send(b"x")
    assert poller.poll(0) == [(pull, POLLIN)]
    closed.close()
    for timeout in (0, 20_000, None):
        assert poller.poll(timeout) == zmq_poll([(closed, POLLIN), (pull, POLLIN)], timeout) == [(pull, POLLIN)]
    pull.close()
    began = time.monotonic()
    for timeout in (0, 1, 50):
        assert poller.poll(timeout) == []
    assert time.monotonic() - began >= 0.05
    for timeout in (None, -1):
        with pytest.raises(zmq.ZMQError, match=r"ROUTER.*closed") as caught:
            poller.poll(timeout)
        assert caught.value.errno == zmq.Errno.ENOTSOCK


def test_socket_in_use_by_another_thread_raises(context: Any, linked: tuple[Any, Any]) -> None:
    """SocketInUse in the second one; the first goes on."""
    push, pull = linked
    free = context.socket(zmq.PULL)
    waiting, found = in_background(lambda: pull.poll(20_000))
    until_in_use(pull)
    with pytest.raises(zmq.SocketInUse):
        zmq_poll([(free, POLLIN), (pull, POLLIN)], 0)
    assert zmq_poll([(free, POLLIN)], 0) == []  # what was entered before the busy one is free again
    push.send(b"x")
    waiting.join(10)
    assert found == [POLLIN]


def test_one_poller_in_two_threads_raises_in_the_second(linked: tuple[Any, Any]) -> None:
    """Both use the same registrations: that does not let them into a socket together."""
    push, pull = linked
    poller = Poller()
    poller.register(pull, POLLIN)
    poller.poll(0)
    waiting, found = in_background(lambda: poller.poll(20_000))
    until_in_use(pull)
    with pytest.raises(zmq.SocketInUse):
        poller.poll(0)
    push.send(b"x")
    waiting.join(10)
    assert found == [[(pull, POLLIN)]]
    assert poller.poll(0) == [(pull, POLLIN)]


def test_closed_descriptor_is_refused(linked: tuple[Any, Any]) -> None:
    """-1 would be waited for without end."""
    left, right = sockets.socketpair()
    poller = Poller()
    poller.register(left, POLLIN)
    assert poller.poll(0) == []
    left.close()
    right.close()
    with pytest.raises(ValueError, match="closed"):
        poller.poll(0)
    with pytest.raises(ValueError, match="-1"):
        zmq_poll([(-1, POLLIN)], 0)


def test_hang_up_of_a_descriptor_is_an_error_event() -> None:
    """POLLERR comes though nobody asked for it."""
    left, right = os.pipe()
    os.close(left)
    try:
        assert zmq_poll([(right, POLLIN)], 1000) == [(right, POLLERR)]
    finally:
        os.close(right)


@pytest.mark.parametrize("timeout", ["1", b"", [], float("nan")])
def test_timeout_must_be_a_number(linked: tuple[Any, Any], timeout: Any) -> None:
    """TypeError that shows it."""
    poller = Poller()
    poller.register(linked[1], POLLIN)
    with pytest.raises(TypeError, match="timeout in milliseconds"):
        poller.poll(timeout)


def test_end_of_the_context_ends_a_poll(run_child: Any) -> None:
    """ContextTerminated in the thread that waits, and no hang."""
    child = run_child(
        """
        import threading
        import zmqlite as zmq
        from zmqlite.poller import Poller
        context = zmq.Context()
        pull = context.socket(zmq.PULL)
        poller = Poller()
        poller.register(pull, zmq.POLLIN)
        def wait():
            try:
                poller.poll()
            except zmq.ContextTerminated:
                pull.close()
                print("terminated")
        thread = threading.Thread(target=wait)
        thread.start()
        context.term()
        thread.join()
        """
    )
    assert (child.exit_code, child.stdout) == (0, "terminated\n"), child.stderr


def test_poll_in_a_daemon_thread_does_not_stop_exit(run_child: Any) -> None:
    """Exit code 0 within 2 s, and nothing on stderr."""
    child = run_child(
        """
        import threading, warnings
        import zmqlite as zmq
        from zmqlite.poller import Poller
        warnings.simplefilter("ignore", ResourceWarning)
        context = zmq.Context()
        pull = context.socket(zmq.PULL)
        poller = Poller()
        poller.register(pull, zmq.POLLIN)
        def wait():
            while True:
                try:
                    poller.poll()
                except zmq.SocketInUse:
                    pass  # the main thread looks whether this one is inside
        threading.Thread(target=wait, daemon=True).start()
        try:
            while True:
                pull.get(zmq.TYPE)
        except zmq.SocketInUse:
            pass
        """
    )
    assert (child.exit_code, child.stderr) == (0, "")
    assert child.seconds < 2


def test_forked_child_cannot_poll_its_parents_sockets(run_child: Any) -> None:
    """ForkedError in the child, and the parent's poller still works."""
    child = run_child(
        """
        import os
        import zmqlite as zmq
        from zmqlite.poller import Poller
        with zmq.Context() as context, context.socket(zmq.PULL) as pull, context.socket(zmq.PUSH) as push:
            pull.bind("inproc://x")
            push.connect("inproc://x")
            poller = Poller()
            poller.register(pull, zmq.POLLIN)
            poller.poll(0)
            if os.fork() == 0:
                try:
                    poller.poll(0)
                except zmq.ForkedError:
                    os._exit(0)
                os._exit(1)
            assert os.waitstatus_to_exitcode(os.wait()[1]) == 0
            push.send(b"x")
            print(poller.poll(1000) == [(pull, zmq.POLLIN)])
        """
    )
    assert (child.exit_code, child.stdout) == (0, "True\n"), child.stderr


# ---- signals ----


def test_ctrl_c_ends_a_poll_without_a_time_limit(run_child: Any) -> None:
    """Within 200 ms."""
    child = run_child(
        """
        import signal, threading, time
        import zmqlite as zmq
        from zmqlite.poller import Poller
        with zmq.Context() as context, context.socket(zmq.PULL) as pull:
            poller = Poller()
            poller.register(pull, zmq.POLLIN)
            sent = []
            def interrupt():
                time.sleep(0.3)
                sent.append(time.monotonic())
                # Here, so that the main thread's system call is not interrupted: it has to look.
                signal.pthread_kill(threading.get_ident(), signal.SIGINT)
            threading.Thread(target=interrupt).start()
            try:
                poller.poll()
            except KeyboardInterrupt:
                print(time.monotonic() - sent[0] < 0.2)
        """
    )
    assert (child.exit_code, child.stdout) == (0, "True\n"), child.stderr


def test_signal_handler_runs_and_poll_goes_on_with_the_time_that_is_left(run_child: Any) -> None:
    """PEP 475: ten handlers run while it waits, and it ends when it should."""
    child = run_child(
        """
        import signal, time
        import zmqlite as zmq
        from zmqlite.poller import Poller
        calls = []
        signal.signal(signal.SIGALRM, lambda *_: calls.append(time.monotonic()))
        with zmq.Context() as context, context.socket(zmq.PULL) as pull:
            poller = Poller()
            poller.register(pull, zmq.POLLIN)
            signal.setitimer(signal.ITIMER_REAL, 0.03, 0.03)
            began = time.monotonic()
            assert poller.poll(600) == []
            signal.setitimer(signal.ITIMER_REAL, 0)
            print(0.6 <= time.monotonic() - began < 1.5, len(calls) >= 10)
        """
    )
    assert (child.exit_code, child.stdout) == (0, "True True\n"), child.stderr
