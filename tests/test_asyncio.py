"""zmqlite.asyncio: what its calls return, in every form, in every loop."""

from __future__ import annotations

import asyncio
import pickle

import pytest
from loops import asyncio_context, connect_pair, run, turns, wait_until

import zmqlite
import zmqlite.asyncio

__all__ = ["asyncio_context", "run"]

# name: (how to send, how to receive, what is received)
FORMS = {
    "recv": (lambda s: s.send(b"one"), lambda s: s.recv(), b"one"),
    "frame": (lambda s: s.send(b"one"), lambda s: s.recv(copy=False), b"one"),
    "multipart": (lambda s: s.send_multipart([b"a", b"b"]), lambda s: s.recv_multipart(), [b"a", b"b"]),
    "string": (lambda s: s.send_string("ä"), lambda s: s.recv_string(), "ä"),
    "json": (lambda s: s.send_json({"a": [1]}), lambda s: s.recv_json(), {"a": [1]}),
    "pyobj": (lambda s: s.send_pyobj((1, "x")), lambda s: s.recv_pyobj(), (1, "x")),
    "serialized": (
        lambda s: s.send_serialized(7, lambda number: [b"%d" % number]),
        lambda s: s.recv_serialized(lambda parts: int(parts[0])),
        7,
    ),
    "into": (lambda s: s.send(b"one"), lambda s: s.recv_into(bytearray(8)), 3),
    "many": (lambda s: s.send_many([b"1", [b"2", b"3"]]), lambda s: s.recv_many(2), [b"1", [b"2", b"3"]]),
    "next": (lambda s: s.send(b"one"), lambda s: s.__anext__(), b"one"),
}


def plain(value):
    """A received value, to compare."""
    return value.bytes if isinstance(value, zmqlite.Frame) else value


async def fill(socket, flags=0):
    """Send until there is an error."""
    while True:
        await socket.send(b"x", flags)


@pytest.mark.parametrize("form", FORMS)
def test_form_is_done_at_once_when_the_message_is_there(form, run, asyncio_context):
    """A send that finds room and a recv that finds a message return Futures that are done."""
    send, recv, expected = FORMS[form]

    async def main():
        push, pull = connect_pair(asyncio_context, zmqlite.PUSH, zmqlite.PULL)
        sent = send(push)
        assert sent.done()
        await sent
        assert await pull.poll(1000) == zmqlite.POLLIN
        received = recv(pull)
        assert isinstance(received, asyncio.Future)
        assert asyncio.isfuture(received)
        assert received.done()
        assert not received.cancelled()
        assert received.exception() is None
        assert plain(received.result()) == expected
        assert plain(await received) == expected

    run(main())


@pytest.mark.parametrize("form", FORMS)
def test_form_waits_for_the_message(form, run, asyncio_context):
    """A recv that finds nothing is pending until the message comes."""
    send, recv, expected = FORMS[form]

    async def main():
        push, pull = connect_pair(asyncio_context, zmqlite.PUSH, zmqlite.PULL)
        received = recv(pull)
        assert not received.done()
        await turns(2)
        await send(push)
        got = plain(await received)
        if form == "many" and len(got) == 1:  # it does not wait for the second
            got += await recv(pull)
        assert got == expected

    run(main())


@pytest.mark.parametrize("transport", ["tcp://127.0.0.1:*", "inproc://request-reply"])
def test_request_reply_in_one_loop(transport, run, asyncio_context):
    """A server and a client take turns in one loop."""

    async def serve(socket):
        while True:
            await socket.send(b"re: " + await socket.recv())

    async def main():
        server, client = connect_pair(asyncio_context, zmqlite.REP, zmqlite.REQ, transport)
        task = asyncio.ensure_future(serve(server))
        for number in range(200):
            await client.send(b"%d" % number)
            assert await client.recv() == b"re: %d" % number
        task.cancel()

    run(main())


