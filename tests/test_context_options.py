"""The options of contexts, and the defaults they give to sockets."""

from __future__ import annotations

import errno
from typing import Any

import pytest

import zmqlite
from zmqlite.errors import ZMQError
from zmqlite.option_table import CONTEXT_ROWS

SocketClass = zmqlite.Socket[bytes]



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


def test_max_sockets_counts_what_is_open_and_not_what_was_just_closed() -> None:
    """libzmq's own thread takes closed sockets away a moment later, which nobody has to wait for."""
    with zmqlite.Context() as context:
        context.max_sockets = 4
        for _ in range(500):
            sockets = [context.socket(zmqlite.PUSH) for _ in range(4)]
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


def test_dir_lists_the_options(context: zmqlite.Context[Any]) -> None:
    """For completion in a shell."""
    assert {"IO_THREADS", "io_threads", "MAX_SOCKETS", "linger", "socket", "term"} <= set(dir(context))
