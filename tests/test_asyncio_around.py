"""What is around asyncio sockets: the poller, the proxy, monitors."""

from __future__ import annotations

import asyncio
import socket as sockets

import pytest
from loops import asyncio_context, connect_pair, run, turns

import zmqlite
import zmqlite.asyncio
import zmqlite.monitor

__all__ = ["asyncio_context", "run"]


def test_socket_poll_waits_for_events(run, asyncio_context):
    """poll() answers when the socket is ready, and 0 when the time is over."""

    async def main():
        push, pull = connect_pair(asyncio_context, zmqlite.PUSH, zmqlite.PULL)
        assert await pull.poll(10) == 0
        assert await pull.poll(0) == 0
        assert await push.poll(flags=zmqlite.POLLOUT) == zmqlite.POLLOUT
        waiting = [pull.poll(), pull.poll(10_000, zmqlite.POLLIN | zmqlite.POLLOUT)]
        await push.send(b"x")
        assert await asyncio.gather(*waiting) == [zmqlite.POLLIN] * 2
        await pull.recv()
        cancelled = pull.poll()
        assert cancelled.cancel()
        assert not pull._readiness.interests
        pull.close()
        with pytest.raises(zmqlite.ZMQError):
            pull.poll()

    run(main())


def test_poll_and_recv_of_one_socket(run, asyncio_context):
    """A poll and a recv that wait for the same message: the recv has it."""

    async def main():
        push, pull = connect_pair(asyncio_context, zmqlite.PUSH, zmqlite.PULL)
        polling, receiving = pull.poll(), pull.recv()
        await push.send(b"1")
        assert await asyncio.wait_for(receiving, 10) == b"1"
        await push.send(b"2")
        assert await asyncio.wait_for(polling, 10) == zmqlite.POLLIN
        assert await pull.recv() == b"2"

    run(main())


def test_poller_watches_sockets_and_descriptors(run, asyncio_context, context):
    """A Poller of asyncio sockets, plain sockets and descriptors: each wakes it."""

    async def main():
        push, pull = connect_pair(asyncio_context, zmqlite.PUSH, zmqlite.PULL)
        plain_push, plain_pull = context.socket(zmqlite.PUSH), context.socket(zmqlite.PULL)
        plain_push.bind("inproc://plain")
        plain_pull.connect("inproc://plain")
        left, right = sockets.socketpair()
        with left, right:
            poller = zmqlite.asyncio.Poller()
            assert await poller.poll(10) == []
            for thing in (pull, plain_pull, left):
                poller.register(thing, zmqlite.POLLIN)
            assert await poller.poll(0) == []
            assert await poller.poll(10) == []
            for wake, expected in (
                (lambda: push.send(b"x"), pull),
                (lambda: plain_push.send(b"x"), plain_pull),
                (lambda: right.send(b"x"), left.fileno()),
            ):
                waiting = poller.poll()
                await turns(1)
                assert not waiting.done()
                wake()
                assert await asyncio.wait_for(waiting, 10) == [(expected, zmqlite.POLLIN)]
                if expected is pull:
                    await pull.recv()
                else:
                    (left.recv if expected == left.fileno() else expected.recv)(1)
            waiting = poller.poll()
            waiting.cancel()
            await turns(1)
            assert not pull._readiness.interests
            poller = zmqlite.asyncio.Poller()
            poller.register(left)
            assert await poller.poll() == [(left.fileno(), zmqlite.POLLOUT)]

    run(main())