def test_future_of_a_ready_message_has_callbacks_and_a_loop(run, asyncio_context):
    """A Future that is done from birth is one of the running loop: callbacks run, gather() and wait() take it."""

    async def main():
        push, pull = connect_pair(asyncio_context, zmqlite.PUSH, zmqlite.PULL)
        seen = []
        for number in range(5):
            await push.send(b"%d" % number)
        future = pull.recv()
        assert future.get_loop() is asyncio.get_running_loop()
        future.add_done_callback(lambda done: seen.append(done.result()))
        assert future.remove_done_callback(seen.append) == 0
        assert not future.cancel()
        with pytest.raises(asyncio.InvalidStateError):
            future.set_result(b"")
        await turns(2)
        assert seen == [b"0"]
        assert await asyncio.gather(pull.recv(), push.send(b"5")) == [b"1", None]
        assert await asyncio.wait_for(pull.recv(), 5) == b"2"
        assert await asyncio.shield(pull.recv()) == b"3"
        done, _ = await asyncio.wait([pull.recv()])
        assert done.pop().result() == b"4"
        assert "b'5'" in repr(pull.recv())

    run(main())


def test_future_that_waits_is_one_of_asyncio(run, asyncio_context):
    """gather(), wait_for(), shield() and callbacks work on a recv that has to wait."""

    async def main():
        push, pull = connect_pair(asyncio_context, zmqlite.PUSH, zmqlite.PULL)
        with pytest.raises(asyncio.TimeoutError):
            await asyncio.wait_for(pull.recv(), 0.01)
        waiting = [pull.recv(), asyncio.wait_for(pull.recv(), 20), asyncio.shield(pull.recv())]
        together = asyncio.gather(*waiting)
        await turns(3)
        for number in range(3):
            await push.send(b"%d" % number)
        assert sorted(await together) == [b"0", b"1", b"2"]

    run(main())


def test_waiting_receivers_are_served_in_order(run, asyncio_context):
    """Who waited first receives first, also when one in between was cancelled."""

    async def main():
        push, pull = connect_pair(asyncio_context, zmqlite.PUSH, zmqlite.PULL)
        waiting = [pull.recv() for _ in range(5)]
        assert waiting[1].cancel()
        for number in range(4):
            await push.send(b"%d" % number)
        del waiting[1]
        assert await asyncio.gather(*waiting) == [b"0", b"1", b"2", b"3"]

    run(main())


def test_sends_that_wait_go_in_order(run, asyncio_context):
    """A full socket keeps its sends in order, and a later one does not overtake them."""

    async def main():
        push, pull = connect_pair(asyncio_context, zmqlite.PUSH, zmqlite.PULL, sndhwm=1, rcvhwm=1)
        sends = [push.send(b"%d" % number) for number in range(20)]
        assert not sends[-1].done()
        assert [int(await pull.recv()) for _ in range(20)] == list(range(20))
        await asyncio.gather(*sends)

    run(main())


def test_send_is_exact_about_cancellation(run, asyncio_context):
    """A send that was cancelled is never sent; every other is."""

    async def main():
        push, pull = connect_pair(asyncio_context, zmqlite.PUSH, zmqlite.PULL, sndhwm=1, rcvhwm=1)
        sends = [push.send(b"%d" % number) for number in range(50)]
        sent = [number for number, future in enumerate(sends) if not (number % 3 == 1 and future.cancel())]
        assert len(sent) < 40
        assert [int(await pull.recv()) for _ in sent] == sent
        assert await pull.poll(0) == 0
        assert [future.cancelled() for future in sends] == [number not in sent for number in range(50)]

    run(main())


def test_send_many_waits_for_room_and_tells_what_went(run, asyncio_context):
    """send_many() sends the rest as there is room; cancelled, `sent` tells how many went."""

    async def main():
        push, pull = connect_pair(asyncio_context, zmqlite.PUSH, zmqlite.PULL, sndhwm=2, rcvhwm=2)
        future = push.send_many(b"%d" % number for number in range(100))
        assert not future.done()
        got = [await pull.recv() for _ in range(10)]
        await turns(5)
        assert future.cancel()
        while await pull.poll(10):
            got.append(await pull.recv())
        assert [int(one) for one in got] == list(range(future.sent))
        assert 10 <= future.sent < 100
        push.sndtimeo = 0
        assert await push.send_many([b""] * 100) < 100

    run(main())


