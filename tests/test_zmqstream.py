"""ZMQStream: callbacks in tornado's loop, over the same core as the asyncio sockets."""

from __future__ import annotations

import asyncio
import logging
import threading

import pytest

import zmqlite
import zmqlite.asyncio

tornado = pytest.importorskip("tornado", reason="tornado is not installed for this Python")

from tornado.ioloop import IOLoop  # noqa: E402 - only where tornado is

from zmqlite.eventloop.zmqstream import ZMQStream  # noqa: E402


async def until(condition):
    """Let the loop run until something holds."""
    for _ in range(10_000):
        if condition():
            return
        await asyncio.sleep(0.001)
    raise AssertionError("it never came")


def run(main):
    """Run a coroutine with a time limit."""
    asyncio.run(asyncio.wait_for(main(), 30))


@pytest.fixture
def streams(pair):
    """Make two streams on connected sockets: call it in a coroutine."""
    made = []

    def make(type_a, type_b, transport="inproc", **options):
        made[:] = [ZMQStream(socket) for socket in pair(type_a, type_b, transport, **options)]
        return made

    yield make
    for stream in made:
        if stream.socket is not None:
            stream.socket.close(0)


def test_messages_are_called_back(streams):
    """on_recv() gets lists of parts, on_send() what was sent; Frames with copy=False."""

    async def main():
        one, other = streams(zmqlite.DEALER, zmqlite.DEALER, "tcp")
        got, sent = [], []
        other.on_recv(got.append)
        one.on_send(lambda parts, status: sent.append((parts, status)))
        one.send(b"1")
        one.send_multipart([b"2", b"3"])
        one.send_string("4")
        one.send_json([5])
        assert one.sending()
        assert other.receiving()
        await until(lambda: len(got) == 4)
        assert got == [[b"1"], [b"2", b"3"], [b"4"], [b"[5]"]]
        assert sent[:2] == [([b"1"], None), ([b"2", b"3"], None)]
        assert not one.sending()
        other.on_recv_stream(lambda stream, parts: got.append((stream, parts)), copy=False)
        one.send_pyobj(6, callback=lambda parts, status: sent.append("last"))
        await until(lambda: len(got) == 5)
        stream, parts = got[-1]
        assert stream is other
        assert isinstance(parts[0], zmqlite.Frame)
        assert sent[-1] == "last"
        for stream in (one, other):
            stream.close()

    run(main)


def test_streams_answer_each_other_for_long(streams):
    """Thousands of requests and replies, several at a time, and none stalls."""

    async def main():
        server, client = streams(zmqlite.ROUTER, zmqlite.DEALER, "tcp")
        server.on_recv(server.send_multipart)
        got = []

        def next_one(parts):
            got.append(parts)
            if len(got) < 3000:
                client.send(b"next")

        client.on_recv(next_one)
        for _ in range(5):
            client.send(b"first")
        await until(lambda: len(got) >= 3000)
        for stream in (server, client):
            stream.close()

    run(main)


def test_callbacks_may_be_coroutines_and_may_fail(streams, caplog):
    """A coroutine function is run; an exception is logged, and the stream goes on."""

    async def main():
        push, pull = streams(zmqlite.PUSH, zmqlite.PULL)
        got = []

        async def later(parts):
            await asyncio.sleep(0)
            got.append(parts)
            if len(got) == 1:
                raise ValueError("the first")

        pull.on_recv(later)
        push.send(b"1")
        await until(lambda: len(got) == 1)
        push.send(b"2")
        await until(lambda: len(got) == 2)

        def fail(parts):
            got.append(parts)
            raise ValueError("another")

        asyncio.get_running_loop().set_exception_handler(lambda loop, context: None)
        pull.on_recv(fail)
        push.send(b"3")
        push.send(b"4")
        await until(lambda: len(got) == 4)
        for stream in (push, pull):
            stream.close()

    with caplog.at_level(logging.ERROR):
        run(main)
    assert "Uncaught exception in ZMQStream callback" in caplog.text


def test_flush_handles_what_is_there(streams):
    """flush() receives and sends without the loop, and drops what nobody receives."""

    async def main():
        one, other = streams(zmqlite.DEALER, zmqlite.DEALER)
        got = []
        one.send(b"1")
        one.send(b"2")
        assert one.flush(zmqlite.POLLOUT) == 2
        other.socket.poll(1000)
        assert other.flush() == 2
        one.send(b"3")
        one.send(b"4")
        one.flush(zmqlite.POLLOUT)
        other.on_recv(got.append)
        assert other.flush(limit=1) == 1
        assert got == [[b"3"]]
        await until(lambda: len(got) == 2)
        for stream in (one, other):
            stream.close()

    run(main)


def test_stopped_stream_keeps_its_messages(streams):
    """After stop_on_recv() messages wait; a new callback gets them."""

    async def main():
        push, pull = streams(zmqlite.PUSH, zmqlite.PULL)
        got = []
        pull.on_recv(got.append)
        push.send(b"1")
        await until(lambda: got)
        pull.stop_on_recv()
        assert not pull.receiving()
        push.send(b"2")
        await until(lambda: not push.sending())
        await asyncio.sleep(0)
        assert len(got) == 1
        pull.on_recv(got.append)
        await until(lambda: len(got) == 2)
        for stream in (push, pull):
            stream.close()

    run(main)


