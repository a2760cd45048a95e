"""Options as attributes: what they do, and that type checkers are told of them what the table says."""

from __future__ import annotations

import errno
from typing import Any

import pytest

import zmqlite
from zmqlite import option_table, options
from zmqlite.errors import ZMQError
from zmqlite.option_attributes import ContextAttributes, SocketAttributes
from zmqlite.option_codec import Option

# Socket defines these itself.
OWN = {"type", "hwm", "subscribe", "unsubscribe"}


def get_annotations(rows: tuple[Option, ...]) -> dict[str, str]:
    """The attributes that the table asks for, and the type of each."""
    annotations = {}
    for row in rows:
        kind = "int" if row.size else "bytes"
        for name in (row.name, *row.aliases):
            annotations[name] = annotations[name.lower()] = "int | bytes" if name == "THREAD_NAME_PREFIX" else kind
    return annotations


def test_every_socket_option_is_annotated() -> None:
    """Lower case, upper case, and the deprecated names; nothing else."""
    expected = get_annotations(tuple(options.SOCKET_OPTIONS.values()))
    assert SocketAttributes.__annotations__ == {name: kind for name, kind in expected.items() if name not in OWN}


def test_every_context_option_is_annotated() -> None:
    """Those that are no socket option too; the rest are inherited."""
    expected = get_annotations(option_table.CONTEXT_ROWS)
    inherited = SocketAttributes.__annotations__
    assert ContextAttributes.__annotations__ == {name: kind for name, kind in expected.items() if name not in inherited}


class Holder:
    """Stands for Socket: it remembers what is set, and has a method and a property with the names of options."""

    def __init__(self) -> None:
        self.values: dict[int, Any] = {}

    def get(self, number: int) -> Any:
        """Read an option; TOS is one that libzmq refuses."""
        if number == zmqlite.TOS:
            raise ZMQError(errno.EINVAL)
        if number == zmqlite.RATE:
            raise ZMQError(errno.ENOTSOCK)
        return self.values[number]

    def set(self, number: int, value: Any) -> None:
        """Set an option."""
        self.values[number] = options.encode(number, value)

    def subscribe(self, topic: str) -> str:
        """Subscribe, as a method."""
        return f"called with {topic}"

    @property
    def hwm(self) -> str:
        """The holder's own."""
        return "mine"


options.install_attributes(Holder, tuple(options.SOCKET_OPTIONS.values()), Holder.get, Holder.set)


def test_attribute_sets_and_gets_under_each_name() -> None:
    """sock.linger, sock.LINGER, and the deprecated names."""
    holder: Any = Holder()
    holder.linger = 5
    assert (holder.linger, holder.LINGER, holder.get(zmqlite.LINGER)) == (5, 5, 5)
    holder.IDENTITY = b"me"
    assert holder.routing_id == b"me"
    with pytest.raises(ZMQError):
        holder.linger = -2


def test_attribute_has_a_docstring() -> None:
    """help(Socket.linger) says what ZMQ_LINGER does."""
    assert Holder.linger.__doc__.startswith("ZMQ_LINGER: ")  # type: ignore[attr-defined]
    assert Holder.LINGER is Holder.linger  # type: ignore[attr-defined]


def test_method_stays_a_method_and_can_be_assigned() -> None:
    """sock.subscribe("x") calls, sock.subscribe = "x" sets, as in pyzmq."""
    holder: Any = Holder()
    assert holder.subscribe("x") == "called with x"
    holder.subscribe = "topic"
    assert holder.values == {zmqlite.SUBSCRIBE: b"topic"}
    holder.SUBSCRIBE = b"other"
    assert holder.values == {zmqlite.SUBSCRIBE: b"other"}
    assert Holder.subscribe.__doc__ == "Subscribe, as a method."


def test_what_the_class_has_stays() -> None:
    """An attribute of the class's own is not replaced."""
    assert Holder().hwm == "mine"


def test_attribute_that_cannot_be_read_is_not_there() -> None:
    """EINVAL becomes AttributeError, so that hasattr() tells; any other error stays."""
    holder: Any = Holder()
    assert not hasattr(holder, "tos")
    with pytest.raises(ZMQError) as caught:
        _ = holder.rate
    assert caught.value.errno == errno.ENOTSOCK


def test_attribute_that_is_read_only_or_fixed_says_so() -> None:
    """Setting a read-only option raises EINVAL, and an option cannot be deleted."""
    holder: Any = Holder()
    with pytest.raises(ZMQError, match="can only be read"):
        holder.type = 3
    with pytest.raises(AttributeError, match="cannot be deleted"):
        del holder.linger


def test_attribute_of_a_shared_number_is_not_set_as_the_other() -> None:
    """context.socket_limit = 5 does not set the thread priority, which has the same number."""

    class ContextHolder:
        pass

    done: list[tuple[int, object]] = []
    options.install_attributes(
        ContextHolder,
        option_table.CONTEXT_ROWS,
        lambda holder, number: number,
        lambda holder, number, value: done.append((number, value)),
    )
    holder: Any = ContextHolder()
    with pytest.raises(ZMQError, match="SOCKET_LIMIT"):
        holder.socket_limit = 5
    holder.thread_priority = 5
    assert done == [(3, 5)]
