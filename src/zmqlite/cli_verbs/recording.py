"""record and replay: a stream of messages, with its timing, as lines of JSON.

Each line is a message: `{"at": seconds since the first, "parts": [...]}`; `at` has microseconds.
"""

from __future__ import annotations

import itertools
import json
import sys
import time
from collections.abc import Iterator
from typing import Any, TextIO

import click

from .formats import message_to_json, parse_json
from .messages import limit
from .sockets import NUMBER, TYPES, deliver, open_socket, socket_options, wait_for_subscribers

__all__ = ["COMMANDS"]


@click.command(help="Write the messages that arrive to FILE (- is standard output), with their timing, as JSON lines.")
@click.argument("socket_type", metavar="TYPE", type=click.Choice(TYPES))
@click.argument("endpoint")
@click.argument("file", type=click.File("w", encoding="utf-8", lazy=False))
@click.option("--count", "-n", type=NUMBER, help="Stop after so many messages.")
@click.option("--subscribe", "-s", multiple=True, metavar="TOPIC", help="A prefix, for SUB; all when left out.")
@socket_options
def record(
    socket_type: str, endpoint: str, file: TextIO, count: int | None, subscribe: tuple[str, ...], **options: Any
) -> None:
    """Record a stream."""
    topics = (subscribe or ("",)) if socket_type == "sub" else ()
    began = None
    recorded = 0
    try:
        with open_socket(socket_type, endpoint, send_timeout=False, subscribe=topics, **options) as socket:
            for _ in limit(itertools.count(), count):
                parts = socket.recv_multipart()
                now = time.monotonic()
                began = now if began is None else began
                json.dump(message_to_json(parts, at=round(now - began, 6)), file, ensure_ascii=False)
                file.write("\n")
                file.flush()
                recorded += 1
    finally:
        print(f"{_count(recorded)} recorded", file=sys.stderr)


def _count(messages: int) -> str:
    return f"{messages} message{'' if messages == 1 else 's'}"


def _read(file: TextIO) -> Iterator[tuple[float, list[bytes]]]:
    for number, line in enumerate(file, 1):
        try:
            value = json.loads(line)
            yield float(value["at"]), parse_json(json.dumps(value["parts"]))
        except (ValueError, KeyError, TypeError) as error:
            raise click.ClickException(f"{file.name}: line {number} is no recorded message: {error}") from None


@click.command(help="Send what `record` wrote to FILE (- is standard input), with the timing that it had.")
@click.argument("file", type=click.File("r", encoding="utf-8"))
@click.argument("socket_type", metavar="TYPE", type=click.Choice(TYPES))
@click.argument("endpoint")
@click.option(
    "--speed", type=click.FloatRange(min=0), default=1.0, show_default=True, help="2: twice as fast; 0: at once."
)
@click.option(
    "--peers", type=NUMBER, default=1, show_default=True, help="Subscriptions that a publisher waits for first."
)
@socket_options
def replay(file: TextIO, socket_type: str, endpoint: str, speed: float, peers: int, **options: Any) -> None:
    """Replay a stream."""
    sent = 0
    with open_socket("xpub" if socket_type == "pub" else socket_type, endpoint, **options) as socket:
        if socket_type in ("pub", "xpub"):
            wait_for_subscribers(socket, peers)
        began = time.monotonic()
        for at, parts in _read(file):
            if speed:
                time.sleep(max(0.0, began + at / speed - time.monotonic()))
            deliver(socket, parts, options["timeout"])
            sent += 1
    print(f"{_count(sent)} replayed", file=sys.stderr)


COMMANDS: dict[str, click.Command] = {"record": record, "replay": replay}
