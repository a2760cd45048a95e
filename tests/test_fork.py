"""After fork() what the parent made raises in the child, the parent notices nothing, and the child starts anew."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

import pytest
from exit_children import child_code

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork()")

SET_UP = """
    import warnings
    warnings.simplefilter("ignore", DeprecationWarning)  # fork() with threads, which is the point
    context = zmq.Context()
    sender, receiver = context.socket(zmq.PUSH), context.socket(zmq.PULL)
    sender.bind("tcp://127.0.0.1:*")
    receiver.connect(sender.last_endpoint)

    def in_child(call):
        sys.stdout.flush()
        child = os.fork()
        if child == 0:
            code = 1
            try:
                call()
                sys.stdout.flush()
                code = 0
            except BaseException:
                import traceback
                traceback.print_exc()
            finally:
                os._exit(code)
        return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])

    def talk():
        sender.send(b"ping")
        return receiver.recv()
"""


def test_every_call_in_the_child_raises_forked_error(run_child: Callable[..., Any]) -> None:
    """At once, and it says that the parent made it; closing and ending are no errors."""
    code = """
        poller = zmq.Poller()
        poller.register(receiver, zmq.POLLIN)
        poller.poll(0)
        def use():
            for call in (
                receiver.recv, lambda: receiver.recv(zmq.DONTWAIT), lambda: receiver.recv(copy=False),
                receiver.recv_multipart, receiver.recv_many, lambda: receiver.recv_into(bytearray(5)),
                lambda: sender.send(b"x"), lambda: sender.send(bytes(10000)),
                lambda: sender.send_multipart([b"x", b"y"]),
                lambda: sender.send_many([b"x"]), lambda: poller.poll(0), lambda: poller.poll(1000),
                lambda: zmq.zmq_poll([(sender, zmq.POLLOUT)]), lambda: zmq.proxy(receiver, sender),
                lambda: sender.bind("inproc://x"), lambda: sender.connect("inproc://x"), lambda: sender.linger,
                lambda: sender.set(zmq.LINGER, 0), lambda: sender.last_endpoint, lambda: sender.monitor("inproc://x"),
                lambda: context.socket(zmq.PULL), lambda: context.get(zmq.IO_THREADS),
                lambda: context.set(zmq.IO_THREADS, 1),
            ):
                tell(call)
            tell(receiver.poll, 0)
            print(sender.closed, receiver.closed, context.closed)
            for call in (sender.close, receiver.close, context.term, context.destroy):
                call()
            print(repr(sender)[-7:], repr(context)[-7:])
        print(in_child(use), talk())
    """
    child = run_child(child_code(SET_UP, code))
    assert (child.exit_code, child.signal) == (0, None), child.stderr
    lines = child.stdout.splitlines()
    assert lines[:23] == 23 * ["ForkedError ENOTSOCK"]
    # poll() of a closed socket is ENOTSUP, as in pyzmq.
    assert lines[23] in ("ForkedError ENOTSOCK", "ZMQError ENOTSUP")
    assert lines[24:] == ["True True True", "closed> closed>", "0 b'ping'"]


def test_a_new_context_in_the_child_works_and_reaches_the_parent(run_child: Callable[..., Any]) -> None:
    """Also in the child's child."""
    code = """
        receiver.bind("tcp://127.0.0.1:*")
        endpoint = receiver.last_endpoint
        def send(text):
            with zmq.Context() as mine, mine.socket(zmq.PUSH) as socket:
                socket.connect(endpoint)
                socket.send(text)
        def send_and_fork():
            send(b"child")
            assert in_child(lambda: send(b"grandchild")) == 0
        print(in_child(send_and_fork), receiver.recv(), receiver.recv(), talk())
    """
    child = run_child(child_code(SET_UP, code))
    assert (child.exit_code, child.signal) == (0, None), child.stderr
    assert child.stdout.splitlines() == ["0 b'child' b'grandchild' b'ping'"]


def test_the_instance_of_the_child_is_its_own(run_child: Callable[..., Any]) -> None:
    """Also when a thread of the parent was just making one."""
    code = """
        mine = zmq.Context.instance()
        def use():
            other = zmq.Context.instance()
            print(other is mine, other.closed, mine.closed, other is zmq.Context.instance())
            with other.socket(zmq.PAIR) as one, other.socket(zmq.PAIR) as two:
                one.bind("inproc://x")
                two.connect("inproc://x")
                one.send(b"x")
                print(two.recv())
            other.term()
        print(in_child(use))
        print(zmq.Context.instance() is mine, mine.closed)
        mine.term()
        with zmq.Context._instance_lock:
            print(in_child(use))
    """
    child = run_child(child_code(SET_UP, code), timeout=10)
    assert (child.exit_code, child.signal) == (0, None), child.stderr
    in_child = ["False False True True", "b'x'", "0"]
    assert child.stdout.splitlines() == [*in_child, "True False", *in_child]


def test_a_child_that_tries_costs_no_time(run_child: Callable[..., Any]) -> None:
    """In a forked child libzmq itself answers EINTR for ever: loops that try again would burn a processor."""
    code = """
        def use():
            for _ in range(100):
                for call in (receiver.recv, sender.poll, lambda: zmq.zmq_poll([(receiver, zmq.POLLIN)]), context.term):
                    try:
                        call()
                    except zmq.ZMQError:
                        pass
            time.sleep(0.3)
            times = os.times()
            print(times.user + times.system < 0.2)
        print(in_child(use))
    """
    child = run_child(child_code(SET_UP, code))
    assert (child.exit_code, child.signal) == (0, None), child.stderr
    assert child.stdout.splitlines() == ["True", "0"]


