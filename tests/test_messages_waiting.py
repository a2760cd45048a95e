"""Calls that wait: for how long, what wakes them, and what signal handlers may do meanwhile."""

from __future__ import annotations

import sys
import threading
import time

import pytest
from messages_waiting import ALL, RECEIVERS, SENDERS, SETUP, every_verb, waiting_socket

import zmqlite as zmq

needs_signals = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no timer signals")


# ---- for how long ----


@every_verb
def test_timeout_ends_the_wait(context, verb):
    """RCVTIMEO and SNDTIMEO: Again after so many milliseconds, not before; recv_many() and send_many() just end."""
    socket = context.socket(zmq.PULL if verb in RECEIVERS else zmq.PUSH)
    socket.rcvtimeo = socket.sndtimeo = 120
    began = time.monotonic()
    names = {"socket": socket, "zmq": zmq}
    if "many" in verb:
        assert not eval(ALL[verb], names)
    else:
        with pytest.raises(zmq.Again):
            eval(ALL[verb], names)
    assert 0.115 <= time.monotonic() - began < 5


@every_verb
def test_dontwait_does_not_wait(context, verb):
    """Whatever the timeouts say."""
    socket = context.socket(zmq.PULL if verb in RECEIVERS else zmq.PUSH)
    call = ALL[verb][:-1] + (", " if not ALL[verb].endswith("()") else "") + "flags=zmq.DONTWAIT)"
    names = {"socket": socket, "zmq": zmq}
    began = time.monotonic()
    if "many" in verb:
        assert not eval(call, names)
    else:
        with pytest.raises(zmq.Again, match=rf"^{verb.split('_frame')[0].split('_large')[0]}\(\): "):
            eval(call, names)
    assert time.monotonic() - began < 5


@pytest.mark.parametrize("verb", RECEIVERS)
def test_receiver_wakes_up_for_a_message(pair, transport, verb):
    """In another thread than the main one, and without spinning."""
    push, socket = pair(zmq.PUSH, zmq.PULL, transport)
    received = []
    thread = threading.Thread(target=lambda: received.append(eval(RECEIVERS[verb], {"socket": socket})))
    thread.start()
    cpu = time.process_time()
    thread.join(0.2)
    assert time.process_time() - cpu < 0.1
    assert thread.is_alive()
    push.send(b"x")
    thread.join(10)
    assert not thread.is_alive()
    assert len(received) == 1


@pytest.mark.parametrize("verb", SENDERS)
def test_sender_wakes_up_for_room(pair, transport, verb):
    """And everything arrives once and in order."""
    socket, pull = pair(zmq.PUSH, zmq.PULL, transport, sndhwm=1, rcvhwm=1, sndbuf=1000, rcvbuf=1000)
    fillers = 0
    while socket.poll(50, zmq.POLLOUT):
        socket.send(b"%d" % fillers + bytes(10_000))
        fillers += 1
    names = {"socket": socket, "zmq": zmq}
    thread = threading.Thread(target=lambda: eval(SENDERS[verb], names))
    thread.start()
    received = []
    while thread.is_alive() or pull.poll(100):
        received += pull.recv_many(1, timeout=10)
    thread.join()
    assert [message[:-10_000] for message in received[:fillers]] == [b"%d" % number for number in range(fillers)]
    rest = received[fillers:]
    count = 10 if "many" in verb else 1
    one = [b"x", b"y"] if "multipart" in verb or "parts" in verb else bytes(200_000) if "large" in verb else b"x"
    assert rest == [one] * count


def test_blocked_router_does_not_spin(context):
    """A mandatory ROUTER is ready for sending as long as some peer has room, but this message is for another."""
    router, full, idle = (context.socket(kind) for kind in (zmq.ROUTER, zmq.DEALER, zmq.DEALER))
    router.router_mandatory = 1
    router.sndhwm = 1
    router.bind("inproc://router")
    for dealer, name in ((full, b"full"), (idle, b"idle")):
        dealer.rcvhwm = 1
        dealer.routing_id = name
        dealer.connect("inproc://router")
        dealer.send(b"hello")
    assert sorted(router.recv_many()) == [[b"full", b"hello"], [b"idle", b"hello"]]
    router.send_many([[b"full", b"x"]] * 10, zmq.DONTWAIT)
    router.sndtimeo = 500
    cpu = time.process_time()
    with pytest.raises(zmq.Again):
        router.send_multipart([b"full", b"late"])
    assert time.process_time() - cpu < 0.25


# ---- signals ----


@needs_signals
@pytest.mark.parametrize("thread", ["main", "other"])
@every_verb
def test_ctrl_c_ends_the_wait(run_child, verb, thread):
    """KeyboardInterrupt within 200 ms, whichever thread the system tells, and the socket is as good as before."""
    child = run_child(
        f"""{SETUP}
{waiting_socket(verb)}
if {thread!r} == "other":
    threading.Thread(target=time.sleep, args=(60,), daemon=True).start()
    signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGALRM])
when = []
def interrupt(*_):
    when.append(time.monotonic())
    raise KeyboardInterrupt
signal.signal(signal.SIGALRM, interrupt)
signal.setitimer(signal.ITIMER_REAL, 0.1)
try:
    {ALL[verb]}
except KeyboardInterrupt as error:
    late = time.monotonic() - when[0]
    if "many" in {verb!r} and "send" in {verb!r}:
        assert error.sent == 0
assert late < 0.2, late
if socket is pull:
    push = context.socket(zmq.PUSH)
    push.connect(pull.bind("inproc://again").addr)
    push.send(b"after")
    assert pull.recv() == b"after"
else:
    while pull.recv() != b"filler":
        pass
    while pull.poll(20):
        assert pull.recv_multipart() == [b"filler"]
    push.send_multipart([b"after", b"that"])
    assert pull.recv_multipart() == [b"after", b"that"]
context.destroy(linger=0)
print("done")
""",
        timeout=20,
    )
    assert (child.exit_code, child.stdout) == (0, "done\n"), child


