"""Counters of the sockets of event loops: the same counters, whichever loop sends and receives."""

from __future__ import annotations

import asyncio
import importlib

import pytest

import zmqlite
from zmqlite.counters import CountingSocket

SECONDS = 30


class OnAsyncio:
    """asyncio, with the sockets that return Futures when they do not count."""

    package = "asyncio"

    @staticmethod
    def run(main):
        """To its end, with a time limit."""
        return asyncio.run(asyncio.wait_for(main(), SECONDS))


class OnTrio:
    """trio, with the sockets of anyio."""

    package = "anyio"

    @staticmethod
    def run(main):
        """To its end, with a time limit."""
        anyio = importlib.import_module("anyio")

        async def limited():
            with anyio.fail_after(SECONDS):
                return await main()

        return anyio.run(limited, backend="trio")


@pytest.fixture(params=[OnAsyncio, OnTrio], ids=["asyncio", "trio"])
def loop(request):
    """What the sockets of this test wait in."""
    if request.param is OnTrio:
        pytest.importorskip("anyio", reason="anyio is not installed for this Python")
        pytest.importorskip("trio", reason="trio is not installed for this Python")
    return request.param


@pytest.fixture
def counted(loop):
    """A pair that counts, connected over tcp."""
    context = importlib.import_module(f"zmqlite.{loop.package}").Context()
    kind = importlib.import_module(f"zmqlite.counters.{loop.package}").CountingSocket
    left, right = (context.socket(zmqlite.PAIR, socket_class=kind) for _ in range(2))
    left.linger = right.linger = 0
    right.connect(f"tcp://127.0.0.1:{left.bind_to_random_port('tcp://127.0.0.1')}")
    yield left, right
    left.close()
    right.close()
    context.term(timeout=20_000)


def test_every_verb_counts(loop, counted):
    """Messages once, whatever number of parts, and all their bytes; those that wait and those that need not."""
    left, right = counted

    async def main():
        await left.send(b"12345")
        await left.send(b"1", zmqlite.SNDMORE)
        await left.send(bytearray(b"2"))
        await left.send_multipart([b"123", memoryview(b"45")])
        await left.send_string("äö")
        await left.send_json([1])
        await left.send_pyobj("x", protocol=0)
        await left.send_serialized([1], lambda message: [bytes(message)])
        assert await left.send_many([b"1", [b"2", b"3"], b"4", b"5", b"6", b"7"]) == 6
        sent = left.counters.read()
        assert [await right.recv(), await right.recv(), (await right.recv(copy=False)).bytes] == [b"12345", b"1", b"2"]
        assert await right.recv_multipart() == [b"123", b"45"]
        assert (await right.recv_string(), await right.recv_json(), await right.recv_pyobj()) == ("äö", [1], "x")
        assert await right.recv_serialized(list) == [b"\1"]
        batch = []
        while len(batch) < 2:
            batch += await right.recv_many(2 - len(batch))
        assert batch == [b"1", [b"2", b"3"]]
        assert await right.recv_into(bytearray(10)) == 1
        async for message in right:
            assert message == b"5"
            break
        while (part := right.try_recv()) is None:
            assert await right.poll(20_000)
        assert (part, await right.recv()) == (b"6", b"7")
        received = right.counters.read()
        assert sent["messages_sent"] == received["messages_received"] == 13
        assert sent["bytes_sent"] == received["bytes_received"] >= 25
        assert (sent["messages_received"], received["messages_sent"]) == (0, 0)

    loop.run(main)


def test_what_did_not_happen_is_not_counted(loop, counted):
    """A receive that was over before a message came, sends that found nobody; a part of a batch is counted."""
    left, _ = counted
    push = left.context.socket(zmqlite.PUSH, socket_class=type(left))
    pull = left.context.socket(zmqlite.PULL)

    async def main():
        left.rcvtimeo = 1
        with pytest.raises(zmqlite.Again):
            await left.recv()
        with pytest.raises(zmqlite.Again):
            await push.send(b"x", zmqlite.NOBLOCK)
        with pytest.raises(zmqlite.Again):
            await push.send_multipart([b"x"], zmqlite.NOBLOCK)
        pull.rcvhwm = push.sndhwm = 1
        pull.bind("inproc://refused")
        push.connect("inproc://refused")
        assert await push.send_many([b"12"] * 10, zmqlite.NOBLOCK) == 2

    try:
        loop.run(main)
        assert left.counters.read()["messages_received"] == 0
        counters = push.counters.read()
        assert (counters["messages_sent"], counters["bytes_sent"], counters["sends_refused"]) == (2, 4, 3)
    finally:
        push.close(linger=0)
        pull.close()


def test_cancelled_batch_counts_what_went():
    """A send_many() that is cancelled in the middle, and a recv() that is cancelled before anything came."""
    zmqlite_asyncio = importlib.import_module("zmqlite.asyncio")
    kind = importlib.import_module("zmqlite.counters.asyncio").CountingSocket
    context = zmqlite_asyncio.Context()
    push = context.socket(zmqlite.PUSH, socket_class=kind)
    pull = context.socket(zmqlite.PULL, socket_class=kind)

    async def main():
        pull.rcvhwm = push.sndhwm = 1
        waiting = asyncio.ensure_future(pull.recv())
        await asyncio.sleep(0)
        waiting.cancel()
        assert await asyncio.wait_for(asyncio.gather(waiting, return_exceptions=True), SECONDS)
        pull.bind("inproc://cancelled")
        push.connect("inproc://cancelled")
        sending = asyncio.ensure_future(push.send_many([b"12"] * 10))
        assert await pull.recv() == b"12"
        sending.cancel()
        assert isinstance((await asyncio.gather(sending, return_exceptions=True))[0], asyncio.CancelledError)
        while await pull.poll(0):
            await pull.recv()

    asyncio.run(asyncio.wait_for(main(), SECONDS))
    sent, received = push.counters.read(), pull.counters.read()
    assert 0 < sent["messages_sent"] == received["messages_received"] < 10
    assert sent["bytes_sent"] == received["bytes_received"] == 2 * sent["messages_sent"]
    for socket in (push, pull):
        socket.close(linger=0)
    context.term(timeout=20_000)


def test_connections_are_counted(loop, counted):
    """Those that came up and those that were lost; also after the socket is closed, and from no loop at all."""
    left, right = counted

    async def main():
        await left.send(b"x")
        await right.recv()

    loop.run(main)
    for socket in counted:
        while socket.counters.read()["connections"] < 1:
            pass
    left.close()
    while right.counters.read()["disconnections"] < 1:
        pass
    assert left.counters.read()["connections"] == 1


def test_prometheus_reads_them_beside_plain_ones(counted, context):
    """One export for all kinds of sockets."""
    prometheus_client = pytest.importorskip("prometheus_client", reason="zmqlite[prometheus]")
    from zmqlite.counters.prometheus import export

    registry = prometheus_client.CollectorRegistry()
    plain = context.socket(zmqlite.PUSH, socket_class=CountingSocket)
    export(counted[0], "loop", registry)
    export(plain, "plain", registry)
    text = prometheus_client.generate_latest(registry).decode()
    assert 'zmqlite_messages_sent_total{socket="loop",type="PAIR"} 0.0' in text
    assert 'zmqlite_messages_sent_total{socket="plain",type="PUSH"} 0.0' in text
