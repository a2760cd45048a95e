"""Every option of a socket and of a context: looking one up, checking a value, and options as attributes.

    SOCKET_OPTIONS, CONTEXT_OPTIONS    number -> Option, plain dicts
    find_socket_option(number)         a row, or a pass-through for a number that no row has
    find_by_name("linger")             by name, in any case, deprecated names too
    encode(number, value)              what libzmq is given for a value, or an exception that says why not
    install_attributes(cls, ...)       `sock.linger = 0`, with a docstring for each
    is_declared(cls, name)             whether a subclass may set an attribute that is no option
    explain(errno, ...)                the exception for an option that libzmq itself refused

What an option is: option_codec.py. The rows: option_table.py, option_table_transports.py.

A number that is in no row, of a newer libzmq, passes through: an int is set as a C int, bytes as bytes, and it is
read as a C int. libzmq then says whether it knows it.
"""

from __future__ import annotations

from errno import EFAULT, EINVAL

from .errors import ZMQError, error_from_errno
from .option_codec import INT_MAX, INT_MIN, Number, Option, UnknownOption, to_int
from .option_table import CONTEXT_ROWS, SOCKET_ROWS
from .option_table_transports import TRANSPORT_ROWS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import Any

    from .option_codec import Encoded

HWM = 1  # Not libzmq's: the socket sets SNDHWM and RCVHWM, and reads SNDHWM.
SNDHWM = 23
RCVHWM = 24
BLOCKY = 70

SOCKET_OPTIONS: dict[int, Option] = {row.number: row for row in SOCKET_ROWS + TRANSPORT_ROWS}
CONTEXT_OPTIONS: dict[int, Option] = {row.number: row for row in CONTEXT_ROWS}
# libzmq gave one number to both: it is SOCKET_LIMIT when read, THREAD_PRIORITY when set.
CONTEXT_OPTIONS[3] = Number(
    "THREAD_PRIORITY", 3, 0, 99, "read: SOCKET_LIMIT; set: THREAD_PRIORITY", kind="int", size=4, at_once=True
)

# Filled at the first look-up by name.
_socket_names: dict[str, Option] = {}
_context_names: dict[str, Option] = {}

_SOCKET_TYPES = (
    "PAIR", "PUB", "SUB", "REQ", "REP", "DEALER", "ROUTER", "PULL", "PUSH", "XPUB", "XSUB", "STREAM", "SERVER",
    "CLIENT", "RADIO", "DISH", "GATHER", "SCATTER", "DGRAM", "PEER", "CHANNEL",
)  # fmt: skip


def find_socket_option(number: int) -> Option:
    """Look a socket option up by number.

    Args:
        number: of zmq.h, a SocketOption or a plain int.

    Returns:
        The row, or an UnknownOption for a number that no row has.

    Raises:
        TypeError: number is not an integer.
        OverflowError: number does not fit a C int.
    """
    return SOCKET_OPTIONS.get(number) or _make_unknown(number)


def find_context_option(number: int) -> Option:
    """Look a context option up by number; otherwise as find_socket_option()."""
    return CONTEXT_OPTIONS.get(number) or _make_unknown(number)


def find_by_name(name: str) -> Option | None:
    """Look a socket option up by name.

    Args:
        name: without ZMQ_, in any case; deprecated names too: "linger", "LINGER", "identity".

    Returns:
        The row, or None when there is no option of that name.
    """
    if not _socket_names:
        _socket_names.update(_collect_names(SOCKET_ROWS + TRANSPORT_ROWS))
    return _socket_names.get(name.upper())


def find_context_option_by_name(name: str) -> Option | None:
    """Look a context option up by name; otherwise as find_by_name()."""
    if not _context_names:
        _context_names.update(_collect_names(CONTEXT_ROWS))
    return _context_names.get(name.upper())


def encode(number: int, value: Any) -> Encoded:
    """Turn a value for a socket option into what libzmq is given: see Option.encode()."""
    return find_socket_option(number).encode(value)


def encode_context(number: int, value: Any) -> Encoded:
    """Turn a value for a context option into what libzmq is given: see Option.encode()."""
    return find_context_option(number).encode(value)


def explain(errno: int, verb: str, option: Option, value: object = None, socket_type: int | None = None) -> ZMQError:
    """Make the exception for an option that libzmq refused.

    Args:
        errno: what libzmq left, EINVAL for nearly everything.
        verb: "set" or "get".
        option: the row.
        value: what was to be set; it is not shown when the option is secret.
        socket_type: of the socket; None for a context.
    """
    call = f"{verb}({option.name}, {option.describe(value)})" if verb == "set" else f"{verb}({option.name})"
    return error_from_errno(errno, call, hint=_find_reason(option, socket_type) if errno == EINVAL else None)


