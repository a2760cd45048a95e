"""Signals are seen: Ctrl-C ends every call that waits, other handlers run and the call goes on with the time left."""

from __future__ import annotations

import re
import signal
from collections.abc import Callable
from typing import Any

import pytest
from exit_children import child_code

pytestmark = pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="signals of this kind are POSIX's")

# Promised are 0.2 s; the rest is for a machine with other things to do.
LIMIT_SECONDS = 1.0

SET_UP = """
    context = zmq.Context()
    receiver, sender, full, other = (context.socket(kind) for kind in (zmq.PULL, zmq.PUSH, zmq.PUSH, zmq.PULL))
    receiver.bind("inproc://signals")
    other.bind("inproc://other")
    for socket in (receiver, sender, full, other):
        socket.linger = 0
    poller = zmq.Poller()
    poller.register(receiver, zmq.POLLIN)
    control = context.socket(zmq.PAIR)
    control.bind("inproc://control")
"""

# A call that waits for ever, on its own arguments or on those of SET_UP, and the socket that it is inside, if any.
WAITING = {
    "recv": ("receiver.recv()", "receiver"),
    "recv(copy=False)": ("receiver.recv(copy=False)", "receiver"),
    "recv_multipart": ("receiver.recv_multipart()", "receiver"),
    "recv_many": ("receiver.recv_many()", "receiver"),
    "recv_into": ("receiver.recv_into(bytearray(1))", "receiver"),
    "recv_string": ("receiver.recv_string()", "receiver"),
    "send": ("full.send(b'x')", "full"),
    "send in place": ("full.send(bytes(100000), copy=False)", "full"),
    "send_multipart": ("full.send_multipart([b'x', b'y'])", "full"),
    "send_many": ("full.send_many([b'x'])", "full"),
    "poll": ("receiver.poll()", "receiver"),
    "Poller.poll": ("poller.poll()", "receiver"),
    "zmq_poll": ("zmq.zmq_poll([(receiver, zmq.POLLIN), (other, zmq.POLLIN)])", "receiver"),
    "select": ("zmq.select([receiver], [], [])", "receiver"),
    "proxy": ("zmq.proxy(receiver, full)", "receiver"),
    "proxy_steerable": ("zmq.proxy_steerable(receiver, full, None, control)", "receiver"),
    "MessageTracker.wait": ("tracker.wait()", None),
    "MessageTracker.wait with a time": ("tracker.wait(100)", None),
    "term": ("context.term()", None),
    "term(timeout=)": ("context.term(timeout=100000)", None),
    "destroy": ("context.destroy(linger=-1)", None),
}


@pytest.mark.parametrize("name", WAITING)
def test_ctrl_c_ends_every_call_that_waits(name: str, run_child: Callable[..., Any]) -> None:
    """Also when another thread is the one that the system hands the signal to."""
    call, inside = WAITING[name]
    code = f"""
        full.connect(NOBODY)
        full.sndhwm = 1
        tracker = full.send(bytearray(100000), copy=False, track=True)
        full.linger = -1
        while full.poll(0, zmq.POLLOUT):
            full.send(b"fill")

        def interrupt(kill):
            global sent
            if INSIDE: wait_until_inside(globals()[INSIDE])
            else: time.sleep(0.1)  # nothing tells that the main thread waits
            sent = time.monotonic()
            kill()

        here = threading.get_ident
        for kill in (lambda: os.kill(os.getpid(), signal.SIGINT), lambda: signal.pthread_kill(here(), signal.SIGINT)):
            thread = threading.Thread(target=interrupt, args=(kill,))
            thread.start()
            try:
                insist(lambda: {call})
                print("returned")
            except KeyboardInterrupt:
                print("interrupted", time.monotonic() - sent, flush=True)
            thread.join()
        zmq.set_exit_linger(0)
    """
    child = run_child(child_code(SET_UP, code, INSIDE=inside))
    assert (child.exit_code, child.signal) == (0, None), child.stderr
    seconds = [float(found) for found in re.findall(r"interrupted ([\d.e-]+)", child.stdout)]
    print(f"{name}: {', '.join(f'{1000 * each:.1f} ms' for each in seconds)}")
    assert len(seconds) == 2, child
    assert max(seconds) < LIMIT_SECONDS