def test_timeouts_of_the_socket_raise_again(run, asyncio_context):
    """RCVTIMEO and SNDTIMEO end the waiting with Again, and are seen when they change."""

    async def main():
        push, pull = connect_pair(asyncio_context, zmqlite.PUSH, zmqlite.PULL, sndhwm=1, rcvhwm=1)
        pull.rcvtimeo = 10
        with pytest.raises(zmqlite.Again, match=r"recv\(\)"):
            await pull.recv()
        assert await pull.recv_many() == []
        pull.setsockopt(zmqlite.RCVTIMEO, 0)
        with pytest.raises(zmqlite.Again):
            await pull.recv_multipart()
        push.sndtimeo = 10
        with pytest.raises(zmqlite.Again, match=r"send\(\)"):
            await fill(push)
        pull.rcvtimeo = -1
        while await pull.poll(10):
            await pull.recv()
        waiting = pull.recv()
        await push.send(b"late")
        assert await waiting == b"late"

    run(main())


def test_dontwait_fails_at_once(run, asyncio_context):
    """DONTWAIT returns a Future that is done, with Again; recv_many() an empty list."""

    async def main():
        push, pull = connect_pair(asyncio_context, zmqlite.PUSH, zmqlite.PULL, sndhwm=1, rcvhwm=1)
        assert isinstance(pull.recv(zmqlite.DONTWAIT).exception(), zmqlite.Again)
        assert isinstance(pull.recv_multipart(zmqlite.NOBLOCK).exception(), zmqlite.Again)
        assert pull.recv_many(flags=zmqlite.DONTWAIT).result() == []
        waiting = pull.recv()
        assert isinstance(pull.recv(zmqlite.DONTWAIT).exception(), zmqlite.Again)
        with pytest.raises(zmqlite.Again):
            await fill(push, zmqlite.DONTWAIT)
        assert await waiting == b"x"

    run(main())


def test_errors_come_through_the_future(run, asyncio_context):
    """A wrong type and a socket that cannot are errors of the Future; a decoding error delivers the message."""

    async def main():
        push, pull = connect_pair(asyncio_context, zmqlite.PUSH, zmqlite.PULL)
        with pytest.raises(TypeError, match="bytes-like"):
            await push.send("text")
        with pytest.raises(zmqlite.ZMQError) as caught:
            await push.recv()
        assert caught.value.errno == zmqlite.ENOTSUP
        with pytest.raises(BufferError):
            pull.recv_into(b"fixed")
        for receive, error in ((pull.recv_string, UnicodeDecodeError), (pull.recv_json, ValueError)):
            waiting = receive()
            await push.send(b"\xff")
            with pytest.raises(error):
                await waiting
            await push.send(b"\xff")
            await pull.poll()
            with pytest.raises(error):
                await receive()
        pull.close()
        with pytest.raises(zmqlite.ZMQError) as caught:
            await pull.recv()
        assert caught.value.errno == zmqlite.ENOTSOCK

    run(main())


def test_close_cancels_who_waits(run, asyncio_context):
    """close() cancels the calls that wait, as pyzmq's does; an `async for` ends."""

    async def iterate(socket):
        return [message async for message in socket]

    async def main():
        push, pull = connect_pair(asyncio_context, zmqlite.PUSH, zmqlite.PULL, sndhwm=1, rcvhwm=1)
        waiting = [pull.recv(), pull.recv_string(), pull.poll(), pull.recv_many()]
        assert not any(future.done() for future in waiting)
        pull.close()
        await turns(1)
        assert all(future.cancelled() for future in waiting)
        push.unbind(push.get_string(zmqlite.LAST_ENDPOINT))
        sending = push.send(b"")
        while sending.done():
            sending = push.send(b"")
        push.close()
        assert sending.cancelled()
        puller = asyncio_context.socket(zmqlite.PULL)
        task = asyncio.ensure_future(iterate(puller))
        await turns(3)
        puller.close()
        assert await task == []

    run(main())


def test_end_of_the_context_fails_who_waits(run):
    """destroy() of the context ends calls that wait."""

    async def main():
        context = zmqlite.asyncio.Context()
        pull = context.socket(zmqlite.PULL)
        pull.bind("inproc://end")
        waiting = pull.recv()
        context.destroy(linger=0)
        with pytest.raises((asyncio.CancelledError, zmqlite.ContextTerminated)):
            await waiting

    run(main())


