"""Messages and cancellation: whatever is cancelled, timed out or dropped, no message is lost.

What a test does here in a few turns of the loop, `python tests/hostile_cancels.py 100000` does everywhere, and
hostile_sends.py to sends.
"""

from __future__ import annotations

import asyncio
import gc
import pickle

import hostile_sends
import pytest
from hostile_cancels import FORMS, Rig
from loops import asyncio_context, connect_pair, run, turns, wait_until

import zmqlite

__all__ = ["asyncio_context", "run"]


@pytest.mark.parametrize("form", [*FORMS, "mixed"])
def test_hostile_cancels_lose_nothing(form, run):
    """Receives that are cancelled at any moment: each message comes once, in order."""
    outcome = run(Rig(form, 1).run(600))
    assert outcome.sent > 500
    assert (outcome.lost, outcome.twice, outcome.in_order) == (0, 0, True)


@pytest.mark.parametrize("form", hostile_sends.FORMS)
def test_hostile_cancels_of_sends_are_exact(form, run):
    """A full socket, and sends that are cancelled at any moment: what came is what was said to be sent, in order."""
    outcome = run(hostile_sends.Rig(form, 1).run(300))
    assert outcome.sent > 100
    assert outcome.exact


def test_task_cancelled_between_its_message_and_its_turn_gives_it_back(run, asyncio_context):
    """The message has come, the task was cancelled before it ran: the next recv gets it, in that moment too."""

    async def main():
        push, pull = connect_pair(asyncio_context, zmqlite.PUSH, zmqlite.PULL)
        hit = 0
        while hit < 5:
            waiting = pull.recv()

            async def wait(future=waiting):
                return await future

            task = asyncio.ensure_future(wait())
            await turns(1)
            await push.send(b"precious")
            pull._readiness.serve(pull)
            if not waiting.done():  # libzmq's other thread is not there yet
                await waiting
                continue
            task.cancel()
            late = pull.recv()
            assert late.done()
            assert late.result() == b"precious"
            with pytest.raises(asyncio.CancelledError):
                await task
            hit += 1

    run(main())


def test_future_dropped_unseen_gives_its_message_back(run, asyncio_context):
    """A Future with a message that nobody awaited: a coroutine that never began, a Future that was let go."""

    async def main():
        push, pull = connect_pair(asyncio_context, zmqlite.PUSH, zmqlite.PULL)
        for number in range(3):
            await push.send(b"%d" % number)
        await pull.poll()
        never_begun = asyncio.ensure_future(asyncio.wait_for(pull.recv(), 5))
        never_begun.cancel()
        with pytest.raises(asyncio.CancelledError):
            await never_begun
        del never_begun
        await turns(1)
        gc.collect()
        pull.recv()
        pull.recv_json()
        pull.recv_many(2)
        gc.collect()
        assert [await pull.recv() for _ in range(3)] == [b"0", b"1", b"2"]

    run(main())


@pytest.mark.parametrize("together", [asyncio.gather, lambda *futures: asyncio.wait(futures)])
def test_receives_that_are_awaited_together_give_back(together, run, asyncio_context):
    """One of two has its message, and both are cancelled, or left behind, before the other one has."""

    async def receive_two(pull):
        await together(pull.recv(), pull.recv())

    async def main():
        push, pull = connect_pair(asyncio_context, zmqlite.PUSH, zmqlite.PULL)
        task = asyncio.ensure_future(receive_two(pull))
        await turns(2)
        await push.send(b"precious")
        await wait_until(lambda: len(pull._readiness.receivers) == 1)
        task.cancel()
        await asyncio.wait([task])
        del task
        await turns(2)
        gc.collect()
        assert await asyncio.wait_for(pull.recv(), 10) == b"precious"

    run(main())


def test_shielded_receive_that_nobody_awaits_gives_back(run, asyncio_context):
    """shield() leaves a receive behind, which goes on waiting: its message is not lost on it."""

    async def main():
        push, pull = connect_pair(asyncio_context, zmqlite.PUSH, zmqlite.PULL)
        with pytest.raises(asyncio.TimeoutError):
            await asyncio.wait_for(asyncio.shield(pull.recv()), 0.01)
        assert len(pull._readiness.receivers) == 1
        await push.send(b"precious")
        assert await asyncio.wait_for(pull.recv(), 10) == b"precious"

    run(main())


