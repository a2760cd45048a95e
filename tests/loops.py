"""Event loops to run a test in: asyncio's own, uvloop, and one that watches descriptors with a thread (Proactor)."""

from __future__ import annotations

import asyncio
import importlib
from collections.abc import Callable, Coroutine, Iterator
from typing import Any

import pytest

import zmqlite
import zmqlite.asyncio

KINDS = ("selector", "uvloop", "thread")
_names = iter(range(10**9))


class WatchesNothing(asyncio.SelectorEventLoop):
    """A loop that watches no descriptors for others, as the Proactor: AbstractEventLoop's methods raise."""

    add_reader = asyncio.AbstractEventLoop.add_reader
    remove_reader = asyncio.AbstractEventLoop.remove_reader
    add_writer = asyncio.AbstractEventLoop.add_writer
    remove_writer = asyncio.AbstractEventLoop.remove_writer


def make_loop(kind: str) -> asyncio.AbstractEventLoop:
    """Make a loop of one of the KINDS."""
    if kind == "uvloop":
        uvloop = importlib.import_module("uvloop")
        made: asyncio.AbstractEventLoop = uvloop.new_event_loop()
        return made
    return WatchesNothing() if kind == "thread" else asyncio.SelectorEventLoop()


def run_in(loop: asyncio.AbstractEventLoop, main: Coroutine[Any, Any, Any], seconds: float = 30) -> Any:
    """Run main in a loop as asyncio.run() does, with a time limit; then the loop is closed."""
    try:
        return loop.run_until_complete(asyncio.wait_for(main, seconds))
    finally:
        loop.run_until_complete(_cancel_all())
        loop.run_until_complete(loop.shutdown_asyncgens())
        loop.close()


async def _cancel_all() -> None:
    left = asyncio.all_tasks() - {asyncio.current_task()}
    for task in left:
        task.cancel()
    await asyncio.gather(*left, return_exceptions=True)


@pytest.fixture(params=KINDS)
def run(request: pytest.FixtureRequest) -> Callable[..., Any]:
    """Run a coroutine in each kind of loop: `run(main())`."""
    if request.param == "uvloop":
        pytest.importorskip("uvloop", reason="uvloop is not installed for this Python")
    return lambda main, seconds=30: run_in(make_loop(request.param), main, seconds)


@pytest.fixture
def asyncio_context() -> Iterator[zmqlite.asyncio.Context]:
    """An asyncio context, destroyed afterwards. It keeps the sockets that it makes: tests need not close them."""
    made = zmqlite.asyncio.Context()
    kept = []

    def make_and_keep(*arguments: Any, **options: Any) -> Any:
        kept.append(zmqlite.asyncio.Context.socket(made, *arguments, **options))
        return kept[-1]

    made.socket = make_and_keep
    yield made
    for socket in kept:
        socket.close(linger=0)
    del made.socket
    made.term(timeout=20_000)


def connect_pair(context: Any, type_a: int, type_b: int, endpoint: str = "", **options: Any) -> tuple[Any, Any]:
    """Make two connected sockets of a context; the first binds. Options are set on both."""
    sockets = (context.socket(type_a), context.socket(type_b))
    for socket in sockets:
        for name, value in {"linger": 0, **options}.items():
            setattr(socket, name, value)
    sockets[0].bind(endpoint or f"inproc://loop-{next(_names)}")
    sockets[1].connect(sockets[0].get_string(zmqlite.LAST_ENDPOINT))
    return sockets


async def turns(count: int = 1) -> None:
    """Let the loop run so many times."""
    for _ in range(count):
        await asyncio.sleep(0)


async def wait_until(condition: Callable[[], Any]) -> None:
    """Let the loop run until something holds; the test's time limit ends it otherwise."""
    while not condition():
        await asyncio.sleep(0.001)
