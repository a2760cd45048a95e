"""Options of real sockets: as attributes, as text, out of range, and as defaults of a context.

The table against libzmq, option by option and by number, is in test_options_libzmq.py.
"""

from __future__ import annotations

import dis
import errno
import sys
from typing import Any

import pytest

import zmqlite
from zmqlite import constants, options
from zmqlite._backend import BACKEND
from zmqlite.errors import ZMQError
from zmqlite.option_codec import Bytes, Key, Number, Option

VERSION = zmqlite.zmq_version_info()
ROWS = tuple(options.SOCKET_OPTIONS.values())


def is_here(row: Option) -> bool:
    """Whether the linked libzmq has this option."""
    if row.draft and (tuple(map(int, row.draft.split("."))) > VERSION or not zmqlite.has("draft")):
        return False
    return not row.needs or zmqlite.has(row.needs)


HERE = [row for row in ROWS if is_here(row)]
WRITABLE = [row for row in HERE if row.writable]
NUMBERS = [row for row in WRITABLE if isinstance(row, Number) and row.name != "USE_FD"]


def get_id(row: Option) -> str:
    """Name a test after its option."""
    return row.name


def get_names(row: Option) -> list[str]:
    """Every spelling under which an option is an attribute."""
    names = [name for upper in (row.name, *row.aliases) for name in (upper, upper.lower())]
    return [name for name in names if name not in ("type", "subscribe", "unsubscribe")]


def make_socket(context: zmqlite.Context[Any], row: Option) -> Any:
    """Make a socket of a type that the option is for."""
    return context.socket(constants.SocketType[row.socket_types[0] if row.socket_types else "DEALER"])


def get_value(row: Option) -> Any:
    """A value that is allowed, and is not the default where there are others."""
    if isinstance(row, Key):
        return b"rq:rM>}U?@Lns47E1%kR.o@n%FcmmsL/@{H8]yf7"
    if isinstance(row, Bytes):
        return {"METADATA": b"X-name:value", "TCP_ACCEPT_FILTER": b"127.0.0.1"}.get(row.name, b"value")
    if row.name == "USE_FD":
        return -1
    return row.lowest if row.lowest != row.default and row.lowest > 0 else row.highest if row.highest < 1000 else 600


# ---- attributes ----


@pytest.mark.parametrize("row", HERE, ids=get_id)
def test_option_is_an_attribute_under_each_of_its_names(context: zmqlite.Context[Any], row: Option) -> None:
    """socket.linger and socket.LINGER read what get(LINGER) does, or are not there when it cannot be read."""
    with make_socket(context, row) as socket:
        for name in get_names(row):
            if row.readable:
                assert getattr(socket, name) == socket.get(row.number)
            else:
                assert not hasattr(socket, name)
                with pytest.raises(AttributeError, match=f"{row.name}.*not read back"):
                    getattr(socket, name)


@pytest.mark.parametrize("row", WRITABLE, ids=get_id)
def test_attribute_sets_the_option(context: zmqlite.Context[Any], row: Option) -> None:
    """Lower case, upper case and any mixture set it; each spelling of each name on a socket of its own."""
    value = get_value(row)
    for name in [*get_names(row), row.name.lower(), row.name.title()]:
        with make_socket(context, row) as socket:
            if row.name == "UNSUBSCRIBE":
                socket.subscribe(value)
            setattr(socket, name, value)
            assert name not in vars(socket)
            if row.readable:
                assert socket.get(row.number) == value


@pytest.mark.skipif(
    sys.implementation.name == "cpython" and sys.version_info < (3, 12),
    reason="there it would cost each send and recv a third more: docs/differences.md",
)
def test_attribute_is_read_in_any_mixture_of_cases(context: zmqlite.Context[Any]) -> None:
    """As with pyzmq; the deprecated names too. What is no option, or cannot be read, is an AttributeError."""
    socket: Any = context.socket(zmqlite.SUB)
    socket.sndhwm, socket.identity, socket.linger = 7, b"me", 0
    assert (socket.SndHwm, socket.Identity, socket.Routing_Id, socket.LinGer) == (7, b"me", b"me", 0)
    for name in ("Nonsense", "_Linger", "UnSubscribe"):
        with pytest.raises(AttributeError, match=f"(?i){name}"):
            getattr(socket, name)
    with pytest.raises(AttributeError, match="EINVAL"):
        socket.Xpub_Verbose  # noqa: B018 - reading it is what raises
    socket.close()
    with pytest.raises(ZMQError) as caught:
        socket.SndHwm  # noqa: B018 - likewise
    assert caught.value.errno == errno.ENOTSOCK


