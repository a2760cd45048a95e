"""A device of gevent: other greenlets run while it forwards."""

from __future__ import annotations

from typing import Any

from zmqlite.readiness import POLLIN

from .poll import Poller

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import NoReturn

__all__ = ["device"]


def device(device_type: int, isocket: Any, osocket: Any = -1) -> NoReturn:
    """Forward messages both ways between two green sockets, until the context ends or the greenlet is killed.

    Args:
        device_type: QUEUE, FORWARDER or STREAMER; makes no difference.
        isocket: one side.
        osocket: the other side; -1 reflects messages.

    Raises:
        ContextTerminated: ETERM, the context ended.

    Source: zmq_device(3).
    """
    other = isocket if isinstance(osocket, int) else osocket
    poller = Poller()
    for socket in (isocket, other):
        if socket._type_name not in ("PUSH", "PUB"):
            poller.register(socket, POLLIN)
    while True:
        for socket, _ in poller.poll():
            (other if socket is isocket else isocket).send_multipart(socket.recv_multipart(copy=False))
