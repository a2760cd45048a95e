"""What one option is, and how its value crosses into libzmq and back.

The rows are in option_table.py and option_table_transports.py, the lookup is in options.py. A value that libzmq
would take in silence and then misuse, or abort the process over, is refused here, with the option, the value and
what is allowed. Secrets appear in no message.
"""

from __future__ import annotations

from errno import EINVAL

from .errors import ZMQError, error_from_errno

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, Union

    # What libzmq is given: a number; bytes; or None for a null pointer of length 0, which clears the option.
    Encoded = Union[int, bytes, None]

INT_MIN = -(2**31)
INT_MAX = 2**31 - 1

_LONGEST_SHOWN = 64


class Option:
    """One option of libzmq: a row of the table.

    Attributes:
        name: the C name without ZMQ_, "SNDHWM".
        number: what libzmq knows it by.
        kind: "int", "bool", "int64", "uint64", "fd", "bytes", "string", "key" or "unknown".
        size: bytes of the number in C, 4 or 8; 0 when the value is bytes.
        lowest: the smallest number allowed; for bytes the shortest length.
        highest: the largest number allowed; for bytes the longest length.
        unit: of the value, "ms", "bytes", "messages"; empty when it has none.
        default: what a new socket or context has; None when there is nothing to read.
        readable: whether it can be read.
        writable: whether it can be set.
        at_once: whether setting it also changes connections that are there; if not, set it before connect or bind.
        socket_types: the only types it is for, ("SUB", "XPUB"); empty for all.
        clears: whether None may be set, to clear it.
        secret: whether the value must never be shown.
        draft: the first libzmq that has it as a draft, "4.3.3"; empty when it is stable.
        needs: what libzmq must be built with, as has() names it, "curve"; empty for nothing.
        aliases: other names of the same number.
        deprecated: what to use instead; empty when it is current.
        doc: what it does, in a few words.
        takes_range: whether every number of the range may be set.
    """

    __slots__ = (
        "_check",
        "aliases",
        "at_once",
        "clears",
        "default",
        "deprecated",
        "doc",
        "draft",
        "highest",
        "kind",
        "lowest",
        "name",
        "needs",
        "number",
        "readable",
        "secret",
        "size",
        "socket_types",
        "takes_range",
        "unit",
        "writable",
    )

    def __init__(
        self,
        name: str,
        number: int,
        lowest: int,
        highest: int,
        doc: str,
        *,
        kind: str,
        size: int = 0,
        unit: str = "",
        default: int | bytes | None = None,
        access: str = "rw",
        at_once: bool = False,
        types: tuple[str, ...] = (),
        clears: bool = False,
        secret: bool = False,
        draft: str = "",
        needs: str = "",
        aliases: tuple[str, ...] = (),
        deprecated: str = "",
        check: Callable[[Any], str] | None = None,
    ) -> None:
        self.name = name
        self.number = number
        self.lowest = lowest
        self.highest = highest
        self.doc = doc
        self.kind = kind
        self.size = size
        self.unit = unit
        self.default = default
        self.readable = "r" in access
        self.writable = "w" in access
        self.at_once = at_once
        self.socket_types = types
        self.clears = clears
        self.secret = secret
        self.draft = draft
        self.needs = needs
        self.aliases = aliases
        self.deprecated = deprecated
        self._check = check
        # A number that is in range needs no further look.
        self.takes_range = self.writable and check is None

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.name} ({self.number})>"

    @property
    def c_name(self) -> str:
        """The name in zmq.h, "ZMQ_SNDHWM"."""
        return f"ZMQ_{self.name}"

    @property
    def pyzmq_type(self) -> str:
        """How pyzmq classifies the value: "int", "int64", "bytes" or "fd"."""
        if self.size == 0:
            return "bytes"
        return "int64" if self.size == 8 else "fd" if self.kind == "fd" else "int"

    @property
    def read_size(self) -> int:
        """Bytes of the buffer to read it into: libzmq wants a key's exact length, and room for the rest."""
        return self.size or (41 if self.kind == "key" else 1024)

    @property
    def allowed(self) -> str:
        """The values that may be set, in words."""
        raise NotImplementedError

    @property
    def docstring(self) -> str:
        """The documentation of the option as an attribute."""
        lines = f"ZMQ_{self.name}: {self.doc}"
        if self.default is not None:
            lines += f"; default {self.default!r}"
        if self.writable and not self.at_once:
            lines += "; set it before connect or bind"
        if not self.writable:
            lines += "; read only"
        elif not self.readable:
            lines += "; cannot be read back"
        details = [f"Value: {self.kind}, {self.allowed}." if self.writable else f"Value: {self.kind}."]
        if self.socket_types:
            details.append(f"Only for {' '.join(self.socket_types)}.")
        if self.draft:
            details.append(f"Draft since libzmq {self.draft}.")
        if self.needs:
            details.append(f"Needs a libzmq with {self.needs}.")
        if self.deprecated:
            details.append(f"Deprecated: {self.deprecated}.")
        return f"{lines}.\n\n{' '.join(details)}"

    def encode(self, value: Any) -> Encoded:
        """Turn what the user gave into what libzmq is given.

        Args:
            value: for a number an int, a bool or what has `__index__`; for bytes anything with the buffer protocol;
                for a key 32 raw bytes or 40 characters of Z85; None clears an option that can be cleared.

        Returns:
            An int; or bytes; or None, for which libzmq is given a null pointer of length 0.

        Raises:
            TypeError: the value is of the wrong type.
            OverflowError: the number does not fit its C type.
            ZMQError: EINVAL: the option is read only, or the value is not allowed.
        """
        raise NotImplementedError

    def decode(self, value: bytes) -> bytes:
        """Turn the bytes that libzmq gave into what the user gets: without the NUL that ends a string."""
        return value

    def require_readable(self) -> None:
        """Raise EINVAL if libzmq cannot give this option back."""
        if not self.readable:
            raise error_from_errno(EINVAL, f"get({self.name})", hint="it can be set, but not read back")

    def describe(self, value: object) -> str:
        """The value as it may appear in a message or a log: never a secret or a key, never longer than a line."""
        if self.secret or self.kind == "key":
            return "<not shown>"
        shown = repr(value)
        return shown if len(shown) <= _LONGEST_SHOWN else f"{shown[:_LONGEST_SHOWN]}..."

    def refuse(self, value: object, reason: str) -> ZMQError:
        """The EINVAL that names the option, the value and the reason."""
        return error_from_errno(EINVAL, f"set({self.name}, {self.describe(value)})", hint=reason)

    def _require_writable(self, value: object) -> None:
        if not self.writable:
            raise self.refuse(value, "it can only be read")


