"""The states that test_exit.py leaves processes in: one entry each, the code of a child process.

Every child begins with PRELUDE and says about_to_exit() as its last act, so that what is measured is the exit alone.
Nobody listens at NOBODY: what is sent there is never delivered, and libzmq's own default is to wait for it for ever.
The functions at the end are what the children of children run: multiprocessing imports this module to find them.
"""

from __future__ import annotations

import os
import sys
import threading
import time

import zmqlite as zmq

NOBODY = "tcp://127.0.0.1:1"
MEGABYTE = 1 << 20

PRELUDE = f"""
import sys
sys.path.insert(0, {os.path.dirname(os.path.abspath(__file__))!r})
import atexit, gc, multiprocessing, os, signal, socket as system_socket, tempfile, threading, time
import zmqlite as zmq
from exit_states import *
"""


def about_to_exit() -> None:
    """Tell when the exit begins: the clock is the same in all processes of a machine."""
    print("about to exit", time.monotonic(), flush=True)


def leave_undeliverable(context: zmq.Context, endpoint: str = NOBODY, count: int = 10) -> zmq.Socket:
    """Make a socket with messages that nobody will ever take."""
    socket = context.socket(zmq.PUSH)
    socket.connect(endpoint)
    for number in range(count):
        socket.send(b"%d" % number)
    return socket


def insist(call, *arguments, **keywords):
    """Call until nobody else is inside the socket."""
    while True:
        try:
            return call(*arguments, **keywords)
        except zmq.SocketInUse:
            time.sleep(0.001)


def start_blocked(socket, call, *arguments, **keywords) -> threading.Thread:
    """Block a daemon thread in a call on the socket; returns once it is inside."""

    def run() -> None:
        try:
            insist(call, *arguments, **keywords)
        except zmq.ContextTerminated:
            pass

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    seen = 0
    while seen < 3:  # a thread that blocks is found inside every time
        try:
            socket.get(zmq.TYPE)
            seen = 0
        except zmq.SocketInUse:
            seen += 1
        time.sleep(0.005)
    return thread


_BLOCKED = """
    context = zmq.Context()
    socket = context.socket(zmq.{type})
    {setup}
    start_blocked({socket}, {call})
    about_to_exit()
"""


def _blocked(call: str, socket_type: str = "PULL", setup: str = "pass", socket: str = "socket") -> str:
    return _BLOCKED.format(call=call, type=socket_type, setup=setup, socket=socket)


_TWO = "other = context.socket(zmq.PUSH); other.bind('inproc://other'); socket.bind('inproc://one')"

