"""Out of files, memory, sockets and threads: at every place an exception, and everything works once there is room.

Each child process runs one program, with one resource limited to a number that goes up from child to child, so that
it runs out at another place each time. With Python's memory each allocation fails in turn, in one process.
"""

from __future__ import annotations

import os
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import children
from report import Report

LONG = {"step": 1}
SHORT = {"step": 29}

DEADLINE_SECONDS = 120.0

# A bit of everything. What runs out raises; then all is closed, the limit is lifted, and it works.
PROGRAM = """
import linecache, multiprocessing.util, resource, traceback, warnings
zmq.KeyPair, zmq.parse_monitor_message  # loaded when first used
warnings.simplefilter("ignore")
raised = []
def attempt(call, *arguments, **keywords):
    try:
        return call(*arguments, **keywords)
    except (zmq.ZMQBaseError, OSError, MemoryError, RuntimeError) as error:
        raised.append(type(error).__name__ + " " + str(getattr(error, "errno", "")))

def everything():
    context = attempt(zmq.Context)
    if context is None:
        return False
    if SOCKETS: attempt(context.set, zmq.MAX_SOCKETS, SOCKETS)
    made = [attempt(context.socket, kind) for kind in
            (zmq.PUSH, zmq.PULL, zmq.REP, zmq.REQ, zmq.PUB, zmq.SUB, zmq.DEALER, zmq.ROUTER, zmq.PAIR, zmq.PAIR)]
    there = [socket for socket in made if socket is not None]
    for socket in there:
        socket.linger, socket.rcvtimeo, socket.sndtimeo = 0, 50, 50
        attempt(socket.bind, "tcp://127.0.0.1:*")
        attempt(socket.bind, "ipc://" + FOLDER + "/%d" % id(socket))
        attempt(socket.bind, "inproc://%d" % id(socket))
        attempt(socket.connect, "tcp://127.0.0.1:1")
        attempt(socket.get_monitor_socket)
    poller = zmq.Poller()
    for socket in there: poller.register(socket, zmq.POLLIN)
    attempt(poller.poll, 0)
    sent = False
    if made[0] and made[1]:
        attempt(made[1].bind, "inproc://both")
        attempt(made[0].connect, "inproc://both")
        for size in (10, 5000, 300000):
            attempt(made[0].send, bytes(size))
            attempt(made[0].send, bytearray(size), copy=False)
            attempt(made[1].recv)
            attempt(made[1].recv, copy=False)
        sent = attempt(made[0].send_multipart, [b"x", bytes(2000)], track=True) is not None
        attempt(made[1].recv_many, 5, 50)
    if zmq.has("curve"): attempt(zmq.curve_keypair)
    attempt(context.destroy, 0)
    return sent and len(there) == 10

LIMIT()
try: everything()
except MemoryError: pass  # of this program's own, outside any call
RELAX()
raised.clear()
SOCKETS = 0
until = time.monotonic() + 20
# libzmq closes descriptors on threads of its own, a moment later.
while not everything() and time.monotonic() < until: pass
assert time.monotonic() < until, raised
print("worked again")
"""

LIMITS = {
    "files": """
def LIMIT():
    global soft, hard
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (VALUE, hard))
def RELAX(): resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
SOCKETS = 0
""",
    "address space": """
def LIMIT():
    global soft, hard
    zmq.Context().socket(zmq.PULL).close()
    soft, hard = resource.getrlimit(resource.RLIMIT_AS)
    used = int(open("/proc/self/statm").read().split()[0]) * 4096
    resource.setrlimit(resource.RLIMIT_AS, (used + (VALUE << 20), hard))
def RELAX(): resource.setrlimit(resource.RLIMIT_AS, (soft, hard))
SOCKETS = 0
""",
    "sockets": """
def LIMIT(): pass
def RELAX(): pass
SOCKETS = VALUE
""",
    "threads": """
def LIMIT():
    global soft, hard
    os.setuid(60000 + VALUE)  # root has no limit
    soft, hard = resource.getrlimit(resource.RLIMIT_NPROC)
    resource.setrlimit(resource.RLIMIT_NPROC, (VALUE, hard))
def RELAX(): resource.setrlimit(resource.RLIMIT_NPROC, (soft, hard))
SOCKETS = 0
""",
}

# What glibc and libzmq say when some bytes for a thread or a queue are missing: they end the process, and nobody above
# them can help that.
HELPLESS = ("cannot allocate memory for thread-local data", "OUT OF MEMORY")
# MiB of address space beyond what is in use.
VALUES = {"files": range(3, 90), "address space": range(12, 132, 2), "sockets": range(1, 45), "threads": range(1, 30)}

