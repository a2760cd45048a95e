"""ZPL, the ZeroMQ property language: the text format of certificate files.

    #   a comment
    metadata
        name = the server
    curve
        public-key = "Yne@$w-vo<fVvi]a<NY6T1ed:M$fCG*[IaLV{hID"

A property is a name, or a name and a value, on one line. One that is indented belongs to the nearest property above it
that is indented less.

Source: ZeroMQ RFC 4.
"""

from __future__ import annotations

from typing import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["Property", "format_section", "parse"]

_TAB = " " * 4
_QUOTES = "\"'"
_INDENT = " " * 4


class Property(NamedTuple):
    """One line of a ZPL text.

    Attributes:
        path: the name, after the names of the properties it belongs to.
        value: the text after the `=`, without quotes, spaces around it or a comment; None without a `=`.
        line: where it is, from 1.
    """

    path: tuple[str, ...]
    value: str | None
    line: int


def parse(text: str) -> list[Property]:
    """Read a ZPL text.

    It is strict about what could be read in two ways, and lenient about how deep an indentation is: pyzmq takes any.

    Args:
        text: the whole text; lines end with a newline, or a carriage return and a newline.

    Returns:
        The properties in order, also those that are there twice.

    Raises:
        ValueError: a control character, a line without a name, or a quote that does not end. It tells the line's
            number, never what is in it: that may be a secret.
    """
    found = []
    above: list[tuple[int, str]] = []  # what the next line may belong to: indentation and name
    for number, raw in enumerate(text.split("\n"), 1):
        line = raw[:-1] if raw.endswith("\r") else raw
        line = line.replace("\t", _TAB)
        if not line.isprintable() and any(_is_control(character) for character in line):
            raise ValueError(f"line {number} has a control character")
        content = line.strip(" ")
        if not content or content.startswith("#"):
            continue
        name, value = _split(content, number)
        indentation = len(line) - len(line.lstrip(" "))
        while above and above[-1][0] >= indentation:
            above.pop()
        above.append((indentation, name))
        found.append(Property(tuple(part for _, part in above), value, number))
    return found


def _is_control(character: str) -> bool:
    return character < " " or "\x7f" <= character < "\xa0"


def _split(content: str, number: int) -> tuple[str, str | None]:
    name, equals, value = content.partition("=")
    if not equals:
        name = content.partition(" #")[0]
    name = name.strip(" ")
    if not name or name[0] in _QUOTES:
        raise ValueError(f"line {number} has no name")
    return name, _unquote(value.strip(" "), number) if equals else None


def _unquote(value: str, number: int) -> str:
    if value[:1] not in _QUOTES or not value:
        # A "#" is a comment only after a space: a URL may have one.
        return "" if value.startswith("#") else value.partition(" #")[0].rstrip(" ")
    inner, end, rest = value[1:].partition(value[0])
    rest = rest.strip(" ")
    if not end or (rest and not rest.startswith("#")):
        raise ValueError(f"line {number} has a quote that does not end where the value ends")
    return inner


def format_section(name: str, properties: Mapping[str, str]) -> list[str]:
    """Write a property and those that belong to it.

    Args:
        name: of the property above.
        properties: names and values of those below; names without `=`, `#`, quotes or spaces around them, values of one
            line that have not both kinds of quotes where they need quoting.

    Returns:
        The lines, without newlines. parse() reads the same names and values from them.

    Raises:
        ValueError: a name or a value cannot be written.
        TypeError: a name or a value is no str.
    """
    lines = [name]
    for key, value in properties.items():
        if not isinstance(key, str) or not isinstance(value, str):
            raise TypeError(f"names and values are str, got {type(key).__name__} and {type(value).__name__}")
        if not key or key != key.strip(" ") or any(character in "=#\"'" or _is_control(character) for character in key):
            raise ValueError(f"a name is one line, with no =, # or quote in it: got {key!r}")
        if any(_is_control(character) for character in value):
            raise ValueError(f"the value of {key!r} is not one line of text")
        lines.append(f"{_INDENT}{key} = {_quote(key, value)}")
    return lines


def _quote(key: str, value: str) -> str:
    plain = value and value == value.strip(" ") and value[0] not in _QUOTES and "#" not in value
    if plain:
        return value
    for quote in _QUOTES:
        if quote not in value:
            return f"{quote}{value}{quote}"
    raise ValueError(f"the value of {key!r} has both kinds of quotes")
