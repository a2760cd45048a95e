"""proxy: forward between any two sockets, with capture and live counters."""

from __future__ import annotations

import json
import math
import struct
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

import click

from zmqlite.constants import SocketType
from zmqlite.context import Context
from zmqlite.errors import ContextTerminated, ZMQError
from zmqlite.proxy import proxy_steerable

from .formats import write
from .sockets import PERIOD, SECONDS, TYPES, attach

__all__ = ["COMMANDS"]

_NAMES = (
    "frontend_messages_in",
    "frontend_bytes_in",
    "frontend_messages_out",
    "frontend_bytes_out",
    "backend_messages_in",
    "backend_bytes_in",
    "backend_messages_out",
    "backend_bytes_out",
)
_CONTROL = "inproc://zmqlite.cli.control"
_CAPTURE = "inproc://zmqlite.cli.capture"
_SLICE = 0.5  # Windows delivers Ctrl-C only between two waits


class _Place(click.ParamType):  # type: ignore[type-arg, unused-ignore]  # generic from click 8.4 on
    """`router:@tcp://*:5559`: a socket type, and where."""

    name = "TYPE:ENDPOINT"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[str, str]:
        socket_type, _, place = str(value).partition(":")
        if socket_type not in TYPES or "://" not in place:
            self.fail(f"{value!r} is not TYPE:ENDPOINT, such as router:@tcp://*:5559", param, ctx)
        return socket_type, place


def _open(context: Context[Any], given: tuple[str, str]) -> Any:
    socket_type, place = given
    socket = context.socket(SocketType[socket_type.upper()])
    socket.linger = 0
    if socket_type == "sub":
        socket.subscribe("")
    attach(socket, place)
    return socket


@click.command(
    help="Forward messages between two sockets, each TYPE:ENDPOINT, such as router:@tcp://*:5559. "
    "It binds where the endpoint begins with @ or has a *, and connects elsewhere."
)
@click.argument("frontend", type=_Place())
@click.argument("backend", type=_Place())
@click.option("--capture", type=_Place(), help="A socket that gets a copy of everything: push:... or pub:...")
@click.option("--stats", type=PERIOD, help="Print the counters every so often.")
@click.option("--duration", "-t", type=SECONDS, help="Stop after this.")
@click.option("--json", "as_json", is_flag=True, help="Counters as lines of JSON.")
def proxy(
    frontend: tuple[str, str],
    backend: tuple[str, str],
    capture: tuple[str, str] | None,
    stats: float | None,
    duration: float | None,
    as_json: bool,
) -> None:
    """Forward."""
    context: Context[Any] = Context()
    failed: list[ZMQError] = []
    try:
        sockets = [_open(context, frontend), _open(context, backend)]
        asked: Counter[bytes] = Counter()
        taken = _relay(context, _open(context, capture), asked) if capture is not None else None
        control, steering = context.socket(SocketType.PAIR), context.socket(SocketType.PAIR)
        control.bind(_CONTROL)
        steering.connect(_CONTROL)
        steering.rcvtimeo = 10_000  # the proxy answers between two messages, or has ended
        print("forwarding", file=sys.stderr, flush=True)
        ended = threading.Event()  # not is_alive(): CPython 3.11 takes a thread for dead whose join() Ctrl-C ended
        arguments = (*sockets, taken, control, failed, ended)
        threading.Thread(target=_forward, args=arguments, daemon=True).start()
        ends_at = math.inf if duration is None else time.monotonic() + duration
        show_at = math.inf if stats is None else time.monotonic() + stats
        with _display(as_json) as show:
            try:
                while not ended.is_set() and time.monotonic() < ends_at:
                    ended.wait(max(0.0, min(ends_at, show_at, time.monotonic() + _SLICE) - time.monotonic()))
                    if show_at <= time.monotonic() < ends_at and not ended.is_set():
                        show(_ask(steering, asked))
                        show_at += stats or 0.0
            finally:  # also of Ctrl-C: the last counters are what one wants to know then
                if not ended.is_set():
                    if stats is not None:
                        show(_ask(steering, asked))
                    asked[b"TERMINATE"] += 1
                    steering.send(b"TERMINATE")
                    ended.wait()
    finally:
        context.destroy(linger=0)
    if failed:
        raise failed[0]


def _forward(
    frontend: Any, backend: Any, capture: Any, control: Any, failed: list[ZMQError], ended: threading.Event
) -> None:
    try:
        proxy_steerable(frontend, backend, capture, control)
    except ContextTerminated:
        pass
    except ZMQError as error:
        failed.append(error)
    finally:
        ended.set()


def _relay(context: Context[Any], capture: Any, asked: Counter[bytes]) -> Any:
    """Return a socket for the proxy to capture to; a thread hands on what it gets.

    The proxy copies our commands to its capture socket, too: as many of them as were asked for are kept back.
    """
    outlet, inlet = context.socket(SocketType.PAIR), context.socket(SocketType.PAIR)
    outlet.bind(_CAPTURE)
    inlet.connect(_CAPTURE)

    def relay() -> None:
        with suppress(ZMQError):  # the end of the context
            while True:
                parts = outlet.recv_multipart()
                if len(parts) == 1 and asked[parts[0]] > 0:
                    asked[parts[0]] -= 1
                else:
                    capture.send_multipart(parts)

    threading.Thread(target=relay, daemon=True).start()
    return inlet


def _ask(steering: Any, asked: Counter[bytes]) -> dict[str, int]:
    asked[b"STATISTICS"] += 1
    steering.send(b"STATISTICS")
    return dict(zip(_NAMES, (struct.unpack("=Q", frame)[0] for frame in steering.recv_multipart())))


@contextmanager
def _display(as_json: bool) -> Iterator[Any]:
    if as_json or not sys.stdout.isatty():

        def show(counters: dict[str, int]) -> None:
            text = json.dumps(counters) if as_json else "  ".join(f"{name} {n}" for name, n in counters.items())
            write(text.encode() + b"\n")

        yield show
        return
    from rich.live import Live
    from rich.table import Table

    with Live(auto_refresh=False) as live:

        def draw(counters: dict[str, int]) -> None:
            table = Table("", "messages in", "bytes in", "messages out", "bytes out")
            for side in ("frontend", "backend"):
                table.add_row(side, *(f"{n:,}" for name, n in counters.items() if name.startswith(side)))
            live.update(table, refresh=True)

        yield draw


COMMANDS: dict[str, click.Command] = {"proxy": proxy}