def test_part_given_back_joins_its_message(run, asyncio_context):
    """One part of a message comes back, and the next receive of any form gets it with the rest."""

    async def main():
        push, pull = connect_pair(asyncio_context, zmqlite.PUSH, zmqlite.PULL)

        async def give_back(receive):
            await turns(1)  # or it would be this socket's turn for too long
            await pull.poll()
            future = receive()
            assert future.done()
            del future
            gc.collect()

        for receive in (pull.recv, lambda: pull.recv(copy=False), pull.recv_multipart, pull.recv_many):
            await push.send_multipart([b"a", b"b", b"c"])
            await give_back(receive)
            assert await pull.recv_multipart() == [b"a", b"b", b"c"]
            await push.send_multipart([b"a", b"b", b"c"])
            await give_back(receive)
            assert await pull.recv() == b"a"
            assert pull.rcvmore
            await give_back(receive)
            assert [part.bytes for part in await pull.recv_multipart(copy=False)] == [b"b", b"c"]
            await push.send_multipart([b"a", b"b", b"c"])
            await give_back(receive)
            assert [await pull.recv(), await pull.recv(), await pull.recv()] == [b"a", b"b", b"c"]
            assert not pull.rcvmore
            await push.send_many([b"1", [b"2", b"3"]])
            await give_back(receive)
            assert pull.events & zmqlite.POLLIN
            assert await pull.recv_many() == [b"1", [b"2", b"3"]]

    run(main())


def test_multipart_that_waits_comes_back_whole(run, asyncio_context):
    """A whole message that was taken for a task that is gone is received whole."""

    async def main():
        push, pull = connect_pair(asyncio_context, zmqlite.PUSH, zmqlite.PULL)
        for receive in (pull.recv_multipart, pull.recv, pull.recv_many, pull.recv_string):
            waiting = receive()
            await push.send_multipart([b"a", b"b"])
            await wait_until(waiting.done)
            del waiting
            gc.collect()
            assert await pull.recv_multipart() == [b"a", b"b"]

    run(main())


def test_messages_come_back_in_their_order(run, asyncio_context):
    """Two receives are dropped, the later one first: the messages are received in their order all the same."""

    async def main():
        push, pull = connect_pair(asyncio_context, zmqlite.PUSH, zmqlite.PULL)
        for receive in (pull.recv, pull.recv_multipart, lambda: pull.recv_many(1)):
            await push.send_many([b"1", b"2", b"3"])
            await turns(1)
            await pull.poll()
            first, second, third = receive(), receive(), receive()
            del second
            del third
            del first
            gc.collect()
            assert await pull.recv_many() == [b"1", b"2", b"3"]

    run(main())


@pytest.mark.parametrize("limited", [False, True])
@pytest.mark.parametrize("waits", [True, False])
@pytest.mark.parametrize("form", ["recv_string", "recv_json", "recv_pyobj", "recv_serialized"])
def test_message_that_cannot_be_decoded_is_received_once(form, waits, limited, run, asyncio_context):
    """It is delivered with the error, also to a task that waited for it: the next receive gets the next message."""

    async def main():
        push, pull = connect_pair(asyncio_context, zmqlite.PUSH, zmqlite.PULL)
        if not waits:
            await push.send_many([b"\xff", b"next"])
            await pull.poll()
        arguments = (lambda parts: int(parts[0]),) if form == "recv_serialized" else ()
        future = getattr(pull, form)(*arguments)
        assert future.done() is not waits
        task = asyncio.ensure_future(asyncio.wait_for(future, 20) if limited else _wait_for(future))
        await turns(2)
        if waits:
            await push.send_many([b"\xff", b"next"])
        with pytest.raises((ValueError, pickle.UnpicklingError)):
            await task
        assert await pull.recv() == b"next"

    run(main())


async def _wait_for(future):
    return await future


def test_message_that_comes_back_goes_to_who_waits(run, asyncio_context):
    """Another task waits already: the message that was given back wakes it."""

    async def main():
        push, pull = connect_pair(asyncio_context, zmqlite.PUSH, zmqlite.PULL)
        first, second = pull.recv(), pull.recv()
        await push.send(b"precious")
        await wait_until(first.done)
        del first
        gc.collect()
        assert await asyncio.wait_for(second, 10) == b"precious"

    run(main())


def test_message_of_a_future_survives_close(run, asyncio_context):
    """A Future that has its message keeps it when the socket is closed."""

    async def main():
        push, pull = connect_pair(asyncio_context, zmqlite.PUSH, zmqlite.PULL)
        waiting = pull.recv()
        await push.send(b"precious")
        await wait_until(waiting.done)
        await push.send(b"precious")
        await pull.poll()
        ready = pull.recv()
        pull.close()
        assert [await waiting, await ready] == [b"precious"] * 2

    run(main())
