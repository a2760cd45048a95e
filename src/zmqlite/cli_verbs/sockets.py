"""From options of the command line to a socket."""

from __future__ import annotations

import errno
import math
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import click

from zmqlite.constants import SocketType
from zmqlite.context import Context
from zmqlite.errors import ZMQError
from zmqlite.lifetime import set_exit_linger

__all__ = [
    "NUMBER",
    "PERIOD",
    "RETRY",
    "SECONDS",
    "TYPES",
    "attach",
    "deliver",
    "describe_lost",
    "is_delivered",
    "open_socket",
    "parse_place",
    "socket_options",
    "timeout_ms",
    "wait_for_subscribers",
]

TYPES = tuple(one.name.lower() for one in SocketType)
_Function = TypeVar("_Function", bound=Callable[..., Any])
_LINGER_SLACK = 0.002  # libzmq's clock has milliseconds
RETRY = 0.01


class _Seconds(click.ParamType):  # type: ignore[type-arg, unused-ignore]  # generic from click 8.4 on
    """A time that fits libzmq's milliseconds."""

    name = "SECONDS"
    longest = (2**31 - 1) / 1000

    def __init__(self, shortest: float = 0.0) -> None:
        self.shortest = shortest

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        try:
            seconds = float(value)
        except ValueError:
            seconds = math.nan
        if not self.shortest <= seconds <= self.longest:
            self.fail(f"{value!r} is no time: {self.shortest:g} to {self.longest:g} seconds", param, ctx)
        return seconds


SECONDS = _Seconds()
PERIOD = _Seconds(0.01)
NUMBER = click.IntRange(min=0)  # of messages, events, subscribers


def socket_options(function: _Function) -> _Function:
    """Add the options of open_socket() to a command."""
    options = [
        click.option("--bind", "-b", is_flag=True, help="Bind; also when the endpoint begins with @ or has a *."),
        click.option("--timeout", "-t", type=SECONDS, help="Give up after this: exit code 3."),
        click.option(
            "--hwm",
            type=click.IntRange(0, 2**31 - 1),
            default=1000,
            show_default=True,
            help="High-water mark, both ways.",
        ),
        click.option("--routing-id", metavar="TEXT", help="Routing id of the socket."),
        click.option("--ipv6", is_flag=True, help="Use IPv6 as well."),
        click.option(
            "--curve-key",
            type=click.Path(exists=True, dir_okay=False, path_type=Path),
            help="Certificate file with our secret key (zmqlite keygen). Without --curve-server-key we are the server.",
        ),
        click.option(
            "--curve-server-key",
            type=click.Path(exists=True, dir_okay=False, path_type=Path),
            help="Certificate file with the server's public key: we are a client.",
        ),
        click.option(
            "--curve-clients",
            type=click.Path(exists=True, file_okay=False, path_type=Path),
            help="Directory with the certificates of the clients that a server lets in.",
        ),
        click.option("--curve-any", is_flag=True, help="A server lets every client in that knows its public key."),
    ]
    for option in reversed(options):
        function = option(function)
    return function


def timeout_ms(seconds: float | None) -> int:
    """Milliseconds as libzmq wants them; -1 for ever."""
    return -1 if seconds is None else math.ceil(seconds * 1000)


def parse_place(place: str) -> tuple[str, bool]:
    """An endpoint without the @ or > that czmq's programs put before it, and whether it says to bind."""
    if place[:1] in "@>":
        return place[1:], place[0] == "@"
    transport, _, address = place.partition("://")
    return place, "*" in address and transport in ("tcp", "ws", "wss", "ipc")


