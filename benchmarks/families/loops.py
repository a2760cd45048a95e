"""Event loops: what is awaited in one loop of one thread, asyncio's or uvloop's."""

from __future__ import annotations

import asyncio
import gc
from importlib import import_module

from benchmarks.adapters import MissingError

from .memory import resident_kib

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from benchmarks.child import Bench

__all__ = ["run"]


def run(bench: Bench, what: str, loop: str, size: int = 16, sockets: int = 1, receives: int = 1) -> dict[str, float]:
    """Measure one kind of awaiting, all of it in one event loop.

    Args:
        bench: the program.
        what: "exchange_ready" or "exchange_waiting", PUSH to PULL over inproc; "ask_inside", REQ and REP over tcp;
            "ask_all_inside", DEALERs that ask one ROUTER over tcp; "waiting", the memory of receives that wait.
        loop: "asyncio" or "uvloop".
        size: bytes in a message.
        sockets: clients of the ROUTER, or sockets on which receives wait.
        receives: how many wait on each socket.
    """
    event_loop = _make_loop(loop)
    bench.peer.use_asyncio()
    if what == "waiting":
        return event_loop.run_until_complete(_wait(bench, sockets, receives))
    first, second = event_loop.run_until_complete(_open(bench, what, sockets))
    data = b"x" * size
    timed = getattr(bench.peer, what)

    def turn(count: int) -> int:
        return int(event_loop.run_until_complete(timed(first, second, data, count)))

    return {"ns": bench.repeat(turn) / sockets}


def _make_loop(name: str) -> asyncio.AbstractEventLoop:
    """A new event loop; of asyncio's own, the one that can watch descriptors on every system.

    Raises:
        MissingError: uvloop is not installed.
    """
    if name == "asyncio":
        return asyncio.SelectorEventLoop()
    try:
        made: asyncio.AbstractEventLoop = import_module("uvloop").new_event_loop()
    except ImportError as error:
        raise MissingError(f"uvloop is not installed: {error}") from error
    return made


async def _open(bench: Bench, what: str, clients: int) -> tuple[Any, Any]:
    """Two sockets that are connected; for "ask_all_inside" a list of clients and their ROUTER."""
    peer = bench.peer
    kinds = {"ask_inside": ("REQ", "REP"), "ask_all_inside": ("DEALER", "ROUTER")}
    active, passive = kinds.get(what, ("PUSH", "PULL"))
    bound = peer.socket(passive)
    endpoint = peer.bind(bound, bench.endpoint("tcp" if what in kinds else "inproc"))
    connected = [peer.socket(active) for _ in range(clients)]
    for socket in connected:
        peer.connect(socket, endpoint)
    return (connected if what == "ask_all_inside" else connected[0]), bound


async def _wait(bench: Bench, sockets: int, receives: int) -> dict[str, float]:
    """Memory that is held when so many receives wait on each of so many sockets, in KiB.

    Returns:
        receives_kib: by the receives alone, with what their sockets first make for waiting; rss_kib: with the sockets.

    Raises:
        ValueError: a receive had not to wait.
    """
    peer = bench.peer
    start = _settled_kib()
    opened = [peer.socket("PULL") for _ in range(sockets)]
    for socket in opened:
        peer.bind(socket, bench.endpoint("inproc"))
    await asyncio.sleep(0)  # what was put off to the next turn of the loop is done
    before = _settled_kib()
    waiting = [socket.recv() for socket in opened for _ in range(receives)]
    await asyncio.sleep(0)
    after = _settled_kib()
    if any(receive.done() for receive in waiting):
        raise ValueError("a receive had not to wait")
    return {"rss_kib": after - start, "receives_kib": after - before}


def _settled_kib() -> float:
    gc.collect()
    return resident_kib()
