"""Sockets: every type, making, sharing, closing, and their end in a cycle or under a call."""

from __future__ import annotations

import copy
import errno
import gc
import pickle
import threading
import time
import warnings
from collections.abc import Callable
from typing import Any

import pytest
from conftest import bind_wildcard
from exit_children import insist

import zmqlite
from zmqlite.errors import ZMQError

Pair = Callable[..., tuple[Any, Any]]

STABLE = (
    "PAIR", "PUB", "SUB", "REQ", "REP", "DEALER", "ROUTER", "XREQ", "XREP", "PULL", "PUSH", "XPUB", "XSUB", "STREAM",
)  # fmt: skip
DRAFT = ("CLIENT", "SERVER", "RADIO", "DISH", "GATHER", "SCATTER", "DGRAM", "PEER", "CHANNEL")
needs_drafts = pytest.mark.skipif(not zmqlite.has("draft"), reason="needs a libzmq with drafts")


def make(context: Any, *names: str, **options: Any) -> list[Any]:
    """Make sockets that give up after five seconds."""
    made = []
    for name in names:
        socket = context.socket(zmqlite.SocketType[name])
        for option, value in {"linger": 0, "rcvtimeo": 5000, "sndtimeo": 5000, **options}.items():
            setattr(socket, option, value)
        made.append(socket)
    return made


# ---- making and closing ----


@pytest.mark.parametrize("name", [*STABLE, *(pytest.param(name, marks=needs_drafts) for name in DRAFT)])
def test_every_type_is_made(context: zmqlite.Context[Any], name: str) -> None:
    """By enum, by number, by keyword; it knows its type and shows it."""
    number = zmqlite.SocketType[name]
    for socket in (
        context.socket(number),
        context.socket(int(number)),
        context.socket(socket_type=number),
        zmqlite.Socket(context, number),
    ):
        assert socket.type is number
        assert socket.TYPE == socket.get(zmqlite.TYPE) == number
        assert socket.context is context
        assert repr(socket) == f"<zmqlite.Socket({number.name}) at {id(socket):#x}>"
        socket.close()
        assert socket.type is number
        assert repr(socket) == f"<zmqlite.Socket({number.name}) at {id(socket):#x} closed>"


def test_socket_of_nonsense_is_refused(context: zmqlite.Context[Any]) -> None:
    """What is no context is a TypeError; a wrong argument leaves no socket behind."""
    for arguments in ((), ("context", 1), (None, 1), (5, 1)):
        with pytest.raises(TypeError, match="takes a Context"):
            zmqlite.Socket(*arguments)
    with pytest.raises(TypeError):
        zmqlite.Socket(context, zmqlite.PUSH, copy_threshold="x")  # type: ignore[arg-type]
    for address in ("x", 1.5):
        with pytest.raises(TypeError, match=r"Socket.shadow\(\) takes an address"):
            zmqlite.Socket.shadow(address)  # type: ignore[arg-type]


def test_close_twice_is_no_error(context: zmqlite.Context[Any]) -> None:
    """Also with a linger."""
    socket = context.socket(zmqlite.PUSH)
    assert not socket.closed
    assert socket.underlying != 0
    socket.close(linger=0)
    assert socket.closed
    assert socket.underlying == 0
    socket.close()
    socket.close(5)


def test_close_sets_the_linger() -> None:
    """What cannot be delivered keeps the context for so long, and no longer."""
    for linger, at_least, at_most in ((0, 0, 0.5), (300, 0.25, 5)):
        context = zmqlite.Context()
        socket = context.socket(zmqlite.PUSH)
        socket.connect("tcp://127.0.0.1:1")
        socket.send(b"nobody takes this")
        socket.close(linger=linger)
        began = time.monotonic()
        context.term(timeout=10000)
        assert at_least <= time.monotonic() - began < at_most


def test_close_refuses_a_wrong_linger(context: zmqlite.Context[Any]) -> None:
    """And the socket stays open."""
    with context.socket(zmqlite.PUSH) as socket:
        for wrong, error in ((-2, ZMQError), ("x", TypeError), (2**31, OverflowError)):
            with pytest.raises(error, match="LINGER"):
                socket.close(wrong)
        assert not socket.closed
    assert socket.closed


def test_with_closes_after_an_exception_too(context: zmqlite.Context[Any]) -> None:
    """And the exception goes on."""
    with pytest.raises(KeyError), context.socket(zmqlite.PUSH) as socket:
        raise KeyError
    assert socket.closed