def test_full_socket_keeps_messages_until_there_is_room(streams):
    """What is sent to a full socket is sent later, in order."""

    async def main():
        push, pull = streams(zmqlite.PUSH, zmqlite.PULL, sndhwm=1, rcvhwm=1)
        got = []
        for number in range(50):
            push.send(b"%d" % number)
        await asyncio.sleep(0)
        assert push.sending()
        pull.on_recv(lambda parts: got.append(int(parts[0])))
        await until(lambda: len(got) == 50)
        assert got == list(range(50))
        for stream in (push, pull):
            stream.close()

    run(main)


@pytest.mark.parametrize("kind", [zmqlite.PUSH, zmqlite.DEALER])
def test_rest_of_a_message_that_was_lost_is_no_message(kind, streams):
    """Its first part went away with its peer: the rest is called back as sent, and never reaches another."""

    async def main():
        push, pull = streams(kind, zmqlite.PULL if kind == zmqlite.PUSH else zmqlite.DEALER)
        got, sent = [], []
        pull.on_recv(got.append)
        push.socket.connect("inproc://stream-goes")
        while not got:  # the next one goes to "goes"
            push.send(b"turn")
            push.flush(zmqlite.POLLOUT)
            pull.flush(zmqlite.POLLIN)
        push.on_send(lambda parts, status: sent.append((parts, status)))
        push.send(b"begun", zmqlite.SNDMORE)
        push.flush(zmqlite.POLLOUT)
        push.socket.disconnect("inproc://stream-goes")
        push.send(b"rest")
        push.send(b"whole")
        await until(lambda: len(got) == 2 and len(sent) == 3)
        assert got == [[b"turn"], [b"whole"]]
        assert sent == [([b"begun"], None), ([b"rest"], None), ([b"whole"], None)]
        for stream in (push, pull):
            stream.close()

    run(main)


def test_close_calls_back_and_closes_the_socket(streams):
    """close() closes the socket and tells; a stream whose socket was closed says so."""

    async def main():
        one, other = streams(zmqlite.DEALER, zmqlite.DEALER)
        closed = []
        one.set_close_callback(lambda: closed.append(True))
        socket = one.socket
        one.close()
        assert closed == [True]
        assert socket.closed
        assert one.closed()
        with pytest.raises(OSError, match="closed"):
            one.send(b"x")
        other.on_recv(print)
        other.socket.close()
        assert other.closed()

    run(main)


def test_loop_of_another_thread(pair):
    """As ipykernel has it: a stream is made in one thread, and its loop runs in another."""
    push, pull = pair(zmqlite.PUSH, zmqlite.PULL)
    got, ready = [], threading.Event()
    loops = []

    def work():
        asyncio.set_event_loop(asyncio.new_event_loop())
        loops.append(IOLoop.current())
        ready.set()
        loops[0].start()
        loops[0].close(all_fds=False)

    thread = threading.Thread(target=work)
    thread.start()
    assert ready.wait(10)
    stream = ZMQStream(pull, loops[0])

    def note(parts):
        got.append(parts)
        if len(got) == 3:
            stream.close()
            loops[0].stop()

    loops[0].add_callback(stream.on_recv, note)
    for number in range(3):
        push.send(b"%d" % number)
    thread.join(20)
    assert not thread.is_alive()
    assert got == [[b"0"], [b"1"], [b"2"]]


def test_asyncio_socket_is_shared_with_a_warning():
    """A stream of an asyncio socket uses it as a plain one."""

    async def main():
        with zmqlite.asyncio.Context() as context, context.socket(zmqlite.PULL) as socket:
            with pytest.warns(RuntimeWarning, match="plain"):
                stream = ZMQStream(socket)
            assert type(stream.socket) is zmqlite.Socket
            stream.close()

    run(main)


def test_futures_of_tornado_are_those_of_asyncio():
    """zmqlite.eventloop.future: its Context makes asyncio sockets; tornado awaits their Futures."""
    from zmqlite.eventloop.future import Context
    from zmqlite.eventloop.ioloop import ZMQIOLoop, install

    assert ZMQIOLoop is IOLoop
    with pytest.warns(DeprecationWarning, match="own loop"):
        install()

    async def main():
        with Context() as context, context.socket(zmqlite.PUSH) as push, context.socket(zmqlite.PULL) as pull:
            push.bind("inproc://tornado")
            pull.connect("inproc://tornado")
            waiting = pull.recv()
            await push.send(b"x")
            assert await tornado.gen.convert_yielded(waiting) == b"x"

    run(main)


def test_loop_that_closes_all_descriptors_closes_the_sockets_of_streams(pair):
    """IOLoop.close(all_fds=True), as ipykernel ends its threads: term() would wait for what is left open."""
    loop = IOLoop(make_current=False)
    sockets = pair(zmqlite.DEALER, zmqlite.DEALER)
    streams = [ZMQStream(socket, loop) for socket in sockets]
    streams[1].send(b"x")
    streams[0].on_recv(lambda parts: loop.stop())
    loop.start()
    loop.close(all_fds=True)
    assert [socket.closed for socket in sockets] == [True, True]
    assert [stream.closed() for stream in streams] == [True, True]


def test_stream_of_a_descriptor_that_was_used_before(context):
    """A socket that was closed behind its stream's back leaves its number in the loop: the next one may have it."""

    async def main():
        for _ in range(3):
            socket = context.socket(zmqlite.PAIR)
            socket.bind("inproc://again")
            stream = ZMQStream(socket)
            stream.on_recv(print)
            socket.unbind("inproc://again")
            socket.close()
        stream.close()

    run(main)
