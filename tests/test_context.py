"""Contexts: making, sharing, their options, the defaults they give to sockets, and their end."""

from __future__ import annotations

import copy
import errno
import gc
import inspect
import os
import threading
import time
import warnings
import weakref
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from conftest import bind_wildcard

import zmqlite
from zmqlite.errors import ZMQError
from zmqlite.option_table import CONTEXT_ROWS

SocketClass = zmqlite.Socket[bytes]


def get_line() -> int:
    """The number of the caller's line."""
    frame = inspect.currentframe()
    assert frame is not None
    assert frame.f_back is not None
    return frame.f_back.f_lineno


# ---- making ----


@pytest.mark.parametrize("threads", [0, 1, 3])
def test_context_has_the_threads_asked_for(threads: int) -> None:
    """By position and by name; 0 will do for inproc."""
    for made in (zmqlite.Context(threads), zmqlite.Context(io_threads=threads)):
        assert made.io_threads == made.get(zmqlite.IO_THREADS) == threads
        with made.socket(zmqlite.PUSH) as push, made.socket(zmqlite.PULL) as pull:
            pull.bind("inproc://threads")
            push.connect("inproc://threads")
            push.send(b"x")
            assert pull.recv() == b"x"
        made.term()


def test_context_of_nonsense_is_refused() -> None:
    """A wrong type is TypeError, a wrong number EINVAL; nothing is left open."""
    for wrong in ("x", None, 1.5):
        with pytest.raises(TypeError, match="takes an int"):
            zmqlite.Context(wrong)  # type: ignore[arg-type]
    for number in (-1, 2**30):
        with pytest.raises(ZMQError, match="IO_THREADS") as caught:
            zmqlite.Context(number)
        assert caught.value.errno == errno.EINVAL
    for address in ("x", 1.5):
        with pytest.raises(TypeError, match=r"Context.shadow\(\) takes an address"):
            zmqlite.Context.shadow(address)  # type: ignore[arg-type]


def test_repr_tells_sockets_and_closed(context: zmqlite.Context[Any]) -> None:
    """How many sockets there are, and whether it is closed."""
    made = zmqlite.Context()
    assert repr(made) == f"<zmqlite.Context(0 sockets) at {id(made):#x}>"
    with made.socket(zmqlite.PUSH):
        assert "(1 socket)" in repr(made)
        with made.socket(zmqlite.PUSH):
            assert "(2 sockets)" in repr(made)
    made.term()
    assert repr(made) == f"<zmqlite.Context(0 sockets) at {id(made):#x} closed>"


def test_context_is_generic_at_run_time() -> None:
    """Context[Socket[bytes]] can be written anywhere."""
    assert zmqlite.Context[SocketClass] is not None
    assert zmqlite.SyncContext is not None


# ---- instance ----


def test_instance_is_one_for_the_process() -> None:
    """The same until it is closed, then another."""
    first = zmqlite.Context.instance()
    try:
        assert zmqlite.Context.instance() is first
        assert zmqlite.Context.instance(io_threads=7).io_threads == 1
        first.term()
        second = zmqlite.Context.instance(io_threads=2)
        assert second is not first
        assert second.io_threads == 2
    finally:
        zmqlite.Context.instance().term()


def test_instance_of_a_subclass_is_its_own() -> None:
    """Whichever class asks first."""

    class Child(zmqlite.Context[Any]):
        pass

    class Grandchild(Child):
        pass

    made = [cls.instance() for cls in (zmqlite.Context, Grandchild, Child)]
    assert [type(instance) for instance in made] == [zmqlite.Context, Grandchild, Child]
    assert [Child.instance(), Grandchild.instance(), zmqlite.Context.instance()] == [made[2], made[1], made[0]]
    for instance in made:
        instance.term()


def test_instance_is_made_once_by_many_threads() -> None:
    """All threads get the same one."""

    class Child(zmqlite.Context[Any]):
        pass

    barrier = threading.Barrier(8)
    got = []

    def ask() -> None:
        barrier.wait()
        got.append(Child.instance())

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert set(got) == {Child.instance()}
    Child.instance().term()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork()")
