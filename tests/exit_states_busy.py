"""More states for test_exit.py: threads that are blocked, forks, buffers in flight, connections half made.

See exit_states.py.
"""

from __future__ import annotations

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

BUSY_STATES = {
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
    "daemon threads that make sockets without a pause": """
        context = zmq.Context()
        made = threading.Semaphore(0)
        def make():
            while True:
                context.socket(zmq.REQ).close()
                made.release()
        for _ in range(3):
            threading.Thread(target=make, daemon=True).start()
        for _ in range(9):
            made.acquire()
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
        view = frame.buffer
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
}