# Every allocation of Python's in every hot verb fails once: MemoryError, or the call worked all the same.
PYTHON_MEMORY = """
import _testcapi
context = zmq.Context()
one, two = context.socket(zmq.PAIR), context.socket(zmq.PAIR)
one.bind("inproc://memory")
two.connect("inproc://memory")
one.sndtimeo = two.rcvtimeo = 0
large, frame = os.urandom(5000), zmq.Frame(bytearray(5000), track=True)
poller = zmq.Poller()
poller.register(two, zmq.POLLIN)
buffer = bytearray(6000)
CALLS = {
    "send": lambda: one.send(b"x"), "send large": lambda: one.send(large), "send tracked":
    lambda: one.send(bytearray(large), copy=False, track=True), "send frame": lambda: one.send(frame, copy=False),
    "send_multipart": lambda: one.send_multipart([b"x", large, frame], copy=False, track=True),
    "send_many": lambda: one.send_many([b"x", large, b"y"]), "recv": lambda: two.recv(),
    "recv frame": lambda: two.recv(copy=False), "recv_multipart": lambda: two.recv_multipart(),
    "recv_multipart frames": lambda: two.recv_multipart(copy=False), "recv_many": lambda: two.recv_many(5),
    "recv_many frames": lambda: two.recv_many(5, copy=False), "recv_into": lambda: two.recv_into(buffer),
    "Frame": lambda: zmq.Frame(large), "Frame()": lambda: zmq.Frame(), "frame.bytes": lambda: frame.bytes,
    "frame.buffer": lambda: frame.buffer, "memoryview": lambda: bytes(memoryview(frame)),
    "poll": lambda: two.poll(0), "Poller.poll": lambda: poller.poll(0), "Again": lambda: two.recv(zmq.DONTWAIT),
    "socket": lambda: context.socket(zmq.PULL).close(), "Context": lambda: zmq.Context().term(),
    "getsockopt": lambda: one.getsockopt(zmq.LINGER), "setsockopt": lambda: one.setsockopt(zmq.LINGER, 0),
    "bind": lambda: one.bind("inproc://memory"), "options": lambda: one.last_endpoint,
}
if os.environ.get("ZMQLITE_BACKEND") == "cffi":
    del CALLS["memoryview"]  # written in Python it has no buffer of its own before CPython 3.12

def fail_at(place, call):
    _testcapi.set_nomemory(place, place + 1)
    try:
        call()
    finally:
        _testcapi.remove_mem_hooks()

failed = worked = 0
sys.unraisablehook = lambda arguments: None
for name, call in CALLS.items():
    for place in range(0, 120, STEP):
        for _ in range(3):
            try: one.send_multipart([b"fill", large], zmq.DONTWAIT)
            except zmq.Again: pass
        try:
            fail_at(place, call)
            worked += 1
        except MemoryError:
            failed += 1
        except (zmq.ZMQError, ValueError):
            worked += 1
        except SystemError as error:
            # Of frame.f_back, which in CPython 3.11 leaves its MemoryError behind, and of cffi; not of the verbs.
            if name not in ("socket", "Context", "bind"): raise RuntimeError((name, place)) from error
            failed += 1
        while two.poll(0):
            try: two.recv_multipart()
            except zmq.Again: break
one.send(b"sane")
assert two.recv() == b"sane"
print(failed, worked)
context.destroy(0)
"""


def run(report: Report, step: int) -> None:
    """Every so many values of each limit, and every so many allocations of each call."""
    for what, limit in LIMITS.items():
        if what == "threads" and os.geteuid() != 0:
            report.say("threads: not tried, needs root to become a user with a limit")
            continue
        values = VALUES[what][::step]

        def start(value: int, limit: str = limit) -> children.Ended:
            folder = "/nowhere" if value % 7 == 3 else ""
            codes = (limit, "FOLDER = FOLDER or tempfile.TemporaryDirectory().name", PROGRAM)
            code = children.child_code(*codes, VALUE=value, FOLDER=folder)
            return children.run(code, DEADLINE_SECONDS)

        with ThreadPoolExecutor(2) as pool:
            ends = list(pool.map(start, values))
        helpless = [end for end in ends if any(text in end.stderr for text in HELPLESS)]
        ends = [end if end not in helpless else end._replace(code=0) for end in ends]
        bad = Counter(end.signal or f"code {end.code}" for end in ends if not end.well)
        died = f"{sum(bad.values())} processes did not go on {dict(bad)}"
        if helpless:
            died += f", and {len(helpless)} that glibc or libzmq ended for want of some bytes"
        report.figure(f"out of {what}: {len(ends)} limits, {died}", not bad)
        for value, end in [(value, end) for value, end in zip(values, ends) if not end.well][:3]:
            report.say(f"{what} {value}: {end.signal or end.code} {end.stdout[-300:]} {end.stderr[-1500:]}")
    ended = children.run(children.child_code(PYTHON_MEMORY, STEP=step), DEADLINE_SECONDS)
    if "_testcapi" in ended.stderr and "ModuleNotFoundError" in ended.stderr:
        report.say("out of Python's memory: not tried, this Python has no _testcapi")
        return
    failed = ended.stdout.split()[0] if ended.well else f"{ended.signal or ended.code} {ended.stderr[-2500:]}"
    report.figure(f"out of Python's memory: MemoryErrors: {failed}; then all worked", ended.well)
