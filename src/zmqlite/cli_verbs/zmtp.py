"""What a peer says of itself when one knocks: the greeting and the first command of ZMTP, spoken by hand.

libzmq's monitor tells that a handshake failed, but not what the other side wanted. This asks it.

Source: ZMTP 3.1, rfc.zeromq.org/spec/37.
"""

from __future__ import annotations

import socket as sockets
import time
from dataclasses import dataclass, field

__all__ = ["Peer", "ask"]

_SIGNATURE = b"\xff" + bytes(8) + b"\x7f"
_GREETING_SIZE = 64
_V2_TYPES = ("PAIR", "PUB", "SUB", "REQ", "REP", "DEALER", "ROUTER", "PULL", "PUSH", "XPUB", "XSUB")
_COMMAND, _LONG = 4, 2


@dataclass
class Peer:
    """What was found at an endpoint.

    Attributes:
        address: the address that was connected to.
        reachable: whether something accepted the connection.
        speaks_zmtp: whether it is a ZeroMQ socket.
        version: of ZMTP, such as "3.1".
        mechanism: NULL, PLAIN, CURVE or GSSAPI.
        as_server: whether it says to be the server of that mechanism; libzmq never does.
        socket_type: told with NULL only: other mechanisms tell it to those that they let in.
        metadata: the properties that it announces besides.
        connect_ms: milliseconds to connect in.
        problem: why not more is known.
    """

    address: str = ""
    reachable: bool = False
    speaks_zmtp: bool = False
    version: str = ""
    mechanism: str = ""
    as_server: bool = False
    socket_type: str = ""
    metadata: dict[str, str] = field(default_factory=dict)
    connect_ms: float = 0.0
    problem: str = ""


def ask(endpoint: str, timeout: float = 5.0) -> Peer:
    """Connect to an endpoint and listen to what it says.

    Args:
        endpoint: `tcp://host:port` or `ipc:///path`.
        timeout: seconds, for all of it.

    Raises:
        ValueError: another transport, or no port.
    """
    peer = Peer()
    until = time.monotonic() + timeout
    began = time.monotonic()
    try:
        connection = _connect(endpoint, timeout)
    except sockets.gaierror as error:
        peer.problem = f"no such host: {error.strerror or error}"
        return peer
    except OSError as error:
        peer.problem = f"cannot connect: {error.strerror or error}"
        return peer
    with connection:
        peer.reachable = True
        peer.connect_ms = round((time.monotonic() - began) * 1000, 3)
        name = connection.getpeername()
        peer.address = f"{name[0]}:{name[1]}" if isinstance(name, tuple) else str(name)
        received = bytearray()
        try:
            _greet(connection, peer, received, until)
        except sockets.timeout:
            said = f"it said {bytes(received)!r} and no more" if received else "it said nothing"
            peer.problem = f"connected, but {said} within {timeout:g} s"
        except OSError as error:
            peer.problem = f"the connection broke: {error.strerror or error}"
        except EOFError:
            peer.problem = f"it closed the connection after saying {bytes(received)!r}" if received else "it hung up"
    return peer


def _connect(endpoint: str, timeout: float) -> sockets.socket:
    transport, _, address = endpoint.partition("://")
    if transport == "ipc":
        connection = sockets.socket(sockets.AF_UNIX, sockets.SOCK_STREAM)
        connection.settimeout(timeout)
        try:
            connection.connect("\0" + address[1:] if address.startswith("@") else address)
        except BaseException:
            connection.close()
            raise
        return connection
    host, separator, port = address.rpartition(":")
    if transport != "tcp" or not separator or not port.isdigit():
        raise ValueError(f"{endpoint!r}: doctor takes tcp://host:port or ipc:///path")
    if not 0 < int(port) < 65536:
        raise ValueError(f"{endpoint!r}: a port is a number from 1 to 65535")
    return sockets.create_connection((host.strip("[]"), int(port)), timeout=timeout)


def _read(connection: sockets.socket, received: bytearray, size: int, until: float) -> bytes:
    """Read up to so many bytes in all, of which some may be there already."""
    while len(received) < size:
        connection.settimeout(max(0.001, until - time.monotonic()))
        data = connection.recv(size - len(received))
        if not data:
            raise EOFError
        received += data
        if received[0] != 0xFF:  # no ZeroMQ socket: it may say much, or nothing more
            break
    return bytes(received)


def _greet(connection: sockets.socket, peer: Peer, received: bytearray, until: float) -> None:
    # The version only: of the mechanism the peer tells first, and then it gets what it wants to hear.
    connection.sendall(_SIGNATURE + b"\x03")
    head = _read(connection, received, 11, until)
    if head[0] != 0xFF or not head[9] & 1:
        peer.problem = f"this is no ZeroMQ socket: it said {head!r}"
        return
    peer.speaks_zmtp = True
    major = head[10]
    if major < 3:
        peer.version = "2.0" if major == 1 else "1.0"
        kind = _read(connection, received, 12, until)[11]
        peer.socket_type = _V2_TYPES[kind] if kind < len(_V2_TYPES) else str(kind)
        return
    greeting = _read(connection, received, _GREETING_SIZE, until)
    peer.version = f"{major}.{greeting[11]}"
    peer.mechanism = greeting[12:32].rstrip(b"\0").decode("ascii", "replace")
    peer.as_server = greeting[32] == 1
    if peer.mechanism == "NULL":
        connection.sendall(b"\x01" + greeting[12:32] + bytes(32))
        received.clear()
        _read_ready(connection, peer, received, until)


def _read_ready(connection: sockets.socket, peer: Peer, received: bytearray, until: float) -> None:
    flags = _read_raw(connection, received, 1, until)[0]
    width = 8 if flags & _LONG else 1
    size = int.from_bytes(_read_raw(connection, received, 1 + width, until)[1:], "big")
    if not flags & _COMMAND or size > 65536:
        peer.problem = f"it said {bytes(received)!r} instead of READY"
        return
    body = _read_raw(connection, received, 1 + width + size, until)[1 + width :]
    name, rest = body[1 : 1 + body[0]], body[1 + body[0] :]
    if name != b"READY":
        peer.problem = f"it answered {name.decode('ascii', 'replace')}: {rest[1:].decode('utf-8', 'replace')}"
        return
    while rest:
        key, rest = rest[1 : 1 + rest[0]], rest[1 + rest[0] :]
        length = int.from_bytes(rest[:4], "big")
        value, rest = rest[4 : 4 + length], rest[4 + length :]
        text = value.decode("utf-8", "backslashreplace")
        if key.lower() == b"socket-type":
            peer.socket_type = text
        elif value:
            peer.metadata[key.decode("ascii", "replace")] = text


def _read_raw(connection: sockets.socket, received: bytearray, size: int, until: float) -> bytes:
    while len(received) < size:
        connection.settimeout(max(0.001, until - time.monotonic()))
        data = connection.recv(size - len(received))
        if not data:
            raise EOFError
        received += data
    return bytes(received)
