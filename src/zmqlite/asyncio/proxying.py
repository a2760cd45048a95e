"""A proxy between asyncio sockets, in a loop with everything else."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import Any

from zmqlite.errors import Again
from zmqlite.readiness import DONTWAIT, POLLIN, POLLOUT
from zmqlite.socket import Socket as BaseSocket

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .socket import Socket

__all__ = ["proxy"]

_AT_ONCE = 64


async def proxy(frontend: Socket, backend: Socket, capture: Socket | None = None) -> None:
    """Forward messages both ways between two sockets, until it is cancelled or the context ends.

    No message is lost when it is cancelled: one is received when the other side has room for it.

    Args:
        frontend: ROUTER, XSUB, PULL, ...: the side of the clients.
        backend: DEALER, XPUB, PUSH, ...: the side of the services; the frontend itself reflects messages.
        capture: PUB, DEALER, PUSH or PAIR: gets a copy of every message that it has room for.

    Raises:
        ContextTerminated: ETERM, the context ended.
        ZMQError: ENOTSOCK, a socket is closed.

    Source: zmq_proxy(3).
    """
    ways = [(frontend, backend)] if frontend is backend else [(frontend, backend), (backend, frontend)]
    tasks = [asyncio.ensure_future(_forward(source, target, capture)) for source, target in ways]
    try:
        await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _forward(source: Socket, target: Socket, capture: Socket | None) -> None:
    if not _can(source, POLLIN) or not _can(target, POLLOUT):
        return
    while True:
        await source.poll(None, POLLIN)
        await target.poll(None, POLLOUT)
        for _ in range(_AT_ONCE):
            if not _move_one(source, target, capture):
                break
        await asyncio.sleep(0)


def _can(socket: Any, event: int) -> bool:
    """Whether a socket of this type ever receives, or sends."""
    one_way = {POLLIN: ("PUSH", "PUB", "RADIO", "SCATTER"), POLLOUT: ("PULL", "SUB", "DISH", "GATHER")}
    return socket._type_name not in one_way[event]


def _move_one(source: Any, target: Any, capture: Any) -> bool:
    """Move one message without waiting; False when there is none, or no room."""
    readiness = source._readiness
    if readiness.receivers or target._readiness.senders or not target._readiness.events(target) & POLLOUT:
        return False
    try:
        parts, place = readiness.take_message(source, 0, False, False)
    except Again:
        return False
    try:
        copies = [part.fast_copy() for part in parts] if capture is not None else None
        BaseSocket.send_multipart(target, parts, DONTWAIT)
    except Again:
        readiness.give_back(source, parts, place)
        return False
    except BaseException:
        readiness.give_back(source, parts, place)
        raise
    if copies is not None:
        with suppress(Again):
            BaseSocket.send_multipart(capture, copies, DONTWAIT)
    return True
