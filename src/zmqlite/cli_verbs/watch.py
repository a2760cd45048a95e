"""monitor: what happens to the connections of an endpoint."""

from __future__ import annotations

import errno
import itertools
import json
import os
import sys
import time
from typing import Any

import click

from zmqlite.constants import Event
from zmqlite.monitor import MonitorMessage, recv_monitor_message

from .formats import write
from .messages import limit
from .sockets import NUMBER, TYPES, attach, open_socket, socket_options

__all__ = ["COMMANDS", "describe"]

_NAMES = {name for name in Event.__members__ if not name.startswith(("ALL", "PROTOCOL"))}
_GOOD = Event.CONNECTED | Event.ACCEPTED | Event.LISTENING | Event.HANDSHAKE_SUCCEEDED
_BAD = (
    Event.BIND_FAILED
    | Event.ACCEPT_FAILED
    | Event.CLOSE_FAILED
    | Event.DISCONNECTED
    | Event.HANDSHAKE_FAILED_NO_DETAIL
    | Event.HANDSHAKE_FAILED_PROTOCOL
    | Event.HANDSHAKE_FAILED_AUTH
)
_ERRNO = Event.BIND_FAILED | Event.ACCEPT_FAILED | Event.CLOSE_FAILED | Event.HANDSHAKE_FAILED_NO_DETAIL


def describe(message: MonitorMessage) -> tuple[str, str, str]:
    """An event as people read it: its name, the endpoint, and what its value says."""
    event, value = Event(message["event"]), message["value"]
    name = (event.name or str(int(event))).lower().replace("_", " ")
    detail = ""
    if event == Event.CONNECT_RETRIED:
        detail = f"next try in {value} ms"
    elif event == Event.HANDSHAKE_FAILED_PROTOCOL:
        detail = value.name or "" if isinstance(value, Event) else str(value)
    elif event == Event.HANDSHAKE_FAILED_AUTH:
        detail = f"status {value}"
    elif event & _ERRNO and value:
        detail = f"{os.strerror(value)} ({errno.errorcode.get(value, value)})"
    return name, message["endpoint"].decode("utf-8", "backslashreplace"), detail


@click.command(help="Connect or bind a socket, and print what happens to its connections, until Ctrl-C.")
@click.argument("endpoint")
@click.option("--type", "socket_type", type=click.Choice(TYPES), default="dealer", show_default=True)
@click.option("--count", "-n", type=NUMBER, help="Stop after so many events.")
@click.option("--until", metavar="EVENT", help="Stop after this one, such as handshake_succeeded.")
@click.option("--json", "as_json", is_flag=True, help="A line of JSON an event.")
@socket_options
def monitor(
    endpoint: str, socket_type: str, count: int | None, until: str | None, as_json: bool, **options: Any
) -> None:
    """Watch an endpoint."""
    if until is not None and until.upper() not in _NAMES:
        raise click.BadParameter(f"{until!r} is no event: {', '.join(sorted(_NAMES)).lower()}")
    last = Event[until.upper()] if until is not None else None
    ends_at = None if options["timeout"] is None else time.monotonic() + options["timeout"]
    # The socket is made and watched before it binds or connects: the first events count, too.
    with open_socket(socket_type, "", send_timeout=False, **options) as socket:
        events = socket.get_monitor_socket()
        attach(socket, endpoint, options["bind"])
        began = time.monotonic()
        for _ in limit(itertools.count(), count):
            left = None if ends_at is None else max(0.0, ends_at - time.monotonic()) * 1000
            if not events.poll(left):
                raise TimeoutError(f"no more events within {options['timeout']:g} s")
            message = recv_monitor_message(events)
            _show(message, time.monotonic() - began, as_json)
            if last is not None and message["event"] == last:
                break
        socket.disable_monitor()
        events.close()


def _show(message: MonitorMessage, seconds: float, as_json: bool) -> None:
    name, endpoint, detail = describe(message)
    if as_json:
        record = {
            "at": round(seconds, 6),
            "event": Event(message["event"]).name,
            "value": int(message["value"]),
            "endpoint": endpoint,
            "detail": detail,
        }
        write(json.dumps(record).encode() + b"\n")
        return
    line = f"{seconds:10.3f}  {name:<26}  {endpoint}{'  ' + detail if detail else ''}"
    if sys.stdout.isatty():
        event = message["event"]
        line = click.style(line, fg="green" if event & _GOOD else "red" if event & _BAD else "yellow")
    write(line.encode() + b"\n")


COMMANDS: dict[str, click.Command] = {"monitor": monitor}