@pytest.mark.skipif(
    not (BACKEND == "c" and (3, 11) <= sys.version_info < (3, 14)), reason="about what CPython 3.11 to 3.13 do"
)
def test_calls_of_send_and_recv_are_specialised(context: zmqlite.Context[Any]) -> None:
    """CPython calls them without looking them up: a third of the time of short messages.

    It does not for classes with a __getattr__ before 3.12, nor for sockets that have got a dict from 3.13 on.
    """
    left, right = context.socket(zmqlite.PAIR), context.socket(zmqlite.PAIR)
    left.linger = right.linger = 0
    left.identity = b"left"
    left.bind("inproc://specialised")
    right.connect("inproc://specialised")

    def exchange() -> None:
        for _ in range(100):
            left.send(b"x")
            right.recv()

    for _ in range(10):
        exchange()
    loads = [step.opname for step in dis.get_instructions(exchange, adaptive=True) if step.argval in ("send", "recv")]
    assert [name.startswith(("LOAD_METHOD_", "LOAD_ATTR_METHOD_")) for name in loads] == [True, True], loads


@pytest.mark.parametrize("row", [row for row in HERE if not row.writable], ids=get_id)
def test_attribute_that_is_read_only_cannot_be_set(context: zmqlite.Context[Any], row: Option) -> None:
    """EINVAL that says so, by number and as an attribute, and the value stays."""
    with make_socket(context, row) as socket:
        before = socket.get(row.number)
        for name in get_names(row):
            with pytest.raises(ZMQError, match="only be read") as caught:
                setattr(socket, name, 1)
            assert caught.value.errno == errno.EINVAL
        with pytest.raises(ZMQError, match="only be read"):
            socket.set(row.number, 1)
        assert socket.get(row.number) == before


@pytest.mark.parametrize("row", HERE, ids=get_id)
def test_attribute_has_the_docstring_of_its_option(row: Option) -> None:
    """help(Socket) tells what each option does."""
    for name in get_names(row):
        if name not in ("hwm", "HWM"):
            assert getattr(zmqlite.Socket, name).__doc__.startswith(f"ZMQ_{row.name}: ")


def test_unknown_attribute_is_refused(context: zmqlite.Context[Any]) -> None:
    """A spelling mistake is an AttributeError, not a new attribute."""
    with context.socket(zmqlite.PUSH) as socket:
        with pytest.raises(AttributeError, match="lniger"):
            socket.lniger = 0
        with pytest.raises(AttributeError, match="lniger"):
            socket.lniger  # noqa: B018 - reading is the test
        with pytest.raises(AttributeError):
            del socket.linger
        assert not hasattr(socket, "lniger")


def test_attribute_declared_by_a_subclass_is_set(context: zmqlite.Context[Any]) -> None:
    """A class attribute, a property and an annotation are names that a subclass may set."""

    class Child(zmqlite.Socket[bytes]):
        made = 1
        annotated: int
        doubled = property(lambda self: self.made * 2, lambda self, value: setattr(self, "made", value))

    with context.socket(zmqlite.PUSH, socket_class=Child) as socket:
        socket.doubled, socket.annotated = 5, 6
        assert (socket.made, socket.doubled, socket.annotated) == (5, 10, 6)
        socket.annotated = 7
        assert socket.annotated == 7
        with pytest.raises(AttributeError, match="undeclared"):
            socket.undeclared = 1


@pytest.mark.parametrize("name", ["subscribe", "SUBSCRIBE", "Subscribe"])
@pytest.mark.parametrize("topic", ["zwölf", b"zw\xc3\xb6lf"])
def test_subscribe_as_an_attribute_subscribes(context: zmqlite.Context[Any], name: str, topic: str | bytes) -> None:
    """Setting it subscribes to bytes or to the UTF-8 of text; the method stays a method."""
    with context.socket(zmqlite.XPUB) as publisher, context.socket(zmqlite.SUB) as subscriber:
        publisher.bind("inproc://subscribe")
        subscriber.connect("inproc://subscribe")
        setattr(subscriber, name, topic)
        assert publisher.recv() == b"\x01zw\xc3\xb6lf"
        assert callable(subscriber.subscribe)
        setattr(subscriber, f"un{name.lower()}", topic)
        assert publisher.recv() == b"\x00zw\xc3\xb6lf"