def test_dropping_what_was_inherited_is_harmless(run_child: Callable[..., Any]) -> None:
    """Sockets, contexts, frames, trackers, pollers, monitors: collected in the child, they go on in the parent."""
    code = """
        pair, other = context.socket(zmq.PAIR), context.socket(zmq.PAIR)
        pair.bind("inproc://pair")
        other.connect("inproc://pair")
        data = bytearray(b"x" * 100000)
        kept = {"tracker": pair.send(data, copy=False, track=True)}
        pair.send(b"y" * 100000)
        kept["frame"] = other.recv(copy=False)
        kept["monitor"] = sender.get_monitor_socket()
        kept["poller"] = zmq.Poller()
        kept["poller"].register(receiver)
        kept["sockets"] = [context.socket(zmq.PUB) for _ in range(20)]
        kept["cycle"] = kept

        def drop():
            global context, sender, receiver, pair, other
            print(kept["frame"].bytes == b"x" * 100000, kept["tracker"].done)
            tell(kept["tracker"].wait, 0.01)
            tell(data.extend, b"x")
            kept.clear()
            del context, sender, receiver, pair, other
            gc.collect()
            with zmq.Context() as mine, mine.socket(zmq.PUB) as socket:
                socket.bind("tcp://127.0.0.1:*")
                socket.send(bytes(100000))
            gc.collect()
        print(in_child(drop))
        print(talk(), other.recv() == b"y" * 100000, kept["frame"].bytes == data, kept["tracker"].done)
        del kept["frame"]
        kept["tracker"].wait(5)
        data.extend(b"x")
    """
    child = run_child(child_code(SET_UP, code))
    assert (child.exit_code, child.signal) == (0, None), child.stderr
    assert child.stdout.splitlines() == ["True False", "NotDone", "BufferError", "0", "b'ping' True True False"]


def test_children_of_busy_threads_start_anew(run_child: Callable[..., Any]) -> None:
    """Whatever the parent's threads hold while it forks: sockets, our locks, contexts half made."""
    code = """
        sys.setswitchinterval(1e-5)
        over = threading.Event()
        blocked = [context.socket(zmq.PULL) for _ in range(3)]
        for socket in blocked:
            start_blocked(socket, socket.recv)
        tracker = context.socket(zmq.PUSH)
        tracker.connect(NOBODY)
        tracker = tracker.send(bytearray(100000), copy=False, track=True)

        def make():
            while not over.is_set():
                with zmq.Context() as made, made.socket(zmq.PAIR) as socket:
                    socket.bind("inproc://x")
                    socket.get_monitor_socket().close()
        def wait():
            while not over.is_set():
                try:
                    tracker.wait(0.001)
                except zmq.NotDone:
                    pass
        def move():
            with context.socket(zmq.PAIR) as one, context.socket(zmq.PAIR) as two:
                one.bind("inproc://move")
                two.connect("inproc://move")
                while not over.is_set():
                    one.send(bytes(5000))
                    two.recv()
        threads = [threading.Thread(target=run) for run in (make, wait, move, make)]
        for thread in threads: thread.start()

        def use():
            with zmq.Context.instance() as mine, mine.socket(zmq.PAIR) as one, mine.socket(zmq.PAIR) as two:
                one.bind("inproc://x")
                two.connect("inproc://x")
                data = bytearray(100000)
                sent = one.send(data, copy=False, track=True)
                assert two.recv() == data
                sent.wait(5)
        began, codes = time.monotonic(), []
        while time.monotonic() < began + 2:
            codes.append(in_child(use))
        over.set()
        for thread in threads: thread.join()
        print(set(codes), len(codes) > 20, talk())
    """
    child = run_child(child_code(SET_UP, code))
    assert (child.exit_code, child.signal) == (0, None), child.stderr
    assert child.stdout.splitlines() == ["{0} True b'ping'"]


def test_a_fork_in_a_handler_ends_the_call_in_the_child(run_child: Callable[..., Any]) -> None:
    """A recv() that a signal handler forked in raises ForkedError in the child and goes on in the parent."""
    code = """
        sys.stdout.flush()
        children = []
        def handle(*arguments):
            children.append(os.fork())
            if children[0]:
                sender.send(b"ping")
        signal.signal(signal.SIGALRM, handle)
        calls = (
            lambda: None, lambda: receiver.poll(), lambda: zmq.zmq_poll([(receiver, zmq.POLLIN)]),
        )
        for call in calls:
            children.clear()
            signal.setitimer(signal.ITIMER_REAL, 0.05)
            try:
                call()
                receiver.recv()
            except zmq.ForkedError:
                os._exit(7)
            if not children[0]: os._exit(1)
            print(os.waitstatus_to_exitcode(os.waitpid(children[0], 0)[1]))
    """
    child = run_child(child_code(SET_UP, code))
    assert (child.exit_code, child.signal) == (0, None), child.stderr
    assert child.stdout.split() == ["7", "7", "7"]


@pytest.mark.parametrize("method", ["fork", "spawn", "forkserver"])
def test_a_pool_of_processes_talks_to_its_parent(method: str, run_child: Callable[..., Any]) -> None:
    """Each worker of multiprocessing has the one context of its process."""
    code = """
        receiver.bind("tcp://127.0.0.1:*")
        with multiprocessing.get_context(METHOD).Pool(2) as pool:
            workers = pool.starmap(send_number, [(receiver.last_endpoint, number) for number in range(20)])
            print(sorted(int(receiver.recv()) for _ in workers) == list(range(20)), os.getpid() in workers)
    """
    child = run_child(child_code(SET_UP, code, METHOD=method))
    assert (child.exit_code, child.signal) == (0, None), child.stderr
    assert child.stdout.splitlines() == ["True False"]
