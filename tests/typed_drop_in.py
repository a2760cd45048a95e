"""What a type checker makes of a program that annotates with zmq's types, when `zmq` is zmqlite's package of that name.

`./run test -s types` runs mypy --strict on it, with the folder of `python -m zmqlite.compat --path` on PYTHONPATH.
"""

from __future__ import annotations

import logging
from typing import Any

import zmq
import zmq.asyncio
import zmq.error
from typing_extensions import assert_type
from zmq import SyncSocket
from zmq.decorators import socket
from zmq.devices import ProcessDevice, ThreadProxy
from zmq.devices.basedevice import BackgroundDevice
from zmq.log.handlers import PUBHandler
from zmq.ssh import tunnel
from zmq.sugar.context import Context as SugarContext
from zmq.utils import jsonapi, z85
from zmq.utils.monitor import recv_monitor_message


class Server:
    """The types that annotations name."""

    context: zmq.Context[zmq.Socket[bytes]]
    socket: zmq.Socket[bytes]
    other: SyncSocket
    frames: list[zmq.Frame]
    kind: zmq.SocketType

    def __init__(self, context: zmq.Context[zmq.Socket[bytes]] | None = None) -> None:
        self.context = context or zmq.Context.instance()
        self.socket = self.context.socket(zmq.ROUTER)
        self.other = self.context.socket(zmq.REQ)
        self.kind = zmq.SocketType.ROUTER

    def serve(self, poller: zmq.Poller) -> zmq.MessageTracker | None:
        """Calls whose results are typed."""
        poller.register(self.socket, zmq.POLLIN)
        assert_type(poller.poll(10), list[tuple[Any, int]])
        assert_type(self.socket.recv(), bytes)
        assert_type(self.other.recv_multipart(), list[bytes])
        assert_type(self.socket.recv(copy=False), zmq.Frame)
        assert_type(self.socket.getsockopt(zmq.LINGER), Any)
        try:
            return self.socket.send_multipart([b"a", b"b"], flags=zmq.NOBLOCK, copy=False, track=True)
        except (zmq.Again, zmq.error.ContextTerminated) as error:
            assert_type(error.errno == zmq.Errno.EAGAIN, bool)
            raise


async def wait(reader: zmq.asyncio.Socket, context: zmq.asyncio.Context) -> bytes:
    """Sockets of asyncio."""
    other: zmq.asyncio.Socket = context.socket(zmq.PUSH)
    await other.send(b"x")
    events: int = await reader.poll(10)
    assert events
    parts: list[bytes] = await reader.recv_multipart()
    message: bytes = await reader.recv()
    return parts[0] + message


@socket(zmq.PUB)
def talk(name: str, publisher: zmq.Socket[bytes]) -> str:
    """The rest of the package."""
    logging.getLogger(name).addHandler(PUBHandler(publisher))
    proxy = ThreadProxy(zmq.ROUTER, zmq.DEALER, zmq.PUB)
    proxy.bind_in("tcp://127.0.0.1:1")
    devices: list[BackgroundDevice] = [ProcessDevice(zmq.QUEUE, zmq.PULL, zmq.PUSH), proxy]
    devices[0].start()
    assert_type(z85.encode(b"1234"), bytes)
    assert_type(jsonapi.dumps(1), bytes)
    assert_type(tunnel.select_random_ports(1), list[int])
    made: SugarContext[zmq.Socket[bytes]] = zmq.Context(2)
    recv_monitor_message(made.socket(zmq.PAIR))
    return zmq.__version__
