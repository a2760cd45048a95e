"""asyncio sockets and their loop: fairness, no missed edge, loops that change, nothing left behind."""

from __future__ import annotations

import asyncio
import gc
import os
import random
import resource
import threading
import time
import warnings
import weakref

import pytest
from loops import asyncio_context, connect_pair, make_loop, run, run_in, turns, wait_until

import zmqlite
import zmqlite.asyncio

__all__ = ["asyncio_context", "run"]


def test_flooded_receiver_lets_a_timer_run(run, asyncio_context):
    """A loop that always finds a message lets a timer of 1 ms run, long before the messages are through."""

    async def main():
        push, pull = connect_pair(asyncio_context, zmqlite.PUSH, zmqlite.PULL, sndhwm=0, rcvhwm=0)
        zmqlite.Socket.send_many(push, [b"x"] * 300_000)
        rang = []
        asyncio.get_running_loop().call_later(0.001, rang.append, True)
        while not rang and await pull.recv():
            pass
        assert await pull.poll(0)

    run(main())


def test_flooding_sender_lets_a_timer_run(run, asyncio_context):
    """A loop that always finds room does, too."""

    async def main():
        publisher = asyncio_context.socket(zmqlite.PUB)
        publisher.bind(f"inproc://flood-{id(publisher)}")
        rang = []
        asyncio.get_running_loop().call_later(0.001, rang.append, True)
        for _ in range(300_000):
            await publisher.send(b"x")
            if rang:
                return
        raise AssertionError("the timer did not ring")

    run(main())


def test_ready_calls_are_done_while_the_loop_turns(run, asyncio_context):
    """Who gives way by himself is never made to: each of many calls, one a turn, is done at once."""

    async def main():
        push, pull = connect_pair(asyncio_context, zmqlite.PUSH, zmqlite.PULL)
        await push.send_many([b"x"] * 200)
        await pull.poll()
        for _ in range(200):
            await turns(1)
            future = pull.recv()
            assert future.done()
            await future

    run(main())


def test_bursts_are_seen_by_a_router(run, asyncio_context):
    """Random bursts of many peers: every message is seen. The long form is bursts.py."""

    async def main():
        router = asyncio_context.socket(zmqlite.ROUTER)
        port = router.bind_to_random_port("tcp://127.0.0.1")
        dealers = [asyncio_context.socket(zmqlite.DEALER) for _ in range(20)]
        for dealer in dealers:
            dealer.connect(f"tcp://127.0.0.1:{port}")
        chooser = random.Random(1)
        total = 3000

        async def send():
            left = total
            while left:
                count = min(left, chooser.randrange(1, 50))
                await chooser.choice(dealers).send_many([b"x"] * count)
                left -= count
                if chooser.random() < 0.3:
                    await asyncio.sleep(0.0005)

        task = asyncio.ensure_future(send())
        for _ in range(total):
            identity, _ = await router.recv_multipart()
            if chooser.random() < 0.2:  # a send processes commands, and may eat the edge of the next receive
                await router.send_multipart([identity, b"ack"])
        await task

    run(main())


EATERS = {
    "events": lambda socket: socket.events,
    "poll": lambda socket: socket.poll(0),
    "bind": lambda socket: socket.bind(f"inproc://eater-{id(socket)}-{time.perf_counter()}"),
    "send": lambda socket: socket.send(b"x"),
    "send_multipart": lambda socket: socket.send_multipart([b"x", b"y"]),
}


@pytest.mark.parametrize("eater", EATERS)
def test_call_that_eats_the_edge_of_a_receiver_has_it_served(eater, run, asyncio_context):
    """One task waits for a message; it comes, and before the loop sees it another call processes libzmq's commands."""

    async def main():
        one, other = connect_pair(asyncio_context, zmqlite.PAIR, zmqlite.PAIR)
        for number in range(20):
            waiting = one.recv()
            await other.send(b"%d" % number)
            until = time.perf_counter() + 0.003  # a send looks at the commands once in a millisecond
            while "send" in eater and time.perf_counter() < until:
                pass
            EATERS[eater](one)
            assert await asyncio.wait_for(waiting, 10) == b"%d" % number

    run(main())