# Calls that wait a quarter of a second.
TIMED = {
    "recv": "receiver.recv()",
    "recv_multipart": "receiver.recv_multipart()",
    "recv_many": "receiver.recv_many(timeout=250)",
    "recv_into": "receiver.recv_into(bytearray(1))",
    "send": "full.send(b'x')",
    "send_multipart": "full.send_multipart([b'x', b'y'])",
    "send_many": "full.send_many([b'x'])",
    "poll": "receiver.poll(250)",
    "Poller.poll": "poller.poll(250)",
    "zmq_poll": "zmq.zmq_poll([(receiver, zmq.POLLIN)], 250)",
    "select": "zmq.select([receiver], [], [], 0.25)",
    "MessageTracker.wait": "tracker.wait(0.25)",
    "term": "context.term(timeout=250)",
}


def test_a_handler_that_does_not_raise_lets_the_call_go_on(run_child: Callable[..., Any]) -> None:
    """With the time that is left: signals neither end a quarter of a second early nor make it longer (PEP 475)."""
    code = """
        full.connect(NOBODY)
        full.sndhwm = 1
        tracker = full.send(bytearray(100000), copy=False, track=True)
        while full.poll(0, zmq.POLLOUT):
            full.send(b"fill")
        receiver.rcvtimeo = full.sndtimeo = 250
        count = 0
        def handle(*arguments):
            global count
            count += 1
        signal.signal(signal.SIGALRM, handle)
        signal.setitimer(signal.ITIMER_REAL, 0.01, 0.01)
        for name, call in TIMED.items():
            count, began = 0, time.monotonic()
            try:
                answer = eval(call)
                assert answer in (0, [], ([], [], [])), answer
            except (zmq.Again, zmq.NotDone):
                pass
            print(name, time.monotonic() - began, count, sep=":")
        signal.setitimer(signal.ITIMER_REAL, 0)
    """
    child = run_child(child_code(SET_UP, code, TIMED=TIMED))
    assert (child.exit_code, child.signal) == (0, None), child.stderr
    lines = [line.split(":") for line in child.stdout.splitlines()]
    said = {name: (float(seconds), int(count)) for name, seconds, count in lines}
    assert set(said) == set(TIMED)
    for name, (seconds, count) in said.items():
        assert 0.24 < seconds < 0.25 + LIMIT_SECONDS, (name, seconds)
        assert count > 3, name


@pytest.mark.parametrize("transport", ["inproc", "tcp"])
def test_a_storm_of_signals_loses_nothing(transport: str, run_child: Callable[..., Any]) -> None:
    """A signal every half millisecond: every call goes on, every message arrives once and in order."""
    code = """
        from conftest import bind_wildcard
        server, client = context.socket(zmq.PULL), context.socket(zmq.PUSH)
        server.rcvhwm = client.sndhwm = 50
        client.connect(bind_wildcard(server, TRANSPORT))
        count = 0
        def handle(*arguments):
            global count
            count += 1
        signal.signal(signal.SIGALRM, handle)
        rounds = 400

        def send():
            for number in range(0, rounds * 40, 40):
                for each in range(10): client.send(b"%d" % (number + each))
                for each in range(10, 20): client.send_multipart([b"%d" % (number + each), b"more"])
                client.send_many([b"%d" % (number + each) for each in range(20, 30)])
                for each in range(30, 40): client.send(b"%d " % (number + each) + bytes(2000))

        def receive():
            numbers = []
            while len(numbers) < rounds * 40:
                server.poll()
                numbers.append(int(server.recv_multipart()[0].split()[0]))
                if server.poll(20):
                    numbers += [int(parts[0].split()[0]) for parts in server.recv_many(30, multipart=True)]
                if server.poll(20):
                    numbers.append(int(server.recv_multipart(copy=False)[0].bytes.split()[0]))
            return numbers == list(range(rounds * 40))

        for main, beside in ((receive, send), (send, receive)):
            answers = []
            thread = threading.Thread(target=lambda: answers.append(beside()))
            signal.setitimer(signal.ITIMER_REAL, 0.0005, 0.0005)
            thread.start()
            answers.append(main())
            signal.setitimer(signal.ITIMER_REAL, 0)
            thread.join()
            print(True in answers, count > 5)
    """
    child = run_child(child_code(SET_UP, code, TRANSPORT=transport), timeout=40)
    assert (child.exit_code, child.signal) == (0, None), child.stderr
    assert child.stdout.splitlines() == ["True True", "True True"]