def test_polls_of_one_thing_follow_each_other_at_once(run, asyncio_context, context):
    """A poll that is done, or cancelled, stands not in the way of one that begins in that moment."""

    async def main():
        push, pull = context.socket(zmqlite.PUSH), context.socket(zmqlite.PULL)
        push.bind("inproc://again-and-again")
        pull.connect("inproc://again-and-again")
        left, right = sockets.socketpair()
        with left, right:
            for thing, wake, take in (
                (left, lambda: right.send(b"x"), lambda: left.recv(1)),
                (pull, lambda: push.send(b"x"), pull.recv),
            ):
                poller = zmqlite.asyncio.Poller()
                poller.register(thing, zmqlite.POLLIN)
                cancelled = poller.poll()
                cancelled.cancel()
                for _ in range(3):
                    waiting = poller.poll()
                    await turns(3)
                    assert not waiting.done()
                    wake()
                    while not waiting.done():
                        await turns(1)
                    take()

    run(main())


def test_message_given_back_is_polled(run, asyncio_context):
    """A message that came back counts for poll()."""

    async def main():
        push, pull = connect_pair(asyncio_context, zmqlite.PUSH, zmqlite.PULL)
        await push.send(b"x")
        await pull.poll()
        pull.recv()
        assert await pull.poll(0) == zmqlite.POLLIN
        poller = zmqlite.asyncio.Poller()
        poller.register(pull, zmqlite.POLLIN)
        assert await poller.poll() == [(pull, zmqlite.POLLIN)]
        assert await pull.recv() == b"x"

    run(main())


def test_proxy_forwards_both_ways_and_loses_nothing(run, asyncio_context):
    """Requests and replies pass, copies are captured; cancelled and begun again, all arrive."""

    async def main():
        client, frontend = connect_pair(asyncio_context, zmqlite.DEALER, zmqlite.ROUTER)
        server, backend = connect_pair(asyncio_context, zmqlite.DEALER, zmqlite.DEALER, sndhwm=3, rcvhwm=3)
        capture, captured = connect_pair(asyncio_context, zmqlite.PUSH, zmqlite.PULL)

        async def serve():
            while True:
                await server.send_multipart(await server.recv_multipart())

        serving = asyncio.ensure_future(serve())
        await client.send_many(b"%d" % number for number in range(300))
        got = []
        while len(got) < 300:
            task = asyncio.ensure_future(zmqlite.asyncio.proxy(frontend, backend, capture))
            for _ in range(20):
                await turns(1)
                if len(got) < 300 and await client.poll(1):
                    got += await client.recv_many(20)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
        assert [int(one) for one in got] == list(range(300))
        assert len(await captured.recv_many(1000)) == 600
        serving.cancel()

    run(main())


def test_monitor_events_are_iterated(run, asyncio_context):
    """`async for event in socket.monitor_events()` tells of connections, and ends with the socket."""

    async def main():
        socket = asyncio_context.socket(zmqlite.REP)
        peer = asyncio_context.socket(zmqlite.REQ)
        seen = []

        async def watch():
            async for event in socket.monitor_events():
                seen.append(event["event"])
                if event["event"] == zmqlite.Event.HANDSHAKE_SUCCEEDED:
                    break

        task = asyncio.ensure_future(watch())
        await turns(2)
        port = socket.bind_to_random_port("tcp://127.0.0.1")
        peer.connect(f"tcp://127.0.0.1:{port}")
        await asyncio.wait_for(task, 20)
        assert seen[0] == zmqlite.Event.LISTENING
        await turns(1)

        async def watch_to_the_end():
            return [event async for event in socket.monitor_events()]

        task = asyncio.ensure_future(watch_to_the_end())
        await turns(3)
        socket.close()
        await asyncio.wait_for(task, 20)

    run(main())


def test_recv_monitor_message_awaits(run, asyncio_context):
    """recv_monitor_message() of an asyncio monitor is awaited."""

    async def main():
        socket = asyncio_context.socket(zmqlite.PULL)
        monitor = socket.get_monitor_socket()
        assert isinstance(monitor, zmqlite.asyncio.Socket)
        socket.bind_to_random_port("tcp://127.0.0.1")
        event = await asyncio.wait_for(zmqlite.monitor.recv_monitor_message(monitor), 10)
        assert event["event"] == zmqlite.Event.LISTENING
        socket.disable_monitor()

    run(main())