def test_router_that_must_reach_a_full_peer_waits(run, asyncio_context):
    """ROUTER_MANDATORY, one peer that is full and one that is not: the sends wait, without turning in circles."""

    async def main():
        router, full = connect_pair(asyncio_context, zmqlite.ROUTER, zmqlite.DEALER, sndhwm=1, rcvhwm=1)
        router.router_mandatory = 1
        free = asyncio_context.socket(zmqlite.DEALER)
        free.connect(router.get_string(zmqlite.LAST_ENDPOINT))
        names = {}
        for peer in (full, free):
            await peer.send(b"hello")
            names[peer], _ = await router.recv_multipart()
        futures = [router.send_multipart([names[full], b"%d" % number]) for number in range(20)]
        assert not futures[-1].done()
        begun = time.process_time()
        await asyncio.sleep(0.1)
        assert time.process_time() - begun < 0.09
        behind = router.send_multipart([names[free], b"behind"])
        await turns(3)
        assert not behind.done()
        waiting = [future for future in futures if not future.done()]
        for future in waiting:
            assert future.cancel()
        await asyncio.wait_for(behind, 10)
        assert await free.recv() == b"behind"
        assert [await full.recv() for _ in range(20 - len(waiting))] == [b"%d" % n for n in range(20 - len(waiting))]

    run(main())


def test_socket_follows_the_running_loop(asyncio_context):
    """One socket in three loops, one after the other, of different kinds; what waited in the last does not count."""
    push, pull = connect_pair(asyncio_context, zmqlite.PUSH, zmqlite.PULL)

    async def main(number):
        abandoned = pull.recv()
        assert not abandoned.done()
        abandoned.cancel()
        waiting = pull.recv()
        await push.send(b"%d" % number)
        assert await waiting == b"%d" % number
        return pull.recv()  # and is left behind

    loop = asyncio.new_event_loop()
    left = loop.run_until_complete(main(0))
    loop.close()
    run_in(make_loop("thread"), main(1))
    run_in(make_loop("selector"), main(2))
    assert not left.done()


def test_check_of_a_closed_loop_does_not_stand_in_the_way(asyncio_context):
    """A loop ends just when a socket asked it to look once more: the next loop looks all the same."""
    push, pull = connect_pair(asyncio_context, zmqlite.PUSH, zmqlite.PULL)

    async def leave():
        return pull.recv()

    async def main():
        waiting = pull.recv()
        await push.send(b"x")
        await pull.poll(0)  # eats the edge, and has the loop look
        assert await asyncio.wait_for(waiting, 10) == b"x"

    loop = asyncio.new_event_loop()
    left = loop.run_until_complete(leave())
    pull._readiness.check(pull)
    loop.close()
    assert not left.done()
    run_in(make_loop("selector"), main())


def test_socket_without_a_running_loop_warns(asyncio_context):
    """As pyzmq: a call outside a coroutine uses the loop that would run, with a warning."""
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    try:
        push, pull = connect_pair(asyncio_context, zmqlite.PUSH, zmqlite.PULL)
        with pytest.warns(RuntimeWarning, match="No running event loop"):
            waiting = pull.recv()
        loop.run_until_complete(_send(push))
        assert loop.run_until_complete(waiting) == b"x"
    finally:
        asyncio.set_event_loop(None)
        loop.close()


async def _send(push):
    await push.send(b"x")


def descriptors():
    """Open descriptors of this process."""
    return len(os.listdir("/proc/self/fd"))


@pytest.mark.skipif(not os.path.isdir("/proc/self/fd"), reason="counts descriptors in /proc")
def test_nothing_is_left_behind(run, asyncio_context):
    """Cancelled receives and closed sockets leave no futures, readers, timers or descriptors."""

    async def main():
        loop = asyncio.get_running_loop()
        push, pull = connect_pair(asyncio_context, zmqlite.PUSH, zmqlite.PULL)
        pull.rcvtimeo = 3600_000
        pull.recv().cancel()
        gc.collect()
        before = sum(isinstance(one, asyncio.Future) for one in gc.get_objects())
        for _ in range(2000):
            task = asyncio.ensure_future(_receive(pull))
            await turns(1)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
        del task
        await turns(2)
        gc.collect()
        assert sum(isinstance(one, asyncio.Future) for one in gc.get_objects()) <= before + 1
        assert not pull._readiness.receivers
        if hasattr(loop, "_scheduled"):
            assert sum(not timer.cancelled() for timer in loop._scheduled) <= 1
        reference = weakref.ref(pull._readiness)
        assert reference() is not None
        before = descriptors()
        for _ in range(20):
            with asyncio_context.socket(zmqlite.PULL) as socket:
                socket.bind(f"inproc://left-{id(socket)}")
                socket.recv().cancel()
            await turns(1)
        await wait_until(lambda: descriptors() <= before)
        del push, socket

    run(main())


async def _receive(socket):
    return await socket.recv()


