"""send, recv, and the verbs that are a socket type: push, pull, pub, sub, ..."""

from __future__ import annotations

import itertools
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from typing import Any, TypeVar

import click

from .formats import FORMATS, format_message, read_messages, write
from .sockets import NUMBER, TYPES, deliver, open_socket, socket_options, wait_for_subscribers

__all__ = ["COMMANDS", "format_options", "limit"]

_Function = TypeVar("_Function", bound=Callable[..., Any])
_Message = TypeVar("_Message")
RATE = click.FloatRange(min=0, min_open=True)


def _require_text(context: click.Context, option: click.Parameter, value: str) -> str:
    if not value:
        raise click.BadParameter("a separator has at least one character", context, option)
    return value


def format_options(function: _Function) -> _Function:
    """Add the options about formats to a command."""
    options = [
        click.option(
            "--format",
            "-f",
            "form",
            type=click.Choice(FORMATS),
            default="lines",
            show_default=True,
            help="Of what is printed, or read from standard input.",
        ),
        click.option("--json", "as_json", is_flag=True, help="The same as --format json."),
        click.option("--separator", default="\t", callback=_require_text, help="Between the parts of a line; a tab."),
    ]
    for option in reversed(options):
        function = option(function)
    return function


def limit(messages: Iterable[_Message], count: int | None) -> Iterator[_Message]:
    """As many as were asked for; all when count is None."""
    return itertools.islice(messages, count)


def _send(
    socket_type: str,
    endpoint: str,
    messages: tuple[str, ...],
    form: str,
    as_json: bool,
    separator: str,
    multipart: bool,
    count: int | None,
    rate: float | None,
    peers: int,
    **options: Any,
) -> None:
    chosen = "xpub" if socket_type == "pub" else socket_type
    source = read_messages(messages, "json" if as_json else form, multipart, separator)
    if messages and count is not None:
        source = itertools.cycle(list(source))
    with open_socket(chosen, endpoint, **options) as socket:
        if chosen == "xpub":
            wait_for_subscribers(socket, peers)
        began = time.monotonic()
        for number, message in enumerate(_with_progress(limit(source, count), count)):
            if rate:
                time.sleep(max(0.0, began + number / rate - time.monotonic()))
            deliver(socket, message, options["timeout"])


def _with_progress(messages: Iterable[list[bytes]], count: int | None) -> Iterable[list[bytes]]:
    if count is None or count < 1000 or not sys.stderr.isatty():
        return messages
    from rich.console import Console
    from rich.progress import track

    return track(messages, "sending", total=count, console=Console(stderr=True), transient=True)


def _recv(
    socket_type: str, endpoint: str, form: str, as_json: bool, separator: str, count: int | None, **options: Any
) -> None:
    form = "json" if as_json else form
    with open_socket(socket_type, endpoint, send_timeout=False, **options) as socket:
        for _ in limit(itertools.count(), count):
            write(format_message(socket.recv_multipart(), form, separator))


def _sending(function: _Function) -> _Function:
    options = [
        click.argument("endpoint"),
        click.argument("messages", nargs=-1),
        click.option("--multipart", "-m", is_flag=True, help="The arguments are the parts of one message."),
        click.option("--count", "-n", type=NUMBER, help="Send so many; the arguments are repeated."),
        click.option("--rate", type=RATE, metavar="PER_SECOND", help="Send at most so many a second."),
        click.option(
            "--peers", type=NUMBER, default=1, show_default=True, help="Subscriptions that a publisher waits for first."
        ),
    ]
    for option in reversed(options):
        function = option(function)
    return format_options(socket_options(function))


def _receiving(function: _Function) -> _Function:
    options = [
        click.argument("endpoint"),
        click.option("--count", "-n", type=NUMBER, help="Stop after so many messages."),
    ]
    for option in reversed(options):
        function = option(function)
    return format_options(socket_options(function))


def _make_sender(socket_type: str) -> click.Command:
    @_sending
    def send(**arguments: Any) -> None:
        _send(socket_type, **arguments)

    said = "Send messages: the arguments, or the lines of standard input."
    return click.command(socket_type, help=f"{said} Through a {socket_type.upper()}.")(send)


def _make_receiver(socket_type: str) -> click.Command:
    @_receiving
    def receive(**arguments: Any) -> None:
        if socket_type == "sub":
            arguments["subscribe"] = arguments["subscribe"] or ("",)
        _recv(socket_type, **arguments)

    if socket_type == "sub":
        receive = click.option(
            "--subscribe", "-s", multiple=True, metavar="TOPIC", help="A prefix; all when left out."
        )(receive)
    return click.command(socket_type, help=f"Print the messages that arrive. Through a {socket_type.upper()}.")(receive)


@click.command(help="Send messages through a socket of any type: the arguments, or the lines of standard input.")
@click.argument("socket_type", metavar="TYPE", type=click.Choice(TYPES))
@_sending
def send(**arguments: Any) -> None:
    """Send through any socket."""
    _send(**arguments)


@click.command(help="Print the messages that arrive at a socket of any type.")
@click.argument("socket_type", metavar="TYPE", type=click.Choice(TYPES))
@_receiving
@click.option("--subscribe", "-s", multiple=True, metavar="TOPIC", help="A prefix, for SUB; all when left out.")
def recv(**arguments: Any) -> None:
    """Receive through any socket."""
    subscribes = arguments["socket_type"] == "sub"
    arguments["subscribe"] = (arguments["subscribe"] or ("",)) if subscribes else ()
    _recv(**arguments)


COMMANDS: dict[str, click.Command] = {"send": send, "recv": recv}
COMMANDS.update((name, _make_sender(name)) for name in ("push", "pub"))
COMMANDS.update((name, _make_receiver(name)) for name in ("pull", "sub"))