def test_subscribe_takes_text_and_bytes(context: zmqlite.Context[Any]) -> None:
    """The method, twice of one topic: the subscription goes with the second unsubscribe()."""
    with context.socket(zmqlite.XPUB) as publisher, context.socket(zmqlite.SUB) as subscriber:
        publisher.bind("inproc://subscribe")
        subscriber.connect("inproc://subscribe")
        subscriber.subscribe("a")
        subscriber.subscribe(b"a")
        subscriber.unsubscribe("a")
        subscriber.subscribe("b")
        assert [publisher.recv(), publisher.recv()] == [b"\x01a", b"\x01b"]
        subscriber.unsubscribe(b"a")
        assert publisher.recv() == b"\x00a"
        for wrong in (5, None):
            with pytest.raises(TypeError, match="takes bytes"):
                subscriber.subscribe(wrong)  # type: ignore[arg-type]
    with context.socket(zmqlite.PUSH) as socket, pytest.raises(ZMQError, match="only for SUB, XPUB"):
        socket.subscribe(b"")


# ---- values ----


@pytest.mark.parametrize("row", NUMBERS, ids=get_id)
def test_refused_value_leaves_the_option_as_it_was(context: zmqlite.Context[Any], row: Option) -> None:
    """Beyond the range EINVAL or OverflowError, of a wrong type TypeError; by number and as an attribute."""
    with make_socket(context, row) as socket:
        before = socket.get(row.number) if row.readable else None
        for beyond in (row.lowest - 1, row.highest + 1, 2**70):
            with pytest.raises((ZMQError, OverflowError), match=row.name):
                socket.set(row.number, beyond)
            with pytest.raises((ZMQError, OverflowError), match=row.name):
                setattr(socket, row.name, beyond)
        for wrong in ("1", b"1", 1.0):
            with pytest.raises(TypeError, match=rf"set\({row.name}\) takes an int"):
                socket.set(row.number, wrong)
        if row.readable:
            assert socket.get(row.number) == before


def test_bytes_option_takes_no_text(context: zmqlite.Context[Any]) -> None:
    """Text goes through set_string(), in any encoding."""
    with context.socket(zmqlite.DEALER) as socket:
        with pytest.raises(TypeError, match=r"set\(ROUTING_ID\) takes bytes, got str: encode it, or use set_string"):
            socket.routing_id = "text"  # type: ignore[assignment]
        with pytest.raises(TypeError, match="set_string"):
            socket.set(zmqlite.IDENTITY, "text")
        for method in (socket.set_string, socket.setsockopt_string, socket.setsockopt_unicode):
            method(zmqlite.ROUTING_ID, "zwölf")
            assert socket.routing_id == "zwölf".encode()
        for read in (socket.get_string, socket.getsockopt_string, socket.getsockopt_unicode):
            assert read(zmqlite.IDENTITY) == "zwölf"
        socket.set_string(zmqlite.ROUTING_ID, "zwölf", encoding="latin-1")
        assert socket.get_string(zmqlite.ROUTING_ID, encoding="latin-1") == "zwölf"
        with pytest.raises(UnicodeDecodeError):
            socket.get_string(zmqlite.ROUTING_ID)


def test_string_forms_refuse_numbers_and_bytes(context: zmqlite.Context[Any]) -> None:
    """set_string() is for text, get_string() for options that are text."""
    with context.socket(zmqlite.DEALER) as socket:
        with pytest.raises(TypeError, match="takes str, got bytes: use set"):
            socket.set_string(zmqlite.ROUTING_ID, b"bytes")  # type: ignore[arg-type]
        with pytest.raises(TypeError, match="is a number, not text"):
            socket.get_string(zmqlite.LINGER)
        with pytest.raises(TypeError, match="takes an int, got bytes"):
            socket.set_string(zmqlite.LINGER, "5")