def install_attributes(
    cls: type,
    options: Iterable[Option],
    getter: Callable[[Any, int], Any],
    setter: Callable[[Any, int, Any], None],
    deleter: Callable[[Any, int], None] | None = None,
) -> None:
    """Give a class an attribute for each option, in lower and in upper case, under every name it has.

    What the class or a base has already stays, but for a function such as subscribe(): that stays callable, and
    assigning to it sets the option.

    Args:
        cls: Socket or Context.
        options: the rows.
        getter: called with the object and the option's number. Its EINVAL becomes an AttributeError, so that
            hasattr() tells what can be read.
        setter: called with the object, the number and the value.
        deleter: called with the object and the number; None forbids `del`.
    """
    for option in options:
        takes_text = type(getattr(cls, option.name.lower(), None)) is _FUNCTION
        set_option = _encoding_text(setter) if takes_text else setter
        attribute = OptionAttribute(option, getter, set_option, deleter)
        for upper in (option.name, *option.aliases):
            for name in (upper.lower(), upper):
                present = getattr(cls, name, None)
                if present is None:
                    setattr(cls, name, attribute)
                elif type(present) is _FUNCTION:
                    setattr(cls, name, MethodAndOption(present, option, set_option))


class OptionAttribute:
    """An option as an attribute of a socket or a context."""

    __slots__ = ("_deleter", "_getter", "_setter", "option")

    def __init__(
        self,
        option: Option,
        getter: Callable[[Any, int], Any],
        setter: Callable[[Any, int, Any], None],
        deleter: Callable[[Any, int], None] | None,
    ) -> None:
        self.option = option
        self._getter = getter
        self._setter = setter
        self._deleter = deleter

    @property
    def __doc__(self) -> str:  # type: ignore[override]
        return self.option.docstring

    def __get__(self, owner: Any, cls: type | None = None) -> Any:
        if owner is None:
            return self
        try:
            if not self.option.readable:
                self.option.require_readable()
            return self._getter(owner, self.option.number)
        except ZMQError as error:
            if error.errno in (EINVAL, EFAULT):
                raise AttributeError(str(error)) from error
            raise

    def __set__(self, owner: Any, value: Any) -> None:
        if not self.option.writable:
            raise self.option.refuse(value, "it can only be read")
        self._setter(owner, self.option.number, value)

    def __delete__(self, owner: Any) -> None:
        if self._deleter is None:
            raise AttributeError(f"{self.option.name.lower()} cannot be deleted: it is an option of libzmq")
        self._deleter(owner, self.option.number)


class MethodAndOption:
    """A method whose name is an option's too: `sock.subscribe("x")` calls it, `sock.subscribe = b"x"` sets."""

    __slots__ = ("__wrapped__", "_setter", "option")

    def __init__(self, method: Callable[..., Any], option: Option, setter: Callable[[Any, int, Any], None]) -> None:
        self.__wrapped__ = method
        self.option = option
        self._setter = setter

    def __get__(self, owner: Any, cls: type | None = None) -> Any:
        return self.__wrapped__ if owner is None else self.__wrapped__.__get__(owner, cls)

    def __set__(self, owner: Any, value: Any) -> None:
        self._setter(owner, self.option.number, value)


def _encoding_text(setter: Callable[[Any, int, Any], None]) -> Callable[[Any, int, Any], None]:
    # As pyzmq: only where there is a method that takes text does text stand for its UTF-8.
    return lambda owner, number, value: setter(
        owner, number, value.encode("utf-8") if isinstance(value, str) else value
    )


_FUNCTION = type(install_attributes)


def is_declared(cls: type, name: str) -> bool:
    """Whether a class or a base of it annotates this name, `name: int`: such an attribute may be set."""
    return any(name in getattr(base, "__annotations__", ()) for base in cls.__mro__)


def _make_unknown(number: Any) -> UnknownOption:
    if isinstance(number, str):
        raise TypeError(f"an option is a number, such as zmqlite.LINGER, not the str {number!r}")
    plain = to_int(number, "option", "an int")
    if not INT_MIN <= plain <= INT_MAX:
        raise OverflowError(f"no option has the number {plain}: it does not fit a C int")
    return UnknownOption(plain)


def _collect_names(rows: Iterable[Option]) -> dict[str, Option]:
    return {name: row for row in rows for name in (row.name, *row.aliases)}


def _find_reason(option: Option, socket_type: int | None) -> str:
    if socket_type is not None and option.socket_types and socket_type < len(_SOCKET_TYPES):
        name = _SOCKET_TYPES[socket_type]
        if name not in option.socket_types:
            return f"it is only for {', '.join(option.socket_types)}, and this is a {name}"
    if option.needs:
        return f"this libzmq may be built without {option.needs}: see has({option.needs!r})"
    if option.draft:
        return f"it needs libzmq {option.draft} or newer, and perhaps its drafts: see has('draft')"
    if isinstance(option, UnknownOption):
        if option.number == BLOCKY:
            return "BLOCKY is an option of the context"
        return "this libzmq has no option of that number, or the value is wrong"
    return f"allowed are {option.allowed}" if option.writable else ""