def test_instance_of_a_forked_child_is_new(run_child: Callable[..., Any]) -> None:
    """The parent's is closed there, the child's works, and the parent's goes on."""
    child = run_child(
        """
        import os, zmqlite as zmq
        parent = zmq.Context.instance()
        pid = os.fork()
        if pid == 0:
            assert parent.closed
            mine = zmq.Context.instance()
            assert mine is not parent and not mine.closed
            with mine.socket(zmq.PUSH) as push, mine.socket(zmq.PULL) as pull:
                pull.bind("inproc://x")
                push.connect("inproc://x")
                push.send(b"x")
                assert pull.recv() == b"x"
            mine.term()
            os._exit(7)
        assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 7
        assert zmq.Context.instance() is parent and not parent.closed
        parent.socket(zmq.PUSH).close()
        parent.term()
        print("done")
        """
    )
    assert (child.stdout, child.stderr, child.exit_code) == ("done\n", "", 0)


# ---- sharing ----


def test_shadow_is_the_same_libzmq_context(context: zmqlite.Context[Any]) -> None:
    """Through the address, the object, the constructor, and copy."""
    for shadow in (
        zmqlite.Context.shadow(context.underlying),
        zmqlite.Context.shadow(context),
        zmqlite.Context(context),
        zmqlite.Context(shadow=context),
        copy.copy(context),
        copy.deepcopy(context),
    ):
        assert shadow.underlying == context.underlying
        assert shadow is not context
        with context.socket(zmqlite.PULL) as pull, shadow.socket(zmqlite.PUSH) as push:
            push.connect(bind_wildcard(pull))
            push.send(b"across")
            assert pull.recv() == b"across"


def test_shadow_never_terminates_the_context(context: zmqlite.Context[Any]) -> None:
    """term(), destroy(), with and going away close the shadow's own sockets at most."""
    ours = context.socket(zmqlite.PUSH)
    for end in ("term", "destroy", "with", "del"):
        shadow = zmqlite.Context.shadow(context)
        theirs = shadow.socket(zmqlite.PUSH)
        if end == "term":
            shadow.term()
            assert not theirs.closed
            theirs.close()
        elif end == "destroy":
            shadow.destroy(linger=0)
            assert theirs.closed
        elif end == "with":
            with pytest.warns(ResourceWarning, match="unclosed socket"), shadow:
                pass
            assert theirs.closed
        else:
            theirs.close()
        del shadow
        gc.collect()
        assert not context.closed
        assert not ours.closed
    ours.close()


def test_shadow_of_a_terminated_context_makes_no_socket() -> None:
    """Every shadow says that it is closed, however it was made."""
    context = zmqlite.Context()
    shadows = (zmqlite.Context.shadow(context), zmqlite.Context.shadow(context.underlying))
    context.term()
    for shadow in shadows:
        assert shadow.closed
        with pytest.raises(ZMQError, match="terminated") as caught:
            shadow.socket(zmqlite.PUSH)
        assert caught.value.errno == errno.ENOTSUP
    with pytest.raises(ZMQError) as caught:
        zmqlite.Context.shadow(context)
    assert caught.value.errno == errno.EFAULT


# ---- options ----


@pytest.mark.parametrize("row", CONTEXT_ROWS, ids=lambda row: row.name)
def test_context_option_is_an_attribute(context: zmqlite.Context[Any], row: Any) -> None:
    """In any case, readable as get() and set as set(), with a docstring."""
    if row.draft and not zmqlite.has("draft"):
        pytest.skip("needs a libzmq with drafts")
    names = (row.name, row.name.lower(), row.name.title())
    for name in names:
        assert hasattr(context, name) == row.readable
        if row.readable:
            assert getattr(context, name) == context.get(row.number)
        if not row.writable:
            with pytest.raises(ZMQError, match="only be read"):
                setattr(context, name, 5)
    for name in names[:2]:
        assert getattr(zmqlite.Context, name).__doc__.startswith(f"ZMQ_{row.name}: ")


@pytest.mark.parametrize("name", ["io_threads", "IO_THREADS", "Io_Threads"])
def test_context_option_is_set_as_an_attribute(name: str) -> None:
    """In any case."""
    with zmqlite.Context() as context:
        setattr(context, name, 3)
        assert context.get(zmqlite.IO_THREADS) == 3
        for wrong in ("x", None, 1.5):
            with pytest.raises(TypeError):
                setattr(context, name, wrong)
        with pytest.raises(ZMQError, match="allowed are 0 to 1024"):
            setattr(context, name, -1)
        assert context.get(zmqlite.IO_THREADS) == 3