# name: (what the handler does, the call that it comes in, what comes of it)
HANDLERS = {
    "closes the socket, recv": ("receiver.close()", "receiver.recv()", "ZMQError ENOTSOCK"),
    "closes the socket, recv_multipart": ("receiver.close()", "receiver.recv_multipart()", "ZMQError ENOTSOCK"),
    "closes the socket, recv_many": ("receiver.close()", "receiver.recv_many()", "ZMQError ENOTSOCK"),
    "closes the socket, recv_into": ("receiver.close()", "receiver.recv_into(bytearray(9))", "ZMQError ENOTSOCK"),
    "closes the socket, poll": ("receiver.close()", "receiver.poll()", "ZMQError ENOTSOCK"),
    "closes the socket, Poller.poll": ("receiver.close()", "poller.poll()", "ZMQError ENOTSOCK"),
    "closes the socket, proxy": ("receiver.close()", "zmq.proxy(receiver, full)", "ZMQError ENOTSOCK"),
    "closes the socket, send": ("full.close(0)", "full.send(b'x')", "ZMQError ENOTSOCK"),
    "closes the socket, send in place": ("full.close(0)", "full.send(bytes(10000))", "ZMQError ENOTSOCK"),
    "closes the socket, send_multipart": ("full.close(0)", "full.send_multipart([b'x', b'y'])", "ZMQError ENOTSOCK"),
    "closes the socket, send_many": ("full.close(0)", "full.send_many([b'x', b'y'])", "ZMQError ENOTSOCK"),
    "makes the socket anew": ("receiver.__init__(context, zmq.PULL)", "receiver.recv()", "ZMQError ENOTSOCK"),
    "receives from the socket": (
        "sender.send(b'1'); tell(receiver.recv)",
        "receiver.recv()",
        "returned b'1'\nreturned b'2'",
    ),
    "sends what is waited for": ("pass", "receiver.recv()", "returned b'2'"),
    "sets an option": ("receiver.linger = 5", "receiver.recv_multipart()", "returned [b'2']"),
    "destroys the context": ("context.destroy(0)", "receiver.recv()", "ZMQError ENOTSOCK"),
    "terminates the context": (
        "tell(context.term, timeout=1)",
        "receiver.recv()",
        "Again EAGAIN\nContextTerminated ETERM",
    ),
    "raises": ("raise RuntimeError", "receiver.recv()", "RuntimeError"),
    "collects garbage": ("gc.collect()", "receiver.recv()", "returned b'2'"),
}


@pytest.mark.parametrize("name", HANDLERS)
def test_a_handler_may_do_anything_to_the_socket_that_waits(name: str, run_child: Callable[..., Any]) -> None:
    """Handlers run outside the socket, also when the call itself waits in it."""
    does, call, expected = HANDLERS[name]
    code = f"""
        sender.connect("inproc://signals")
        done = []
        def handle(*arguments):
            signal.setitimer(signal.ITIMER_REAL, 0)
            if not done:
                done.append(True)
                {does}
            try:
                sender.send(b"2", zmq.DONTWAIT)
            except zmq.ZMQError:
                pass
        signal.signal(signal.SIGALRM, handle)
        signal.setitimer(signal.ITIMER_REAL, 0.05)
        tell(lambda: {call})
        context.destroy(linger=0)
    """
    child = run_child(child_code(SET_UP, code))
    assert (child.exit_code, child.signal) == (0, None), child.stderr
    assert child.stdout.strip() == expected
