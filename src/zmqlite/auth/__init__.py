"""Who may connect: authenticators that answer libzmq's questions (ZAP), and certificate files.

    with ThreadAuthenticator(context) as auth:          # zmqlite.auth.thread
        auth.configure_curve(location="clients")        # a folder of public certificates
        set_curve_server(server, keys)
        server.bind("tcp://*:5555")

An authenticator answers for all sockets of one context. In an event loop take AsyncioAuthenticator
(zmqlite.auth.asyncio) or AnyioAuthenticator (zmqlite.auth.anyio). Names are pyzmq's.

Source: ZeroMQ RFC 27 (ZAP).
"""

from __future__ import annotations

from .base import CURVE_ALLOW_ANY, Authenticator
from .certs import create_certificates, load_certificate, load_certificates

__all__ = ["CURVE_ALLOW_ANY", "Authenticator", "create_certificates", "load_certificate", "load_certificates"]
