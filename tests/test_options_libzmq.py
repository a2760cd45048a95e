"""What the option table says is what the linked libzmq does: access, default and range of every option."""

from __future__ import annotations

import errno
from typing import Any

import pytest

import zmqlite
from zmqlite import constants, option_table, options
from zmqlite.errors import ZMQError
from zmqlite.option_codec import Bytes, Key, Number, Option

ROWS = tuple(row for row in options.SOCKET_OPTIONS.values() if row.number != options.HWM)
VERSION = zmqlite.zmq_version_info()


def is_here(row: Option) -> bool:
    """Whether the linked libzmq was built with this option, as far as it tells."""
    if row.draft and (tuple(map(int, row.draft.split("."))) > VERSION or not zmqlite.has("draft")):
        return False
    return not row.needs or zmqlite.has(row.needs)


HERE = [row for row in ROWS if is_here(row)]


def get_id(row: Option) -> str:
    """Name a test after its option."""
    return row.name


def make_socket(context: zmqlite.Context[Any], row: Option) -> Any:
    """Make a socket of a type that the option is for."""
    socket = context.socket(constants.SocketType[row.socket_types[0] if row.socket_types else "PUSH"])
    if row.name != "LINGER":
        socket.set(zmqlite.LINGER, 0)
    return socket


def get_extremes(row: Option) -> list[Any]:
    """The smallest and the largest value that the table allows, or the likes of them."""
    if row.name == "USE_FD":
        return [-1]
    if row.name == "METADATA":
        return [b"X-n:va", b"X-" + b"n" * 253 + b":" + b"v" * 1000]
    if row.name == "TCP_ACCEPT_FILTER":
        return [b"127.0.0.1", b"10.0.0.0/8"]
    if isinstance(row, Number):
        return [row.lowest, row.highest]
    if isinstance(row, Key):
        return [b"k" * 32]
    return [b"x" * row.lowest, b"x" * min(row.highest, 1023)]


@pytest.mark.parametrize("row", HERE, ids=get_id)
def test_option_can_be_read_if_the_table_says_so(context: zmqlite.Context[Any], row: Option) -> None:
    """libzmq gives what is readable, and the table's default is a new socket's."""
    with make_socket(context, row) as socket:
        if not row.readable:
            with pytest.raises(ZMQError, match="not read back"):
                socket.get(row.number)
            return
        value = socket.get(row.number)
        assert type(value) is (int if row.size else bytes)
        if row.default is not None:
            assert value == row.default


@pytest.mark.parametrize("row", [row for row in HERE if row.writable], ids=get_id)
def test_option_takes_the_ends_of_its_range(context: zmqlite.Context[Any], row: Option) -> None:
    """libzmq takes the smallest and the largest value that the table allows, and gives them back."""
    with make_socket(context, row) as socket:
        for value in get_extremes(row):
            if row.name == "UNSUBSCRIBE":
                socket.set(zmqlite.SUBSCRIBE, value)
            socket.set(row.number, value)
            if not row.readable:
                continue
            read = socket.get(row.number)
            if row.name == "HEARTBEAT_TTL":
                assert read == value // 100 * 100
            elif isinstance(row, Key):
                assert row.encode(read) == value
            else:
                assert read == value
        if row.clears:
            socket.set(row.number, None)


@pytest.mark.parametrize(
    "row", [row for row in HERE if isinstance(row, Bytes) and row.clears and row.readable], ids=get_id
)
def test_none_clears_an_option(context: zmqlite.Context[Any], row: Option) -> None:
    """None empties the option; the name and password of PLAIN stay, and its mechanism goes."""
    with make_socket(context, row) as socket:
        socket.set(row.number, b"value")
        assert socket.get(row.number) == b"value"
        socket.set(row.number, None)
        if row.name.startswith("PLAIN_"):
            assert socket.get(zmqlite.MECHANISM) == zmqlite.NULL
        else:
            assert socket.get(row.number) == b""


@pytest.mark.parametrize("row", [row for row in ROWS if row.needs and not is_here(row)], ids=get_id)
def test_option_that_libzmq_lacks_says_what_it_needs(context: zmqlite.Context[Any], row: Option) -> None:
    """An option of a build that this libzmq is not raises EINVAL and names what is missing."""
    with make_socket(context, row) as socket, pytest.raises(ZMQError, match=row.needs) as caught:
        socket.set(row.number, get_extremes(row)[0])
    assert caught.value.errno == errno.EINVAL


# Kept in what all socket types share: libzmq takes these on any type, and makes nothing of them.
SHARED = ("CONFLATE", "INVERT_MATCHING", "MULTICAST_LOOP", "HELLO_MSG", "DISCONNECT_MSG", "HICCUP_MSG")


@pytest.mark.parametrize("row", [row for row in HERE if row.socket_types and row.name not in SHARED], ids=get_id)
def test_option_of_another_socket_type_says_so(context: zmqlite.Context[Any], row: Option) -> None:
    """libzmq refuses an option of another socket type, and the message names the types that it is for."""
    types = ", ".join(row.socket_types)
    with context.socket(zmqlite.PAIR) as socket, pytest.raises(ZMQError, match=f"only for {types}, and this is a PAIR"):
        socket.set(row.number, get_extremes(row)[0]) if row.writable else socket.get(row.number)


@pytest.mark.parametrize("row", option_table.CONTEXT_ROWS, ids=get_id)
def test_context_option_has_the_default_of_the_table(context: zmqlite.Context[Any], row: Option) -> None:
    """What a new context has is what the table says."""
    if row.default is not None and (not row.draft or zmqlite.has("draft")):
        assert context.get(row.number) == row.default
