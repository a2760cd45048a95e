"""Connections through ssh: see tunnel."""

from __future__ import annotations

from .tunnel import (
    MaxRetryExceeded,
    open_tunnel,
    openssh_tunnel,
    paramiko_tunnel,
    select_random_ports,
    try_passwordless_ssh,
    tunnel_connection,
)

__all__ = [
    "MaxRetryExceeded",
    "open_tunnel",
    "openssh_tunnel",
    "paramiko_tunnel",
    "select_random_ports",
    "try_passwordless_ssh",
    "tunnel_connection",
]
