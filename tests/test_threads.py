"""One thread at a time is inside a socket; the second gets an exception and the first notices nothing."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from exit_children import child_code

SET_UP = """
    context = zmq.Context()
    sender, receiver, full = (context.socket(kind) for kind in (zmq.PUSH, zmq.PULL, zmq.PUSH))
    sender.bind("inproc://threads")
    receiver.connect("inproc://threads")
    poller = zmq.Poller()
    poller.register(receiver, zmq.POLLIN)
    results = []

    def run(call):
        results.append(insist(call))

    def wait_for(socket, call):
        thread = threading.Thread(target=run, args=(call,), daemon=True)
        thread.start()
        wait_until_inside(socket)
        return thread
"""

# How a thread waits in receiver, and what it has once a message came.
WAITING = {
    "recv": ("receiver.recv", b"message"),
    "recv(copy=False)": ("lambda: receiver.recv(copy=False).bytes", b"message"),
    "recv_multipart": ("receiver.recv_multipart", [b"message"]),
    "recv_many": ("receiver.recv_many", [b"message"]),
    "recv_into": ("lambda: receiver.recv_into(bytearray(20))", 7),
    "recv with RCVTIMEO": ("receiver.recv", b"message"),
    "poll": ("lambda: receiver.poll() and receiver.recv()", b"message"),
    "Poller.poll": ("lambda: poller.poll() and receiver.recv()", b"message"),
    "zmq_poll": ("lambda: zmq.zmq_poll([(receiver, zmq.POLLIN)]) and receiver.recv()", b"message"),
}


@pytest.mark.parametrize("how", WAITING)
def test_a_second_thread_in_a_socket_gets_socket_in_use(how: str, run_child: Callable[..., Any]) -> None:
    """Every call raises SocketInUse while another thread waits, and the one that waits gets its message."""
    call, expected = WAITING[how]
    code = f"""
        receiver.rcvtimeo = 15000 if "RCVTIMEO" in HOW else -1
        thread = wait_for(receiver, {call})
        for intrude in (
            receiver.recv, lambda: receiver.recv(zmq.DONTWAIT), lambda: receiver.recv(copy=False),
            receiver.recv_multipart, receiver.recv_many, lambda: receiver.recv_into(bytearray(5)),
            lambda: receiver.send(b"x"), lambda: receiver.send(bytes(10000)), lambda: receiver.send_multipart([b"x"]),
            lambda: receiver.send_many([b"x"]), lambda: receiver.poll(0), lambda: receiver.poll(1000),
            lambda: zmq.zmq_poll([(sender, zmq.POLLIN), (receiver, zmq.POLLIN)], 0),
            lambda: zmq.proxy(receiver, sender),
            lambda: receiver.linger, lambda: receiver.set(zmq.LINGER, 0), lambda: receiver.last_endpoint,
            lambda: receiver.bind("inproc://other"), lambda: receiver.connect("inproc://other"),
            lambda: receiver.disconnect("inproc://threads"), lambda: receiver.unbind("inproc://other"),
            lambda: receiver.monitor("inproc://monitor"), lambda: receiver.subscribe(b""),
            receiver.close, lambda: receiver.close(linger=0), receiver.__exit__,
            lambda: zmq.Socket.shadow(receiver).recv(),
        ):
            tell(intrude)
        print(receiver.closed, sender.poll(0, zmq.POLLOUT))
        sender.send(b"message")
        thread.join()
        print(results)
        sender.send(b"another")
        print(receiver.recv())
        receiver.close()
    """
    child = run_child(child_code(SET_UP, code, HOW=how))
    assert (child.exit_code, child.signal) == (0, None), child.stderr
    assert child.stdout.splitlines() == [*(27 * ["SocketInUse EBUSY"]), "False 2", f"[{expected!r}]", "b'another'"]


def test_a_second_thread_in_a_socket_that_sends_gets_socket_in_use(run_child: Callable[..., Any]) -> None:
    """At the high-water mark a sender waits; what it sends arrives once there is room."""
    code = """
        full.sndhwm = receiver.rcvhwm = 1
        full.bind("inproc://full")
        receiver.connect("inproc://full")
        sent = 0
        while full.poll(0, zmq.POLLOUT):
            full.send(b"%d" % sent)
            sent += 1
        for call in (
            lambda: full.send(b"last"), lambda: full.send(bytes(100000)), lambda: full.send_multipart([b"x", b"y"]),
            lambda: full.send_many([b"x", b"y"]),
        ):
            thread = wait_for(full, call)
            for intrude in (
                lambda: full.send(b"x"), lambda: full.send_many([b"x"]), lambda: full.poll(0), full.close,
                lambda: full.send_multipart([b"x"] * 30, copy=False, track=True),
            ):
                tell(intrude)
            while thread.is_alive():
                if receiver.poll(1):
                    receiver.recv_multipart()
            while receiver.poll(50):
                receiver.recv_multipart()
            while full.poll(0, zmq.POLLOUT):
                full.send(b"fill")
        print(results)
    """
    child = run_child(child_code(SET_UP, code))
    assert (child.exit_code, child.signal) == (0, None), child.stderr
    assert child.stdout.splitlines() == [*(20 * ["SocketInUse EBUSY"]), "[None, None, None, 2]"]


def test_a_thread_that_comes_in_while_a_tracker_is_made_is_alone(run_child: Callable[..., Any]) -> None:
    """send_multipart(track=True) has left the socket when it makes its tracker, which is Python code."""
    code = """
        threads = []
        original = zmq.MessageTracker.__init__

        def let_another_in(self, *watched):
            original(self, *watched)
            if len(watched) == 2:
                threads.append(wait_for(sender, lambda: sender.poll(500, zmq.POLLIN)))

        zmq.MessageTracker.__init__ = let_another_in
        sender.send_multipart([bytearray(70000), bytearray(70000)], copy=False, track=True)
        tell(lambda: sender.linger)
        threads[0].join()
        print(results)
    """
    child = run_child(child_code(SET_UP, code))
    assert (child.exit_code, child.signal) == (0, None), child.stderr
    assert child.stdout.splitlines() == ["SocketInUse EBUSY", "[0]"]


def test_threads_that_block_get_context_terminated(run_child: Callable[..., Any]) -> None:
    """destroy() wakes them all, and closes each socket as its thread comes out."""
    code = """
        def run(call):
            try:
                insist(call)
            except zmq.ZMQError as error:
                results.append(type(error).__name__)

        calls = (
            lambda socket: socket.recv(), lambda socket: socket.recv_multipart(), lambda socket: socket.recv_many(),
            lambda socket: socket.recv_into(bytearray(1)), lambda socket: socket.poll(),
            lambda socket: socket.send(b""),
            lambda socket: socket.send_multipart([b"", b""]), lambda socket: socket.send_many([b""]),
            lambda socket: zmq.zmq_poll([(socket, zmq.POLLIN)]), lambda socket: zmq.proxy(socket, full),
        )
        sockets = [context.socket(zmq.DEALER) for _ in calls]
        threads = [wait_for(socket, lambda s=socket, c=call: c(s)) for socket, call in zip(sockets, calls)]
        before = time.monotonic()
        END
        for thread in threads: thread.join()
        print(len(results), set(results))
        print([socket.closed for socket in sockets] == len(sockets) * [True], context.closed)
        print(time.monotonic() - before < 5)
    """
    for end in ("context.destroy()", "context.__exit__(None, None, None)"):
        child = run_child(child_code(SET_UP, code.replace("END", end)))
        assert (child.exit_code, child.signal) == (0, None), child.stderr
        assert child.stdout.splitlines() == ["10 {'ContextTerminated'}", "True True", "True"]


def test_term_waits_for_threads_that_close_their_sockets(run_child: Callable[..., Any]) -> None:
    """term() closes nothing: it wakes the threads, and returns when each has closed its own socket."""
    code = """
        def run(socket):
            with socket:
                try:
                    socket.recv()
                except zmq.ContextTerminated:
                    results.append(socket)

        sockets = [context.socket(zmq.PULL) for _ in range(10)]
        threads = [threading.Thread(target=run, args=(socket,)) for socket in sockets]
        for thread in threads: thread.start()
        for socket in (sender, receiver, full): socket.close()
        context.term()
        for thread in threads: thread.join()
        print(len(results), context.closed)
    """
    child = run_child(child_code(SET_UP, code))
    assert (child.exit_code, child.signal) == (0, None), child.stderr
    assert child.stdout.splitlines() == ["10 True"]


def test_many_threads_in_one_socket_lose_nothing(run_child: Callable[..., Any]) -> None:
    """Whatever they call, each call works or raises SocketInUse; what was sent arrives once."""
    code = """
        import collections, random
        sys.setswitchinterval(1e-5)
        for socket in (sender, receiver):
            socket.hwm = 0
        sent, received, strange = collections.Counter(), [], []
        over = time.monotonic() + 1.5
        big = b"%d " + bytes(3000)

        def send_one(number): sender.send(b"%d" % number)
        def send_big(number): sender.send(big % number)
        def send_parts(number): sender.send_multipart([b"%d" % number, b"rest"])
        def send_tracked(number): sender.send_multipart([b"%d" % number, bytearray(70000)], copy=False, track=True)
        def send_many(number): sender.send_many([b"%d" % number])
        def poll(number): zmq.zmq_poll([(sender, zmq.POLLOUT), (receiver, zmq.POLLIN)], 1)
        def wait(number): sender.poll(1, zmq.POLLIN)
        def look(number): sender.linger, receiver.events

        def keep(parts): received.append(int(parts[0].split()[0]))
        def recv(number): keep(receiver.recv_multipart(zmq.DONTWAIT))
        def recv_many(number):
            for parts in receiver.recv_many(5, timeout=0, multipart=True): keep(parts)
        def recv_waiting(number):
            if receiver.poll(1): keep(receiver.recv_multipart(zmq.DONTWAIT))
        def recv_frames(number): keep([frame.bytes for frame in receiver.recv_multipart(zmq.DONTWAIT, copy=False)])

        senders = (send_one, send_big, send_parts, send_tracked, send_many)
        others = (poll, wait, look, recv, recv_many, recv_waiting, recv_frames)

        def work(first):
            choose = random.Random(first)
            number = first
            while time.monotonic() < over:
                verb = choose.choice(senders if choose.random() < 0.4 else others)
                number += 100
                try:
                    verb(number)
                    if verb in senders: sent[number] += 1
                except (zmq.SocketInUse, zmq.Again):
                    pass
                except BaseException as error:
                    strange.append(repr(error))

        threads = [threading.Thread(target=work, args=(first,)) for first in range(6)]
        for thread in threads: thread.start()
        for thread in threads: thread.join()
        while receiver.poll(0):
            keep(receiver.recv_multipart())
        print(strange, len(sent) > 100, collections.Counter(received) == sent)
    """
    child = run_child(child_code(SET_UP, code))
    assert (child.exit_code, child.signal) == (0, None), child.stderr
    assert child.stdout.splitlines() == ["[] True True"]


def test_close_waits_for_a_thread_that_only_looks_in(run_child: Callable[..., Any]) -> None:
    """Reading an option takes microseconds, and close() comes after it; the reader's next look finds it closed.

    Or closing: EBUSY, when it comes in that very moment.
    """
    child = run_child(
        """
        import collections, errno, threading
        import zmqlite as zmq

        ends = collections.Counter()

        def look(socket, looking):
            try:
                while True:
                    socket.curve_publickey  # a key is read without the GIL
                    looking.set()
            except zmq.ZMQError as error:
                ends[error.errno in (errno.ENOTSOCK, errno.EBUSY)] += 1

        with zmq.Context() as context:
            for _ in range(300):
                socket, looking = context.socket(zmq.PAIR), threading.Event()
                thread = threading.Thread(target=look, args=(socket, looking), daemon=True)
                thread.start()
                looking.wait()
                socket.close()
                thread.join()
        print(dict(ends))
        """
    )
    assert (child.exit_code, child.stderr) == (0, "")
    assert child.stdout.strip() == "{True: 300}"


def test_a_socket_moves_between_threads(run_child: Callable[..., Any]) -> None:
    """One after the other, any number of threads may use it, and one may end without closing it."""
    code = """
        def use(number):
            sender.send(b"%d" % number)
            results.append(int(receiver.recv()))
        for number in range(50):
            thread = threading.Thread(target=use, args=(number,))
            thread.start()
            thread.join()
        use(50)
        print(results == list(range(51)))
    """
    child = run_child(child_code(SET_UP, code))
    assert (child.exit_code, child.signal) == (0, None), child.stderr
    assert child.stdout.strip() == "True"


def test_contexts_come_and_go_on_many_threads(run_child: Callable[..., Any]) -> None:
    """Collected, destroyed and terminated at the same time, from several threads."""
    code = """
        import random, warnings
        sys.setswitchinterval(1e-5)
        over = time.monotonic() + 1.5
        shared, strange = [], []

        def work(first):
            choose = random.Random(first)
            while time.monotonic() < over:
                try:
                    made = zmq.Context()
                    shared[:] = [made, *(made.socket(zmq.DEALER) for _ in range(3))]
                    for socket in list(shared[1:]):
                        if choose.random() < 0.5: socket.bind("inproc://%d" % choose.randrange(10**9))
                        for _ in range(choose.randrange(5)): socket.connect("inproc://%d" % choose.randrange(10**9))
                        if choose.random() < 0.3: socket.send(b"x", zmq.DONTWAIT)
                        if choose.random() < 0.3: socket.close(linger=0)
                    del socket
                    how = choose.random()
                    if how < 0.3: made.destroy(linger=0)
                    elif how < 0.6: threading.Thread(target=made.destroy, args=(0,)).start()
                    elif how < 0.8: gc.collect()
                except zmq.ZMQError:
                    pass  # another thread has ended it
                except BaseException as error:
                    strange.append(repr(error))

        threads = [threading.Thread(target=work, args=(first,)) for first in range(4)]
        for thread in threads: thread.start()
        for thread in threads: thread.join()
        print(strange)
    """
    child = run_child(child_code(SET_UP, code))
    assert (child.exit_code, child.signal) == (0, None), child.stderr
    assert child.stdout.strip() == "[]"


def test_thread_safe_sockets_take_several_threads(run_child: Callable[..., Any]) -> None:
    """libzmq locks its newer, draft socket types by itself."""
    code = """
        if zmq.has("draft"):
            server, client = context.socket(zmq.SERVER), context.socket(zmq.CLIENT)
            server.bind("inproc://safe")
            client.connect("inproc://safe")
            def send():
                for number in range(200): client.send(b"%d" % number)
            def receive():
                for _ in range(200): results.append(server.recv())
            threads = [threading.Thread(target=run) for run in 3 * (send, receive)]
            for thread in threads: thread.start()
            for thread in threads: thread.join()
            print(sorted(results) == sorted(3 * [b"%d" % number for number in range(200)]))
        else:
            print(True)
    """
    child = run_child(child_code(SET_UP, code))
    assert (child.exit_code, child.signal) == (0, None), child.stderr
    assert child.stdout.strip() == "True"
