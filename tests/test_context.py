"""Contexts: making, sharing, and the sockets they make."""

from __future__ import annotations

import copy
import errno
import gc
import inspect
import os
import threading
from collections.abc import Callable
from typing import Any

import pytest
from conftest import bind_wildcard

import zmqlite
from zmqlite.errors import ZMQError

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