@needs_signals
@every_verb
def test_handler_that_returns_does_not_end_the_wait(run_child, verb):
    """PEP 475: handlers run while the call waits, in time, and the rest of the timeout is kept."""
    child = run_child(
        f"""{SETUP}
{waiting_socket(verb)}
seen = []
signal.signal(signal.SIGALRM, lambda *_: seen.append(time.monotonic()))
signal.setitimer(signal.ITIMER_REAL, 0.05, 0.05)
socket.rcvtimeo = socket.sndtimeo = 400
began = time.monotonic()
try:
    {ALL[verb]}
except zmq.Again:
    pass
took = time.monotonic() - began
signal.setitimer(signal.ITIMER_REAL, 0)
assert 0.39 < took < 2, took
assert len(seen) >= 3, seen
gaps = [after - before for before, after in zip([began, *seen], seen)]
assert max(gaps) < 0.25, gaps
context.destroy(linger=0)
print("done")
""",
        timeout=20,
    )
    assert (child.exit_code, child.stdout) == (0, "done\n"), child


@needs_signals
def test_handler_may_use_the_socket(run_child):
    """One that receives from the socket it interrupted: every message arrives once, long and short."""
    child = run_child(
        """
        import signal, time, zmqlite as zmq
        context = zmq.Context()
        push, pull = context.socket(zmq.PUSH), context.socket(zmq.PULL)
        push.sndhwm = pull.rcvhwm = 0
        pull.bind("inproc://handler")
        push.connect("inproc://handler")
        count = 60_000
        push.send_many([b"%d" % n * (3000 if n % 100 == 0 else 1) for n in range(count)])
        received, handled = [], []

        def handler(*_):
            for _ in range(3):
                try:
                    handled.append(pull.recv(zmq.DONTWAIT))
                except zmq.Again:
                    pass

        signal.signal(signal.SIGALRM, handler)
        signal.setitimer(signal.ITIMER_REAL, 0.0003, 0.0003)
        while len(received) + len(handled) < count:
            try:
                received.append(pull.recv(zmq.DONTWAIT))
            except zmq.Again:
                pass
        signal.setitimer(signal.ITIMER_REAL, 0)
        everything = sorted(int(data[:len(data) // 3000] if len(data) > 2999 else data) for data in received + handled)
        assert everything == list(range(count))
        assert handled
        context.destroy(linger=0)
        print("done")
        """,
        timeout=40,
    )
    assert (child.exit_code, child.stdout) == (0, "done\n"), child


@needs_signals
def test_handler_may_close_the_socket(run_child):
    """The call that waits ends with ENOTSOCK."""
    for verb in ALL:
        child = run_child(
            f"""{SETUP}
{waiting_socket(verb)}
signal.signal(signal.SIGALRM, lambda *_: socket.close())
signal.setitimer(signal.ITIMER_REAL, 0.05)
try:
    {ALL[verb]}
except zmq.ZMQError as error:
    assert error.errno == zmq.ENOTSOCK, error
    print("done")
context.destroy(linger=0)
""",
            timeout=20,
        )
        assert (child.exit_code, child.stdout) == (0, "done\n"), (verb, child)


@needs_signals
def test_interrupted_send_many_tells_what_went(run_child):
    """Exactly the messages counted in `sent` arrive, each of them whole: 100 interruptions at any moment."""
    child = run_child(
        """
        import random, signal, threading, zmqlite as zmq
        context = zmq.Context()
        push, pull = context.socket(zmq.PUSH), context.socket(zmq.PULL)
        push.bind("inproc://many")
        pull.connect("inproc://many")
        received, stop = [], threading.Event()

        def read():
            while not stop.is_set() or pull.poll(100):
                received.extend(pull.recv_many(500, timeout=10))

        reader = threading.Thread(target=read)
        reader.start()

        def interrupt(*_):
            raise KeyboardInterrupt

        signal.signal(signal.SIGALRM, interrupt)
        sent, interrupted = [], 0
        for attempt in range(100):
            messages = [b"%d %d" % (attempt, n) for n in range(3000)]
            messages[::3] = [[message, b"more"] for message in messages[::3]]
            went = None
            try:
                signal.setitimer(signal.ITIMER_REAL, random.uniform(0.0001, 0.0015))
                went = push.send_many(messages)
                signal.setitimer(signal.ITIMER_REAL, 0)
            except KeyboardInterrupt as error:
                # Without `sent` it was raised before send_many() began, or after it had returned.
                went = getattr(error, "sent", went)
                interrupted += 1
            sent.append((messages, went))
        signal.setitimer(signal.ITIMER_REAL, 0)
        stop.set()
        reader.join()
        assert interrupted > 10
        at = 0
        for messages, went in sent:
            if went is None:
                went = len(messages) if received[at : at + 1] == messages[:1] else 0
            assert received[at : at + went] == messages[:went], (at, went, len(received))
            at += went
        assert at == len(received)
        context.destroy(linger=0)
        print("done")
        """,
        timeout=40,
    )
    assert (child.exit_code, child.stdout) == (0, "done\n"), child
