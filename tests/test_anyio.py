"""zmqlite.anyio on trio and on asyncio: forms, checkpoints, cancellation that loses nothing."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from typing import Any

import pytest

import zmqlite

anyio = pytest.importorskip("anyio", reason="anyio is not installed for this Python")
pytest.importorskip("trio", reason="trio is not installed for this Python")

import hostile_cancels_anyio  # noqa: E402 - only where anyio is
from hostile_cancels_anyio import BACKENDS, FORMS  # noqa: E402 - likewise

import zmqlite.anyio  # noqa: E402 - likewise

_names = iter(range(10**9))


@pytest.fixture(params=["trio", "asyncio"])
def run(request: pytest.FixtureRequest) -> Callable[..., Any]:
    """Run an async function on trio and on asyncio, with a time limit."""

    def run_limited(main: Any) -> Any:
        async def limited() -> Any:
            with anyio.fail_after(30):
                return await main()

        return anyio.run(limited, backend=request.param)

    return run_limited


@pytest.fixture
def sockets() -> Iterator[Callable[..., tuple[Any, Any]]]:
    """Make two connected sockets; the first binds."""
    context = zmqlite.anyio.Context()
    kept = []

    def make(type_a: int, type_b: int, endpoint: str = "", **options: Any) -> tuple[Any, Any]:
        for socket_type in (type_a, type_b):
            kept.append(context.socket(socket_type))
            for name, value in {"linger": 0, **options}.items():
                setattr(kept[-1], name, value)
        one, other = kept[-2:]
        one.bind(endpoint or f"inproc://anyio-{next(_names)}")
        other.connect(one.get_string(zmqlite.LAST_ENDPOINT))
        return one, other

    yield make
    for socket in kept:
        socket.close(linger=0)
    context.term(timeout=20_000)


def test_every_form_waits_and_is_ready(run, sockets):
    """Each form of send and recv, with a message that is there and with one that comes."""

    async def main():
        push, pull = sockets(zmqlite.PUSH, zmqlite.PULL)
        buffer = bytearray(4)
        forms = (
            (lambda: push.send(b"1"), pull.recv, b"1"),
            (lambda: push.send_multipart([b"1", b"2"]), pull.recv_multipart, [b"1", b"2"]),
            (lambda: push.send_string("ä"), pull.recv_string, "ä"),
            (lambda: push.send_json([1]), pull.recv_json, [1]),
            (lambda: push.send_pyobj((1,)), pull.recv_pyobj, (1,)),
            (lambda: push.send_serialized(7, lambda n: [b"%d" % n]), lambda: pull.recv_serialized(_number), 7),
            (lambda: push.send(b"abc"), lambda: pull.recv_into(buffer), 3),
            (lambda: push.send(b"1"), pull.recv_many, [b"1"]),
            (lambda: push.send(b"1"), pull.__anext__, b"1"),
        )
        for send, recv, expected in forms:
            await send()
            assert await recv() == expected
            got = []

            async def receive(recv=recv, got=got):
                got.append(await recv())

            async with anyio.create_task_group() as group:
                group.start_soon(receive)
                await anyio.wait_all_tasks_blocked()
                assert not got
                await send()
            assert got == [expected]
        assert buffer == b"abc\0"
        assert await push.send_many([b"1", b"2"]) == 2
        assert await pull.recv_many() == [b"1", b"2"]

    run(main)


def _number(parts):
    return int(parts[0])


def test_request_reply_over_tcp(run, sockets):
    """A server and a client, in tasks of one loop."""

    async def main():
        server, client = sockets(zmqlite.REP, zmqlite.REQ, "tcp://127.0.0.1:*")

        async def serve():
            async for message in server:
                await server.send(b"re: " + message)

        async with anyio.create_task_group() as group:
            group.start_soon(serve)
            for number in range(100):
                await client.send(b"%d" % number)
                assert await client.recv() == b"re: %d" % number
            group.cancel_scope.cancel()

    run(main)


def test_tasks_that_wait_are_served_in_turn(run, sockets):
    """Several tasks wait for one socket; the one that watches for all is cancelled; close() ends the others."""

    async def main():
        push, pull = sockets(zmqlite.PUSH, zmqlite.PULL)
        got, ended = [], []

        async def receive(place):
            got.append((place, await pull.recv()))

        async def receive_to_the_end():
            try:
                await pull.recv()
            except anyio.ClosedResourceError:
                ended.append(True)

        async with anyio.create_task_group() as group:
            async with anyio.create_task_group() as first:
                first.start_soon(receive, 0)
                await anyio.wait_all_tasks_blocked()
                for place in (1, 2, 3):
                    group.start_soon(receive, place)
                    await anyio.wait_all_tasks_blocked()
                first.cancel_scope.cancel()
            for number in range(3):
                await push.send(b"%d" % number)
        assert sorted(got) == [(1, b"0"), (2, b"1"), (3, b"2")]
        async with anyio.create_task_group() as group:
            for _ in range(3):
                group.start_soon(receive_to_the_end)
            await anyio.wait_all_tasks_blocked()
            pull.close()
        assert len(ended) == 3

    run(main)


@pytest.mark.parametrize("form", [*FORMS, "mixed"])
@pytest.mark.parametrize("backend", BACKENDS)
def test_hostile_cancels_lose_nothing(backend, form):
    """Receives that are cancelled at any moment: each message comes once, in order."""
    outcome = hostile_cancels_anyio.run(backend, form, 300)
    assert outcome.sent > 300
    assert outcome.exact


def test_native_cancellation_of_an_asyncio_task_loses_nothing(sockets):
    """asyncio's own task.cancel(), which knows no scopes, in every turn of the loop."""
    import asyncio

    async def main():
        push, pull = sockets(zmqlite.PUSH, zmqlite.PULL)
        got, sent = [], 0

        async def receive():
            got.append(int(await pull.recv()))

        for round_ in range(400):
            if round_ % 3:
                await push.send(b"%d" % sent)
                sent += 1
            task = asyncio.ensure_future(receive())
            for _ in range(round_ % 5):
                await asyncio.sleep(0)
            if round_ % 2:
                await push.send(b"%d" % sent)
                sent += 1
            for _ in range(round_ % 4):
                await asyncio.sleep(0)
            if round_ % 7 < 3:
                pull._readiness.serve(pull)  # the message has come, and the task does not run before it is cancelled
            task.cancel()
            await asyncio.wait([task])
        while len(got) < sent:
            await receive()
        assert got == list(range(sent))

    asyncio.run(asyncio.wait_for(main(), 30))


