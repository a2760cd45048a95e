"""A socket for tests: bound or connected for certain, with timeouts in seconds."""

from __future__ import annotations

import time
from typing import Any

from zmqlite.constants import Flag, PollEvent, SocketType
from zmqlite.context import Context
from zmqlite.errors import Again

from .connections import Connections, NotConnectedError, is_inproc_bound, resolve

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from typing_extensions import Self

    from zmqlite.socket import Socket

__all__ = ["Probe", "bound", "connected"]

TIMEOUT = 5.0
HIGH_WATER_MARK = 100
LINGER = 1.0
_UNWATCHED = ("inproc", "udp", "pgm", "epgm", "norm")  # libzmq's monitor tells nothing of these


class Probe:
    """A socket that a test talks through. Made by bound() and connected(); close it, or use it in a with statement.

    Args:
        socket_type: a SocketType.
        context: where the socket comes from; its own when None. Sockets of one test that talk over inproc share one.
        high_water_mark: messages that are queued, each way; `sndhwm` and `rcvhwm` set one of them.
        linger: seconds that close() lets messages be sent, while the program goes on.
        **options: of the socket, set before it binds or connects: `subscribe=b""`, `routing_id=b"me"`.

    Attributes:
        socket: the zmqlite socket.
        endpoint: the last endpoint that was bound or connected to; of a wildcard, what was chosen.
    """

    def __init__(
        self,
        socket_type: int,
        context: Context[Any] | None = None,
        high_water_mark: int = HIGH_WATER_MARK,
        linger: float = LINGER,
        **options: Any,
    ) -> None:
        self._own_context = context is None
        self._context: Context[Any] = Context() if context is None else context
        self.socket: Socket[Any] = self._context.socket(socket_type)
        self.endpoint = ""
        self._linger_ms = int(linger * 1000)
        self._bound: list[str] = []
        self._connected: dict[str, str] = {}
        try:
            self.socket.sndhwm = self.socket.rcvhwm = high_water_mark
            for name, value in options.items():
                if name == "subscribe":
                    self.socket.subscribe(value)
                else:
                    setattr(self.socket, name, value)
            self._connections = Connections(self.socket)
        except BaseException:
            self.socket.close(0)
            if self._own_context:
                self._context.term()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *args: object) -> None:
        self.close()

    def __repr__(self) -> str:
        places = [f"bound to {one}" for one in self._bound] + [f"connected to {one}" for one in self._connected]
        where = ", ".join(places) or ("closed" if self.socket.closed else "nowhere")
        return f"<{SocketType(self.socket.type).name}: {where}>"

    def close(self) -> None:
        """Close the socket, and the context that was made for it. Messages may go on being sent for the linger."""
        if self.socket.closed:
            return
        self._connections.close()
        self.socket.close(self._linger_ms)
        if self._own_context:
            self._context.term()

    # ---- endpoints ----

    @property
    def bound_to(self) -> list[str]:
        """The endpoints that the socket is bound to; of a wildcard, what was chosen."""
        return list(self._bound)

    @property
    def connected_to(self) -> list[str]:
        """The endpoints that it connected to and whose connection is up now."""
        return [given for given in self._connected if self.is_connected_to(given)]

    def is_connected_to(self, endpoint: str) -> bool:
        """Whether it connected to this endpoint, by name or by address, and that connection is up now."""
        known = self._connected.get(endpoint, endpoint if endpoint in self._connected.values() else None)
        return known is not None and (_is_unwatched(endpoint) or self._connections.count(known) > 0)

    def bind(self, endpoint: str = "tcp://127.0.0.1:*") -> str:
        """Bind one more endpoint.

        Returns:
            The endpoint to connect to: of a wildcard, what was chosen.

        Raises:
            ZMQError: as Socket.bind().
        """
        self.socket.bind(endpoint)
        chosen = self.socket.last_endpoint.decode()
        self._bound.append(chosen)
        self.endpoint = chosen
        return chosen

    def connect(self, endpoint: str, timeout: float = TIMEOUT) -> None:
        """Connect to one more endpoint, for certain.

        An inproc endpoint is there once a zmqlite socket of this context, or of one that it shadows, bound it.

        Args:
            endpoint: `tcp://host:5555`, `ipc:///path`, `inproc://name`. udp and multicast have no connections to
                wait for.
            timeout: seconds.

        Raises:
            NotConnectedError: nobody is there, the host is unknown, or the other side refused the handshake.
            ZMQError: as Socket.connect().
        """
        known = resolve(endpoint, bool(self.socket.ipv6))
        if endpoint.startswith("inproc://"):
            self._wait_for_inproc(endpoint, timeout)
        self.socket.connect(known)
        try:
            if not _is_unwatched(endpoint):
                self._connections.wait(known, timeout)
        except NotConnectedError:
            self.socket.disconnect(known)
            raise
        self._connected[endpoint] = known
        self.endpoint = endpoint

    def _wait_for_inproc(self, endpoint: str, timeout: float) -> None:
        until = time.monotonic() + timeout
        while not is_inproc_bound(self._context, endpoint):
            if time.monotonic() >= until:
                raise NotConnectedError(f"{endpoint}: nobody of this context bound it within {timeout:g} s")
            time.sleep(0.001)

    def unbind(self, endpoint: str | None = None) -> None:
        """Unbind from one endpoint, or from all when None."""
        for one in [endpoint] if endpoint is not None else self.bound_to:
            self.socket.unbind(one)
            self._bound.remove(one)
            self._connections.forget(one)

    def disconnect(self, endpoint: str | None = None) -> None:
        """Disconnect from one endpoint, by name or by address, or from all when None."""
        for one in [endpoint] if endpoint is not None else list(self._connected):
            known = self._connected.get(one, one)
            self.socket.disconnect(known)
            self._connected = {given: at for given, at in self._connected.items() if one not in (given, at)}
            self._connections.forget(known)

    def wait_for_peers(self, count: int, timeout: float = TIMEOUT) -> int:
        """Wait until so many connections are up, whichever side made them. Returns how many are at the end."""
        return self._connections.wait_for_count(count, timeout)

    # ---- messages ----

    def send(self, message: bytes | str, timeout: float | None = TIMEOUT) -> None:
        """Send a message of one part.

        Args:
            message: bytes, or str, which is sent as UTF-8.
            timeout: seconds to wait for room in the queue; None for ever.

        Raises:
            TimeoutError: there was no room.
        """
        self.send_multipart([message], timeout)

    def send_multipart(self, parts: Sequence[bytes | str], timeout: float | None = TIMEOUT) -> None:
        """Send a message of several parts; otherwise as send()."""
        self._wait(PollEvent.POLLOUT, timeout)
        if not self.send_multipart_nowait(parts):  # which tells what else may be wrong: this type cannot send
            raise TimeoutError(f"{self}: no room to send {_show(parts)} within {timeout:g} s")

    def send_nowait(self, message: bytes | str) -> bool:
        """Send a message if there is room for it. Returns whether it was sent."""
        return self.send_multipart_nowait([message])

    def send_multipart_nowait(self, parts: Sequence[bytes | str]) -> bool:
        """Send a message of several parts if there is room for it. Returns whether it was sent."""
        encoded = [part.encode() if isinstance(part, str) else part for part in parts]
        try:
            self.socket.send_multipart(encoded, Flag.DONTWAIT)
        except Again:
            return False
        return True

    def recv(self, timeout: float | None = TIMEOUT) -> bytes:
        """Receive a message of one part.

        Args:
            timeout: seconds; None for ever.

        Raises:
            TimeoutError: nothing came.
            ValueError: what came has several parts; it is lost.
        """
        parts = self.recv_multipart(timeout)
        if len(parts) != 1:
            raise ValueError(f"{self}: received a message of {len(parts)} parts: {_show(parts)}: use recv_multipart()")
        return parts[0]

    def recv_multipart(self, timeout: float | None = TIMEOUT) -> list[bytes]:
        """Receive a message of any number of parts; otherwise as recv()."""
        self._wait(PollEvent.POLLIN, timeout)
        parts = self.recv_multipart_nowait()
        if parts is None:
            raise TimeoutError(f"{self}: nothing came within {timeout:g} s")
        return parts

    def recv_nowait(self) -> bytes | None:
        """Receive a message of one part if there is one; None if there is none."""
        parts = self.recv_multipart_nowait()
        if parts is not None and len(parts) != 1:
            raise ValueError(f"{self}: received a message of {len(parts)} parts: {_show(parts)}: use recv_multipart()")
        return parts[0] if parts is not None else None

    def recv_multipart_nowait(self) -> list[bytes] | None:
        """Receive a message of any number of parts if there is one; None if there is none."""
        try:
            parts: list[bytes] = self.socket.recv_multipart(Flag.DONTWAIT)
        except Again:
            return None
        return parts

    def _wait(self, event: int, timeout: float | None) -> None:
        self.socket.poll(None if timeout is None else timeout * 1000, event)


