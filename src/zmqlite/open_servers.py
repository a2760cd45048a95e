"""Servers that are less closed than they look: told, or refused, before they are bound or connected.

Source: zmq_curve(7), zmq_plain(7), ZMQ_ZAP_ENFORCE_DOMAIN in zmq_setsockopt(3).
"""

from __future__ import annotations

from errno import EINVAL
from warnings import warn

from ._native import ffi, lib
from .errors import SecurityWarning, error_from_errno

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

__all__ = ["check_server", "keep_quiet"]

_MECHANISM, _PLAIN_SERVER, _CURVE_SERVER, _ZAP_DOMAIN, _ZAP_ENFORCE_DOMAIN = 43, 44, 47, 55, 93
_PLAIN, _CURVE = 1, 2
_ZAP_ENDPOINT = b"inproc://zeromq.zap.01"


_quiet = False


def keep_quiet() -> None:
    """Give no SecurityWarning in this process: for programs written for another library, which gives none."""
    global _quiet
    _quiet = True


def check_server(socket: Any, call: str, endpoint: bytes) -> None:
    """Look at what security a socket has, before it meets its first peer.

    Args:
        socket: a Socket.
        call: for messages, "bind()".
        endpoint: where it is going to be bound or connected.

    Raises:
        ZMQError: EINVAL, a PLAIN server with ZAP_ENFORCE_DOMAIN and no ZAP_DOMAIN: libzmq ends the process at its first
            client (an assertion in plain_server.cpp).

    Warns:
        SecurityWarning: a CURVE server that lets everybody in who knows its public key, and that was not told to.
    """
    native = socket._native
    if native is None:
        return
    mechanism = _get_number(socket, _MECHANISM)
    if mechanism not in (_PLAIN, _CURVE) or (mechanism == _CURVE and _quiet):
        return
    enforced, domain = _get_number(socket, _ZAP_ENFORCE_DOMAIN) == 1, _has_domain(native)
    if mechanism == _PLAIN:
        if enforced and not domain and _get_number(socket, _PLAIN_SERVER) == 1:
            hint = "ZAP_ENFORCE_DOMAIN without a ZAP_DOMAIN: libzmq would end the process at the first client"
            raise error_from_errno(EINVAL, call, endpoint.decode("utf-8", "surrogateescape"), hint)
        return
    if _get_number(socket, _CURVE_SERVER) != 1 or socket._allows_any or (enforced and domain):
        return
    # No handshake, and so no mechanism, within the process.
    if endpoint.startswith(b"inproc://") or lib.zl_socket_zap_handled(native):
        return
    message = (
        f"{call}: this CURVE server lets every client in that knows its public key: start an authenticator before "
        "(zmqlite.auth), or use set_curve_server(), with allow_any=True if that is meant"
    )
    warn(message, SecurityWarning, stacklevel=4)


def _get_number(socket: Any, option: int) -> int:
    """An option that is an int; -1 when libzmq lacks it, or cannot tell."""
    number: int | None = socket._get_int(option)
    if number is not None:
        return number
    value = int(lib.zl_socket_get_number(socket._native, option, 4))
    return -1 if ffi.errno else value


def _has_domain(native: Any) -> bool:
    buffer, size = ffi.new("char[256]"), ffi.new("size_t *", 256)
    # The size that comes back has the NUL.
    return bool(lib.zl_socket_getsockopt(native, _ZAP_DOMAIN, buffer, size) == 0 and size[0] > 1)
