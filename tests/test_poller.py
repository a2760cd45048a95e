"""Poller, select() and zmq_poll(): sockets and descriptors, as pyzmq, and what may go wrong."""

from __future__ import annotations

import contextlib
import gc
import os
import socket as sockets
import threading
import time
import weakref
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from conftest import bind_wildcard

import zmqlite as zmq
from zmqlite.poller import Poller, select, zmq_poll

POLLIN, POLLOUT, POLLERR = zmq.POLLIN, zmq.POLLOUT, zmq.POLLERR


@pytest.fixture
def make(context: Any) -> Iterator[Callable[[int], Any]]:
    """Makes sockets with linger 0 and closes them after the test."""
    made = []

    def make_socket(socket_type: int) -> Any:
        socket = context.socket(socket_type)
        socket.linger = 0
        made.append(socket)
        return socket

    yield make_socket
    for socket in made:
        socket.close()


@pytest.fixture
def linked(make: Any) -> tuple[Any, Any]:
    """A connected PUSH and PULL over inproc: what is sent is there at once."""
    push, pull = make(zmq.PUSH), make(zmq.PULL)
    push.connect(bind_wildcard(pull))
    return push, pull


@pytest.fixture
def pipe() -> Iterator[tuple[int, int]]:
    """The reading and the writing end of a pipe."""
    ends = os.pipe()
    yield ends
    for end in ends:
        os.close(end)


def in_background(call: Callable[[], Any]) -> tuple[threading.Thread, list[Any]]:
    """Run a call in a thread. It tries again while until_in_use() is in its way. What it returned is in the list."""
    found: list[Any] = []

    def run() -> None:
        while not found:
            with contextlib.suppress(zmq.SocketInUse):
                found.append(call())

    thread = threading.Thread(target=run)
    thread.start()
    return thread, found


def until_in_use(socket: Any) -> None:
    """Wait until another thread is inside the socket."""
    with contextlib.suppress(zmq.SocketInUse):
        while True:
            socket.get(zmq.TYPE)


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


def test_poll_wakes_when_a_message_comes(make: Any, transport: str) -> None:
    """From another thread, without a time limit, over every transport."""
    push, pull = make(zmq.PUSH), make(zmq.PULL)
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


def test_poll_many_sockets(make: Any) -> None:
    """More than fit on the stack; only what is ready comes back."""
    pulls = [make(zmq.PULL) for _ in range(100)]
    pushes = []
    poller = Poller()
    for pull in pulls:
        pushes.append(make(zmq.PUSH))
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


# ---- errors ----


def test_poll_of_a_closed_socket_names_it(linked: tuple[Any, Any]) -> None:
    """ENOTSOCK, before and after the first poll."""
    pull = linked[1]
    poller = Poller()
    poller.register(pull, POLLIN)
    poller.poll(0)
    pull.close()
    for _ in range(2):
        with pytest.raises(zmq.ZMQError, match=r"PULL.*closed") as caught:
            poller.poll(0)
        assert caught.value.errno == zmq.Errno.ENOTSOCK


def test_socket_in_use_by_another_thread_raises(make: Any, linked: tuple[Any, Any]) -> None:
    """SocketInUse in the second one; the first goes on."""
    push, pull = linked
    free = make(zmq.PULL)
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
        threading.Thread(target=poller.poll, daemon=True).start()
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
