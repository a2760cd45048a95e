"""Every public call with hostile types, sizes and buffers, chosen by Hypothesis: documented exceptions, and no others.

Each example is a call of one public function or method with up to four arguments. Children run them in parts, each
part with a seed of its own.
"""

from __future__ import annotations

import contextlib
import inspect
import os
import signal
import sys
import threading
import types
import warnings
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import children
from report import Report

import zmqlite as zmq

LONG = {"examples": 1_000_000}
SHORT = {"examples": 600}

PART = 10_000
DEADLINE_SECONDS = 900.0
# What docstrings promise.
DOCUMENTED = (
    zmq.ZMQBaseError,
    TypeError,
    ValueError,
    OverflowError,
    BufferError,
    AttributeError,
    NotImplementedError,
    MemoryError,
)
# They wait for ever by design, end what others need, change the process, or need pyczmq.
LEFT_OUT = {"device", "proxy", "proxy_steerable", "monitored_queue", "set_exit_linger", "bind_to_random_port"}
LEFT_OUT.add("shadow_pyczmq")
KEYWORDS = ("flags", "copy", "track", "timeout", "linger", "nbytes", "multipart", "routing_id", "group", "events")


class Stuck(BaseException):
    """A call that waits, as it should; it is not waited for."""


class OwnError(Exception):
    """Raised by hostile objects: it comes through unchanged."""


class Hostile:
    """Raises whatever is asked of it."""

    def __index__(self) -> int:
        raise OwnError

    __int__ = __bool__ = __len__ = __iter__ = __hash__ = __str__ = fileno = __float__ = __index__  # type: ignore

    def __getattr__(self, name: str) -> Any:
        raise OwnError


class Liar:
    """Says what cannot be."""

    underlying = -8

    def __len__(self) -> int:
        return 1 << 40

    def __getitem__(self, place: int) -> bytes:
        if place > 3:
            raise IndexError
        return b"x"

    def __index__(self) -> int:
        return 1 << 70

    fileno = __index__


class Shrinking(list):  # type: ignore[type-arg]
    """Gets shorter while it is read."""

    def __iter__(self) -> Any:
        while self:
            yield self.pop()


def _strategy(given: Any) -> Any:
    """What arguments are made of; given is Hypothesis's strategies."""

    def pick(things: list[Any]) -> Any:
        # sampled_from() asks things for their hash.
        return given.integers(0, len(things) - 1).map(lambda place: things[place])

    released = memoryview(bytearray(5))
    released.release()
    numbers = given.one_of(
        given.integers(-3, 70),
        given.integers(-(1 << 70), 1 << 70),
        given.sampled_from([1 << bits for bits in (15, 16, 31, 32, 63, 64)]),
        given.floats(),
    )
    texts = given.one_of(
        given.text(max_size=20),
        given.sampled_from(["tcp://*:99999", "inproc://x", "tcp://127.0.0.1:*", "ipc://", "\udcff", "a\0b", "x" * 300]),
    )
    buffers = given.one_of(
        given.binary(max_size=40),
        given.builds(bytearray, given.binary(max_size=40)),
        pick([b"x" * 5000, memoryview(b"abcdef")[::2], memoryview(b""), released, b"inproc://x"]),
        given.builds(lambda data: memoryview(bytearray(data)), given.binary(max_size=3000)),
    )
    objects = pick(
        [None, True, False, Ellipsis, object(), object, len, Hostile(), Liar(), zmq, zmq.Socket, zmq.Frame(b"f")]
    )
    makers = [zmq.Poller, lambda: Shrinking([b"a", b"b"]), lambda: iter([b"a"]), lambda: zmq.Frame(bytearray(2000))]
    made = pick(makers).map(lambda make: make())
    simple = given.one_of(numbers, texts, buffers, objects, made)
    nested = given.one_of(
        given.lists(simple, max_size=4), given.dictionaries(texts, numbers, max_size=2), given.tuples(simple, simple)
    )
    return given.one_of(simple, simple, nested, given.just(SOCKET))


SOCKET = "the socket under test"