def test_sends_wait_for_room_and_are_exact(run, sockets):
    """A full socket: sends wait in order, cancelled ones are not sent, send_many() tells what went."""

    async def main():
        push, pull = sockets(zmqlite.PUSH, zmqlite.PULL, sndhwm=1, rcvhwm=1)
        sent = []
        for number in range(30):
            with anyio.move_on_after(0.001):
                await push.send(b"%d" % number)
                sent.append(number)
        assert len(sent) < 30
        assert [int(await pull.recv()) for _ in sent] == sent
        went = []

        async def send_many():
            try:
                await push.send_many([b"x"] * 100)
            except anyio.get_cancelled_exc_class() as error:
                went.append(error.sent)
                raise

        async with anyio.create_task_group() as group:
            group.start_soon(send_many)
            await anyio.wait_all_tasks_blocked()
            group.cancel_scope.cancel()
        assert 0 < went[0] < 100
        got = 0
        while await pull.poll(10):
            got += len(await pull.recv_many())
        assert got == went[0]

    run(main)


@pytest.mark.parametrize("may_wait", [True, False])
@pytest.mark.parametrize("form", ["send", "send_multipart", "send_many"])
@pytest.mark.parametrize("kind", [zmqlite.PUSH, zmqlite.DEALER])
def test_rest_of_a_message_that_was_lost_is_no_message(kind, form, may_wait, run, sockets):
    """Its first part went away with its peer: the rest is dropped, or refused with Again, and never sent to another."""

    async def main():
        push, pull = sockets(kind, zmqlite.PULL if kind == zmqlite.PUSH else zmqlite.DEALER)
        push.connect("inproc://anyio-goes")
        while not await pull.poll(0):  # the next one goes to "goes"
            await push.send(b"turn")
        await pull.recv()
        await push.send(b"begun", zmqlite.SNDMORE)
        push.disconnect("inproc://anyio-goes")
        rest = b"rest" if form == "send" else [b"rest"]
        flags = 0 if may_wait else zmqlite.DONTWAIT
        with contextlib.nullcontext() if may_wait else contextlib.suppress(zmqlite.Again):
            assert await getattr(push, form)(rest, flags) == (None if form != "send_many" else int(may_wait))
        await push.send(b"whole")
        assert await pull.recv_multipart() == [b"whole"]
        assert not await pull.poll(0)

    run(main)


def test_every_call_is_a_checkpoint(run, sockets):
    """A loop that never waits lets others run, and is cancelled; a call in a cancelled scope does nothing."""

    async def main():
        push, pull = sockets(zmqlite.PUSH, zmqlite.PULL)
        with anyio.move_on_after(0.02) as scope:
            while True:
                await push.send(b"x")
                await pull.recv()
        assert scope.cancelled_caught
        while await pull.poll(0):
            await pull.recv()
        with anyio.CancelScope() as scope:
            scope.cancel()
            await push.send(b"never")
        assert await pull.poll(20) == 0
        await push.send(b"kept")
        with anyio.CancelScope() as scope:
            scope.cancel()
            await pull.recv()
        assert await pull.recv() == b"kept"

    run(main)


def test_timeouts_and_polls(run, sockets):
    """RCVTIMEO, SNDTIMEO, DONTWAIT and poll()."""

    async def main():
        push, pull = sockets(zmqlite.PUSH, zmqlite.PULL, sndhwm=1, rcvhwm=1)
        pull.rcvtimeo = 10
        with pytest.raises(zmqlite.Again):
            await pull.recv()
        assert await pull.recv_many(timeout=5) == []
        with pytest.raises(zmqlite.Again):
            await pull.recv(zmqlite.DONTWAIT)
        assert await pull.poll(5) == 0
        assert await push.poll(flags=zmqlite.POLLOUT) == zmqlite.POLLOUT
        async with anyio.create_task_group() as group:
            group.start_soon(pull.poll)
            await anyio.wait_all_tasks_blocked()
            await push.send(b"x")
        assert await pull.recv() == b"x"
        pull.close()
        with pytest.raises(zmqlite.ZMQError):
            await pull.recv()

    run(main)


def test_context_ends_iteration_and_closes(run):
    """`async with` closes sockets and context; destroy() ends an `async for`."""

    async def main():
        async with zmqlite.anyio.Context() as context, context.socket(zmqlite.PULL) as pull:
            pull.bind(f"inproc://anyio-{next(_names)}")
        assert pull.closed
        assert context.closed
        context = zmqlite.anyio.Context()
        pull = context.socket(zmqlite.PULL)
        pull.bind(f"inproc://anyio-{next(_names)}")
        got = []

        async def iterate():
            got.extend([message async for message in pull])

        async with anyio.create_task_group() as group:
            group.start_soon(iterate)
            await anyio.wait_all_tasks_blocked()
            context.destroy(linger=0)
        assert got == []

    run(main)
