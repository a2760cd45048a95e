"""pair, dealer, router, xpub, xsub: send what is typed and print what arrives, both at once."""

from __future__ import annotations

import contextlib
import math
import queue
import socket as sockets
import sys
import threading
import time
from typing import Any

import click

from zmqlite.constants import PollEvent, SocketType
from zmqlite.poller import Poller

from .formats import format_message, read_messages, write
from .messages import format_options
from .sockets import NUMBER, RETRY, describe_lost, is_delivered, open_socket, socket_options

__all__ = ["COMMANDS"]

_READ_AHEAD = 1000
_SAID = {
    "pair": "A PAIR talks to one peer.",
    "dealer": "A DEALER sends requests and takes replies in any order; for a REP the first part is empty.",
    "router": "The first part is a peer's routing id; what is sent waits until that peer is there.",
    "xpub": "An XPUB publishes, and prints subscriptions: byte 1, or 0 for the end of one, and the topic.",
    "xsub": "An XSUB sends such subscriptions, and prints what is published.",
}


class _Input:
    """The messages to send, read in a thread: reading standard input must not keep those that arrive.

    Args:
        messages: see read_messages().

    Attributes:
        descriptor: readable when there is something to take.
    """

    def __init__(self, messages: Any) -> None:
        self._messages = messages
        self._read: queue.Queue[Any] = queue.Queue(_READ_AHEAD)
        self._bell, self._ringer = sockets.socketpair()
        self._bell.settimeout(5)
        self.descriptor = self._bell.fileno()
        threading.Thread(target=self._run, daemon=True).start()

    def _run(self) -> None:
        last: Any = None
        try:
            for message in self._messages:
                self._put(message)
        except Exception as error:  # whatever it is, the main thread raises it
            last = error
        self._put(last)

    def _put(self, item: Any) -> None:
        self._read.put(item)
        with contextlib.suppress(OSError):  # the verb has ended
            self._ringer.sendall(b"!")

    def take(self) -> list[bytes] | None:
        """The next message, when the descriptor is readable; None at the end.

        Raises:
            ValueError, UsageError: what read_messages() raised.
        """
        self._bell.recv(1)
        item = self._read.get()
        if isinstance(item, Exception):
            raise item
        return None if item is None else list(item)

    def close(self) -> None:
        """Stop listening; the thread may stay in its read until the program ends."""
        self._bell.close()
        self._ringer.close()


def _talk(
    socket_type: str,
    endpoint: str,
    messages: tuple[str, ...],
    form: str,
    as_json: bool,
    separator: str,
    multipart: bool,
    count: int | None,
    **options: Any,
) -> None:
    form = "json" if as_json else form
    # A reader of its own: what a thread waits in at the end of the program must not be sys.stdin.
    stdin = None if messages else open(sys.stdin.fileno(), "rb", closefd=False)  # noqa: SIM115
    source = _Input(read_messages(messages, "lines" if form == "hex" else form, multipart, separator, stdin))
    try:
        with open_socket(socket_type, endpoint, **options) as socket:
            _exchange(socket, source, count, options["timeout"], lambda parts: format_message(parts, form, separator))
    finally:
        source.close()


def _exchange(socket: Any, source: _Input, count: int | None, timeout: float | None, show: Any) -> None:
    poller = Poller()
    poller.register(socket, PollEvent.POLLIN)
    poller.register(source.descriptor, PollEvent.POLLIN)
    message: list[bytes] | None = None
    ended, received = False, 0
    retry_at = math.inf  # when a ROUTER looks again for the peer of the message in hand
    moved = time.monotonic()
    while count is None or received < count or message is not None or not ended:
        until = min(math.inf if timeout is None else moved + timeout, retry_at)
        ready = dict(poller.poll(None if until == math.inf else max(0.0, until - time.monotonic()) * 1000))
        if timeout is not None and not ready and time.monotonic() >= moved + timeout:
            lost = message is not None and socket.type == SocketType.ROUTER
            raise TimeoutError(describe_lost(message) if lost else "nothing came, or nobody took it")
        if ready.get(socket, 0) & PollEvent.POLLIN:
            write(show(socket.recv_multipart()))
            received += 1
            moved = time.monotonic()
        if source.descriptor in ready:
            message = source.take()
            ended = message is None
            moved = time.monotonic()
            # One message at a time: the next is taken when this one has found room.
            poller.unregister(source.descriptor)
            if message is not None:
                poller.modify(socket, PollEvent.POLLIN | PollEvent.POLLOUT)
        elif message is not None and (ready.get(socket, 0) & PollEvent.POLLOUT or time.monotonic() >= retry_at):
            retry_at = math.inf
            poller.modify(socket, PollEvent.POLLIN)
            if is_delivered(socket, message):
                message = None
                moved = time.monotonic()
                poller.register(source.descriptor, PollEvent.POLLIN)
            else:
                retry_at = time.monotonic() + RETRY


def _make(socket_type: str) -> click.Command:
    @click.argument("endpoint")
    @click.argument("messages", nargs=-1)
    @click.option("--multipart", "-m", is_flag=True, help="The arguments are the parts of one message.")
    @click.option("--count", "-n", type=NUMBER, help="Stop after so many were printed and everything was sent.")
    @format_options
    @socket_options
    def talk(**arguments: Any) -> None:
        _talk(socket_type, **arguments)

    said = "Send messages, the arguments or the lines of standard input, and print those that arrive."
    return click.command(socket_type, help=f"{said} {_SAID[socket_type]}")(talk)


COMMANDS: dict[str, click.Command] = {name: _make(name) for name in _SAID}
