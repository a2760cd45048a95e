"""Pollers of many sockets: what has not moved is not asked again, and what has moved is always seen."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from conftest import bind_wildcard
from waiting_threads import in_background, until_in_use

import zmqlite as zmq
from zmqlite._native import ffi, lib
from zmqlite.poller import Poller

POLLIN, POLLOUT = zmq.POLLIN, zmq.POLLOUT
# More than zl_poll keeps on its stack.
MANY = 40


@pytest.fixture(params=[100, 0], ids=["awake", "asleep"])
def busy_wait(request: pytest.FixtureRequest) -> Iterator[int]:
    """A poll that waits looks for a moment before it sleeps, or sleeps at once."""
    before = zmq.get_busy_wait()
    zmq.set_busy_wait(request.param)
    yield request.param
    zmq.set_busy_wait(before)


@pytest.fixture
def pairs(context: Any, transport: str) -> list[tuple[Any, Any]]:
    """Connected PUSH and PULL sockets, over every transport, whose connection is made."""
    made = []
    for _ in range(MANY):
        push, pull = context.socket(zmq.PUSH), context.socket(zmq.PULL)
        push.connect(bind_wildcard(pull, transport))
        push.send(b"first")
        made.append((push, pull))
    for _, pull in made:
        assert pull.recv() == b"first"
    return made


def poll_pulls(pairs: list[tuple[Any, Any]]) -> Poller:
    """A poller of every PULL."""
    poller = Poller()
    for _, pull in pairs:
        poller.register(pull, POLLIN)
    return poller


@pytest.mark.parametrize("place", [0, MANY // 2, MANY - 1])
def test_a_message_for_any_of_many_ends_the_wait(pairs: list[tuple[Any, Any]], place: int, busy_wait: int) -> None:
    """Again and again: also of sockets that were looked at before, and found empty."""
    poller = poll_pulls(pairs)
    push, pull = pairs[place]
    assert poller.poll(0) == []
    for _ in range(20):
        waiting, found = in_background(poller.poll)
        until_in_use(pull)
        push.send(b"x")
        waiting.join(10)
        assert found == [[(pull, POLLIN)]]
        assert pull.recv() == b"x"
        assert poller.poll(0) == []


def test_messages_ready_in_many_come_in_order_and_once(pairs: list[tuple[Any, Any]]) -> None:
    """A poll shows every message until it is received, and none after that."""
    poller = poll_pulls(pairs)
    assert poller.poll(0) == []
    wanted = [pairs[at][1] for at in (1, MANY // 2, MANY - 1)]
    for push, pull in reversed(pairs):
        if pull in wanted:
            push.send(b"x")
    for pull in wanted:
        assert pull.poll(10_000) == POLLIN  # over tcp each comes in its own time
    assert poller.poll(0) == poller.poll(0) == [(pull, POLLIN) for pull in wanted]
    for left in (2, 1, 0):
        assert wanted[2 - left].recv() == b"x"
        assert poller.poll(0) == [(pull, POLLIN) for pull in wanted[3 - left :]]


def test_room_to_send_comes_back(context: Any) -> None:
    """POLLOUT goes when a queue is full, and a wait for it ends when the receiver makes room."""
    pushes, pulls = [], []
    for _ in range(MANY):
        push, pull = context.socket(zmq.PUSH), context.socket(zmq.PULL)
        push.sndhwm = pull.rcvhwm = 1
        push.connect(bind_wildcard(pull))
        pushes.append(push)
        pulls.append(pull)
    poller = Poller()
    for push in pushes:
        poller.register(push, POLLOUT)
    assert poller.poll(0) == [(push, POLLOUT) for push in pushes]
    sent = 0
    for push in pushes:
        while push.poll(0, POLLOUT):
            push.send(b"x")
            sent += push is pushes[7]
    assert poller.poll(0) == []
    waiting, found = in_background(poller.poll)
    until_in_use(pushes[7])
    for _ in range(sent):
        assert pulls[7].recv() == b"x"
    waiting.join(10)
    assert found == [[(pushes[7], POLLOUT)]]


def test_descriptors_between_many_sockets(pairs: list[tuple[Any, Any]], busy_wait: int) -> None:
    """Each wakes the poll, and what is ready keeps the order of registration; a regular file is always ready."""
    ends = os.pipe()
    with tempfile.TemporaryFile() as file:
        poller = Poller()
        for at, (_, pull) in enumerate(pairs):
            poller.register(pull, POLLIN)
            if at == 3:
                poller.register(ends[0], POLLIN)
        assert poller.poll(0) == []
        waiting, found = in_background(poller.poll)
        until_in_use(pairs[0][1])
        os.write(ends[1], b"x")
        waiting.join(10)
        assert found == [[(ends[0], POLLIN)]]
        for at in (2, 5):
            pairs[at][0].send(b"x")
            assert pairs[at][1].poll(10_000) == POLLIN
        poller.register(file, POLLIN)
        ready = [pairs[2][1], ends[0], pairs[5][1], file.fileno()]
        assert poller.poll() == [(thing, POLLIN) for thing in ready]
        assert os.read(ends[0], 1) == b"x"
        del ready[1]
        assert poller.poll(0) == [(thing, POLLIN) for thing in ready]
    for end in ends:
        os.close(end)


def test_a_number_that_is_another_file_now_is_that_file(pairs: list[tuple[Any, Any]]) -> None:
    """A descriptor that was closed, and whose number was given to another, is polled as the other."""
    quiet, loud = os.pipe(), os.pipe()
    poller = poll_pulls(pairs)
    poller.register(quiet[0], POLLIN)
    os.write(loud[1], b"x")
    assert poller.poll(0) == []
    os.dup2(loud[0], quiet[0])
    assert poller.poll(0) == [(quiet[0], POLLIN)]
    for end in (*quiet, *loud):
        os.close(end)


def test_what_another_user_of_the_handle_does_is_seen(pairs: list[tuple[Any, Any]]) -> None:
    """Who was given the handle takes the message: the poller does not go by what it saw before."""
    poller = poll_pulls(pairs)
    push, pull = pairs[5]
    handle, buffer = ffi.cast("void *", pull.underlying), ffi.new("char[1]")
    push.send(b"1")
    assert poller.poll(10_000) == [(pull, POLLIN)]
    assert lib.zmq_recv(handle, buffer, 1, zmq.DONTWAIT) == 1
    assert poller.poll(0) == []
    push.send(b"2")
    assert poller.poll(10_000) == [(pull, POLLIN)]
    assert pull.recv() == b"2"


def test_end_of_the_context_ends_a_poll_of_many(run_child: Callable[..., Any]) -> None:
    """destroy() in another thread: ContextTerminated in the one that polls."""
    code = f"""
        import threading
        import zmqlite as zmq
        from zmqlite.poller import Poller
        context = zmq.Context()
        poller = Poller()
        for _ in range({MANY}):
            socket = context.socket(zmq.PULL)
            socket.bind("tcp://127.0.0.1:*")
            poller.register(socket, zmq.POLLIN)
        assert poller.poll(0) == []

        def wait():
            while True:
                try:
                    poller.poll()
                except zmq.SocketInUse:  # by the look below
                    continue
                except zmq.ContextTerminated:
                    print("terminated", flush=True)
                    return

        waiting = threading.Thread(target=wait)
        waiting.start()
        try:
            while True:
                socket.get(zmq.TYPE)
        except zmq.SocketInUse:
            pass
        context.destroy()
        waiting.join()
    """
    result = run_child(code)
    assert result.exit_code == 0, result.stderr
    assert result.stdout == "terminated\n"


@pytest.mark.parametrize("count", [1, MANY])
def test_every_poll_says_that_the_context_ended(count: int, run_child: Callable[..., Any]) -> None:
    """Not the first one alone: what was known of a socket before is not an answer any more."""
    code = f"""
        import threading
        import zmqlite as zmq
        from zmqlite.poller import Poller
        context = zmq.Context()
        poller = Poller()
        sockets = [context.socket(zmq.PULL) for _ in range({count})]
        for socket in sockets:
            poller.register(socket, zmq.POLLIN)
        assert poller.poll(0) == []
        ending = threading.Thread(target=context.term)
        ending.start()
        for timeout in (20_000, 0, 0, 20_000):
            try:
                print(poller.poll(timeout), flush=True)
            except zmq.ContextTerminated:
                print("terminated", flush=True)
        for socket in sockets:
            socket.close()
        ending.join()
    """
    result = run_child(code)
    assert result.exit_code == 0, result.stderr
    assert result.stdout == "terminated\n" * 4


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork()")
def test_forked_child_polls_sockets_of_its_own(run_child: Callable[..., Any]) -> None:
    """Parent and child poll as many each, and neither sees the other's messages."""
    code = f"""
        import os, warnings
        import zmqlite as zmq
        from zmqlite.poller import Poller
        warnings.simplefilter("ignore", DeprecationWarning)  # fork() with threads, which is the point

        def make():
            context = zmq.Context()
            poller, pushes = Poller(), []
            for _ in range({MANY}):
                push, pull = context.socket(zmq.PUSH), context.socket(zmq.PULL)
                pull.bind("tcp://127.0.0.1:*")
                push.connect(pull.last_endpoint)
                poller.register(pull, zmq.POLLIN)
                pushes.append(push)
            return context, poller, pushes

        def talk(poller, pushes, at):
            assert poller.poll(0) == []
            pushes[at].send(b"x")
            [(ready, events)] = poller.poll(20_000)
            assert events == zmq.POLLIN and ready is poller.sockets[at][0]
            assert ready.recv() == b"x"

        context, poller, pushes = make()
        talk(poller, pushes, 3)
        child = os.fork()
        if child == 0:
            code = 1
            try:
                own, poller, pushes = make()
                talk(poller, pushes, 5)
                code = 0
            finally:
                os._exit(code)
        talk(poller, pushes, 7)
        assert os.waitpid(child, 0)[1] == 0
        talk(poller, pushes, 9)
        context.destroy(linger=0)
        print("done")
    """
    result = run_child(code)
    assert result.exit_code == 0, result.stderr
    assert result.stdout == "done\n"
