"""Nonsense given to every public call: whatever it raises, the process lives and what is sane goes on working."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from exit_children import child_code

# Each class or module is one child. All calls get each piece of garbage, and a sample of twos and threes of them.
TARGETS = ("socket", "closed socket", "context", "closed context", "frame", "tracker", "poller", "module")

CODE = """
    import random, types, warnings
    warnings.simplefilter("ignore")
    sys.unraisablehook = threading.excepthook = lambda arguments: None
    choose = random.Random(SEED)

    class Stuck(BaseException): pass
    def unstick(*arguments): raise Stuck
    signal.signal(signal.SIGALRM, unstick)

    class Evil:
        def __index__(self): raise KeyError
        __int__ = __bool__ = __len__ = __iter__ = __eq__ = __hash__ = __str__ = fileno = __index__
        def __getattr__(self, name): raise ZeroDivisionError
    class Liar:
        def __len__(self): return 1 << 40
        def __getitem__(self, place): return b"x" if place < 3 else None
        def fileno(self): return 1 << 30
        def __index__(self): return 1 << 70
        underlying = -8
    class Closer(list):
        def __iter__(self):
            socket.close()
            return iter([b"x", b"y"])
        def __index__(self):
            socket.close()
            return 0

    recursive = []
    recursive.append(recursive)
    released = memoryview(bytearray(5))
    released.release()
    closed = zmq.Context().socket(zmq.PULL)
    closed.close()

    def garbage():
        return choose.choice(things)() if choose.random() < 0.3 else choose.choice(plain)

    plain = [
        None, True, False, 0, 1, -1, 2, 255, 1 << 15, 1 << 31, -(1 << 31), 1 << 32, 1 << 63, 1 << 64, -(1 << 64),
        1 << 80, 0.5,
        float("nan"), float("inf"), -1e300, 1j, "", "x", "\\udcff", "\\0", "tcp://*:99999", "inproc://x",
        "x" * 300, b"",
        b"x", b"\\0" * 40, b"x" * 5000, bytearray(b"y" * 5), memoryview(b"abcdef")[::2], released, (), (b"x",),
        [b"x", None],
        [[b"x"], [b"y", b"z"]], recursive, {}, {"x": 1}, set(), Ellipsis, NotImplemented, object(), object, int, len,
        lambda *arguments, **keywords: None, Evil(), Liar(), zmq, zmq.Socket, zmq.PULL, zmq.ContextTerminated,
        slice(1, 2), range(3), iter([]), (number for number in range(3)), closed, zmq.Frame(b"frame"),
        zmq.MessageTracker(),
    ]
    # Made anew each time: they are used up, or use what is under test.
    things = [lambda: context, lambda: socket, lambda: zmq.Poller(), lambda: Closer([b"x"]), lambda: iter([b"x", b"y"])]

    # These wait for ever by design, end what is under test, or ask the system for much.
    LEFT_OUT = {"device", "proxy", "proxy_steerable", "monitored_queue", "set_exit_linger", "bind_to_random_port"}
    NAMES = ("flags", "copy", "track", "timeout", "linger", "nbytes", "multipart", "routing_id", "group", "events")

    def make():
        global context, socket
        context = zmq.Context()
        socket = context.socket(zmq.DEALER)
        socket.linger = socket.rcvtimeo = socket.sndtimeo = 0
        if TARGET == "closed socket": socket.close()
        if TARGET == "closed context": context.destroy(0)
        return {
            "socket": socket, "closed socket": socket, "context": context, "closed context": context, "module": zmq,
            "frame": zmq.Frame(bytearray(b"x" * 100), copy=False), "tracker": zmq.MessageTracker(),
            "poller": zmq.Poller(),
        }[TARGET]

    def call(name, arguments, keywords):
        target = make()
        try:
            signal.setitimer(signal.ITIMER_REAL, 0.2)
            function = getattr(target, name)
            if callable(function): function(*arguments, **keywords)
            elif arguments and TARGET != "module": setattr(target, name, arguments[0])
        except (Exception, Stuck):
            pass
        finally:
            try:
                signal.setitimer(signal.ITIMER_REAL, 0)
            except Stuck:
                pass
        try:
            context.destroy(0)
        except Stuck:
            pass

    names = [name for name in dir(make()) if name not in LEFT_OUT and not name.startswith("_")]
    names += ["__getitem__", "__setattr__", "__contains__", "__init__", "__exit__", "__copy__"] * (TARGET != "module")
    names = [name for name in names if not (TARGET == "module" and isinstance(getattr(zmq, name), types.ModuleType))]
    count = 0
    over = time.monotonic() + 5
    rounds = [(1, {})] * 4 + [(2, {}), (3, {}), (0, {}), (1, {"keyword": 1}), (0, {"keyword": 2})]
    while time.monotonic() < over:
        for name in names:
            size, keywords = choose.choice(rounds)
            chosen = {choose.choice(NAMES): garbage() for _ in range(len(keywords))}
            call(name, [garbage() for _ in range(size)], chosen)
            count += 1
        if count > 1200: break
    with zmq.Context() as context, context.socket(zmq.PAIR) as one, context.socket(zmq.PAIR) as two:
        one.bind("inproc://sane")
        two.connect("inproc://sane")
        one.send(b"sane")
        print(two.recv(), count > 100)
"""


@pytest.mark.parametrize("target", TARGETS)
def test_nonsense_ends_no_process(target: str, run_child: Callable[..., Any]) -> None:
    """Any exception will do; a signal, a hang or a broken library will not."""
    child = run_child(child_code(CODE, TARGET=target, SEED=1), timeout=30)
    assert (child.exit_code, child.signal) == (0, None), child.stderr
    assert child.stdout.splitlines()[-1] == "b'sane' True"
