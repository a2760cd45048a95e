"""Calls that need not wait: the Future that they return is done from birth, and is one of asyncio's all the same."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import inspect
import sys

import pytest
from loops import asyncio_context, connect_pair, run

import zmqlite
import zmqlite.asyncio.ready

__all__ = ["asyncio_context", "run"]


@pytest.fixture
def pair(asyncio_context):
    """A PUSH that is connected to a PULL: what is sent can be received at once."""
    return connect_pair(asyncio_context, zmqlite.PUSH, zmqlite.PULL)


@pytest.mark.parametrize("value", [(1, 2), (), None, StopIteration(3), ValueError("no")], ids=repr)
def test_awaiting_returns_any_value_as_it_is(run, pair, value):
    """A tuple is not taken apart, and an exception that is a value is not raised."""

    async def main():
        await pair[0].send(b"message")
        received = pair[1].recv_serialized(lambda _: value)
        assert received.done()
        assert await received is value
        assert await received is value  # again, as any Future

    run(main())


def test_iterating_by_hand_stops_with_the_value(run, pair):
    """What drives coroutines itself finds the value in StopIteration, at the first step."""

    async def main():
        await pair[0].send(b"message")
        await pair[0].send(b"next")
        with pytest.raises(StopIteration) as stopped:
            pair[1].recv().__await__().send(None)
        assert stopped.value.value == b"message"
        with pytest.raises(StopIteration) as stopped:
            next(iter(pair[1].recv()))
        assert stopped.value.value == b"next"

    run(main())


def test_message_in_a_cycle_that_nobody_took_comes_back(run, pair):
    """The garbage collector finds the Future: its message is the next to be received."""

    async def main():
        await pair[0].send(b"precious")
        received = pair[1].recv()
        received.cycle = [received]
        del received
        gc.collect()
        assert await pair[1].recv() == b"precious"

    run(main())


def test_begun_but_not_awaited_message_comes_back(run, pair):
    """__await__() alone delivers nothing: a coroutine that is closed before its first step took no message."""

    async def main():
        await pair[0].send(b"precious")
        begun = pair[1].recv().__await__()
        del begun
        gc.collect()
        assert await pair[1].recv() == b"precious"

    run(main())


@pytest.mark.skipif(sys.implementation.name != "cpython", reason="counts references")
def test_futures_and_messages_are_let_go(run, pair):
    """A thousand calls leave nothing behind: no Future, no message, no reference to the socket."""

    async def main():
        message = b"m" * 100_000

        async def exchange(times):
            for number in range(times):
                await pair[0].send(message)
                received = pair[1].recv()
                assert (received.result() if number % 2 else await received) == message
                await asyncio.sleep(0)
            gc.collect()
            return [sys.getrefcount(one) for one in (message, *pair)]

        before = await exchange(10)
        assert await exchange(1000) == before
        ready = zmqlite.asyncio.ready.Ready
        assert not [one for one in gc.get_objects() if type(one) is ready]

    run(main())


def test_failures_come_through_the_future(run, pair):
    """A wrong type and a closed socket: the call returns, whoever awaits hears of it."""

    async def main():
        wrong = pair[0].send("text")
        with pytest.raises(TypeError, match="send_string"):
            await wrong
        for socket in pair:
            socket.close(0)
        for late in (pair[0].send(b"late"), pair[1].recv()):
            with pytest.raises(zmqlite.ZMQError, match="ENOTSOCK"):
                await late

    run(main())


def test_arguments_by_name_reach_the_socket(run, pair):
    """Every argument of send() and recv(), in whichever way it is given."""

    async def main():
        await pair[0].send(data=b"1", flags=zmqlite.SNDMORE)
        await pair[0].send(b"2", copy=True)
        assert await pair[1].recv(zmqlite.DONTWAIT) == b"1"
        assert pair[1].rcvmore
        assert bytes(await pair[1].recv(copy=False)) == b"2"
        with pytest.raises(TypeError):
            pair[0].send()
        with pytest.raises(TypeError):
            pair[1].recv(unknown=1)

    run(main())


def test_class_of_the_user_may_stand_before(run):
    """A subclass that overrides send() and recv() and calls what it overrides."""
    calls = []

    class Socket(zmqlite.asyncio.Socket):
        def send(self, *args, **kwargs):
            calls.append("send")
            return super().send(*args, **kwargs)

        def recv(self, *args, **kwargs):
            calls.append("recv")
            return super().recv(*args, **kwargs)

    async def main():
        with zmqlite.asyncio.Context() as context, Socket(context, zmqlite.PAIR) as one, Socket(
            context, zmqlite.PAIR
        ) as other:
            one.bind("inproc://subclass")
            other.connect("inproc://subclass")
            await one.send_json({"a": 1})
            assert await other.recv() == b'{"a": 1}'
            waiting = other.recv()
            assert not waiting.done()
            await one.send(b"late")
            assert await waiting == b"late"

    run(main())
    assert calls == ["send", "recv", "recv", "send"]


@pytest.mark.parametrize("name", ["send", "recv"])
def test_signatures_are_those_of_a_socket(name):
    """help() and inspect know the arguments, and what they are for, on both backends."""
    method = getattr(zmqlite.asyncio.Socket, name)
    assert list(inspect.signature(method).parameters) == list(
        inspect.signature(getattr(zmqlite.Socket, name)).parameters
    )
    assert "Args:" in method.__doc__
    assert method.__name__ == name


@pytest.mark.parametrize("verb", ["send", "recv"])
def test_calls_that_never_wait_give_way_to_the_loop(run, asyncio_context, verb):
    """A loop that only sends, and one that only receives messages that are there: both let others run."""

    async def main():
        push, pull = asyncio_context.socket(zmqlite.PUSH), asyncio_context.socket(zmqlite.PULL)
        push.sndhwm = pull.rcvhwm = 0
        pull.bind("inproc://flood")
        push.connect("inproc://flood")
        if verb == "recv":
            assert await push.send_many([b""] * 100_000) == 100_000
        turned = []
        asyncio.get_running_loop().call_soon(turned.append, True)
        for _ in range(100_000):
            await (push.send(b"") if verb == "send" else pull.recv())
            if turned:
                break
        assert turned

    run(main())


@pytest.mark.parametrize("may_wait", [True, False])
@pytest.mark.parametrize("form", ["send", "send_multipart", "send_many"])
def test_rest_of_a_message_that_was_lost_is_no_message(run, asyncio_context, form, may_wait):
    """Its first part went away with its peer: the rest is dropped, or refused with Again, and never sent to another."""

    async def main():
        push, pull = asyncio_context.socket(zmqlite.PUSH), asyncio_context.socket(zmqlite.PULL)
        push.bind("inproc://stays")
        pull.connect("inproc://stays")
        push.connect("inproc://goes")
        while not await pull.poll(0):  # the next one goes to "goes"
            await push.send(b"turn")
        await pull.recv()
        await push.send(b"begun", zmqlite.SNDMORE)
        push.disconnect("inproc://goes")
        flags = 0 if may_wait else zmqlite.DONTWAIT
        rest = getattr(push, form)(b"rest" if form == "send" else [b"rest"], flags)
        with contextlib.nullcontext() if may_wait else contextlib.suppress(zmqlite.Again):
            assert await rest == (None if form != "send_many" else int(may_wait))
        await push.send(b"whole")
        assert await pull.recv_multipart() == [b"whole"]
        assert not await pull.poll(0)

    run(main())


def test_error_names_the_call(run, asyncio_context):
    """What recv() raises says recv(): in the wrong state, and of a closed socket."""

    async def main():
        req, rep = connect_pair(asyncio_context, zmqlite.REQ, zmqlite.REP)
        with pytest.raises(zmqlite.ZMQError, match=r"^recv\(\): Operation cannot be accomplished in current state"):
            await req.recv()
        rep.close()
        for flags in (0, zmqlite.DONTWAIT):
            with pytest.raises(zmqlite.ZMQError, match=r"^recv\(\): Socket operation on non-socket"):
                await rep.recv(flags)

    run(main())