def test_unknown_context_option_is_einval(context: zmqlite.Context[Any]) -> None:
    """By number; by name it is an AttributeError."""
    for call in (lambda: context.get(9999), lambda: context.set(9999, 1), lambda: context.get(-1)):
        with pytest.raises(ZMQError) as caught:
            call()
        assert caught.value.errno == errno.EINVAL
    for name in ("nonsense", "_nonsense"):
        assert not hasattr(context, name)
        with pytest.raises(AttributeError, match=name):
            setattr(context, name, 1)
        with pytest.raises(AttributeError, match=name):
            delattr(context, name)


def test_attribute_declared_by_a_subclass_is_set() -> None:
    """A class attribute and an annotation are names that a subclass may set."""

    class Child(zmqlite.Context[Any]):
        made = 1
        annotated: int

    with Child() as context:
        context.made, context.annotated = 5, 6
        assert (context.made, context.annotated) == (5, 6)


def test_policy_that_was_not_set_reads_minus_one(context: zmqlite.Context[Any]) -> None:
    """A value of -1 is told from an error, whatever errno was before."""
    with pytest.raises(ZMQError):
        context.get(9999)
    assert context.get(zmqlite.THREAD_SCHED_POLICY) == -1


def test_max_sockets_is_what_can_be_open() -> None:
    """One more is EMFILE, and closing one makes room."""
    with zmqlite.Context() as context:
        context.max_sockets = 3
        assert context.max_sockets == 3
        sockets = [context.socket(zmqlite.PUSH) for _ in range(3)]
        with pytest.raises(ZMQError, match="MAX_SOCKETS") as caught:
            context.socket(zmqlite.PUSH)
        assert caught.value.errno == errno.EMFILE
        for socket in sockets:
            socket.close()


def test_options_of_a_closed_context_raise() -> None:
    """There is nobody to ask."""
    context = zmqlite.Context()
    context.term()
    for call in (lambda: context.get(zmqlite.IO_THREADS), lambda: context.set(zmqlite.IO_THREADS, 1)):
        with pytest.raises(zmqlite.ContextTerminated):
            call()


# ---- defaults for sockets ----


@pytest.mark.parametrize("name", ["linger", "LINGER", "Linger"])
def test_default_goes_to_new_sockets(name: str) -> None:
    """In any case; it can be read, listed and deleted, and old sockets keep what they had."""
    with zmqlite.Context() as context:
        before = context.socket(zmqlite.PUSH)
        assert not hasattr(context, name)
        setattr(context, name, 5)
        assert getattr(context, name) == context.getsockopt(zmqlite.LINGER) == 5
        assert context.sockopts == {zmqlite.LINGER: 5}
        with context.socket(zmqlite.PUSH) as socket, before:
            assert (socket.linger, before.linger) == (5, -1)
        delattr(context, name.lower())
        assert context.sockopts == {}
        with context.socket(zmqlite.PUSH) as socket:
            assert socket.linger == -1
        with pytest.raises(AttributeError, match="LINGER"):
            delattr(context, name.lower())
        with pytest.raises(KeyError):
            context.getsockopt(zmqlite.LINGER)


def test_default_that_is_wrong_is_refused_at_once(context: zmqlite.Context[Any]) -> None:
    """Not at the next socket."""
    with pytest.raises(ZMQError, match="allowed are -1"):
        context.linger = -5
    with pytest.raises(TypeError, match="takes an int"):
        context.setsockopt(zmqlite.SNDHWM, "many")
    with pytest.raises(TypeError, match="takes bytes"):
        context.setsockopt(zmqlite.SUBSCRIBE, "text")
    assert context.sockopts == {}