@pytest.mark.skipif(not os.path.isdir("/proc/self/fd"), reason="counts descriptors in /proc")
def test_loops_come_and_go(asyncio_context):
    """Many loops, opened and closed, with one socket: no threads, descriptors or loops stay."""
    push, pull = connect_pair(asyncio_context, zmqlite.PUSH, zmqlite.PULL)

    async def main():
        waiting = pull.recv()
        await push.send(b"x")
        await waiting

    for kind in ("selector", "thread"):
        run_in(make_loop(kind), main())
        before, threads = descriptors(), threading.active_count()
        references = []
        for _ in range(50):
            loop = make_loop(kind)
            references.append(weakref.ref(loop))
            run_in(loop, main())
        del loop
        gc.collect()
        assert sum(reference() is not None for reference in references) <= 1
        # The thread of a loop that is gone ends by itself, and nobody joins it. The last loop may still have its own.
        until = time.monotonic() + 20
        while threading.active_count() > threads + 1 or descriptors() >= before + 10:  # each loop has three
            assert time.monotonic() < until, (threading.enumerate(), descriptors(), before)
            time.sleep(0.005)


@pytest.mark.parametrize("closed", [True, False])
def test_poll_of_another_loop_is_let_go(asyncio_context, closed):
    """A socket that is used in another loop: a poll of the loop before is cancelled, and nobody keeps it."""
    push, pull = connect_pair(asyncio_context, zmqlite.PUSH, zmqlite.PULL)
    before, after = (make_loop("selector") for _ in range(2))

    async def poll():
        return pull.poll()

    async def receive():
        waiting = pull.recv()
        await push.send(b"message")
        return await waiting

    left = before.run_until_complete(poll())
    if closed:
        before.close()
    assert run_in(after, receive()) == b"message"
    if closed:
        assert not left.done()
    else:
        with pytest.raises(asyncio.CancelledError):
            before.run_until_complete(left)
        before.close()
    reference = weakref.ref(left)
    del left
    gc.collect()
    assert reference() is None


def test_dropped_socket_is_closed_while_its_loop_runs(run):
    """The loop does not keep a socket that nobody has: it is closed, with a warning that says where it was made."""

    async def main():
        with zmqlite.asyncio.Context() as context:
            socket = context.socket(zmqlite.PULL)
            socket.recv().cancel()
            reference = weakref.ref(socket)
            with warnings.catch_warnings(record=True) as caught:
                warnings.simplefilter("always")
                del socket
                gc.collect()
            assert "Unclosed socket" in str(caught.pop().message)  # and it holds the socket no longer
            assert reference() is None
            await turns(2)

    run(main())


def test_idle_sockets_cost_no_cpu(run, asyncio_context):
    """Sockets that somebody waits for and no message comes, or the other way round: the loop sleeps."""

    async def main():
        sockets = [asyncio_context.socket(zmqlite.PULL) for _ in range(100)]
        for number, socket in enumerate(sockets):
            socket.bind(f"inproc://idle-{number}-{id(socket)}")
        waiting = [socket.recv() for socket in sockets]
        push, pull = connect_pair(asyncio_context, zmqlite.PUSH, zmqlite.PULL)
        pull.recv().cancel()
        await push.send(b"for nobody")
        await asyncio.sleep(0.05)
        before = resource.getrusage(resource.RUSAGE_SELF)
        await asyncio.sleep(0.5)
        after = resource.getrusage(resource.RUSAGE_SELF)
        used = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
        assert used < 0.1
        for future in waiting:
            future.cancel()

    run(main())


@pytest.mark.filterwarnings("ignore::zmqlite.DraftFDWarning")
def test_thread_safe_draft_sockets_wait(run, asyncio_context):
    """CLIENT and SERVER, which libzmq has no descriptor for."""
    if not zmqlite.DRAFT_API:
        pytest.skip("this libzmq has no draft sockets")

    async def main():
        server, client = connect_pair(asyncio_context, zmqlite.SERVER, zmqlite.CLIENT)
        for number in range(20):
            waiting = server.recv(copy=False)
            await turns(2)
            await client.send(b"%d" % number)
            frame = await asyncio.wait_for(waiting, 10)
            back = client.recv()
            await server.send(frame.bytes, routing_id=frame.routing_id)
            assert await asyncio.wait_for(back, 10) == b"%d" % number

    run(main())


def test_sockets_of_threads_have_their_own_loops(asyncio_context):
    """Each thread runs its loop; they talk through inproc sockets."""
    push, pull = connect_pair(asyncio_context, zmqlite.PUSH, zmqlite.PULL, sndhwm=10, rcvhwm=10)
    got = []

    async def receive():
        got.extend([int(await pull.recv()) for _ in range(2000)])

    async def send():
        for number in range(2000):
            await push.send(b"%d" % number)

    threads = [threading.Thread(target=asyncio.run, args=(main(),)) for main in (receive, send)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert got == list(range(2000))
