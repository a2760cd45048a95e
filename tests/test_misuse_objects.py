"""Objects used in ways that nobody meant: made twice, half made, copied, finalised by hand, changed while in flight."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from exit_children import child_code

# name: (code of a child, what it prints)
MISUSES = {
    "Socket.__init__ twice": (
        """
        context = zmq.Context()
        socket = context.socket(zmq.PULL)
        socket.bind("inproc://first")
        socket.__init__(context, zmq.PUSH)
        print(socket.type.name)
        socket.bind("inproc://second")
        start_blocked(socket, socket.send, b"x")
        socket.__init__(context, zmq.PULL)
        tell(socket.recv, zmq.DONTWAIT)
        """,
        ["PUSH", "Again EAGAIN"],
    ),
    "Context.__init__ twice": (
        """
        context = zmq.Context()
        socket = context.socket(zmq.PULL)
        context.__init__()
        tell(socket.recv, zmq.DONTWAIT)
        other = context.socket(zmq.PULL)
        tell(other.recv, zmq.DONTWAIT)
        """,
        ["ZMQError ENOTSOCK", "Again EAGAIN"],
    ),
    "Frame.__init__ twice": (
        """
        context = zmq.Context()
        sender, receiver = context.socket(zmq.PUSH), context.socket(zmq.PULL)
        sender.bind("inproc://frames")
        receiver.connect("inproc://frames")
        for frame in (zmq.Frame(b"x" * 100), zmq.Frame(bytearray(b"x" * 100), copy=False)):
            view = frame.buffer
            tell(frame.__init__, b"y" * 100)
            print(bytes(view) == b"x" * 100)
        for size in (10, 100, 10000):
            sender.send(b"x" * size, copy=True)
            frame = receiver.recv(copy=False)
            view = frame.buffer
            tell(frame.__init__, b"y" * size)
            print(bytes(view) == b"x" * size)
        """,
        5 * ["TypeError", "True"],
    ),
    "MessageTracker.__init__ twice": (
        """
        tracker = zmq.MessageTracker()
        tracker.__init__(tracker)
        tell(lambda: tracker.done)
        tell(zmq.MessageTracker, 5)
        tell(zmq.MessageTracker, zmq.Frame(b"x"))
        """,
        ["RecursionError", "TypeError", "ValueError"],
    ),
    "__del__ and __exit__ by hand": (
        """
        context = zmq.Context()
        socket = context.socket(zmq.PULL)
        socket.__del__()
        socket.__del__()
        tell(socket.recv, zmq.DONTWAIT)
        socket.__exit__(None, None, None)
        socket.__exit__(None, None, None)
        context.__del__()
        context.__del__()
        context.__exit__(None, None, None)
        context.__exit__(None, None, None)
        """,
        ["ZMQError ENOTSOCK"],
    ),
    "subclasses that do not call super().__init__": (
        """
        class Socket(zmq.Socket):
            def __init__(self, *arguments, **keywords): pass
        class Context(zmq.Context):
            def __init__(self, *arguments, **keywords): pass
        class Frame(zmq.Frame):
            def __init__(self, *arguments, **keywords): pass
        context = zmq.Context()
        for socket in (Socket(), Socket.__new__(Socket), zmq.Socket.__new__(zmq.Socket)):
            print(socket.closed, repr(socket)[:10])
            socket.close()
            for call in (
                socket.recv, socket.recv_multipart, socket.recv_many, lambda: socket.send(b"x"),
                lambda: socket.send_multipart([b"x"]), lambda: socket.send_many([b"x"]),
                lambda: socket.recv_into(bytearray(1)), lambda: socket.bind("inproc://x"),
                lambda: socket.connect("inproc://x"), lambda: socket.linger, lambda: socket.set(zmq.LINGER, 0),
                lambda: socket.poll(0), lambda: zmq.zmq_poll([(socket, zmq.POLLIN)], 0),
                lambda: socket.monitor("inproc://x"), lambda: zmq.proxy(socket, socket), socket.fileno,
                lambda: socket.join("x"), lambda: zmq.Socket.shadow(socket), lambda: socket.underlying,
            ):
                try:
                    call()
                except Exception:
                    pass
        for made in (Context(), zmq.Context.__new__(zmq.Context)):
            print(made.closed, repr(made)[:10])
            tell(made.socket, zmq.PULL)
            tell(made.get, zmq.IO_THREADS)
            tell(made.set, zmq.IO_THREADS, 1)
            made.term()
            made.destroy()
            tell(zmq.Context.shadow, made)
        print(len(Frame(b"x")), bytes(Frame.__new__(Frame).buffer), zmq.Frame.__new__(zmq.Frame).bytes)
        """,
        [
            *("True <__main__.", "True <__main__.", "True <zmqlite.S"),
            *("True <__main__.", *(3 * ["ZMQError ENOTSUP"]), "ZMQError EFAULT"),
            *("True <zmqlite.C", *(3 * ["ZMQError ENOTSUP"]), "ZMQError EFAULT"),
            "0 b'' b''",
        ],
    ),
    "copy, deepcopy and pickle": (
        """
        import copy, pickle
        context = zmq.Context()
        socket = context.socket(zmq.PULL)
        shadow = copy.copy(socket)
        print(shadow.underlying == socket.underlying, copy.deepcopy(socket).type.name)
        tell(pickle.dumps, socket)
        tell(pickle.dumps, context)
        tell(pickle.dumps, zmq.Frame(b"x"))
        copied = copy.copy(context)
        print(copied.underlying == context.underlying)
        socket.close()
        print(shadow.closed)
        tell(shadow.recv)
        shadow.close()
        other = copied.socket(zmq.PULL)
        context.destroy()
        print(other.closed, copied.closed)
        tell(copied.socket, zmq.PULL)
        copied.term()
        """,
        [
            *("True PULL", "TypeError", "TypeError", "TypeError", "True"),
            *("True", "ZMQError ENOTSOCK", "True True", "ZMQError ENOTSUP"),
        ],
    ),
    "a bytearray resized in flight": (
        """
        context = zmq.Context()
        sender, receiver = context.socket(zmq.PUSH), context.socket(zmq.PULL)
        sender.bind("inproc://buffers")
        receiver.connect("inproc://buffers")
        data = bytearray(100000)
        tracker = sender.send(data, copy=False, track=True)
        tell(data.extend, b"x")
        tell(data.clear)
        print(tracker.done, len(receiver.recv()))
        tracker.wait(5)
        data.extend(b"x")
        print(tracker.done, len(data))
        view = memoryview(bytearray(100000))
        view.release()
        tell(sender.send, view)
        tell(sender.send, memoryview(bytearray(100))[::2])
        tell(sender.send, memoryview(bytearray(200000))[::2], copy=False)
        """,
        [
            *("BufferError", "BufferError", "False 100000", "True 100001", "ValueError"),
            *("BufferError", "BufferError"),
        ],
    ),
    "a list changed while it is sent": (
        """
        context = zmq.Context()
        sender, receiver = context.socket(zmq.PUSH), context.socket(zmq.PULL)
        sender.sndhwm = receiver.rcvhwm = 10
        sender.bind("inproc://lists")
        receiver.connect("inproc://lists")
        messages = [b"%d" % number for number in range(1000)]
        def change():
            wait_until_inside(sender)
            del messages[30:]
            for number in range(30):
                assert receiver.recv() == b"%d" % number
        thread = threading.Thread(target=change)
        thread.start()
        print(sender.send_many(messages))
        thread.join()
        parts = [b"x"] * 10
        class Evil:
            def __len__(self): return 5
            def __getitem__(self, index):
                parts.clear()
                raise IndexError
        tell(sender.send_multipart, Evil())
        """,
        ["30", "IndexError"],
    ),
    "generators that use the socket": (
        """
        context = zmq.Context()
        sender, receiver = context.socket(zmq.PUSH), context.socket(zmq.PULL)
        sender.bind("inproc://generators")
        receiver.connect("inproc://generators")
        def sending():
            for number in range(3):
                sender.send(b"nested")
                yield b"%d" % number
        print(sender.send_many(sending()), receiver.recv_many())
        sender.send_multipart(b"%d" % number for number in range(3) if not sender.send(b"nested"))
        print(receiver.recv_many(multipart=True))
        def failing():
            yield b"x"
            raise KeyError
        tell(sender.send_many, failing())
        tell(sender.send_multipart, failing())
        def closing():
            yield b"x"
            sender.close()
        tell(sender.send_many, closing())
        tell(sender.send_multipart, closing())
        print(receiver.poll(0))
        """,
        [
            "3 [b'nested', b'nested', b'nested', b'0', b'1', b'2']",
            "[[b'nested'], [b'nested'], [b'nested'], [b'0', b'1', b'2']]",
            *("KeyError", "KeyError", "ZMQError ENOTSOCK", "ZMQError ENOTSOCK", "0"),
        ],
    ),
    "finalisers that use the socket": (
        """
        context = zmq.Context()
        sender, receiver = context.socket(zmq.PUSH), context.socket(zmq.PULL)
        sender.bind("inproc://finalisers")
        receiver.connect("inproc://finalisers")
        outcomes = set()
        class Cycle:
            def __init__(self): self.me = self
            def __del__(self):
                for call in (lambda: sender.send(b"y"), lambda: receiver.recv(zmq.DONTWAIT), lambda: sender.poll(0)):
                    try:
                        call()
                        outcomes.add("done")
                    except zmq.ZMQError as error:
                        outcomes.add(type(error).__name__)
        gc.set_threshold(1)
        class Data(bytearray):
            def __init__(self, size):
                super().__init__(size)
                self.cycle = Cycle()
        for _ in range(300):
            sender.send_many([Data(5), Data(5), [Data(5), Data(100000)]], copy=False)
            sender.send_multipart([Data(5), Data(100000)], copy=False, track=True)
            while True:
                try:
                    receiver.recv_many(timeout=0, copy=False)
                    receiver.recv_multipart(zmq.DONTWAIT)
                except zmq.Again:
                    break
        gc.set_threshold(700)
        gc.collect()
        print("done" in outcomes, outcomes <= {"done", "Again", "SocketInUse"})
        """,
        ["True True"],
    ),
    "a Poller that holds a closed socket": (
        """
        context = zmq.Context()
        socket, other = context.socket(zmq.PULL), context.socket(zmq.PULL)
        poller = zmq.Poller()
        poller.register(socket)
        poller.register(other, zmq.POLLIN)
        poller.poll(0)
        socket.close()
        tell(poller.poll, 0)
        tell(poller.poll, 10)
        tell(zmq.select, [socket], [], [], 0)
        other.close()
        tell(poller.poll)  # nothing could end it
        tell(poller.poll, 10)
        poller.unregister(socket)
        poller.unregister(other)
        print(poller.poll(0))
        """,
        ["returned []", "returned []", "returned ([], [], [])", "ZMQError ENOTSOCK", "returned []", "[]"],
    ),
    "a Poller with descriptors that are closed": (
        """
        context = zmq.Context()
        socket = context.socket(zmq.PULL)
        read, write = os.pipe()
        poller = zmq.Poller()
        poller.register(socket, zmq.POLLIN)
        poller.register(read, zmq.POLLIN)
        os.close(read)
        print([(what, int(events)) for what, events in poller.poll(0)] == [(read, zmq.POLLERR)])
        listener = system_socket.create_server(("127.0.0.1", 0))
        poller.unregister(read)
        poller.register(listener, zmq.POLLIN)
        listener.close()
        tell(poller.poll, 0)
        tell(poller.register, socket, "POLLIN")
        tell(zmq.zmq_poll, [(object(), zmq.POLLIN)], 0)
        tell(zmq.zmq_poll, [(-1, zmq.POLLIN)], 0)
        tell(zmq.zmq_poll, [(1 << 40, zmq.POLLIN)], 0)
        tell(zmq.zmq_poll, [socket], 0)
        tell(zmq.zmq_poll, [(socket, 1 << 40)], 0)
        """,
        ["True", "ValueError", "TypeError", "TypeError", "ValueError", "OverflowError", "TypeError", "OverflowError"],
    ),
    "addresses that are none": (
        """
        import ctypes
        memory = ctypes.create_string_buffer(4096)
        for address in (0, -1, 1, 4096, 1 << 40, 1 << 47, 1 << 80, id(zmq), ctypes.addressof(memory)):
            tell(zmq.Socket.shadow, address)
            tell(zmq.Context.shadow, address)
        for thing in ("x", object(), None):
            tell(zmq.Socket.shadow, thing)
            tell(zmq.Context.shadow, thing)
        tell(zmq.Socket, 5, zmq.PULL)
        tell(zmq.Socket, None, zmq.PULL)
        """,
        ["TypeError", *(8 * ["ZMQError EFAULT", "ZMQError ENOTSOCK"]), "ZMQError EFAULT", *(8 * ["TypeError"])],
    ),
}


@pytest.mark.parametrize("name", MISUSES)
def test_objects_survive_misuse(name: str, run_child: Callable[..., Any]) -> None:
    """What cannot be meant raises, what can be meant works, and the process ends by itself with code 0."""
    code, expected = MISUSES[name]
    child = run_child(child_code(code))
    assert (child.exit_code, child.signal) == (0, None), child.stderr
    assert child.stdout.splitlines() == expected