def test_async_for_and_async_with(run):
    """`async for message in socket` yields what recv_many() would; `async with` closes."""

    async def main():
        async with zmqlite.asyncio.Context() as context:
            async with context.socket(zmqlite.PAIR) as one, context.socket(zmqlite.PAIR) as other:
                one.bind("inproc://iterate")
                other.connect("inproc://iterate")
                await one.send_many([b"1", [b"2", b"3"], b"end"])
                got = []
                async for message in other:
                    got.append(message)
                    if message == b"end":
                        break
                assert got == [b"1", [b"2", b"3"], b"end"]
            assert one.closed
            assert other.closed
        assert context.closed

    run(main())


def test_recv_into_writes_the_buffer_and_tells_the_size(run, asyncio_context):
    """What does not fit is cut off, and the size says so."""

    async def main():
        push, pull = connect_pair(asyncio_context, zmqlite.PUSH, zmqlite.PULL)
        for wait in (False, True):
            buffer = bytearray(4)
            future = pull.recv_into(buffer, nbytes=2) if wait else None
            await push.send(b"abcdef")
            if future is None:
                await pull.poll()
                future = pull.recv_into(buffer, nbytes=2)
            assert await future == 6
            assert buffer == b"ab\0\0"
            del future
            buffer += b"grows"  # nobody holds it any more

    run(main())


def test_from_socket_shares_a_socket(run, context):
    """A Socket and the asyncio socket made from it are the same libzmq socket."""

    async def main():
        push, pull = context.socket(zmqlite.PUSH), context.socket(zmqlite.PULL)
        push.bind("inproc://shared")
        pull.connect("inproc://shared")
        later = zmqlite.asyncio.Socket.from_socket(pull)
        other = zmqlite.asyncio.Socket(pull)
        waiting = later.recv()
        push.send(b"1")
        assert await waiting == b"1"
        push.send(b"2")
        assert pull.recv() == b"2"
        assert later.underlying == other.underlying == pull.underlying
        plain_again = zmqlite.Socket.shadow(later)
        push.send(b"3")
        assert plain_again.recv() == b"3"
        for socket in (later, other):
            socket._readiness.abandon(None)

    run(main())


def test_context_instance_is_its_own():
    """zmqlite.asyncio.Context.instance() is not zmqlite.Context.instance(), and makes asyncio sockets."""
    context = zmqlite.asyncio.Context.instance()
    assert context is zmqlite.asyncio.Context.instance()
    assert context is not zmqlite.Context.instance()
    with context.socket(zmqlite.PULL) as socket:
        assert type(socket) is zmqlite.asyncio.Socket
    context.term()
    zmqlite.Context.instance().term()


def test_rcvmore_and_events_follow_the_messages(run, asyncio_context):
    """RCVMORE tells of the part last received; EVENTS of a message that waits."""

    async def main():
        push, pull = connect_pair(asyncio_context, zmqlite.PUSH, zmqlite.PULL)
        await push.send_multipart([b"a", b"b"])
        await wait_until(lambda: pull.events & zmqlite.POLLIN)
        assert await pull.recv() == b"a"
        assert pull.rcvmore
        assert await pull.recv() == b"b"
        assert not pull.get(zmqlite.RCVMORE)

    run(main())


def test_pyzmq_names_are_there():
    """What pyzmq's zmq.asyncio exports, deprecated names too."""
    assert {"Context", "Poller", "Socket", "ZMQEventLoop", "install"} <= set(zmqlite.asyncio.__all__)
    with pytest.warns(DeprecationWarning, match="any asyncio loop"):
        zmqlite.asyncio.install()
    with pytest.warns(DeprecationWarning, match="any asyncio loop"):
        zmqlite.asyncio.ZMQEventLoop().close()
    with zmqlite.asyncio.Context() as context, pytest.warns(DeprecationWarning, match="io_loop"):
        zmqlite.asyncio.Socket(context, zmqlite.PULL, io_loop=object()).close()


def test_socket_is_not_pickled(asyncio_context):
    """As any socket."""
    with asyncio_context.socket(zmqlite.PULL) as socket, pytest.raises(TypeError):
        pickle.dumps(socket)