CLOSED_CALLS: list[tuple[str, tuple[Any, ...]]] = [
    ("send", (b"x",)),
    ("send", (b"x" * 5000,)),
    ("send_multipart", ([b"x"],)),
    ("send_many", ([b"x"],)),
    ("send_string", ("x",)),
    ("send_json", (1,)),
    ("send_pyobj", (1,)),
    ("send_serialized", (b"x", lambda message: [message])),
    ("recv", ()),
    ("recv_multipart", ()),
    ("recv_many", ()),
    ("recv_string", ()),
    ("recv_json", ()),
    ("recv_pyobj", ()),
    ("recv_serialized", (list,)),
    ("recv_into", (bytearray(1),)),
    ("bind", ("inproc://x",)),
    ("connect", ("inproc://x",)),
    ("unbind", ("inproc://x",)),
    ("disconnect", ("inproc://x",)),
    ("bind_to_random_port", ("tcp://127.0.0.1",)),
    ("monitor", ("inproc://m",)),
    ("get_monitor_socket", ()),
    ("fileno", ()),
]


@pytest.mark.parametrize(("name", "arguments"), CLOSED_CALLS, ids=lambda value: value if isinstance(value, str) else "")
def test_calls_on_a_closed_socket_raise_enotsock(
    context: zmqlite.Context[Any], name: str, arguments: tuple[Any, ...]
) -> None:
    """Whatever is called, closed by itself or by its context."""
    for end in ("close", "destroy"):
        owner = zmqlite.Context()
        socket = owner.socket(zmqlite.PAIR)
        socket.close() if end == "close" else owner.destroy()
        with pytest.raises(ZMQError, match="the socket is closed") as caught:
            getattr(socket, name)(*arguments)
        assert caught.value.errno == errno.ENOTSOCK
        owner.term()


def test_poll_on_a_closed_socket_raises_enotsup(context: zmqlite.Context[Any]) -> None:
    """As pyzmq."""
    socket = context.socket(zmqlite.PAIR)
    socket.close()
    with pytest.raises(ZMQError, match="the socket is closed") as caught:
        socket.poll(0)
    assert caught.value.errno == errno.ENOTSUP


def test_dropped_socket_warns_and_is_closed() -> None:
    """ResourceWarning names where it was made; one that was closed does not warn."""
    with zmqlite.Context() as context:
        made = [context.socket(zmqlite.PUSH)]
        with pytest.warns(ResourceWarning, match=rf"Unclosed socket <zmqlite.Socket\(PUSH\).*made at {__file__}:\d+"):
            made.clear()
        gc.collect()
        assert "(0 sockets)" in repr(context)
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            made.append(context.socket(zmqlite.PUSH))
            made[0].close()
            made.clear()


def test_finalisers_of_a_cycle_meet_live_objects(run_child: Callable[..., Any]) -> None:
    """The collector finalises a cycle in any order: what is in it can be used, and nothing warns when all is closed."""
    child = run_child(
        """
        import gc, sys
        import zmqlite as zmq
        from zmqlite._native import ffi

        class Cycle:
            def __del__(self):
                states.append((self.socket.closed, self.context.closed, self.socket.type, repr(self.socket)[-7:]))
                try:
                    self.socket.send(b"x", zmq.DONTWAIT)
                except zmq.ZMQError as error:
                    states.append(error.errno)

        def make(close, last):
            cycle = Cycle()
            cycle.context = zmq.Context()
            cycle.socket = cycle.context.socket(zmq.PUSH)
            cycle.frame = zmq.Frame(b"x" * 100)
            if close:
                cycle.socket.close()
                cycle.context.term()
            # What is referred to from here stays in its place when the collector looks, what is not moves to the end.
            held = getattr(getattr(cycle, last), "_native", None)
            holder = [cycle]
            del cycle
            gc.collect()
            del held
            holder[0].cycle = holder[0]

        states = []
        for close in (True, False):
            for last in ("socket", "context", "frame"):
                make(close, last)
                gc.collect()
                assert states, "the cycle was not collected"
                if close:
                    assert states == [(True, True, zmq.PUSH, "closed>"), 88], states
                states.clear()
        print("done")
        """,
        PYTHONWARNINGS="always",
    )
    assert (child.stdout, child.exit_code, child.signal) == ("done\n", 0, None)
    warned = [line for line in child.stderr.splitlines() if "Unclosed" in line]
    assert len(warned) in (3, 6)  # Of each open pair the context, and the socket if it was finalised before that.


def test_finalised_trackers_and_monitors_still_answer(context: zmqlite.Context[Any]) -> None:
    """In a cycle they may be finalised before whoever asks them."""
    push, pull = make(context, "PUSH", "PULL")
    push.connect(bind_wildcard(pull))
    tracker = push.send(b"x" * 100_000, copy=False, track=True)
    pull.get_monitor_socket()
    assert pull.recv() == b"x" * 100_000
    tracker.wait(5)
    (hold,) = tracker.events
    for finalised in (hold, pull._monitor):
        for _ in range(2):
            finalised.__del__()
    assert tracker.done
    tracker.wait()
    assert pull.monitor_dropped == 0


