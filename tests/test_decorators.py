"""zmqlite.decorators: contexts and sockets that a call gets and that are closed when it returns."""

from __future__ import annotations

from typing import Any

import pytest

import zmqlite as zmq
from zmqlite.decorators import _Decorator, context, socket


def test_context_is_the_last_positional_argument_and_ends() -> None:
    """A new one for every call."""
    seen = []

    @context()
    def use(first: int, made: zmq.Context[Any]) -> int:
        seen.append(made)
        assert not made.closed
        return first

    assert (use(1), use(2)) == (1, 2)
    assert seen[0] is not seen[1]
    assert [made.closed for made in seen] == [True, True]


def test_name_makes_it_a_keyword() -> None:
    """As the first argument of the decorator, or as name=; arguments go to what is made."""

    @context("one", 3)
    @context(name="two", io_threads=2)
    def use(**made: zmq.Context[Any]) -> list[tuple[str, int]]:
        return sorted((name, value.io_threads) for name, value in made.items())

    assert use() == [("one", 3), ("two", 2)]


def test_argument_that_the_caller_gives_too_raises() -> None:
    """As Python itself does for a function that is called with an argument twice."""

    @context("made")
    def use(made: Any) -> None:
        raise AssertionError

    with pytest.raises(TypeError, match=r"use\(\) got 'made'"):
        use(made=1)


def test_sockets_are_of_the_context_that_a_decorator_gave() -> None:
    """By name, and as a positional argument; they are closed when an exception ends the call, too."""
    seen: list[Any] = []

    @context()
    @socket(zmq.PUSH)
    @socket(zmq.PULL)
    def by_place(given: zmq.Context[Any], push: zmq.Socket[bytes], pull: zmq.Socket[bytes]) -> None:
        assert push.context is pull.context is given
        assert (push.type, pull.type) == (zmq.PUSH, zmq.PULL)
        seen.extend([given, push, pull])

    @context(name="context")
    @socket("push", zmq.PUSH)
    def by_name(context: zmq.Context[Any], push: zmq.Socket[bytes]) -> None:
        assert push.context is context
        seen.append(push)
        raise LookupError

    by_place()
    with pytest.raises(LookupError):
        by_name()
    assert [one.closed for one in seen] == [True] * 4


def test_context_name_looks_for_another_argument(context: zmq.Context[Any]) -> None:
    """context_name= of the socket decorator."""
    other: zmq.Context[Any] = zmq.Context()

    @socket(zmq.PUSH, context_name="chosen")
    def use(push: zmq.Socket[bytes], *, context: Any, chosen: Any) -> Any:
        return push.context

    assert use(context=context, chosen=other) is other
    other.term()


def test_socket_without_a_context_is_of_the_instance() -> None:
    """Context.instance(), which stays open."""

    @socket(zmq.PUSH)
    def use(push: zmq.Socket[bytes]) -> Any:
        return push.context

    assert use() is zmq.Context.instance()
    assert not zmq.Context.instance().closed
    zmq.Context.instance().term()


def test_functions_keep_their_names_and_methods_work(context: zmq.Context[Any]) -> None:
    """functools.wraps; self comes before what is given."""

    class Worker:
        @socket(zmq.PUSH)
        def work(self, context: Any, push: Any) -> str:
            """Work."""
            assert isinstance(self, Worker)
            return str(push.type.name)

    assert (Worker.work.__name__, Worker.work.__doc__) == ("work", "Work.")
    assert Worker().work(context) == "PUSH"


def test_decorator_of_ones_own() -> None:
    """Any factory of context managers; without one it says what is missing."""

    @_Decorator(memoryview)(b"abc")
    def use(view: memoryview) -> bytes:
        return view.tobytes()

    assert use() == b"abc"
    with pytest.raises(TypeError, match="no target"):
        _Decorator()()(use)()
