"""A local port whose connections go through the channels of a paramiko transport."""

from __future__ import annotations

import logging
import select
import socketserver
from typing import Any

__all__ = ["ForwardServer", "Handler", "forward_tunnel", "logger"]

logger = logging.getLogger("ssh")

_CHUNK = 65536


class ForwardServer(socketserver.ThreadingTCPServer):
    """Listens on the local port; a thread for each connection, which ends with the program."""

    daemon_threads = True
    allow_reuse_address = True


class Handler(socketserver.BaseRequestHandler):
    """Carries one connection. forward_tunnel() makes a subclass that knows where to.

    Attributes:
        chain_host: the host to reach, as the ssh server sees it.
        chain_port: its port.
        ssh_transport: the paramiko transport.
    """

    chain_host: str
    chain_port: int
    ssh_transport: Any

    def handle(self) -> None:
        """Open a channel and copy both ways until one side closes."""
        goal = (self.chain_host, self.chain_port)
        try:
            channel = self.ssh_transport.open_channel("direct-tcpip", goal, self.request.getpeername())
        except Exception as error:  # paramiko's and the network's: the connection is refused, the server goes on
            logger.debug("Incoming request to %s:%d failed: %r", *goal, error)
            return
        if channel is None:
            logger.debug("Incoming request to %s:%d was rejected by the SSH server.", *goal)
            return
        logger.debug("Connected: %r -> %r", self.request.getpeername(), goal)
        ends = {self.request: channel, channel: self.request}
        try:
            while True:
                for end in select.select(list(ends), [], [])[0]:
                    data = end.recv(_CHUNK)
                    if not data:
                        return
                    ends[end].sendall(data)
        finally:
            channel.close()
            self.request.close()
            logger.debug("Tunnel to %s:%d closed.", *goal)


def forward_tunnel(local_port: int, remote_host: str, remote_port: int, transport: Any) -> None:
    """Forward a local port; returns only by an exception.

    Args:
        local_port: to listen on, at 127.0.0.1.
        remote_host: the host to reach, as the ssh server sees it.
        remote_port: its port.
        transport: a paramiko.Transport that is connected.
    """
    members = {"chain_host": remote_host, "chain_port": remote_port, "ssh_transport": transport}
    with ForwardServer(("127.0.0.1", local_port), type("BoundHandler", (Handler,), members)) as server:
        server.serve_forever()