@contextmanager
def open_socket(socket_type: str, place: str, *, send_timeout: bool = True, **options: Any) -> Iterator[Any]:
    """Open a socket, and at the end deliver what was sent, within the timeout.

    Args:
        socket_type: a name of TYPES.
        place: an endpoint; see parse_place(); empty to attach() it later.
        send_timeout: the end waits for delivery, for ever when there is no timeout.
        **options: of socket_options(), and `subscribe`, topics.

    Raises:
        ZMQError: as bind(), connect() and the options.
        TimeoutError: not everything could be delivered in time.
    """
    timeout = timeout_ms(options.get("timeout"))
    context: Context[Any] = Context()
    authenticator = None
    socket = None
    try:
        if options.get("curve_clients"):
            from zmqlite.auth.thread import ThreadAuthenticator

            authenticator = ThreadAuthenticator(context)
            authenticator.start()
            authenticator.configure_curve(location=options["curve_clients"])
        socket = context.socket(SocketType[socket_type.upper()])
        _configure(socket, timeout, options)
        if place:
            attach(socket, place, bool(options.get("bind")))
        yield socket
        began = time.monotonic()
        socket.close(timeout if send_timeout else 0)
        if authenticator is not None:
            authenticator.stop()
        context.term()
        if send_timeout and 0 <= timeout / 1000 - _LINGER_SLACK <= time.monotonic() - began:
            raise TimeoutError("not everything was delivered")  # the linger is over, and the rest was dropped
    except BaseException:
        set_exit_linger(0)
        if authenticator is not None:
            authenticator.stop()
        context.destroy(linger=0)
        raise


def attach(socket: Any, place: str, bind: bool = False) -> None:
    """Bind or connect; what a wildcard became is said on stderr.

    Args:
        socket: of any type.
        place: see parse_place().
        bind: bind, also when the place does not say so.
    """
    endpoint, binds = parse_place(place)
    if not (binds or bind):
        socket.connect(endpoint)
        return
    socket.bind(endpoint)
    if "*" in endpoint:
        print(f"bound to {socket.last_endpoint.decode()}", file=sys.stderr, flush=True)


def deliver(socket: Any, parts: list[bytes], timeout: float | None) -> None:
    """Send a message; a ROUTER waits for the peer that it is for.

    Args:
        socket: of open_socket().
        parts: of the message.
        timeout: seconds to wait for the peer; None for ever.

    Raises:
        TimeoutError: the peer did not come.
        ZMQError: as send_multipart().
    """
    until = math.inf if timeout is None else time.monotonic() + timeout
    while not is_delivered(socket, parts):
        if time.monotonic() >= until:
            raise TimeoutError(describe_lost(parts))
        time.sleep(RETRY)


def describe_lost(parts: list[bytes] | None) -> str:
    """Why a ROUTER could not send."""
    return f"no peer with the routing id {parts[0]!r} is there" if parts else "no peer is there"


def is_delivered(socket: Any, parts: list[bytes]) -> bool:
    """Send a message. Returns False where a ROUTER has no such peer: try again after RETRY seconds."""
    try:
        socket.send_multipart(parts)
    except ZMQError as error:
        if error.errno != errno.EHOSTUNREACH:
            raise
        return False
    return True


def wait_for_subscribers(socket: Any, count: int) -> None:
    """Wait for so many subscriptions: what an XPUB sends before they arrive is lost, the classic surprise in scripts.

    Args:
        socket: an XPUB.
        count: how many; the same topic twice is two.
    """
    socket.xpub_verbose = True
    for _ in range(count):
        while socket.recv()[:1] != b"\1":
            pass


def _configure(socket: Any, timeout: int, options: dict[str, Any]) -> None:
    socket.sndhwm = socket.rcvhwm = options.get("hwm", 1000)
    socket.sndtimeo = socket.rcvtimeo = timeout
    socket.ipv6 = bool(options.get("ipv6"))
    if socket.type == SocketType.ROUTER:
        socket.router_mandatory = True  # tells that a peer is not there: see deliver()
    if options.get("routing_id"):
        socket.routing_id = options["routing_id"].encode()
    key, server_key = options.get("curve_key"), options.get("curve_server_key")
    if server_key is not None:
        from zmqlite.curve import set_curve_client

        set_curve_client(socket, server_key, key)
    elif key is not None:
        from zmqlite.curve import set_curve_server

        set_curve_server(socket, key, allow_any=bool(options.get("curve_any") or options.get("curve_clients")))
    elif options.get("curve_any") or options.get("curve_clients"):
        raise click.UsageError("--curve-any and --curve-clients are for a server: give its --curve-key")
    for topic in options.get("subscribe") or ():
        socket.subscribe(topic)