def test_hwm_is_both_high_water_marks(context: zmqlite.Context[Any]) -> None:
    """Setting it sets both, reading it gives the one for sending: as attribute, by number, by method."""
    with context.socket(zmqlite.DEALER) as socket:
        assert (socket.hwm, socket.sndhwm, socket.rcvhwm) == (1000, 1000, 1000)
        socket.hwm = 5
        assert (socket.sndhwm, socket.rcvhwm) == (5, 5)
        socket.set(zmqlite.HWM, 6)
        assert (socket.sndhwm, socket.rcvhwm) == (6, 6)
        socket.set_hwm(7)
        assert (socket.get_hwm(), socket.rcvhwm) == (7, 7)
        socket.sndhwm, socket.rcvhwm = 8, 9
        assert (socket.hwm, socket.get(zmqlite.HWM), socket.getsockopt(zmqlite.HWM)) == (8, 8, 8)
        with pytest.raises(ZMQError):
            socket.hwm = -1
        assert socket.hwm == 8


def test_high_water_mark_holds_messages_back(context: zmqlite.Context[Any]) -> None:
    """sndhwm=1 and rcvhwm=1 over inproc are two messages, and then Again."""
    with context.socket(zmqlite.PUSH) as push, context.socket(zmqlite.PULL) as pull:
        push.hwm = pull.hwm = 1
        push.linger = 0
        pull.bind("inproc://hwm")
        push.connect("inproc://hwm")
        push.send(b"1", zmqlite.DONTWAIT)
        push.send(b"2", zmqlite.DONTWAIT)
        with pytest.raises(zmqlite.Again):
            push.send(b"3", zmqlite.DONTWAIT)


def test_unknown_option_number_is_einval(context: zmqlite.Context[Any]) -> None:
    """A number that libzmq does not know is its EINVAL; what is no number is a TypeError."""
    with context.socket(zmqlite.PUSH) as socket:
        for number in (9999, -1):
            for call, arguments in ((socket.get, (number,)), (socket.set, (number, 1)), (socket.set, (number, b"x"))):
                with pytest.raises(ZMQError) as caught:
                    call(*arguments)
                assert caught.value.errno == errno.EINVAL
        for wrong in ("LINGER", None, 1.5):
            with pytest.raises(TypeError):
                socket.get(wrong)  # type: ignore[arg-type]
            with pytest.raises(TypeError):
                socket.set(wrong, 1)  # type: ignore[arg-type]


def test_options_of_a_closed_socket_raise_enotsock(context: zmqlite.Context[Any]) -> None:
    """get(), set(), attributes and fileno() of a closed socket."""
    socket = context.socket(zmqlite.SUB)
    socket.close()
    calls = (
        lambda: socket.get(zmqlite.LINGER),
        lambda: socket.get(zmqlite.LAST_ENDPOINT),
        lambda: socket.set(zmqlite.LINGER, 0),
        lambda: socket.linger,
        lambda: setattr(socket, "linger", 0),
        lambda: setattr(socket, "subscribe", b""),
        lambda: socket.subscribe(b""),
        lambda: socket.hwm,
        socket.fileno,
    )
    for call in calls:
        with pytest.raises(ZMQError, match="socket is closed") as caught:
            call()
        assert caught.value.errno == errno.ENOTSOCK


def test_values_read_back_are_plain(context: zmqlite.Context[Any]) -> None:
    """Options give int and bytes; `type` alone is an enum."""
    with context.socket(zmqlite.DEALER) as socket:
        for name in ("linger", "affinity", "maxmsgsize", "events", "mechanism", "rcvmore", "ipv6", "fd", "TYPE"):
            assert type(getattr(socket, name)) is int
        for name in ("last_endpoint", "routing_id", "socks_proxy"):
            assert type(getattr(socket, name)) is bytes
        assert socket.type is zmqlite.SocketType.DEALER
        assert socket.get(zmqlite.TYPE) == socket.TYPE == zmqlite.DEALER
        assert socket.fd == socket.FD == socket.fileno()


def test_affinity_has_64_bits(context: zmqlite.Context[Any]) -> None:
    """The highest bit too, which C reads as a sign elsewhere."""
    with context.socket(zmqlite.DEALER) as socket:
        for value in (2**64 - 1, 2**63, 0):
            socket.affinity = value
            assert socket.affinity == value


def test_dir_lists_the_options(context: zmqlite.Context[Any]) -> None:
    """For completion in a shell."""
    with context.socket(zmqlite.PUSH) as socket:
        listed = dir(socket)
    assert {"LINGER", "linger", "SNDHWM", "send", "recv_multipart", "hwm"} <= set(listed)
    assert listed == sorted(set(listed))
