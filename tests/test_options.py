"""The option table, and what it does with a value before libzmq sees it. No socket is made here."""

from __future__ import annotations

import errno
import os
import socket
import traceback
from collections.abc import Iterator
from typing import Any

import pytest

import zmqlite
from zmqlite import constants, option_table, option_table_transports, options, z85
from zmqlite.errors import ZMQError
from zmqlite.io_thread_settings import check_io_thread_settings
from zmqlite.option_codec import Bytes, Key, Number, Option, UnknownOption

SOCKET_ROWS = tuple(options.SOCKET_OPTIONS.values())
CONTEXT_ROWS = tuple(options.CONTEXT_OPTIONS.values())
ROWS = SOCKET_ROWS + CONTEXT_ROWS
NUMBERS = [row for row in ROWS if type(row) is Number and row.writable and row.name != "USE_FD"]
WRITABLE_BYTES = [row for row in ROWS if type(row) is Bytes and row.writable]
SECRETS = ("CURVE_SECRETKEY", "PLAIN_PASSWORD", "SOCKS_PASSWORD", "WSS_KEY_PEM")


def get_id(row: Option) -> str:
    """Name a test after its option."""
    return row.name


def refuse(row: Option, value: object) -> str:
    """Set a value that must be refused with EINVAL. Returns the message."""
    with pytest.raises(ZMQError) as caught:
        row.encode(value)
    assert caught.value.errno == errno.EINVAL
    return str(caught.value)


def test_every_option_of_pyzmq_has_a_row() -> None:
    """Each SocketOption and ContextOption is in the table, under each of its names."""
    for name, option in constants.SocketOption.__members__.items():
        if name == "BLOCKY":  # A context option that pyzmq files with those of sockets.
            continue
        row = options.find_by_name(name)
        assert row is options.SOCKET_OPTIONS[option]
        assert name in (row.name, *row.aliases)
    for name, context_option in constants.ContextOption.__members__.items():
        context_row = options.find_context_option_by_name(name)
        assert context_row is not None
        assert (context_row.name, context_row.number) == (name, context_option)
    for name in ("IPV6", "BLOCKY"):
        assert options.find_context_option_by_name(name) is options.CONTEXT_OPTIONS[constants.SocketOption[name]]


def test_no_two_rows_share_a_name_or_a_number() -> None:
    """A row that hid another would never be seen."""
    every = option_table.SOCKET_ROWS + option_table_transports.TRANSPORT_ROWS
    assert len({row.number for row in every}) == len(every)
    names = [name for row in every for name in (row.name, *row.aliases)]
    assert len(set(names)) == len(names)


@pytest.mark.parametrize("name", ["linger", "LINGER", "Linger"])
def test_name_is_found_in_any_case(name: str) -> None:
    """find_by_name() does not mind the case, and gives None for what is no option."""
    row = options.find_by_name(name)
    assert row is not None
    assert row.number == zmqlite.LINGER
    assert options.find_by_name("nonsense") is None


def test_deprecated_names_are_found() -> None:
    """IDENTITY is ROUTING_ID, and so on."""
    assert options.find_by_name("identity") is options.find_by_name("routing_id")
    assert options.find_by_name("FAIL_UNROUTABLE") is options.find_by_name("router_mandatory")


@pytest.mark.parametrize("row", ROWS, ids=get_id)
def test_docstring_begins_with_the_name_of_c(row: Option) -> None:
    """Each option says what it does, its default, when to set it, and what it takes."""
    first, details = row.docstring.split("\n\n")
    assert first.startswith(f"ZMQ_{row.name}: ")
    assert first.endswith(".")
    assert ("set it before connect or bind" in first) == (row.writable and not row.at_once)
    assert ("read only" in first) == (not row.writable)
    if row.default is not None:
        assert f"default {row.default!r}" in first
    assert details.startswith(f"Value: {row.kind}")
    assert (f"Draft since libzmq {row.draft}." in details) == (row.draft != "")
    for socket_type in row.socket_types:
        assert socket_type in details
        assert socket_type in constants.SocketType.__members__


@pytest.mark.parametrize("row", NUMBERS, ids=get_id)
def test_number_takes_its_range_and_no_more(row: Option) -> None:
    """The ends of the range pass; one beyond raises EINVAL, or OverflowError past the C type."""
    assert row.encode(row.lowest) == row.lowest
    assert row.encode(row.highest) == row.highest
    for beyond in (row.lowest - 1, row.highest + 1):
        with pytest.raises((ZMQError, OverflowError)) as caught:
            row.encode(beyond)
        assert row.name in str(caught.value)
        if isinstance(caught.value, ZMQError):
            assert caught.value.errno == errno.EINVAL
            assert str(beyond) in str(caught.value)
            assert row.allowed in str(caught.value)
    for too_much in (2**64, -(2**64)):
        with pytest.raises(OverflowError, match="does not fit"):
            row.encode(too_much)