def test_finaliser_called_while_a_thread_is_inside(run_child: Callable[..., Any]) -> None:
    """__del__() by hand, while recv() waits: the thread gets ENOTSOCK, and the process lives."""
    child = run_child(
        """
        import threading, time, warnings
        import zmqlite as zmq

        warnings.simplefilter("ignore")
        context = zmq.Context()
        socket = context.socket(zmq.PULL)
        socket.rcvtimeo = 3000
        raised = []

        def receive():
            try:
                socket.recv()
            except zmq.ZMQError as error:
                raised.append(error.errno)

        thread = threading.Thread(target=receive)
        thread.start()
        while True:
            try:
                socket.get(zmq.LINGER)
            except zmq.SocketInUse:
                break
        socket.__del__()
        assert socket.closed
        thread.join()
        context.term(timeout=5000)
        print(raised)
        """
    )
    assert child.stdout in ("[88]\n", "[11]\n")
    assert (child.exit_code, child.signal) == (0, None)


# ---- sharing ----


def test_shadow_is_the_same_libzmq_socket(context: zmqlite.Context[Any]) -> None:
    """By address, by object, by position, and by copy; it knows the context of the object."""
    push, pull = make(context, "PUSH", "PULL")
    push.connect(bind_wildcard(pull))
    for shadow in (
        zmqlite.Socket.shadow(push.underlying),
        zmqlite.Socket.shadow(push),
        zmqlite.Socket(push),
        zmqlite.Socket(shadow=push),
        copy.copy(push),
        copy.deepcopy(push),
    ):
        assert shadow is not push
        assert shadow != push
        assert shadow.underlying == push.underlying
        assert shadow.type is zmqlite.PUSH
        shadow.send(b"through the shadow")
        assert pull.recv() == b"through the shadow"
        del shadow
        gc.collect()
        assert not push.closed
    assert zmqlite.Socket(push).context is context
    push.close()
    pull.close()


def test_closing_a_shadow_closes_the_socket(context: zmqlite.Context[Any]) -> None:
    """They are one: each says so, and closing the other too is no error."""
    socket = context.socket(zmqlite.PUSH)
    first, second = zmqlite.Socket(socket), zmqlite.Socket(socket)
    first.close()
    assert [each.closed for each in (first, second, socket)] == [True] * 3
    for each in (first, second, socket):
        with pytest.raises(ZMQError, match="closed"):
            each.send(b"x")
        each.close()


def test_shadow_shares_the_guard(context: zmqlite.Context[Any]) -> None:
    """Two threads cannot be inside one libzmq socket, whichever object they use."""
    socket = context.socket(zmqlite.PULL)
    socket.rcvtimeo = 5000
    shadow = zmqlite.Socket(socket)
    outcome: list[Any] = []

    def receive() -> None:
        try:
            outcome.append(insist(socket.recv))
        except ZMQError as error:
            outcome.append(error)

    thread = threading.Thread(target=receive)
    thread.start()
    while True:
        try:
            shadow.get(zmqlite.LINGER)
        except zmqlite.SocketInUse:
            break
    context.destroy(linger=0)
    thread.join()
    assert isinstance(outcome[0], zmqlite.ContextTerminated)


def test_socket_cannot_be_pickled(context: zmqlite.Context[Any]) -> None:
    """TypeError that says why."""
    with context.socket(zmqlite.PUSH) as socket, pytest.raises(TypeError, match="cannot be pickled"):
        pickle.dumps(socket)


def test_sockets_are_keys(context: zmqlite.Context[Any]) -> None:
    """Equal to itself only."""
    first, second = make(context, "PUSH", "PUSH")
    shadow = zmqlite.Socket(first)
    assert len({first, second, shadow, first}) == 3
    assert zmqlite.Socket[bytes] is not None
    for socket in (first, second):
        socket.close()


def test_socket_type_is_deprecated(context: zmqlite.Context[Any]) -> None:
    """As in pyzmq."""
    with context.socket(zmqlite.PUSH) as socket, pytest.warns(DeprecationWarning, match="use Socket.type"):
        assert socket.socket_type == zmqlite.PUSH


@pytest.mark.parametrize("name", ["PUB", "PUSH", "REQ", "REP"])
def test_recv_is_refused_for_its_own_reason_also_after_poll(context: Any, name: str) -> None:
    """poll() has told that there is nothing: that is no reason to answer Again where the type cannot receive."""
    socket = context.socket(getattr(zmqlite, name))
    expected = {"PUB": zmqlite.ENOTSUP, "PUSH": zmqlite.ENOTSUP, "REQ": zmqlite.EFSM, "REP": zmqlite.EAGAIN}[name]
    assert socket.poll(0) == 0
    with pytest.raises(ZMQError) as caught:
        socket.recv(zmqlite.NOBLOCK)
    assert caught.value.errno == expected