class Targets:
    """Objects to call, made anew when a call has used them up."""

    def __init__(self) -> None:
        self.context: Any = zmq.Context()
        self.socket: Any = None
        self.names = {kind: _public(self.make(kind)) for kind in ("socket", "context", "frame", "tracker", "poller")}
        self.names["module"] = [
            name for name in zmq.__all__ if callable(getattr(zmq, name)) and not inspect.isclass(getattr(zmq, name))
        ] + ["Context", "Socket", "Frame", "Poller", "MessageTracker", "KeyPair"]
        self.names["module"] = [name for name in self.names["module"] if name not in LEFT_OUT]
        self.all = [(kind, name) for kind, names in self.names.items() for name in names]

    def make(self, kind: str) -> Any:
        """An object to call."""
        if kind == "module":
            return zmq
        if kind == "frame":
            return zmq.Frame(bytearray(b"x" * 100), copy=False)
        if kind == "tracker":
            return zmq.MessageTracker()
        if kind == "poller":
            return zmq.Poller()
        if kind == "context":
            return zmq.Context()
        if self.context.closed:
            self.context = zmq.Context()
            self.socket = None
        if self.socket is not None:
            self.socket.close(0)
        self.socket = self.context.socket(zmq.DEALER)
        self.socket.linger = self.socket.rcvtimeo = self.socket.sndtimeo = 0
        return self.socket

    def call(self, place: int, arguments: list[Any], keywords: dict[str, Any]) -> str | None:
        """Make a call. Returns what is wrong with what it raised."""
        kind, name = self.all[place]
        target = self.make(kind)
        arguments = [self.make("socket") if argument is SOCKET else argument for argument in arguments]
        try:
            signal.setitimer(signal.ITIMER_REAL, 0.05)
            function = getattr(target, name)
            if callable(function):
                function(*arguments, **keywords)
            elif arguments and name != "context":  # what a program puts there is its own affair
                setattr(target, name, arguments[0])
        except DOCUMENTED:
            return None
        except (OwnError, Stuck):
            return None
        except Exception as error:  # that is what this looks for
            # What a caller's own object or function raises comes through.
            return None if _raised_by_caller(error, name) else f"{kind}.{name}{arguments}{keywords}: {error!r}"
        finally:
            with contextlib.suppress(Stuck):
                signal.setitimer(signal.ITIMER_REAL, 0)
            if kind == "context":
                with contextlib.suppress(Stuck):
                    target.destroy(0)
        return None


def _public(target: Any) -> list[str]:
    names = [name for name in dir(target) if not name.startswith("_") and name not in LEFT_OUT]
    return [*names, "__getitem__", "__setattr__", "__contains__", "__init__", "__exit__"]


def _raised_by_caller(error: Exception, name: str) -> bool:
    # pickle and json raise what they like about what a peer, here this process, has sent.
    # A RuntimeError of parse_monitor_message() is what it promises.
    own = name.startswith(("recv_pyobj", "send_pyobj", "recv_serialized", "parse_monitor_message"))
    return own or isinstance(error, (RecursionError, LookupError))


def try_part(examples: int, seed: int) -> None:
    """Try so many examples in this process; prints what is wrong, and their number."""
    import hypothesis
    from hypothesis import strategies as given

    warnings.simplefilter("ignore")
    sys.unraisablehook = threading.excepthook = lambda arguments: None  # type: ignore[assignment]
    os.chdir("/")

    def unstick(*arguments: object) -> None:
        raise Stuck

    signal.signal(signal.SIGALRM, unstick)
    targets = Targets()
    wrong: Counter[str] = Counter()
    count = 0
    value = _strategy(given)

    @hypothesis.seed(seed)
    @hypothesis.settings(
        max_examples=examples,
        deadline=None,
        database=None,
        phases=[hypothesis.Phase.generate],
        suppress_health_check=list(hypothesis.HealthCheck),
    )
    @hypothesis.given(
        given.integers(0, len(targets.all) - 1),
        given.lists(value, max_size=3),
        given.one_of(given.just({}), given.dictionaries(given.sampled_from(KEYWORDS), value, max_size=1)),
    )
    def example(place: int, arguments: list[Any], keywords: dict[str, Any]) -> None:
        nonlocal count
        count += 1
        try:
            found = targets.call(place, arguments, keywords)
        except Stuck:  # the alarm came late, when the call was over
            found = None
        if found:
            wrong[found[:400]] += 1

    example()
    with zmq.Context() as context, context.socket(zmq.PAIR) as one, context.socket(zmq.PAIR) as two:
        one.bind("inproc://sane")
        two.connect("inproc://sane")
        one.send(b"sane")
        assert two.recv() == b"sane"
    targets.context.destroy(0)
    for text in wrong:
        print("wrong", text)
    print("examples", count)


def run(report: Report, examples: int) -> None:
    """Try so many examples, in children."""
    try:
        import hypothesis
    except ImportError:
        report.figure("needs hypothesis: pip install hypothesis", False)
        return
    assert isinstance(hypothesis, types.ModuleType)
    parts = [(min(PART, examples - begin), begin // PART) for begin in range(0, examples, PART)]
    done = 0
    wrong: Counter[str] = Counter()
    deaths = []

    def start(part: tuple[int, int]) -> children.Ended:
        code = f"import sys; sys.path[:0] = {sys.path!r}; import boundary; boundary.try_part(*{part})"
        return children.run(code, DEADLINE_SECONDS)

    with ThreadPoolExecutor(2) as pool:
        for (size, seed), ended in zip(parts, pool.map(start, parts)):
            if not ended.well:
                deaths.append(f"seed {seed}, {size} examples: {ended.signal or ended.code} {ended.stderr[-2500:]}")
                report.say(deaths[-1])
            for line in ended.stdout.splitlines():
                kind, _, text = line.partition(" ")
                if kind == "wrong":
                    wrong[text] += 1
                elif kind == "examples":
                    done += int(text)
            if len(parts) >= 50 and seed % 10 == 9:
                report.say(f"{done:,} examples, {len(wrong)} undocumented exceptions, {len(deaths)} deaths")
    report.figure(f"{done:,} examples: {len(deaths)} processes ended by a signal, hung or broke", not deaths)
    report.figure(f"exceptions that are not documented: {len(wrong)}", not wrong)
    for line in list(wrong)[:15]:
        report.say(line)
