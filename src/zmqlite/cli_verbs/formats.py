"""Messages as text, and text as messages: lines, raw, JSON, and a hex view."""

from __future__ import annotations

import base64
import binascii
import json
import sys
from collections.abc import Iterable, Iterator
from typing import Any, BinaryIO

import click

__all__ = ["FORMATS", "format_message", "hex_view", "message_to_json", "parse_json", "read_messages", "write"]

FORMATS = ("lines", "raw", "json", "hex")
_WIDTH = 16


def _part_to_json(part: bytes) -> Any:
    try:
        return part.decode("utf-8")
    except UnicodeDecodeError:
        return {"base64": base64.b64encode(part).decode("ascii")}


def _part_from_json(value: Any) -> bytes:
    if isinstance(value, str):
        return value.encode("utf-8")
    if isinstance(value, dict) and isinstance(value.get("base64"), str):
        try:
            return base64.b64decode(value["base64"], validate=True)
        except binascii.Error as error:
            raise ValueError(f"not base64: {value['base64']!r}: {error}") from None
    raise ValueError(f'a part is a string or {{"base64": "..."}}, got {json.dumps(value)}')


def message_to_json(parts: Iterable[bytes], **more: Any) -> dict[str, Any]:
    """A message as an object: `{"parts": ["text", {"base64": "/w=="}]}`; what is not UTF-8 is base64."""
    return {**more, "parts": [_part_to_json(part) for part in parts]}


def parse_json(text: str) -> list[bytes]:
    """A message from JSON: a string; a list of parts; or an object with "parts", as message_to_json() makes it.

    Raises:
        ValueError: it is none of them.
    """
    value = json.loads(text)
    if isinstance(value, dict) and "parts" in value:
        value = value["parts"]
    parts = [_part_from_json(part) for part in (value if isinstance(value, list) else [value])]
    if not parts:
        raise ValueError("a message has at least one part")
    return parts


def hex_view(parts: list[bytes]) -> str:
    """Frames as people read them: offset, bytes, text."""
    lines = []
    for number, part in enumerate(parts, 1):
        lines.append(f"frame {number} of {len(parts)}, {len(part)} bytes")
        for offset in range(0, len(part), _WIDTH):
            row = part[offset : offset + _WIDTH]
            digits = " ".join(f"{byte:02x}" for byte in row)
            text = "".join(chr(byte) if 32 <= byte < 127 else "." for byte in row)
            lines.append(f"{offset:08x}  {digits:<{_WIDTH * 3 - 1}}  |{text}|")
    return "\n".join(lines)


def format_message(parts: list[bytes], form: str, separator: str) -> bytes:
    """A message as it is printed.

    Args:
        parts: of the message.
        form: one of FORMATS.
        separator: between parts, in lines.
    """
    if form == "raw":
        return b"".join(parts)
    if form == "json":
        return json.dumps(message_to_json(parts), ensure_ascii=False).encode("utf-8", "surrogatepass") + b"\n"
    if form == "hex":
        return hex_view(parts).encode("ascii") + b"\n"
    return separator.join(part.decode("utf-8", "backslashreplace") for part in parts).encode("utf-8") + b"\n"


def read_messages(
    arguments: tuple[str, ...], form: str, multipart: bool, separator: str, stdin: BinaryIO | None = None
) -> Iterator[list[bytes]]:
    """The messages that a command line asks to send: its arguments, or standard input when there are none.

    Args:
        arguments: each is a message, as it is; with multipart all are parts of one.
        form: of standard input: lines has a message a line, raw is one message, json has a
            message a line.
        multipart: parts of a line are separated.
        separator: what separates them.
        stdin: where to read; standard input when None.
    """
    if form == "hex":
        raise click.UsageError("--format hex is for output")
    if arguments:
        if multipart:
            yield [argument.encode("utf-8", "surrogateescape") for argument in arguments]
            return
        for argument in arguments:
            yield [argument.encode("utf-8", "surrogateescape")]
        return
    source = stdin if stdin is not None else sys.stdin.buffer
    if form == "raw":
        yield [source.read()]
        return
    for line in source:
        stripped = line.rstrip(b"\r\n")
        if form == "json":
            if stripped.strip():
                yield parse_json(stripped.decode("utf-8"))
        else:
            yield stripped.split(separator.encode()) if multipart else [stripped]


def write(data: bytes) -> None:
    """Write to standard output at once: a reader at the other end of a pipe waits for it."""
    sys.stdout.buffer.write(data)
    sys.stdout.buffer.flush()
