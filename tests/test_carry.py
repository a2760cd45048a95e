"""Bytes over inproc reach the receiver as the very object that was sent, short ones, too."""

from __future__ import annotations

import asyncio
import sys
from typing import Any

import pytest
from carry_rig import SIZES, comes_back, connected, counted, fresh, needs_carrying, watched

import zmqlite as zmq
import zmqlite.asyncio

__all__ = ["watched"]  # a fixture


@needs_carrying
@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("types", [(zmq.PUSH, zmq.PULL), (zmq.PAIR, zmq.PAIR), (zmq.DEALER, zmq.DEALER)], ids=str)
def test_every_verb_gives_the_very_object(size: int, types: tuple[int, int], context: Any) -> None:
    """However it is sent and received; with nothing left over."""
    a, b = connected(context, *types)
    data = fresh(size)
    before = sys.getrefcount(data)
    a.send(data)
    assert b.recv() is data
    a.send(data, zmq.DONTWAIT)
    assert b.try_recv() is data
    a.send_multipart([data, b"between", data])
    assert [part is data for part in b.recv_multipart()] == [True, False, True]
    a.send_many([data, [data, data], data])
    received = b.recv_many()
    assert received[0] is data
    assert [part is data for part in received[1]] == [True, True]
    assert received[2] is data
    del received
    assert sys.getrefcount(data) == before


@needs_carrying
def test_asyncio_gives_the_very_object() -> None:
    """Both where a receive finds its message and where it waits for it."""
    data = fresh(16)
    before = sys.getrefcount(data)

    async def exchange() -> None:
        with zmqlite.asyncio.Context() as context:
            a, b = connected(context, zmq.PUSH, zmq.PULL)
            await a.send(data)
            assert await b.recv() is data
            waiting = asyncio.ensure_future(b.recv())
            await asyncio.wait([waiting], timeout=0)
            await a.send(data)
            assert await waiting is data
            a.close()
            b.close()

    asyncio.run(exchange())
    assert sys.getrefcount(data) == before


@needs_carrying
def test_a_reply_and_a_request_are_the_very_objects(context: Any) -> None:
    """REQ and REP, and the parts that pass a ROUTER and a DEALER."""
    a, b = connected(context, zmq.REQ, zmq.REP)
    request, reply = fresh(16), fresh(17)
    a.send(request)
    assert b.recv() is request
    b.send(reply)
    assert a.recv() is reply
    dealer, router = connected(context, zmq.DEALER, zmq.ROUTER)
    dealer.send_multipart([request, reply])
    who, *parts = router.recv_multipart()
    assert parts[0] is request
    assert parts[1] is reply
    router.send_multipart([who, request, reply])
    assert dealer.recv() is request
    assert dealer.recv() is reply


@pytest.mark.parametrize("size", SIZES)
def test_a_frame_of_it_is_a_frame_like_others(size: int, context: Any, watched: list[bytes]) -> None:
    """Its bytes, its buffer, no group, and its copies; it can be sent on, and lives longer than its message."""
    a, b = connected(context, zmq.PUSH, zmq.PULL)
    data = watched[SIZES.index(size)]
    before = counted(watched)
    for _ in range(100):
        a.send_multipart([data, data])
        frames = b.recv_multipart(copy=False)
        assert [frame.more for frame in frames] == [True, False]
        assert [frame.get(zmq.MORE) for frame in frames] == [1, 0]
        assert len(frames[0]) == size
        copy = frames[0].fast_copy()
        a.send(frames[0])
        a.send(copy)
        assert frames[0].bytes == bytes(frames[1].buffer) == copy.bytes == data
        del frames, copy
        assert b.recv() == b.recv() == data
    assert comes_back(watched, before) == [0] * len(SIZES)


@needs_carrying
def test_a_short_frame_can_be_written(context: Any) -> None:
    """It is a copy, as it is over any transport: the sender's object stays as it is."""
    a, b = connected(context, zmq.PUSH, zmq.PULL)
    data = fresh(300)
    a.send(data)
    frame = b.recv(copy=False)
    memoryview(frame)[0] = 1
    assert frame.bytes[0] == 1
    assert data == bytes(300)
    a.send(fresh(5000))
    assert memoryview(b.recv(copy=False)).readonly


def test_copies_asked_for_are_copies(context: Any) -> None:
    """copy=True, and what is not bytes but a subclass: the receiver gets an object of its own."""

    class Named(bytes):
        pass

    a, b = connected(context, zmq.PUSH, zmq.PULL)
    for data in (fresh(16), Named(fresh(16))):
        a.send(data, copy=type(data) is bytes)
        received = b.recv()
        assert received == data
        assert received is not data
        assert type(received) is bytes
