"""Limits for sockets that strangers can reach. libzmq's own defaults trust the network."""

from __future__ import annotations

from errno import EINVAL

from .constants import SocketOption
from .errors import error_from_errno

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

__all__ = ["harden_socket"]


def harden_socket(socket: Any, limits: dict[str, int | None]) -> None:
    """Set the limits of Socket.harden(), which documents them.

    Args:
        socket: before its first bind() or connect().
        limits: the keyword arguments of Socket.harden(); None leaves an option as it is.

    Raises:
        ZMQError: EINVAL, the socket is bound or connected already, or a value is out of its range; then nothing or
            only some of the limits are set.
    """
    if socket.get(SocketOption.LAST_ENDPOINT):
        raise error_from_errno(EINVAL, "harden()", hint="set limits before bind() and connect(): later is too late")
    options = {
        "max_message_bytes": (SocketOption.MAXMSGSIZE,),
        "handshake_ms": (SocketOption.HANDSHAKE_IVL,),
        "heartbeat_ms": (SocketOption.HEARTBEAT_IVL,),
        # What we give the peer, and what the peer is told to give us.
        "silence_ms": (SocketOption.HEARTBEAT_TIMEOUT, SocketOption.HEARTBEAT_TTL),
        "connect_timeout_ms": (SocketOption.CONNECT_TIMEOUT,),
        "reconnect_max_ms": (SocketOption.RECONNECT_IVL_MAX,),
        "unacknowledged_ms": (SocketOption.TCP_MAXRT,),
    }
    for name, value in limits.items():
        if value is not None:
            for option in options[name]:
                socket.set(option, value)