@pytest.mark.parametrize("row", NUMBERS, ids=get_id)
@pytest.mark.parametrize("value", ["1", b"1", 1.0, object()])
def test_number_of_a_wrong_type_raises_type_error(row: Option, value: object) -> None:
    """A number is not parsed, rounded or guessed."""
    with pytest.raises(TypeError, match=rf"set\({row.name}\) takes an int, got {type(value).__name__}"):
        row.encode(value)


def test_number_may_be_a_bool_an_enum_or_an_index() -> None:
    """bool, IntEnum and what has __index__, such as numpy's integers, become plain ints."""

    class Index:
        def __index__(self) -> int:
            return 7

    for value, expected in ((True, 1), (constants.SocketType.REQ, 3), (Index(), 7)):
        encoded = options.encode(zmqlite.LINGER, value)
        assert encoded == expected
        assert type(encoded) is int


@pytest.mark.parametrize("row", WRITABLE_BYTES, ids=get_id)
def test_bytes_takes_any_buffer_and_no_text(row: Option) -> None:
    """bytes, bytearray and memoryview pass as bytes; text, numbers and None do not."""
    value = b"X-name:value" if row.name == "METADATA" else b"value"
    for buffer in (value, bytearray(value), memoryview(value)):
        encoded = row.encode(buffer)
        assert type(encoded) is bytes
        assert encoded == value
    with pytest.raises(TypeError, match=rf"set\({row.name}\) takes bytes, got str: encode it, or use set_string\(\)"):
        row.encode("value")
    with pytest.raises(TypeError, match="takes bytes, got int"):
        row.encode(5)
    if row.clears:
        assert row.encode(None) is None
    else:
        with pytest.raises(TypeError, match="takes bytes, got NoneType"):
            row.encode(None)


@pytest.mark.parametrize("row", WRITABLE_BYTES, ids=get_id)
def test_bytes_of_a_wrong_length_raise_einval(row: Option) -> None:
    """Too short or too long names the lengths that are allowed."""
    if row.lowest > 0:
        assert f"set({row.name}, " in refuse(row, b"x" * (row.lowest - 1))
        assert row.allowed in refuse(row, b"x" * (row.lowest - 1))
    if row.highest < 10_000:
        assert row.encode(b"x" * row.highest) == b"x" * row.highest
        assert row.allowed in refuse(row, b"x" * (row.highest + 1))


@pytest.mark.parametrize("row", [row for row in WRITABLE_BYTES if row.kind == "string"], ids=get_id)
def test_string_with_a_nul_raises_einval(row: Option) -> None:
    """libzmq keeps or cuts at a NUL byte as it likes, so none gets there."""
    assert "NUL" in refuse(row, b"X-a:b\0c")


@pytest.mark.parametrize("name", ["CURVE_PUBLICKEY", "CURVE_SECRETKEY", "CURVE_SERVERKEY"])
def test_key_is_32_raw_bytes_or_z85(name: str) -> None:
    """A key may be raw or Z85, as bytes or as text, with or without the NUL of C; libzmq gets the raw one."""
    row = options.find_by_name(name)
    assert type(row) is Key
    raw = bytes(range(32))
    text = z85.encode(raw)
    for key in (raw, bytearray(raw), text, text.decode(), text + b"\0"):
        assert row.encode(key) == raw
    assert row.decode(text + b"\0") == text
    for wrong in (b"", raw[:-1], raw + b"x", text[:-1], text + b"x", b"~" * 40, "\u00e9" * 20):
        refuse(row, wrong)
    with pytest.raises(TypeError):
        row.encode(32)


@pytest.mark.parametrize("name", SECRETS)
@pytest.mark.parametrize("secret", [b"hunter2" * 60, b"hunter2\0", b"hunter2\0~~" * 4, "hunter2", "hunter2\u00e9" * 5])
def test_secrets_are_in_no_message(name: str, secret: bytes | str) -> None:
    """Whatever is wrong with a secret, and whoever refuses it, no message and no traceback shows it."""
    row = options.find_by_name(name)
    assert row is not None
    assert row.secret
    raised: list[BaseException] = [
        row.refuse(secret, "reason"),
        options.explain(errno.EINVAL, "set", row, secret, zmqlite.PUSH),
    ]
    try:
        row.encode(secret)
    except (ZMQError, TypeError) as error:
        raised.append(error)
    assert len(raised) == 3 or name == "WSS_KEY_PEM"
    for error in raised:
        # Without the source lines, which show what the test itself wrote.
        chain = "".join(traceback.format_exception(type(error), error, None))
        for text in (chain, repr(error), repr(error.args), repr(error.__dict__)):
            assert "hunter2" not in text