STATES = {
    # ---- messages that nobody takes ----
    "open socket, tcp": """
        socket = leave_undeliverable(zmq.Context())
        about_to_exit()
    """,
    "open socket, ipc": """
        socket = leave_undeliverable(zmq.Context(), "ipc://" + tempfile.mkdtemp() + "/nobody")
        about_to_exit()
    """,
    "open socket, inproc that nobody binds": """
        socket = leave_undeliverable(zmq.Context(), "inproc://nobody")
        about_to_exit()
    """,
    "closed socket, tcp": """
        context = zmq.Context()
        leave_undeliverable(context).close()
        about_to_exit()
    """,
    "closed socket, ipc": """
        context = zmq.Context()
        leave_undeliverable(context, "ipc://" + tempfile.mkdtemp() + "/nobody").close()
        about_to_exit()
    """,
    "closed socket, inproc that nobody binds": """
        context = zmq.Context()
        leave_undeliverable(context, "inproc://nobody").close()
        about_to_exit()
    """,
    "peer that accepts and never reads": """
        listener = system_socket.create_server(("127.0.0.1", 0))
        socket = leave_undeliverable(zmq.Context(), "tcp://127.0.0.1:%d" % listener.getsockname()[1])
        accepted = listener.accept()
        about_to_exit()
    """,
    "many closed sockets": """
        context = zmq.Context()
        for _ in range(100):
            leave_undeliverable(context, count=1).close()
        about_to_exit()
    """,
    # ---- the ways to end a context ----
    "with Context(), sockets open": """
        about_to_exit()
        with zmq.Context() as context:
            leave_undeliverable(context)
            socket = leave_undeliverable(context)
    """,
    "with Context(), sockets closed": """
        about_to_exit()
        with zmq.Context() as context, context.socket(zmq.PUSH) as socket:
            socket.connect(NOBODY)
            socket.send(b"hello")
    """,
    "destroy() with sockets open": """
        context = zmq.Context()
        socket = leave_undeliverable(context)
        about_to_exit()
        context.destroy()
    """,
    "destroy() with sockets closed": """
        context = zmq.Context()
        leave_undeliverable(context).close()
        about_to_exit()
        context.destroy()
    """,
    "destroy(linger=0) with sockets open and closed": """
        context = zmq.Context()
        leave_undeliverable(context).close()
        socket = leave_undeliverable(context)
        about_to_exit()
        context.destroy(linger=0)
    """,
    "dropped context, sockets open": """
        def work():
            context = zmq.Context()
            socket = leave_undeliverable(context)
        work()
        about_to_exit()
    """,
    "dropped context, sockets closed": """
        leave_undeliverable(zmq.Context()).close()
        about_to_exit()
    """,
    "Context.instance() never terminated": """
        leave_undeliverable(zmq.Context.instance())
        socket = leave_undeliverable(zmq.Context.instance())
        about_to_exit()
    """,
    "term(timeout=) timed out": """
        context = zmq.Context()
        socket = leave_undeliverable(context)
        try:
            context.term(timeout=50)
        except zmq.Again:
            about_to_exit()
    """,
    "term(timeout=) timed out, sockets closed": """
        context = zmq.Context()
        leave_undeliverable(context).close()
        try:
            context.term(timeout=50)
        except zmq.Again:
            about_to_exit()
    """,
    "term() interrupted by Ctrl-C": """
        context = zmq.Context()
        socket = leave_undeliverable(context)
        signal.setitimer(signal.ITIMER_REAL, 0.1)
        signal.signal(signal.SIGALRM, signal.default_int_handler)
        try:
            context.term()
        except KeyboardInterrupt:
            about_to_exit()
    """,
    "terminated in another thread, socket open": """
        context = zmq.Context()
        socket = leave_undeliverable(context)
        threading.Thread(target=context.term, daemon=True).start()
        while True:
            try:
                socket.send(b"more", zmq.DONTWAIT)
            except zmq.Again:
                pass
            except zmq.ContextTerminated:
                break
        about_to_exit()
    """,
    "destroyed in another thread": """
        context = zmq.Context()
        sockets = [leave_undeliverable(context) for _ in range(10)]
        threading.Thread(target=context.destroy, daemon=True).start()
        about_to_exit()
    """,
    "a context that can not be terminated": """
        from zmqlite._native import lib
        context = zmq.Context()
        foreign = lib.zmq_socket(lib.zl_context_handle(context._native), zmq.PULL)
        about_to_exit()
    """,
    "shadows": """
        context = zmq.Context()
        socket = leave_undeliverable(context)
        shadow = zmq.Context.shadow(context.underlying)
        other = leave_undeliverable(shadow)
        third = zmq.Socket.shadow(socket)
        about_to_exit()
    """,
    # ---- who holds them ----
    "reference cycles": """
        class Holder: pass
        for _ in range(20):
            holder = Holder()
            holder.context = zmq.Context()
            holder.socket = leave_undeliverable(holder.context)
            holder.socket.__dict__["holder"] = holder
            holder.context.__dict__["holder"] = holder
        del holder
        about_to_exit()
    """,
    "reference cycles, collected": """
        class Holder: pass
        for _ in range(20):
            holder = Holder()
            holder.context = zmq.Context()
            holder.socket = leave_undeliverable(holder.context)
            holder.socket.__dict__["holder"] = holder
        del holder
        gc.collect()
        about_to_exit()
    """,
    "gc disabled, cycles": """
        gc.disable()
        holder = [zmq.Context()]
        holder.append(leave_undeliverable(holder[0]))
        holder.append(holder)
        del holder
        about_to_exit()
    """,
    "globals, class attributes, thread-locals, defaults": """
        class Service:
            context = zmq.Context()
            socket = leave_undeliverable(context)
        local = threading.local()
        local.socket = leave_undeliverable(Service.context)
        def keep(socket=leave_undeliverable(Service.context)): pass
        sys.modules["zmqlite"].kept = Service.socket
        about_to_exit()
    """,
    "finalisers that use sockets at the very end": """
        class Holder:
            def __del__(self):
                self.socket.send(b"late")
                self.socket.close()
                zmq.Context().socket(zmq.PUSH).send(b"later", zmq.DONTWAIT)
        holder = Holder()
        holder.socket = leave_undeliverable(zmq.Context())
        about_to_exit()
    """,
    "atexit handlers that use sockets": """
        def use():
            with zmq.Context() as context:
                leave_undeliverable(context).close(linger=0)
            leave_undeliverable(zmq.Context.instance())
        atexit.register(use)
        zmq.Context.instance()
        atexit.register(use)
        atexit.register(about_to_exit)
    """,
    "900 open sockets": """
        context = zmq.Context()
        sockets = [leave_undeliverable(context, count=1) for _ in range(900)]
        about_to_exit()
    """,
    "100 contexts": """
        sockets = [leave_undeliverable(zmq.Context()) for _ in range(100)]
        about_to_exit()
    """,
    # ---- threads ----
    "thread in recv": _blocked("socket.recv"),
    "thread in recv(copy=False)": _blocked("socket.recv, copy=False"),
    "thread in recv_multipart": _blocked("socket.recv_multipart"),
    "thread in recv_many": _blocked("socket.recv_many"),
    "thread in recv_into": _blocked("socket.recv_into, bytearray(10)"),
    "thread in send": _blocked("socket.send, b'x'", "PUSH"),
    "thread in send, at the high-water mark": _blocked(
        "socket.send, b'x' * 100000", "PUSH", "socket.sndhwm = 1; socket.connect(NOBODY); socket.send(b'first')"
    ),
    "thread in send_multipart": _blocked("socket.send_multipart, [b'x', b'y']", "PUSH"),
    "thread in send_many": _blocked("socket.send_many, [b'x'] * 10", "PUSH"),
    "thread in poll": _blocked("socket.poll"),
    "thread in Poller.poll": _blocked(
        "poller.poll", setup="poller = zmq.Poller(); poller.register(socket, zmq.POLLIN)"
    ),
    "thread in select": _blocked("zmq.select, [socket], [], []"),
    "thread in zmq_poll": _blocked("zmq.zmq_poll, [(socket, zmq.POLLIN)]"),
    "thread in proxy": _blocked("zmq.proxy, socket, other", setup=_TWO),
    "thread in proxy_steerable": _blocked(
        "zmq.proxy_steerable, socket, other, None, control",
        setup=_TWO + "; control = context.socket(zmq.PAIR)",
    ),
    "thread in a proxy that is held up": _blocked(
        "zmq.proxy, socket, other",
        setup=_TWO + "; source = context.socket(zmq.PUSH); source.connect('inproc://one'); source.send(b'x' * 10)",
    ),
    "thread in a draft socket's recv": """
        context = zmq.Context()
        if zmq.has("draft"):
            socket = context.socket(zmq.CLIENT)
            threading.Thread(target=insist, args=(socket.recv,), daemon=True).start()
            threading.excepthook = lambda arguments: None
        about_to_exit()
    """,
    "thread in term()": """
        context = zmq.Context()
        socket = leave_undeliverable(context)
        threading.Thread(target=context.term, daemon=True).start()
        about_to_exit()
    """,
    "thread in MessageTracker.wait()": """
        socket = leave_undeliverable(zmq.Context())
        tracker = socket.send(bytes(MEGABYTE), copy=False, track=True)
        threading.Thread(target=tracker.wait, daemon=True).start()
        about_to_exit()
    """,
    "30 threads in recv": """
        context = zmq.Context()
        sockets = [context.socket(zmq.PULL) for _ in range(30)]
        for socket in sockets:
            start_blocked(socket, socket.recv)
        about_to_exit()
    """,
    "threads that send and receive without a pause": """
        threading.excepthook = lambda arguments: None
        context = zmq.Context()
        sender, receiver = context.socket(zmq.PUSH), context.socket(zmq.PULL)
        sender.bind("inproc://busy")
        receiver.connect("inproc://busy")
        def send():
            while True: sender.send(b"x" * 2000)
        def receive():
            while True: receiver.recv()
        for run in (send, receive):
            threading.Thread(target=run, daemon=True).start()
        about_to_exit()
    """,
    "thread that makes contexts without a pause": """
        threading.excepthook = lambda arguments: None
        made = threading.Event()
        def make():
            while True:
                leave_undeliverable(zmq.Context(), count=1)
                made.set()
        threading.Thread(target=make, daemon=True).start()
        made.wait()
        about_to_exit()
    """,
    "sys.exit in threads": """
        context = zmq.Context()
        sockets = []
        def work():
            sockets.append(leave_undeliverable(context))
            sys.exit(3)
        threads = [threading.Thread(target=work) for _ in range(5)]
        for thread in threads: thread.start()
        for thread in threads: thread.join()
        about_to_exit()
    """,
    # ---- forks ----
    "forked child that returns": """
        context = zmq.Context()
        socket = leave_undeliverable(context)
        if os.fork() == 0:
            other = leave_undeliverable(zmq.Context())
        else:
            assert os.wait()[1] == 0
            about_to_exit()
    """,
    "forked child that calls sys.exit": """
        context = zmq.Context()
        socket = leave_undeliverable(context)
        if os.fork() == 0:
            other = leave_undeliverable(zmq.Context())
            sys.exit(7)
        assert os.waitstatus_to_exitcode(os.wait()[1]) == 7
        about_to_exit()
    """,
    "forked child that raises": """
        context = zmq.Context()
        socket = leave_undeliverable(context)
        if os.fork() == 0:
            sys.stderr = open(os.devnull, "w")
            other = leave_undeliverable(zmq.Context())
            raise RuntimeError
        assert os.waitstatus_to_exitcode(os.wait()[1]) == 1
        about_to_exit()
    """,
    "forked child that calls os._exit": """
        context = zmq.Context()
        socket = leave_undeliverable(context)
        if os.fork() == 0:
            other = leave_undeliverable(zmq.Context())
            os._exit(7)
        assert os.waitstatus_to_exitcode(os.wait()[1]) == 7
        about_to_exit()
    """,
    "forked child that drops everything": """
        context = zmq.Context()
        sockets = [leave_undeliverable(context) for _ in range(10)]
        if os.fork() == 0:
            for socket in sockets: socket.close()
            context.destroy()
            context.term()
            del sockets, socket, context
            gc.collect()
        else:
            assert os.wait()[1] == 0
            about_to_exit()
    """,
    "forked while threads are blocked": """
        context = zmq.Context()
        sockets = [context.socket(zmq.PULL) for _ in range(5)]
        for socket in sockets:
            start_blocked(socket, socket.recv)
        if os.fork() == 0:
            other = leave_undeliverable(zmq.Context())
        else:
            assert os.wait()[1] == 0
            about_to_exit()
    """,
    "multiprocessing, fork": """
        context = zmq.Context()
        socket = leave_undeliverable(context)
        run_process("fork")
        about_to_exit()
    """,
    "multiprocessing, spawn": """
        context = zmq.Context()
        socket = leave_undeliverable(context)
        run_process("spawn")
        about_to_exit()
    """,
    "multiprocessing, forkserver": """
        context = zmq.Context()
        socket = leave_undeliverable(context)
        run_process("forkserver")
        about_to_exit()
    """,
    "multiprocessing, a daemon process that blocks": """
        context = zmq.Context()
        socket = leave_undeliverable(context)
        process = multiprocessing.get_context("fork").Process(target=block_in_recv, daemon=True)
        process.start()
        about_to_exit()
    """,
    # ---- buffers in flight ----
    "bytes in flight, dropped": """
        socket = leave_undeliverable(zmq.Context())
        for _ in range(20):
            socket.send(os.urandom(MEGABYTE))
        about_to_exit()
    """,
    "bytes in flight to a peer that stopped reading": """
        listener = system_socket.create_server(("127.0.0.1", 0))
        socket = zmq.Context().socket(zmq.STREAM)
        socket.connect("tcp://127.0.0.1:%d" % listener.getsockname()[1])
        accepted = listener.accept()
        peer = socket.recv_multipart()[0]
        for _ in range(20):
            socket.send_multipart([peer, bytes(MEGABYTE)])
        about_to_exit()
    """,
    "bytearray in flight": """
        socket = leave_undeliverable(zmq.Context())
        data = bytearray(MEGABYTE)
        socket.send(data, copy=False)
        socket.send(memoryview(data)[5:-5], copy=False)
        about_to_exit()
    """,
    "mmap in flight, socket closed": """
        import mmap
        socket = leave_undeliverable(zmq.Context())
        socket.send(mmap.mmap(-1, MEGABYTE), copy=False)
        socket.close()
        about_to_exit()
    """,
    "numpy array in flight": """
        socket = leave_undeliverable(zmq.Context())
        try:
            from numpy import ones
        except ImportError:
            from array import array
            def ones(count): return array("d", [1.0]) * count
        socket.send(ones(100000), copy=False)
        about_to_exit()
    """,
    "frames and trackers alive": """
        context = zmq.Context()
        sender, receiver = context.socket(zmq.PUSH), context.socket(zmq.PULL)
        sender.bind("inproc://frames")
        receiver.connect("inproc://frames")
        tracker = sender.send(bytes(MEGABYTE), copy=False, track=True)
        frame = receiver.recv(copy=False)
        view = memoryview(frame)
        other = zmq.Frame(bytearray(MEGABYTE), track=True, copy=False)
        sender.send(other, copy=False)
        about_to_exit()
    """,
    # ---- connections half made, monitors ----
    "monitors running and unread": """
        context = zmq.Context()
        sockets = []
        for number in range(20):
            socket = context.socket(zmq.PUSH)
            socket.reconnect_ivl = 1
            if number % 2: socket.monitor("inproc://monitor-%d" % number)
            else: socket.get_monitor_socket()
            socket.connect(NOBODY)
            socket.send(b"x")
            sockets.append(socket)
        about_to_exit()
    """,
    "CURVE client whose server says nothing": """
        listener = system_socket.create_server(("127.0.0.1", 0))
        socket = zmq.Context().socket(zmq.PUSH)
        server_key, _ = zmq.curve_keypair()
        socket.curve_serverkey = server_key
        socket.curve_publickey, socket.curve_secretkey = zmq.curve_keypair()
        socket.connect("tcp://127.0.0.1:%d" % listener.getsockname()[1])
        accepted = listener.accept()[0]
        accepted.recv(10)
        socket.send(b"secret")
        about_to_exit()
    """,
    "CURVE server whose client stops in the greeting": """
        socket = zmq.Context().socket(zmq.PUSH)
        _, socket.curve_secretkey = zmq.curve_keypair()
        socket.curve_server = True
        port = socket.bind_to_random_port("tcp://127.0.0.1")
        client = system_socket.create_connection(("127.0.0.1", port))
        client.sendall(b"\\xff" + bytes(8) + b"\\x7f\\x03")
        client.recv(5)
        about_to_exit()
    """,
    # ---- the ways to leave ----
    "os._exit": """
        socket = leave_undeliverable(zmq.Context())
        about_to_exit()
        os._exit(0)
    """,
    "sys.exit": """
        socket = leave_undeliverable(zmq.Context())
        about_to_exit()
        sys.exit(0)
    """,
    "sys.exit in a signal handler in recv": """
        signal.signal(signal.SIGTERM, lambda *arguments: (about_to_exit(), sys.exit(0)))
        context = zmq.Context()
        leave_undeliverable(context)
        threading.Timer(0.1, os.kill, (os.getpid(), signal.SIGTERM)).start()
        context.socket(zmq.PULL).recv()
    """,
    "stderr closed": """
        from zmqlite._native import lib
        context = zmq.Context()
        foreign = lib.zmq_socket(lib.zl_context_handle(context._native), zmq.PULL)
        about_to_exit()
        sys.stderr.close()
    """,
}

