"""req and rep: questions and answers."""

from __future__ import annotations

import itertools
from typing import Any

import click

from .formats import format_message, read_messages, write
from .messages import format_options, limit
from .sockets import NUMBER, open_socket, socket_options

__all__ = ["COMMANDS"]


@click.command(help="Send requests, the arguments or the lines of standard input, and print the reply to each.")
@click.argument("endpoint")
@click.argument("messages", nargs=-1)
@click.option("--multipart", "-m", is_flag=True, help="The arguments are the parts of one request.")
@click.option("--count", "-n", type=NUMBER, help="Send so many; the arguments are repeated.")
@format_options
@socket_options
def req(
    endpoint: str,
    messages: tuple[str, ...],
    multipart: bool,
    count: int | None,
    form: str,
    as_json: bool,
    separator: str,
    **options: Any,
) -> None:
    """Ask."""
    form = "json" if as_json else form
    source = read_messages(messages, "lines" if form == "hex" else form, multipart, separator)
    if messages and count is not None:
        source = itertools.cycle(list(source))
    with open_socket("req", endpoint, send_timeout=False, **options) as socket:
        for message in limit(source, count):
            socket.send_multipart(message)
            write(format_message(socket.recv_multipart(), form, separator))


@click.command(help="Print requests, and answer each with REPLY, whose parts are the arguments; without one, echo it.")
@click.argument("endpoint")
@click.argument("reply", nargs=-1)
@click.option("--count", "-n", type=NUMBER, help="Stop after so many requests.")
@format_options
@socket_options
def rep(
    endpoint: str,
    reply: tuple[str, ...],
    count: int | None,
    form: str,
    as_json: bool,
    separator: str,
    **options: Any,
) -> None:
    """Answer."""
    form = "json" if as_json else form
    answer = [part.encode("utf-8", "surrogateescape") for part in reply]
    with open_socket("rep", endpoint, **options) as socket:
        for _ in limit(itertools.count(), count):
            request = socket.recv_multipart()
            write(format_message(request, form, separator))
            socket.send_multipart(answer or request)


COMMANDS: dict[str, click.Command] = {"req": req, "rep": rep}