def test_key_in_the_wrong_place_is_not_shown() -> None:
    """A secret key set by mistake as a public one is not shown either."""
    row = options.find_by_name("CURVE_PUBLICKEY")
    assert row is not None
    assert "hunter2" not in refuse(row, b"hunter2")


@pytest.mark.parametrize("row", [row for row in ROWS if not row.writable], ids=get_id)
def test_read_only_option_raises_einval(row: Option) -> None:
    """Setting what can only be read names the option and says so."""
    assert f"set({row.name}, 1): " in refuse(row, 1)
    assert "can only be read" in refuse(row, 1)
    row.require_readable()


@pytest.mark.parametrize("row", [row for row in SOCKET_ROWS if not row.readable], ids=get_id)
def test_write_only_option_raises_einval(row: Option) -> None:
    """Reading what can only be set names the option and says so."""
    with pytest.raises(ZMQError, match=rf"get\({row.name}\): .*not read back") as caught:
        row.require_readable()
    assert caught.value.errno == errno.EINVAL


@pytest.mark.parametrize(
    ("name", "value", "reason"),
    [
        ("MAXMSGSIZE", -5, "-1 to 9223372036854775807 bytes"),
        ("RECONNECT_STOP", 8, "0 to 7"),
        ("HEARTBEAT_TTL", -50, "0 to 6553599 ms"),
        ("TOS", 256, "0 to 255"),
        ("MULTICAST_HOPS", 256, "1 to 255"),
        ("ZAP_ENFORCE_DOMAIN", 7, "0 or 1"),
        ("ROUTER_MANDATORY", 2, "0 or 1"),
        ("IN_BATCH_SIZE", 1, "2 to 1073741824 bytes"),
        ("TCP_KEEPALIVE_CNT", 0, "-1, or give a positive number"),
        ("TCP_KEEPALIVE_IDLE", 0, "-1, or give a positive number"),
        ("ROUTING_ID", b"\0abcd", "ROUTER gives to peers"),
        ("CONNECT_ROUTING_ID", b"\0abcd", "ROUTER gives to peers"),
        ("METADATA", b"name:value", "X-name:value"),
        ("METADATA", b"X-name:", "X-name:value"),
        ("METADATA", b"X-" + b"n" * 254 + b":value", "at most 255 bytes"),
        ("METADATA", b"X-:v", "4 bytes for a number"),
        ("PLAIN_USERNAME", b"", "or None"),
    ],
)
def test_nonsense_that_libzmq_takes_is_refused(name: str, value: object, reason: str) -> None:
    """libzmq takes these without a word, and then ignores them, drops connections or aborts."""
    row = options.find_by_name(name)
    assert row is not None
    assert reason in refuse(row, value)


def test_routing_id_may_begin_with_a_zero_byte() -> None:
    """Only the 5 bytes that a ROUTER makes up are taken: a random UUID may well begin with zero."""
    assert options.encode(zmqlite.ROUTING_ID, b"\0" * 16) == b"\0" * 16
    assert options.encode(zmqlite.ROUTING_ID, b"\x01abcd") == b"\x01abcd"


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    """A TCP socket of the system's, bound but not listening yet."""
    with socket.socket() as made:
        made.bind(("127.0.0.1", 0))
        yield made


def test_use_fd_must_be_a_listening_socket(listener: socket.socket) -> None:
    """libzmq aborts over any other descriptor."""
    row = options.SOCKET_OPTIONS[zmqlite.USE_FD]
    assert row.encode(-1) == -1
    assert "must be a socket that listens" in refuse(row, listener.fileno())
    listener.listen()
    assert row.encode(listener.fileno()) == listener.fileno()
    with open(__file__, "rb") as file:
        assert "not an open socket" in refuse(row, file.fileno())
    closed = listener.fileno()
    listener.close()
    assert "not an open socket" in refuse(row, closed)