# These end by an exception, as a program with that bug would: exit code 1, and a traceback.
RAISING = {
    "an exception at module level": """
        socket = leave_undeliverable(zmq.Context())
        about_to_exit()
        raise RuntimeError("intended")
    """,
    "an exception in a with block": """
        about_to_exit()
        with zmq.Context() as context, context.socket(zmq.PUSH) as socket:
            socket.connect(NOBODY)
            socket.send(b"hello")
            raise RuntimeError("intended")
    """,
    "an exception while a thread is in recv": """
        socket = zmq.Context().socket(zmq.PULL)
        start_blocked(socket, socket.recv)
        about_to_exit()
        raise RuntimeError("intended")
    """,
}


# ---- what children of children run ----


def use_new_context() -> None:
    """Leave a socket open with messages that nobody takes."""
    global kept
    kept = leave_undeliverable(zmq.Context())


def block_in_recv() -> None:
    """Never come back."""
    zmq.Context().socket(zmq.PULL).recv()


def run_process(method: str) -> None:
    """Run use_new_context() in a child process, to its end."""
    import multiprocessing

    process = multiprocessing.get_context(method).Process(target=use_new_context)
    process.start()
    process.join()
    if process.exitcode != 0:
        sys.exit(f"the {method} child ended with {process.exitcode}")
