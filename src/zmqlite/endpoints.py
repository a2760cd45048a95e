"""Bind, connect and their opposites: endpoints checked before libzmq sees them."""

from __future__ import annotations

import sys
from errno import EACCES, EADDRINUSE, EINVAL, ENAMETOOLONG, ENOENT

from ._native import ffi, has_function, lib
from .constants import IPC_PATH_MAX_LEN
from .errors import ZMQBindError, ZMQError, ZMQVersionError, error_from_errno
from .open_servers import check_server

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

__all__ = ["Endpoints", "SocketContext", "check_endpoint"]

# Windows reports a port that is taken by a service as one that is forbidden.
_PORT_IS_TAKEN = (EADDRINUSE, EACCES) if sys.platform == "win32" else (EADDRINUSE,)
_TOLD_PORT_TRANSPORTS = ("tcp", "ws", "wss")
_PORT_TRANSPORTS = ("tcp", "udp", "ws", "wss", "pgm", "epgm")


def check_endpoint(call: str, endpoint: str | bytes) -> bytes:
    """Refuse what libzmq would take and then misuse: a NUL, a port that is none.

    Args:
        call: for the message, "bind()".
        endpoint: `transport://address`.

    Returns:
        The endpoint as libzmq takes it, UTF-8.

    Raises:
        TypeError: endpoint is neither str nor bytes.
        ZMQError: EINVAL.
    """
    if isinstance(endpoint, str):
        encoded = endpoint.encode("utf-8", "surrogateescape")
    elif isinstance(endpoint, bytes):
        encoded = endpoint
    else:
        raise TypeError(f"{call} takes an endpoint as str or bytes, got {type(endpoint).__name__}")
    if b"\0" in encoded:
        raise error_from_errno(EINVAL, call, endpoint, "libzmq would cut the endpoint at the NUL byte")
    text = encoded.decode("utf-8", "surrogateescape")
    transport, separator, address = text.partition("://")
    if not separator:
        raise error_from_errno(EINVAL, call, endpoint, "an endpoint is transport://address")
    if transport in _PORT_TRANSPORTS:
        # tcp://source:0;host:5555 has two ports; epgm://interface;group:5555 one, and an interface may be a name.
        parts = address.split(";")
        for part in parts[-1:] if transport in ("pgm", "epgm") else parts:
            _check_port(call, endpoint, transport, part)
    return encoded


def _check_port(call: str, endpoint: str | bytes, transport: str, address: str) -> None:
    if transport in ("ws", "wss"):
        address = address.partition("/")[0]
    host, separator, port = address.rpartition(":")
    if not separator or host.endswith(":") or port.endswith("]"):
        raise error_from_errno(EINVAL, call, endpoint, f"{transport}:// needs a port: {transport}://host:port")
    if port in ("*", "!", "0"):
        return
    # Python refuses to convert thousands of digits.
    if not (port.isascii() and port.isdigit() and len(port) <= 5 and int(port) <= 65535):
        raise error_from_errno(EINVAL, call, endpoint, "a port is a number from 1 to 65535, or * for any free one")


class SocketContext:
    """What bind() and connect() return: `with socket.bind(endpoint):` undoes it at the end."""

    __slots__ = ("addr", "kind", "socket")

    def __init__(self, socket: Any, kind: str, addr: str) -> None:
        self.socket = socket
        self.kind = kind
        self.addr = addr

    def __repr__(self) -> str:
        return f"<SocketContext({self.kind}={self.addr!r})>"

    def __enter__(self) -> Any:
        return self.socket

    def __exit__(self, *args: object) -> None:
        if not self.socket.closed:
            if self.kind == "bind":
                self.socket.unbind(self.addr)
            else:
                self.socket.disconnect(self.addr)


