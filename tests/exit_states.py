"""The states that test_exit.py leaves processes in: messages, contexts, who holds them, how they leave.

One entry each: the code of a child process, which says about_to_exit() as its last act, so that what is measured is
the exit alone. The names that it uses are those of exit_children.
"""

from __future__ import annotations

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