def bound(
    socket_type: int, endpoint: str = "tcp://127.0.0.1:*", context: Context[Any] | None = None, **options: Any
) -> Probe:
    """Open a socket that is bound.

    Args:
        socket_type: a SocketType.
        endpoint: where; any free port of this machine when left out. See Probe.endpoint for what it became.
        context: see Probe.
        **options: `high_water_mark=100`, `linger=1.0` (seconds), and options of the socket: see Probe.

    Raises:
        ZMQError: as Socket.bind().
    """
    probe = Probe(socket_type, context, **options)
    try:
        probe.bind(endpoint)
    except BaseException:
        probe.close()
        raise
    return probe


def connected(
    socket_type: int, endpoint: str, timeout: float = TIMEOUT, context: Context[Any] | None = None, **options: Any
) -> Probe:
    """Open a socket that is connected: nobody there is an error, not a wait.

    Args:
        socket_type: a SocketType.
        endpoint: where.
        timeout: seconds to connect in.
        context: see Probe.
        **options: `high_water_mark=100`, `linger=1.0` (seconds), and options of the socket: see Probe.

    Raises:
        NotConnectedError: it is not connected within timeout; the message says why.
        ZMQError: as Socket.connect().
    """
    probe = Probe(socket_type, context, **options)
    try:
        probe.connect(endpoint, timeout)
    except BaseException:
        probe.close()
        raise
    return probe


def _is_unwatched(endpoint: str) -> bool:
    return endpoint.partition("://")[0] in _UNWATCHED


def _show(parts: Sequence[bytes | str]) -> str:
    shown = ", ".join(
        repr(part if len(part) <= 40 else part[:40]) + ("..." if len(part) > 40 else "") for part in parts
    )
    return shown if len(parts) == 1 else f"[{shown}]"
