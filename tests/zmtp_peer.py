"""A peer that speaks ZMTP by hand, over a plain TCP connection: it says what no library would.

Source: ZeroMQ RFC 23 (ZMTP 3.1), RFC 15 (2.0), RFC 13 (1.0), RFC 26 (CurveZMQ).
"""

from __future__ import annotations

import select
import socket
from collections.abc import Callable
from contextlib import suppress

GREETING_SIZE = 64
HELLO_SIZE = 206  # of the CURVE command with its frame
# What a server that goes on waiting is given to react. It decides how deep an attack gets, not how it ends.
MOMENT_S = 0.005
_PATIENCE_S = 30
_MORE, _LONG, _COMMAND = 1, 2, 4


def greeting(mechanism: bytes = b"NULL", version: tuple[int, int] = (3, 0), as_server: int = 0) -> bytes:
    """The 64 bytes that a peer of ZMTP 3 begins with."""
    signature = b"\xff" + bytes(7) + b"\x01\x7f"
    return signature + bytes(version) + mechanism.ljust(20, b"\0") + bytes([as_server]) + bytes(31)


def frame(body: bytes, flags: int = 0, long: bool = False, announced: int | None = None) -> bytes:
    """A frame of ZMTP 2 and 3. announced: a length that is not its own."""
    size = len(body) if announced is None else announced
    if long or size > 255:
        return bytes([flags | _LONG]) + size.to_bytes(8, "big") + body
    return bytes([flags, size]) + body


def command(name: bytes, data: bytes = b"", **more: int) -> bytes:
    """A command of ZMTP 3."""
    return frame(bytes([len(name)]) + name + data, flags=_COMMAND, **more)


def metadata(*properties: tuple[bytes, bytes]) -> bytes:
    """What a READY says of its peer."""
    return b"".join(bytes([len(name)]) + name + len(value).to_bytes(4, "big") + value for name, value in properties)


def null_client(socket_type: bytes, *messages: bytes) -> list[bytes]:
    """All that a client without security sends, piece by piece."""
    ready = command(b"READY", metadata((b"Socket-Type", socket_type), (b"Identity", b"")))
    return [greeting(), ready, *map(frame, messages)]


def connect(port: int) -> socket.socket:
    """A connection to a port of this machine."""
    connection = socket.create_connection(("127.0.0.1", port), timeout=_PATIENCE_S)
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return connection


def listen(connection: socket.socket, patience_s: float = _PATIENCE_S) -> tuple[bytes, bool]:
    """What the other side says until it ends the connection, or says nothing for a time; and whether it has ended."""
    found = []
    connection.settimeout(patience_s)
    try:
        while True:
            data = connection.recv(65536)
            if not data:
                return b"".join(found), True
            found.append(data)
    except (ConnectionResetError, BrokenPipeError):
        return b"".join(found), True
    except socket.timeout:
        return b"".join(found), False


def say(port: int, *pieces: bytes, answer_s: float = MOMENT_S, end_s: float = MOMENT_S) -> bool:
    """Connect and say it, piece by piece: libzmq ends a handshake in which it is not given its turn.

    Args:
        port: of this machine.
        *pieces: what to say.
        answer_s: seconds to wait for an answer after each piece.
        end_s: seconds to wait for the end of the connection after the last.

    Returns:
        Whether the other side has ended the connection.
    """
    with connect(port) as connection:
        connection.settimeout(answer_s)
        try:
            for piece in pieces:
                connection.sendall(piece)
                with suppress(socket.timeout):
                    if not connection.recv(65536):
                        return True
        except OSError:
            return True
        return listen(connection, end_s)[1]


def split_frames(data: bytes) -> tuple[list[bytes], bytes]:
    """The whole frames of a stream, without its greeting, and what is left."""
    frames = []
    while len(data) >= 2:
        head = 9 if data[0] & _LONG else 2
        size = head + int.from_bytes(data[1:head], "big")
        if len(data) < max(head, size):
            break
        frames.append(data[:size])
        data = data[size:]
    return frames, data


class Listener:
    """A port of this machine where somebody in the middle listens."""

    def __init__(self) -> None:
        self._socket = socket.create_server(("127.0.0.1", 0))
        self._socket.settimeout(_PATIENCE_S)
        self.port: int = self._socket.getsockname()[1]

    def close(self) -> None:
        """Listen no longer."""
        self._socket.close()

    def relay(
        self, port: int, alter: Callable[[int, bytes], list[bytes]], frames: int, patience_s: float
    ) -> list[bytes]:
        """Accept one client, and stand between it and the server at port, until that ends the connection.

        Args:
            port: of the server.
            alter: is given number and bytes of each frame of the client's (0 is HELLO, 1 INITIATE), and returns
                what the server gets instead.
            frames: after so many of the client's the server is given a moment, and then left.
            patience_s: seconds in which both may be silent, before that.

        Returns:
            The client's frames.
        """
        client, _ = self._socket.accept()
        with client, connect(port) as server:
            said, seen, left = b"", [], GREETING_SIZE
            client.settimeout(_PATIENCE_S)
            while True:
                done = len(seen) >= frames
                wait_s = MOMENT_S if done else patience_s
                ready, _, _ = select.select([server] if done else [client, server], [], [], wait_s)
                if not ready:
                    return seen
                for source in ready:
                    try:
                        data = source.recv(65536)
                    except ConnectionResetError:
                        data = b""
                    if not data:
                        return seen
                    try:
                        if source is server:
                            client.sendall(data)
                            continue
                        if left:
                            server.sendall(data[:left])
                            data, left = data[left:], left - len(data[:left])
                        whole, said = split_frames(said + data)
                        for one in whole:
                            if len(seen) < frames:
                                seen.append(one)
                                server.sendall(b"".join(alter(len(seen) - 1, one)))
                    except OSError:
                        return seen
