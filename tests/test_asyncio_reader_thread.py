"""Loops that watch no descriptors, as Windows' Proactor: threads do, with poll() or, as on Windows, with select()."""

from __future__ import annotations

import asyncio
import asyncio.proactor_events
import os
import select
import socket as sockets
import threading

import pytest
from loops import WatchesNothing, asyncio_context, connect_pair, run, run_in, turns, wait_until

import zmqlite
import zmqlite.asyncio
from zmqlite.asyncio import reader_thread

__all__ = ["asyncio_context", "run"]


@pytest.fixture(params=["poll", "select"])
def call(request, monkeypatch):
    """The system's call: poll(), or select() with room for two, in a process that has no other."""
    if request.param == "select":
        monkeypatch.delattr(select, "poll")
        monkeypatch.setattr(reader_thread, "_SELECT_ROOM", 2)
    return request.param


def readers():
    """The threads that watch descriptors now."""
    return [one for one in threading.enumerate() if one.name == "zmqlite-reader"]


def test_proactor_needs_a_thread():
    """The Proactor, which is part of every Python; not the loops that watch descriptors."""

    class Proactor(asyncio.proactor_events.BaseProactorEventLoop):
        def __init__(self):
            """Make none: its parts are Windows' own."""

        def __del__(self):
            """Close none."""

    assert reader_thread.needs_thread(Proactor())
    loop = asyncio.SelectorEventLoop()
    assert not reader_thread.needs_thread(loop)
    loop.close()


def test_more_sockets_than_a_thread_takes(call, asyncio_context):
    """Each socket gets its message, also one beyond what select() takes; threads without a socket end."""

    async def main():
        before = len(readers())
        pairs = [connect_pair(asyncio_context, zmqlite.PUSH, zmqlite.PULL) for _ in range(5)]
        for _ in range(3):
            waiting = [pull.recv() for _, pull in pairs]
            assert len(readers()) - before == (3 if call == "select" else 1)
            for number, (push, _) in enumerate(pairs):
                await push.send(b"%d" % number)
            assert await asyncio.gather(*waiting) == [b"%d" % number for number in range(5)]
        for _, pull in pairs:
            pull.close()
        await wait_until(lambda: len(readers()) == before)

    run_in(WatchesNothing(), main())


def test_poller_waits_until_a_descriptor_is_writable(run, asyncio_context):
    """A connection that is full: poll() answers when its peer has read."""

    async def main():
        left, right = sockets.socketpair()
        with left, right:
            left.setblocking(False)
            while select.select([], [left], [], 0)[1]:
                left.send(bytes(65536))
            poller = zmqlite.asyncio.Poller()
            poller.register(left, zmqlite.POLLIN | zmqlite.POLLOUT)
            waiting = poller.poll()
            await turns(3)
            assert not waiting.done()
            while select.select([right], [], [], 0)[0]:
                right.recv(65536)
            assert await asyncio.wait_for(waiting, 10) == [(left.fileno(), zmqlite.POLLOUT)]

    run(main())


def test_descriptor_that_is_closed_behind_its_back_harms_no_other(call, asyncio_context):
    """A Poller waits for a descriptor that somebody closes: sockets that the same thread watches get their messages."""

    async def main():
        push, pull = connect_pair(asyncio_context, zmqlite.PUSH, zmqlite.PULL)
        waiting = pull.recv()
        reading, writing = os.pipe()
        poller = zmqlite.asyncio.Poller()
        poller.register(reading, zmqlite.POLLIN)
        polling = poller.poll()
        os.close(reading)
        for number in range(3):
            await push.send(b"%d" % number)
            assert await asyncio.wait_for(waiting, 10) == b"%d" % number
            waiting = pull.recv()
        os.close(writing)
        polling.cancel()
        waiting.cancel()

    run_in(WatchesNothing(), main())
