"""zmqlite for asyncio: the same sockets, whose send, recv and poll return Futures.

    import zmqlite
    from zmqlite.asyncio import Context

    async def main():
        async with Context() as context, context.socket(zmqlite.PULL) as socket:
            socket.bind("tcp://127.0.0.1:5555")
            async for message in socket:
                print(message)

A call that finds a message, or room, returns a Future that is done: it costs no turn of the loop. Names and semantics
are pyzmq's; docs/asyncio.md says what is added.
"""

from __future__ import annotations

from .context import Context
from .poller import Poller
from .proxying import proxy
from .selectors import ZMQEventLoop, install
from .socket import Socket

__all__ = ["Context", "Poller", "Socket", "ZMQEventLoop", "install", "proxy"]