def test_unknown_number_passes_through() -> None:
    """An option of a newer libzmq takes an int or bytes as they are; what is neither is refused."""
    row = options.find_socket_option(9999)
    assert type(row) is UnknownOption
    assert (row.number, row.size, row.readable, row.writable) == (9999, 4, True, True)
    assert row.encode(-5) == -5
    assert row.encode(bytearray(b"value")) == b"value"
    with pytest.raises(TypeError, match="an int or bytes"):
        row.encode("value")
    with pytest.raises(OverflowError):
        row.encode(2**31)
    assert type(options.find_context_option(9999)) is UnknownOption


@pytest.mark.parametrize(
    ("number", "error"), [("linger", TypeError), (None, TypeError), (99.5, TypeError), (2**31, OverflowError)]
)
def test_option_that_is_no_number_is_refused(number: Any, error: type[Exception]) -> None:
    """An option is a number that fits a C int."""
    with pytest.raises(error, match="option"):
        options.find_socket_option(number)
    if number == "linger":
        with pytest.raises(TypeError, match=r"such as zmqlite\.LINGER, not the str 'linger'"):
            options.find_socket_option(number)


def test_strings_are_read_without_their_nul() -> None:
    """libzmq ends strings with NUL, but not routing ids, where a NUL is part of the id."""
    endpoint = options.find_by_name("LAST_ENDPOINT")
    routing_id = options.find_by_name("ROUTING_ID")
    assert endpoint is not None
    assert routing_id is not None
    assert endpoint.decode(b"inproc://x\0") == b"inproc://x"
    assert endpoint.decode(b"\0") == b""
    assert routing_id.decode(b"id\0") == b"id\0"


def test_thread_name_prefix_is_a_number_or_a_name() -> None:
    """4 bytes get a NUL, because libzmq would take them for an int."""
    number = zmqlite.THREAD_NAME_PREFIX
    assert options.encode_context(number, 5) == 5
    assert options.encode_context(number, b"worker") == b"worker"
    assert options.encode_context(number, b"Main") == b"Main\0"
    for wrong in (-1, b"", b"x" * 16, b"a\0b"):
        refuse(options.CONTEXT_OPTIONS[number], wrong)
    with pytest.raises(TypeError):
        options.encode_context(number, "Main")


def test_socket_limit_and_thread_priority_share_a_number() -> None:
    """Number 3 is one when read and the other when set; by name they are apart."""
    both = options.CONTEXT_OPTIONS[3]
    assert (both.readable, both.writable) == (True, True)
    limit = options.find_context_option_by_name("SOCKET_LIMIT")
    priority = options.find_context_option_by_name("THREAD_PRIORITY")
    assert limit is not None
    assert priority is not None
    assert (limit.readable, limit.writable) == (True, False)
    assert (priority.readable, priority.writable) == (False, True)


@pytest.mark.parametrize(
    ("name", "socket_type", "reason"),
    [
        ("SUBSCRIBE", zmqlite.PUSH, "only for SUB, XPUB, and this is a PUSH"),
        ("GSSAPI_SERVER", zmqlite.PUSH, "has('gssapi')"),
        ("TOPICS_COUNT", zmqlite.PUB, "libzmq 4.3.5"),
        ("LINGER", zmqlite.PUSH, "-1 to 2147483647 ms"),
    ],
)
def test_explain_says_why_libzmq_may_have_refused(name: str, socket_type: int, reason: str) -> None:
    """EINVAL alone leaves one guessing: the wrong socket type, the wrong build, or the wrong value."""
    row = options.find_by_name(name)
    assert row is not None
    text = str(options.explain(errno.EINVAL, "set", row, 1, socket_type))
    assert text.startswith(f"set({name}, 1): ")
    assert reason in text
    assert str(options.explain(errno.EINVAL, "get", row)).startswith(f"get({name}): ")


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="only Linux can be asked")
def test_io_thread_settings_that_would_abort_are_refused() -> None:
    """FIFO without a priority, a policy and a CPU that no machine has: libzmq asserts that they work."""
    before = (os.sched_getscheduler(0), os.sched_getaffinity(0), os.nice(0))
    check_io_thread_settings()
    check_io_thread_settings(cpus=[min(os.sched_getaffinity(0))])
    for settings in ({"policy": 1}, {"policy": 4}, {"cpus": [1023]}):
        with pytest.raises(ZMQError, match="the I/O threads cannot have") as caught:
            check_io_thread_settings(**settings)  # type: ignore[arg-type]
        assert caught.value.errno == errno.EINVAL
    assert (os.sched_getscheduler(0), os.sched_getaffinity(0), os.nice(0)) == before