class Number(Option):
    """An option whose value is a C int, int64_t or uint64_t; bool options are ints that take 0 and 1."""

    __slots__ = ()

    @property
    def allowed(self) -> str:
        """The values that may be set, in words."""
        if self.kind == "bool":
            return "0 or 1"
        if self._check is check_nonzero and self.lowest < 0:
            text = f"-1 or 1 to {self.highest}"
        else:
            text = f"{self.lowest} to {self.highest}"
        return f"{text} {self.unit}" if self.unit else text

    def encode(self, value: Any) -> int | None:
        """Turn what the user gave into the int that libzmq is given; see Option.encode()."""
        if type(value) is int and self.takes_range and self.lowest <= value <= self.highest:
            return value
        self._require_writable(value)
        if value is None and self.clears:
            return None
        number = to_int(value, self.name)
        if not self.lowest <= number <= self.highest:
            self._require_fit(number)
            raise self.refuse(number, f"allowed are {self.allowed}")
        if self._check is not None:
            reason = self._check(number)
            if reason:
                raise self.refuse(number, reason)
        return number

    def _require_fit(self, number: int) -> None:
        if self.kind == "uint64":
            c_type, lowest, highest = "uint64_t", 0, 2**64 - 1
        elif self.size == 8:
            c_type, lowest, highest = "int64_t", -(2**63), 2**63 - 1
        else:
            c_type, lowest, highest = "int", INT_MIN, INT_MAX
        if not lowest <= number <= highest:
            raise OverflowError(
                f"set({self.name}): the number does not fit a C {c_type}: it must be {lowest} to {highest}"
            )


class Bytes(Option):
    """An option whose value is bytes, or a string of bytes without NUL."""

    __slots__ = ()

    @property
    def allowed(self) -> str:
        """The values that may be set, in words."""
        if self.highest == INT_MAX:
            return "of any length" if self.lowest == 0 else f"{self.lowest} bytes or more"
        return f"{self.lowest} to {self.highest} bytes"

    def encode(self, value: Any) -> bytes | None:
        """Turn what the user gave into the bytes that libzmq is given; see Option.encode()."""
        self._require_writable(value)
        if value is None and self.clears:
            return None
        data = to_bytes(value, self.name)
        if not self.lowest <= len(data) <= self.highest:
            clear = ", or None" if self.clears else ""
            raise self.refuse(data, f"allowed are {self.allowed}{clear}, not {len(data)}")
        if self.kind == "string" and b"\0" in data:
            raise self.refuse(data, "a string cannot have a NUL byte")
        if self._check is not None:
            reason = self._check(data)
            if reason:
                raise self.refuse(data, reason)
        return data

    def decode(self, value: bytes) -> bytes:
        """Turn the bytes that libzmq gave into what the user gets: without the NUL that ends a string."""
        return value[:-1] if self.kind == "string" and value.endswith(b"\0") else value


