"""Which of a socket's connections are up, from its monitor."""

from __future__ import annotations

import os
import socket as sockets
import time
from collections import Counter
from typing import Any

from zmqlite.constants import Event
from zmqlite.context import Context
from zmqlite.monitor import recv_monitor_message

__all__ = ["Connections", "NotConnectedError", "resolve"]

_WATCHED = (
    Event.HANDSHAKE_SUCCEEDED
    | Event.HANDSHAKE_FAILED_NO_DETAIL
    | Event.HANDSHAKE_FAILED_PROTOCOL
    | Event.HANDSHAKE_FAILED_AUTH
    | Event.DISCONNECTED
)
_SLICE_MS = 50


class NotConnectedError(ConnectionError):
    """A connection did not come up in time, or was refused for good; the message says what was seen."""


def resolve(endpoint: str, ipv6: bool = False) -> str:
    """Put a host's address in place of its name, as the monitor tells it.

    Args:
        endpoint: `tcp://localhost:5555`; other transports than tcp are left alone.
        ipv6: take an IPv6 address where there is one.

    Raises:
        NotConnectedError: there is no such host.
    """
    transport, _, address = endpoint.partition("://")
    if transport != "tcp" or ";" in address:
        return endpoint
    host, _, port = address.rpartition(":")
    if host.startswith("[") or host == "*":
        return endpoint
    family = sockets.AF_UNSPEC if ipv6 else sockets.AF_INET
    try:
        found = sockets.getaddrinfo(host, None, family, sockets.SOCK_STREAM)[0]
    except sockets.gaierror as error:
        raise NotConnectedError(f"{endpoint}: no such host: {error.strerror}") from None
    number = found[4][0]
    return f"tcp://[{number}]:{port}" if found[0] == sockets.AF_INET6 else f"tcp://{number}:{port}"


class Connections:
    """The connections of one socket.

    Args:
        socket: what to watch; its monitor is taken.
    """

    def __init__(self, socket: Any) -> None:
        self._socket = socket
        self._monitor = socket.get_monitor_socket(_WATCHED)
        self._up: Counter[str] = Counter()
        self._trouble = "nobody answered"

    def close(self) -> None:
        """Stop watching."""
        self._socket.disable_monitor()
        self._monitor.close()

    def count(self, endpoint: str | None = None) -> int:
        """How many connections are up: of one endpoint, or of all."""
        self._read(0)
        return self._up[endpoint] if endpoint is not None else sum(self._up.values())

    def forget(self, endpoint: str) -> None:
        """An endpoint was disconnected or unbound by its own side, which the monitor does not always tell."""
        self._read(0)
        self._up.pop(endpoint, None)

    def wait(self, endpoint: str, seconds: float) -> None:
        """Wait until the connection to an endpoint is up.

        Args:
            endpoint: as the monitor tells it: see resolve().
            seconds: how long.

        Raises:
            NotConnectedError: it is not; at once when the other side refused the handshake.
        """
        began = time.monotonic()
        self._trouble = "nobody answered"
        while not self.count(endpoint):
            left = began + seconds - time.monotonic()
            if left <= 0:
                raise NotConnectedError(f"{endpoint}: not connected within {seconds:g} s: {self._trouble}")
            self._read(min(_SLICE_MS, int(left * 1000) + 1), endpoint)

    def wait_for_count(self, count: int, seconds: float) -> int:
        """Wait until so many connections are up, to any endpoint. Returns how many are when the time is over."""
        until = time.monotonic() + seconds
        while (now := self.count()) < count:
            left = until - time.monotonic()
            if left <= 0:
                break
            self._read(min(_SLICE_MS, int(left * 1000) + 1))
        return now

    def _read(self, wait_ms: int, refused: str | None = None) -> None:
        while self._monitor.poll(wait_ms):
            wait_ms = 0
            message = recv_monitor_message(self._monitor)
            event, endpoint = message["event"], message["endpoint"].decode("utf-8", "replace")
            if event == Event.HANDSHAKE_SUCCEEDED:
                self._up[endpoint] += 1
            elif event == Event.DISCONNECTED:
                if self._up[endpoint]:
                    self._up[endpoint] -= 1
            elif event == Event.HANDSHAKE_FAILED_NO_DETAIL:
                reason = os.strerror(message["value"]) if message["value"] else "no reason was given"
                self._trouble = f"the other side ended the handshake: {reason}"
            else:
                what = "authentication failed" if event == Event.HANDSHAKE_FAILED_AUTH else "protocol error"
                value = message["value"]
                self._trouble = f"{what}: {value.name if isinstance(value, Event) else value}"
                if refused is not None:
                    raise NotConnectedError(f"{refused}: {self._trouble}")


def is_inproc_bound(context: Any, endpoint: str) -> bool:
    """Whether a zmqlite socket of this context, or of one that it shadows, is bound to an inproc endpoint."""
    while isinstance(context, Context):
        for socket in context._list_sockets():
            if endpoint in (socket._inproc_endpoints or ()) and not socket.closed:
                return True
        context = context._shadow_object
    return False