def test_default_is_left_out_where_it_does_not_fit(context: zmqlite.Context[Any]) -> None:
    """Socket types without the option are made all the same; the others have it."""
    context.linger = 0
    context.setsockopt(zmqlite.SUBSCRIBE, b"topic")
    context.router_mandatory = 1
    with context.socket(zmqlite.PUSH), context.socket(zmqlite.XPUB) as publisher, context.socket(zmqlite.SUB) as sub:
        publisher.bind("inproc://defaults")
        sub.connect("inproc://defaults")
        assert publisher.recv() == b"\x01topic"
    with context.socket(zmqlite.ROUTER) as router, pytest.raises(ZMQError) as caught:
        router.send_multipart([b"nobody", b"x"])
    assert caught.value.errno == errno.EHOSTUNREACH


def test_socket_is_closed_when_a_default_cannot_be_set(context: zmqlite.Context[Any]) -> None:
    """The exception leaves no socket behind."""

    class Child(zmqlite.Socket[bytes]):
        def set(self, option: int, optval: Any) -> None:
            raise OverflowError

    context.linger = 0
    with pytest.raises(OverflowError):
        context.socket(zmqlite.PUSH, socket_class=Child)
    assert "(0 sockets)" in repr(context)


# ---- sockets ----


def test_socket_class_is_called_with_the_keywords(context: zmqlite.Context[Any]) -> None:
    """Of a call, or of a subclass of Context."""

    class Child(zmqlite.Socket[bytes]):
        extra: Any = None

        def __init__(self, *args: Any, extra: Any = None, **kwargs: Any) -> None:
            super().__init__(*args, **kwargs)
            self.extra = extra

    class Maker(zmqlite.Context[Any]):
        _socket_class = Child

    with context.socket(zmqlite.PUSH, socket_class=Child, extra=5) as socket:
        assert (type(socket), socket.extra, socket.context) == (Child, 5, context)
    with Maker() as maker, maker.socket(zmqlite.PUSH, extra=6) as socket:
        assert (type(socket), socket.extra) == (Child, 6)
    with context.socket(zmqlite.PUSH) as socket:
        assert type(socket) is zmqlite.Socket


def test_wrong_socket_types_are_refused(context: zmqlite.Context[Any]) -> None:
    """EINVAL from libzmq, TypeError for what is no number."""
    for number in (999, -1):
        with pytest.raises(ZMQError, match=f"socket\\({number}\\)|socket\\('{number}'\\)") as caught:
            context.socket(number)
        assert caught.value.errno == errno.EINVAL
    for wrong in ("PUSH", None, 1.5):
        with pytest.raises(TypeError, match="takes a SocketType"):
            context.socket(wrong)  # type: ignore[arg-type]
    with pytest.raises(TypeError):
        context.socket(zmqlite.PUSH, bogus=1)


def test_closed_context_makes_no_socket() -> None:
    """ENOTSUP, through the context and through the class."""
    context = zmqlite.Context()
    context.term()
    for call in (lambda: context.socket(zmqlite.PUSH), lambda: zmqlite.Socket(context, zmqlite.PUSH)):
        with pytest.raises(ZMQError, match="the context is terminated") as caught:
            call()
        assert caught.value.errno == errno.ENOTSUP


# ---- the end ----


def test_term_twice_is_no_error() -> None:
    """term() and destroy() of a closed context do nothing."""
    context = zmqlite.Context()
    assert not context.closed
    context.term()
    assert context.closed
    assert context.underlying == 0
    context.term()
    context.term(timeout=0)
    context.destroy()
    context.destroy(linger=0)


def test_term_with_a_timeout_raises_and_can_be_called_again() -> None:
    """It names the socket that is still open and where it was made."""
    context = zmqlite.Context()
    socket, line = context.socket(zmqlite.PUSH), get_line()
    began = time.monotonic()
    with pytest.raises(zmqlite.Again, match=rf"term\(timeout=20\).*1 socket\(s\) still open.*{__file__}:{line}"):
        context.term(timeout=20)
    assert 0.02 <= time.monotonic() - began < 5
    assert not context.closed
    with pytest.raises(zmqlite.ContextTerminated):
        socket.send(b"x")
    socket.close()
    context.term(timeout=5000)
    assert context.closed


def test_term_waits_for_the_linger() -> None:
    """A message that cannot be delivered keeps term() until the linger is over."""
    context = zmqlite.Context()
    socket = context.socket(zmqlite.PUSH)
    socket.connect("tcp://127.0.0.1:1")
    socket.send(b"nobody takes this")
    socket.close(linger=150)
    with pytest.raises(zmqlite.Again, match="messages are still being sent"):
        context.term(timeout=1)
    context.term(timeout=5000)
    assert context.closed