class Key(Option):
    """A CURVE key: 32 raw bytes, or 40 characters of Z85. Read back it is Z85."""

    __slots__ = ()

    @property
    def allowed(self) -> str:
        """The values that may be set, in words."""
        return "32 raw bytes or 40 characters of Z85"

    def encode(self, value: Any) -> bytes:
        """Turn a key, raw or Z85, into its 32 raw bytes; see Option.encode()."""
        self._require_writable(value)
        if isinstance(value, str):
            # Z85 is text, and a key file or an environment variable gives it as such.
            value = value.encode("utf-8")
        data = to_bytes(value, self.name)
        if len(data) == 41 and data.endswith(b"\0"):
            data = data[:-1]
        if len(data) == 40:
            from . import z85

            try:
                return z85.decode(data)
            except ValueError:
                # Not chained: the cause would quote a character of the key.
                pass
            raise self.refuse(data, "it is not Z85")
        if len(data) != 32:
            raise self.refuse(data, f"allowed are {self.allowed}, not {len(data)} bytes")
        return data

    def decode(self, value: bytes) -> bytes:
        """Turn the Z85 that libzmq gave into 40 bytes, without the NUL that ends it."""
        return value[:-1] if len(value) == 41 else value


class ThreadNamePrefix(Option):
    """The context option that takes a number through zmq_ctx_set, or a name through zmq_ctx_set_ext (draft)."""

    __slots__ = ()

    @property
    def allowed(self) -> str:
        """The values that may be set, in words."""
        return f"0 to {INT_MAX}, or 1 to 15 bytes"

    def encode(self, value: Any) -> int | bytes:
        """Turn a number or a name into what libzmq is given; see Option.encode()."""
        if isinstance(value, str) or _is_buffer(value):
            data = to_bytes(value, self.name)
            if not 1 <= len(data) <= 15 or b"\0" in data:
                raise self.refuse(data, f"allowed are {self.allowed}")
            # libzmq takes 4 bytes for an int.
            return data + b"\0" if len(data) == 4 else data
        number = to_int(value, self.name)
        if not self.lowest <= number <= self.highest:
            if not INT_MIN <= number <= INT_MAX:
                raise OverflowError(f"set({self.name}): the number does not fit a C int")
            raise self.refuse(number, f"allowed are {self.allowed}")
        return number


class UnknownOption(Option):
    """An option that is in no row, of a newer libzmq: an int or bytes pass through as they are, and libzmq judges."""

    __slots__ = ()

    def __init__(self, number: int) -> None:
        super().__init__(
            str(number), number, INT_MIN, INT_MAX, "unknown to this zmqlite", kind="unknown", size=4, at_once=True
        )

    @property
    def allowed(self) -> str:
        """The values that may be set, in words."""
        return "a C int, or bytes"

    def encode(self, value: Any) -> int | bytes:
        """Pass an int or bytes through; see Option.encode()."""
        if _is_buffer(value):
            return to_bytes(value, self.name)
        number = to_int(value, self.name, "an int or bytes")
        if not INT_MIN <= number <= INT_MAX:
            raise OverflowError(f"set({self.name}): the number does not fit a C int")
        return number


def to_int(value: Any, name: str, wanted: str = "an int") -> int:
    """Turn a bool, an IntEnum, a numpy integer or anything else with `__index__` into a plain int."""
    try:
        return int(value.__index__())
    except AttributeError:
        advice = ": convert it with int()" if isinstance(value, (str, float)) else ""
        raise TypeError(f"set({name}) takes {wanted}, got {type(value).__name__}{advice}") from None


def to_bytes(value: Any, name: str) -> bytes:
    """Copy anything with the buffer protocol into bytes."""
    if type(value) is bytes:
        return value
    if isinstance(value, str):
        raise TypeError(f"set({name}) takes bytes, got str: encode it, or use set_string()")
    try:
        return memoryview(value).tobytes()
    except TypeError:
        raise TypeError(f"set({name}) takes bytes, got {type(value).__name__}") from None


def _is_buffer(value: object) -> bool:
    return isinstance(value, (bytes, bytearray, memoryview))


def check_nonzero(number: int) -> str:
    """Say why 0 is wrong where only -1 or a positive number will do."""
    # The kernel refuses 0, and then libzmq drops every connection without a word.
    return "0 is refused by the system: leave it at -1, or give a positive number" if number == 0 else ""
