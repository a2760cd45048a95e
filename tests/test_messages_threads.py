"""Calls that wait while other threads use the socket, its context ends, or the process forks."""

from __future__ import annotations

import os
import threading

import pytest
from messages_waiting import ALL, RECEIVERS, SETUP, every_verb, waiting_socket

import zmqlite as zmq

needs_fork = pytest.mark.skipif(not hasattr(os, "fork"), reason="this system does not fork")


@every_verb
def test_second_thread_in_a_waiting_socket_raises(run_child, verb):
    """SocketInUse in the second, and the first goes on waiting."""
    child = run_child(
        f"""{SETUP}
{waiting_socket(verb)}
socket.rcvtimeo = socket.sndtimeo = 1500
done = []
def wait():
    try:
        done.append({ALL[verb]})
    except zmq.Again:
        done.append(None)
thread = threading.Thread(target=wait)
thread.start()
refused = 0
while thread.is_alive():
    try:
        socket.send(b"", zmq.DONTWAIT) if socket is push else socket.recv(zmq.DONTWAIT)
    except zmq.SocketInUse:
        refused += 1
    except zmq.Again:
        pass
    time.sleep(0.001)
assert refused > 100, refused
assert done == [{{"recv_many": [], "send_many": 0, "send_many_parts": 0}}.get({verb!r})]
context.destroy(linger=0)
print("done")
""",
        timeout=20,
    )
    assert (child.exit_code, child.stdout) == (0, "done\n"), child


def test_many_threads_in_one_socket_end_in_exceptions(run_child):
    """Nothing worse than SocketInUse comes of it; what is received was sent, and nothing twice."""
    child = run_child(
        """
        import threading, zmqlite as zmq
        context = zmq.Context()
        push, pull = context.socket(zmq.PUSH), context.socket(zmq.PULL)
        push.sndhwm = pull.rcvhwm = 0
        pull.bind("inproc://threads")
        push.connect("inproc://threads")
        sent, received, wrong = [], [], []

        def work(name):
            for number in range(3000):
                data = b"%d/%d" % (name, number)
                for call in (
                    lambda: push.send(data) or sent.append(data),
                    lambda: received.append(pull.recv(zmq.DONTWAIT)),
                    lambda: push.send_multipart([data, bytes(100)], zmq.DONTWAIT) or sent.append([data, bytes(100)]),
                    lambda: received.extend(pull.recv_many(5, timeout=0)),
                ):
                    try:
                        call()
                    except (zmq.SocketInUse, zmq.Again):
                        pass
                    except BaseException as error:
                        wrong.append(error)

        threads = [threading.Thread(target=work, args=(name,)) for name in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        while pull.poll(50):
            received += pull.recv_many()
        flat = [part for one in received for part in (one if isinstance(one, list) else [one])]
        names = [part for part in flat if b"/" in part]
        assert not wrong, wrong[:3]
        assert len(set(names)) > 3000
        assert all(part == bytes(100) or b"/" in part for part in flat)
        context.destroy(linger=0)
        print("done")
        """,
        timeout=50,
    )
    assert (child.exit_code, child.stdout) == (0, "done\n"), child


@every_verb
def test_waiting_call_ends_with_its_context(context, verb):
    """ContextTerminated."""
    socket = context.socket(zmq.PULL if verb in RECEIVERS else zmq.PUSH)
    raised = []

    def wait():
        try:
            eval(ALL[verb], {"socket": socket, "zmq": zmq})
        except zmq.ContextTerminated as error:
            raised.append(error)

    thread = threading.Thread(target=wait)
    thread.start()
    thread.join(0.05)
    context.destroy(linger=10_000)
    thread.join(10)
    assert not thread.is_alive()
    assert len(raised) == 1
    assert getattr(raised[0], "sent", 0) == 0


@needs_fork
@every_verb
def test_forked_child_cannot_use_the_parents_socket(run_child, verb):
    """ForkedError in the child, and the parent's socket is unharmed."""
    child = run_child(
        f"""{SETUP}
{waiting_socket(verb)}
pid = os.fork()
if pid == 0:
    try:
        {ALL[verb]}
    except zmq.ForkedError as error:
        os._exit(7 if error.errno == zmq.ENOTSOCK else 8)
    os._exit(9)
assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 7
socket.rcvtimeo = socket.sndtimeo = 50
try:
    {ALL[verb]}
except zmq.Again:
    pass
context.destroy(linger=0)
print("done")
""",
        timeout=20,
    )
    assert (child.exit_code, child.stdout) == (0, "done\n"), child