class Endpoints:
    """The part of Socket that deals with endpoints and groups."""

    _native: Any
    _bind_at_once: Any
    _connect_at_once: Any
    # Told by set_curve_server(allow_any=True): see open_servers.py.
    _allows_any = False
    # CONNECT_ROUTING_ID for the next connect, and endpoint -> routing id of those before it.
    _next_routing_id: bytes | None = None
    _routing_ids: dict[str, bytes] | None = None
    # inproc:// endpoints that this socket is bound to: libzmq tells nobody, and zmqlite.testing asks.
    _inproc_endpoints: frozenset[str] | None

    def bind(self, addr: str | bytes) -> SocketContext:
        """Listen on an endpoint.

        Args:
            addr: `tcp://127.0.0.1:5555`, `tcp://*:*` (any free port, see `last_endpoint`), `ipc:///path`,
                `inproc://name`, and what else libzmq was built with.

        Returns:
            A context manager that unbinds at its end.

        Raises:
            ZMQError: EADDRINUSE, somebody listens there; EADDRNOTAVAIL, ENODEV, no such interface; EPROTONOSUPPORT, no
                such transport; ENOCOMPATPROTO, not for this socket type; EINVAL; EMFILE.

        Warns:
            SecurityWarning: a CURVE server that lets everybody in, and was not told to.

        Source: zmq_bind(3).
        """
        self._call_endpoint("bind()", lib.zl_socket_bind, addr, self._bind_at_once)
        if addr[:9] in ("inproc://", b"inproc://"):
            self._inproc_endpoints = (self._inproc_endpoints or frozenset()) | {_to_text(addr)}
        return SocketContext(self, "bind", self._last_endpoint(addr))

    def connect(self, addr: str | bytes) -> SocketContext:
        """Connect to an endpoint, now or when somebody listens there.

        Args:
            addr: `tcp://host:5555`, `tcp://source:0;host:5555`, `ipc:///path`, `inproc://name`, ...

        Returns:
            A context manager that disconnects at its end.

        Raises:
            ZMQError: EINVAL, EPROTONOSUPPORT, ENOCOMPATPROTO, EMFILE, EMTHREAD (no I/O thread).

        Source: zmq_connect(3).
        """
        if self._next_routing_id is not None:
            self._claim_routing_id(_to_text(addr))
        self._call_endpoint("connect()", lib.zl_socket_connect, addr, self._connect_at_once)
        if self._next_routing_id is not None:
            self._next_routing_id = None
        return SocketContext(self, "connect", _to_text(addr))

    def _claim_routing_id(self, addr: str) -> None:
        """Refuse a CONNECT_ROUTING_ID that a peer has already: libzmq would abort."""
        wanted = self._next_routing_id or b""
        taken = self._routing_ids or {}
        if lib.zl_socket_has_peer(self._native, wanted, len(wanted)) or wanted in taken.values():
            raise error_from_errno(EADDRINUSE, "connect()", addr, f"CONNECT_ROUTING_ID {wanted!r} is another peer's")
        self._routing_ids = {**taken, addr: wanted}

    def unbind(self, addr: str | bytes) -> None:
        """Stop listening on an endpoint.

        Args:
            addr: as bound; after a wildcard, `last_endpoint`.

        Raises:
            ZMQError: ENOENT, nothing is bound there.

        Source: zmq_unbind(3).
        """
        self._call_endpoint("unbind()", lib.zl_socket_unbind, addr)
        if self._inproc_endpoints:
            self._inproc_endpoints -= {_to_text(addr)}

    def disconnect(self, addr: str | bytes) -> None:
        """Undo connect().

        Args:
            addr: as connected.

        Raises:
            ZMQError: ENOENT, nothing is connected there.

        Source: zmq_disconnect(3).
        """
        self._call_endpoint("disconnect()", lib.zl_socket_disconnect, addr)
        if self._routing_ids is not None:
            self._routing_ids.pop(_to_text(addr), None)

    def connect_peer(self, addr: str | bytes) -> int:
        """Connect a PEER socket and learn the routing id of the other side (draft).

        Returns:
            The routing id to send to, 1 to 2**32-1.

        Raises:
            ZMQVersionError: this libzmq has no drafts.
            ZMQError: as connect(); ENOTSUP, not a PEER socket.

        Source: zmq_connect_peer(3).
        """
        if not has_function("zmq_connect_peer"):
            raise ZMQVersionError("4.3.3 with drafts", "connect_peer()")
        encoded = check_endpoint("connect_peer()", addr)
        check_server(self, "connect_peer()", encoded)
        peer = int(lib.zl_socket_connect_peer(self._native, encoded))
        if not peer:
            raise error_from_errno(ffi.errno, "connect_peer()", addr)
        return peer

    def bind_to_random_port(
        self, addr: str, min_port: int = 49152, max_port: int = 65536, max_tries: int = 100
    ) -> int:
        """Bind to a free port.

        Args:
            addr: the endpoint without a port: `tcp://127.0.0.1`.
            min_port: lowest port to try.
            max_port: one more than the highest port to try.
            max_tries: how many to try. With the range left alone the system chooses, in one try.

        Returns:
            The port.

        Raises:
            ZMQBindError: no port of the range was free in max_tries.
            ValueError: there are no such ports.
            ZMQError: as bind(); EINVAL, the transport has no ports that libzmq could tell.
        """
        if "://" in addr and addr.partition("://")[0] not in _TOLD_PORT_TRANSPORTS:
            reason = f"only {', '.join(_TOLD_PORT_TRANSPORTS)} have ports that libzmq tells"
            raise error_from_errno(EINVAL, "bind_to_random_port()", addr, reason)
        if (min_port, max_port) == (49152, 65536):
            self.bind(f"{addr}:*")
            # ws://127.0.0.1:49152/path
            return int(self._last_endpoint(addr).partition("://")[2].partition("/")[0].rpartition(":")[2])
        if not 0 < min_port < max_port <= 65536:
            limits = "1 <= min_port < max_port <= 65536"
            raise ValueError(f"bind_to_random_port() takes {limits}, got {min_port}, {max_port}")
        import random

        for _ in range(max_tries):
            port = random.randrange(min_port, max_port)  # noqa: S311 - no secret
            try:
                self.bind(f"{addr}:{port}")
            except ZMQError as error:
                if error.errno not in _PORT_IS_TAKEN:
                    raise
            else:
                return port
        ports = f"{min_port}-{max_port - 1}"
        raise ZMQBindError(f"bind_to_random_port({addr!r}): no free port in {max_tries} tries of {ports}")

    def join(self, group: str | bytes) -> None:
        """Join a group with a DISH socket (draft).

        Args:
            group: 1 to 255 bytes of UTF-8.

        Raises:
            ZMQVersionError: this libzmq has no drafts.
            ZMQError: EINVAL, joined already, or too long; ENOTSUP, not a DISH socket.

        Source: zmq_join(3).
        """
        self._call_group("join()", "zmq_join", lib.zl_socket_join, group)

    def leave(self, group: str | bytes) -> None:
        """Leave a group with a DISH socket (draft); otherwise as join().

        Source: zmq_leave(3).
        """
        self._call_group("leave()", "zmq_leave", lib.zl_socket_leave_group, group)

    def _last_endpoint(self, addr: str | bytes) -> str:
        endpoint: bytes = getattr(self, "last_endpoint", b"") or b""
        # Of udp:// libzmq tells the address without the transport.
        return endpoint.decode("utf-8", "surrogateescape") if b"://" in endpoint else _to_text(addr)

    def _call_endpoint(self, call: str, function: Any, addr: str | bytes, at_once: Any = None) -> None:
        encoded = check_endpoint(call, addr)
        errno = -1
        if at_once is not None:
            check_server(self, call, encoded)
            errno = at_once(encoded)
        if errno < 0:
            errno = ffi.errno if function(self._native, encoded) != 0 else 0
        if errno:
            raise error_from_errno(errno, call, addr, _find_hint(errno, call, addr))

    def _call_group(self, call: str, needed: str, function: Any, group: str | bytes) -> None:
        if not has_function(needed):
            raise ZMQVersionError("4.2.0 with drafts", call)
        encoded = group.encode("utf-8") if isinstance(group, str) else group
        if not isinstance(encoded, bytes):
            raise TypeError(f"{call} takes a group as str or bytes, got {type(group).__name__}")
        if b"\0" in encoded or len(encoded) > 255:
            raise error_from_errno(EINVAL, call, group, "a group is at most 255 bytes without NUL")
        if function(self._native, encoded) != 0:
            raise error_from_errno(ffi.errno, call, group)


def _find_hint(errno: int, call: str, addr: str | bytes) -> str | None:
    if errno == ENAMETOOLONG:
        length = len(_to_text(addr).partition("://")[2].encode("utf-8", "surrogateescape"))
        return f"an ipc:// path has at most {IPC_PATH_MAX_LEN} bytes (IPC_PATH_MAX_LEN), this one has {length}"
    if errno == ENOENT and call == "bind()":
        return "the folder of the ipc:// path does not exist"
    if errno == ENOENT and _to_text(addr).startswith("udp://"):
        return "libzmq cannot undo a bind to udp://: close the socket"
    return None


def _to_text(endpoint: str | bytes) -> str:
    return endpoint.decode("utf-8", "surrogateescape") if isinstance(endpoint, bytes) else endpoint
