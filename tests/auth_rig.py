"""What the tests of authentication share: questions without sockets, and handshakes that tell how they went."""

from __future__ import annotations

import asyncio
from typing import Any

from conftest import bind_wildcard

import zmqlite as zmq
from zmqlite.monitor import recv_monitor_message

DEADLINE_MS = 20_000
Event = zmq.Event
FAILURES = (
    Event.HANDSHAKE_FAILED_NO_DETAIL,
    Event.HANDSHAKE_FAILED_PROTOCOL,
    Event.HANDSHAKE_FAILED_AUTH,
)


class Replies:
    """In the place of an authenticator's zap_socket: keeps what it is sent."""

    def __init__(self) -> None:
        self.sent: list[list[bytes]] = []

    def send_multipart(self, frames: list[bytes]) -> None:
        """Keep a reply."""
        self.sent.append(list(frames))

    def close(self) -> None:
        """Nothing is open."""


def ask(auth: Any, *frames: bytes) -> list[bytes]:
    """Let an authenticator that is not started answer one question. Returns its one reply."""
    auth.zap_socket = Replies()
    asyncio.run(auth.handle_zap_message(list(frames)))
    assert len(auth.zap_socket.sent) == 1
    reply: list[bytes] = auth.zap_socket.sent[0]
    auth.zap_socket = None
    return reply


def question(
    mechanism: bytes, *credentials: bytes, domain: bytes = b"", address: bytes = b"127.0.0.1", version: bytes = b"1.0"
) -> list[bytes]:
    """The frames of a question as libzmq asks it."""
    return [version, b"1", domain, address, b"", mechanism, *credentials]


def status(auth: Any, mechanism: bytes, *credentials: bytes, **more: bytes) -> bytes:
    """The status code of the answer to a question."""
    return ask(auth, *question(mechanism, *credentials, **more))[2]


def make(context: Any, socket_type: int) -> Any:
    """A socket of the test's context, which closes it; with a timeout where a test would hang."""
    socket = context.socket(socket_type)
    socket.rcvtimeo = socket.sndtimeo = DEADLINE_MS
    socket.linger = 0
    return socket


def handshake(server: Any, client: Any, endpoint: str | None = None, transport: str = "tcp") -> Any:
    """Bind one, unless it is bound at endpoint, connect the other, and tell how the server says that it went."""
    reader = server.get_monitor_socket(Event.HANDSHAKE_SUCCEEDED | sum(FAILURES))
    reader.rcvtimeo = DEADLINE_MS
    client.connect(endpoint or bind_wildcard(server, transport))
    event = recv_monitor_message(reader)["event"]
    server.disable_monitor()
    return event


def gets_in(server: Any, client: Any, endpoint: str | None = None, transport: str = "tcp") -> Any:
    """Whether a client gets in; then the frame of its first message that the server received, else False."""
    if handshake(server, client, endpoint, transport) in FAILURES:
        return False
    client.send(b"hello")
    return server.recv(copy=False)