def test_term_ends_a_blocked_recv() -> None:
    """The other thread gets ContextTerminated, closes, and term() returns."""
    context = zmqlite.Context()
    waiting = threading.Event()
    raised: list[BaseException] = []

    def receive() -> None:
        with context.socket(zmqlite.PULL) as socket:
            waiting.set()
            try:
                socket.recv()
            except ZMQError as error:
                raised.append(error)

    thread = threading.Thread(target=receive)
    thread.start()
    waiting.wait()
    context.term(timeout=10000)
    thread.join()
    assert isinstance(raised[0], zmqlite.ContextTerminated)
    assert raised[0].errno == zmqlite.ETERM


def test_destroy_closes_every_socket() -> None:
    """Without a warning, and the sockets know it."""
    context = zmqlite.Context()
    sockets = [context.socket(zmqlite.PUSH) for _ in range(3)]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        context.destroy()
    assert context.closed
    for socket in sockets:
        assert socket.closed
        with pytest.raises(ZMQError, match="closed") as caught:
            socket.send(b"x")
        assert caught.value.errno == errno.ENOTSOCK
        socket.close()


def test_destroy_sets_the_linger() -> None:
    """linger=0 drops what cannot be delivered; a wrong one is refused and nothing is closed."""
    context = zmqlite.Context()
    socket = context.socket(zmqlite.PUSH)
    socket.connect("tcp://127.0.0.1:1")
    socket.send(b"nobody takes this")
    with pytest.raises(ZMQError, match="LINGER"):
        context.destroy(linger=-2)
    with pytest.raises(TypeError):
        context.destroy(linger="x")  # type: ignore[arg-type]
    assert not socket.closed
    began = time.monotonic()
    context.destroy(linger=0)
    assert time.monotonic() - began < 0.9
    assert context.closed


def test_with_warns_of_each_open_socket_and_says_where_it_was_made() -> None:
    """A ResourceWarning for each, that points at the with statement and names the line."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        with zmqlite.Context() as context:
            first, first_line = context.socket(zmqlite.PUSH), get_line()
            second, second_line = context.socket(zmqlite.PULL), get_line()
            context.socket(zmqlite.PAIR).close()
    assert context.closed
    assert first.closed
    assert second.closed
    assert [warning.category for warning in caught] == [ResourceWarning] * 2
    messages = sorted(str(warning.message) for warning in caught)
    assert all(warning.filename == __file__ for warning in caught)
    for line in (first_line, second_line):
        assert any(f"made at {__file__}:{line}" in message for message in messages)


def test_with_ends_after_an_exception_too() -> None:
    """And the exception goes on."""
    with pytest.raises(KeyError), zmqlite.Context() as context:
        raise KeyError
    assert context.closed


def test_dropped_context_warns_and_says_where_it_was_made() -> None:
    """ResourceWarning, and the context is gone."""
    made, line = [zmqlite.Context()], get_line()
    gone = weakref.ref(made[0])
    with pytest.warns(ResourceWarning, match=rf"Unclosed context .*{__file__}:{line}"):
        made.clear()
    gc.collect()
    assert gone() is None


def test_dropped_context_that_was_closed_does_not_warn() -> None:
    """Nothing to say."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        context = zmqlite.Context()
        context.term()
        del context
        gc.collect()


def test_destroy_closes_a_socket_made_meanwhile() -> None:
    """Another thread makes a socket while destroy() looks through them: both are closed."""
    context = zmqlite.Context()
    made: list[Any] = []

    class Growing(weakref.WeakSet[Any]):
        def __iter__(self) -> Iterator[Any]:
            for socket in super().__iter__():
                if len(made) == 1:
                    made.append(context.socket(zmqlite.PUSH))
                yield socket

    context._sockets = Growing()
    made.append(context.socket(zmqlite.PUSH))
    context.destroy(linger=0)
    assert context.closed
    assert [socket.closed for socket in made] == [True, True]


def test_dir_lists_the_options(context: zmqlite.Context[Any]) -> None:
    """For completion in a shell."""
    assert {"IO_THREADS", "io_threads", "MAX_SOCKETS", "linger", "socket", "term"} <= set(dir(context))
