"""Authenticators in event loops: asyncio in every kind of loop, anyio on asyncio and on trio."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from auth_rig import DEADLINE_MS, FAILURES, Event, make, question
from conftest import bind_wildcard
from loops import run

import zmqlite as zmq
import zmqlite.asyncio
from zmqlite.auth.anyio import AnyioAuthenticator
from zmqlite.auth.asyncio import AsyncioAuthenticator
from zmqlite.monitor import recv_monitor_message

__all__ = ["run"]

ENDPOINT = "inproc://zeromq.zap.01"
KEY = bytes(range(32))
SECONDS = 30


def ask_from_a_thread(context: Any, *questions: list[bytes]) -> list[bytes]:
    """The status codes of the answers, of a client that asks one after the other."""
    client = make(context, zmq.REQ)
    client.connect(ENDPOINT)
    codes = []
    for frames in questions:
        client.send_multipart(frames)
        codes.append(client.recv_multipart()[2])
    client.close()
    return codes


def let_in_over_tcp(context: Any, password: bytes) -> bool:
    """Whether a PLAIN client with this password gets in."""
    server, client = make(context, zmq.PULL), make(context, zmq.PUSH)
    server.plain_server = 1
    client.plain_username, client.plain_password = b"admin", password
    monitor = server.get_monitor_socket(Event.HANDSHAKE_SUCCEEDED | sum(FAILURES))
    monitor.rcvtimeo = DEADLINE_MS
    client.connect(bind_wildcard(server, "tcp"))
    event = recv_monitor_message(monitor)["event"]
    server.disable_monitor()
    server.close()
    client.close()
    return bool(event == Event.HANDSHAKE_SUCCEEDED)


@pytest.fixture(params=["asyncio", "anyio on asyncio", "anyio on trio"])
def serve(request: pytest.FixtureRequest) -> Callable[..., Any]:
    """Run `work(auth)` while an authenticator of each kind answers: `serve(context, work)`."""
    kind = request.param
    if kind != "asyncio":
        anyio = pytest.importorskip("anyio", reason="anyio is not installed")
    if kind == "anyio on trio":
        pytest.importorskip("trio", reason="trio is not installed")

    def serve_asyncio(context: Any, work: Callable[[Any], Awaitable[Any]]) -> Any:
        async def main() -> Any:
            async with AsyncioAuthenticator(context) as auth:
                result = await asyncio.wait_for(work(auth), SECONDS)
            # asyncio.run() would cancel what is left.
            left = asyncio.all_tasks() - {asyncio.current_task()}
            assert not left or not (await asyncio.wait(left, timeout=SECONDS))[1]
            return result

        return asyncio.run(main())

    def serve_anyio(context: Any, work: Callable[[Any], Awaitable[Any]]) -> Any:
        async def main() -> Any:
            with anyio.fail_after(SECONDS):
                async with AnyioAuthenticator(context) as auth:
                    return await work(auth)

        return anyio.run(main, backend=kind.rpartition(" ")[2])

    return serve_asyncio if kind == "asyncio" else serve_anyio


async def to_thread(call: Callable[..., Any], *arguments: Any) -> Any:
    """Call in a thread, whatever the loop."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        import anyio

        return await anyio.to_thread.run_sync(call, *arguments)
    return await asyncio.get_running_loop().run_in_executor(None, call, *arguments)


def test_authenticator_in_a_loop_answers(context: Any, serve: Callable[..., Any]) -> None:
    """Over connections and question by question; many in a row; nonsense does not stop it."""

    async def work(auth: Any) -> None:
        auth.configure_plain(passwords={"admin": "secret"})
        assert await to_thread(let_in_over_tcp, context, b"secret")
        assert not await to_thread(let_in_over_tcp, context, b"wrong")
        hostile = make(context, zmq.DEALER)
        hostile.connect(ENDPOINT)
        hostile.send_multipart([b"no way back"])
        hostile.send_multipart([b"", b"1.0"])
        good, bad = question(b"PLAIN", b"admin", b"secret"), question(b"PLAIN", b"admin", b"wrong")
        assert await to_thread(ask_from_a_thread, context, *(250 * [good, bad])) == 250 * [b"200", b"400"]
        assert hostile.recv_multipart()[3] == b"400"

    serve(context, work)
    assert endpoint_is_free(context)


def endpoint_is_free(context: Any) -> bool:
    """Whether another authenticator could start."""
    with make(context, zmq.REP) as socket:
        socket.bind(ENDPOINT)
        socket.unbind(ENDPOINT)
    return True


def test_slow_callback_holds_up_nobody_else(context: Any, serve: Callable[..., Any]) -> None:
    """A question that is asked first may be answered last."""

    async def work(auth: Any) -> None:
        events = threading.Event()

        async def decide(domain: str, key: bytes) -> bool:
            if domain == "slow":
                await to_thread(events.wait, SECONDS)
            return True

        auth.configure_curve_callback(credentials_provider=decide)
        slow = make(context, zmq.DEALER)
        slow.connect(ENDPOINT)
        slow.send_multipart([b"", *question(b"CURVE", KEY, domain=b"slow")])
        assert await to_thread(ask_from_a_thread, context, question(b"CURVE", KEY)) == [b"200"]
        assert not slow.poll(0)
        events.set()
        assert (await to_thread(slow.recv_multipart))[3] == b"200"

    serve(context, work)


def test_more_questions_at_once_than_there_is_room_for(context: Any, serve: Callable[..., Any]) -> None:
    """They wait, and each is answered once."""

    async def work(auth: Any) -> None:
        running, most = 0, 0

        async def decide(domain: str, key: bytes) -> bool:
            nonlocal running, most
            running, most = running + 1, max(most, running + 1)
            await to_thread(int)
            running -= 1
            return True

        auth.configure_curve_callback(credentials_provider=decide)
        client = make(context, zmq.DEALER)
        client.sndhwm = client.rcvhwm = 0
        client.connect(ENDPOINT)
        for number in range(300):
            client.send_multipart([b"", b"1.0", b"%d" % number, *question(b"CURVE", KEY)[2:]])
        answers = await to_thread(lambda: [client.recv_multipart() for _ in range(300)])
        assert sorted(int(answer[2]) for answer in answers) == list(range(300))
        assert {answer[3] for answer in answers} == {b"200"}
        assert 1 < most <= 100

    serve(context, work)


def test_error_of_a_subclass_does_not_stop_the_loop(context: Any, serve: Callable[..., Any], caplog: Any) -> None:
    """It is logged, and the next question is answered."""

    async def work(auth: Any) -> None:
        answer = auth.handle_zap_message

        async def broken(msg: list[bytes]) -> None:
            auth.handle_zap_message = answer
            raise KeyError("broken")

        auth.handle_zap_message = broken
        hostile = make(context, zmq.DEALER)
        hostile.connect(ENDPOINT)
        hostile.send_multipart([b"", *question(b"NULL")])
        hostile.send_multipart([b"", *question(b"NULL")])
        assert (await to_thread(hostile.recv_multipart))[3] == b"200"

    serve(context, work)
    assert "KeyError" in caplog.text


def test_stopping_cancels_what_is_being_asked(context: Any, serve: Callable[..., Any]) -> None:
    """A callback that waits does not outlive its authenticator, and its client is not let in."""
    asked, ended = threading.Event(), []

    async def decide(domain: str, key: bytes) -> bool:
        asked.set()
        try:
            while True:
                await to_thread(int)
        finally:
            ended.append(key)
        return True

    client = make(context, zmq.DEALER)

    async def work(auth: Any) -> None:
        auth.configure_curve_callback(credentials_provider=decide)
        client.connect(ENDPOINT)
        client.send_multipart([b"", *question(b"CURVE", KEY)])
        assert await to_thread(asked.wait, SECONDS)

    serve(context, work)
    assert len(ended) == 1
    assert not client.poll(0)


def test_end_of_the_context_ends_the_authenticator(serve: Callable[..., Any]) -> None:
    """term() in a thread does not wait for it."""
    context = zmq.Context()

    async def work(auth: Any) -> None:
        await to_thread(lambda: context.term(timeout=DEADLINE_MS))

    serve(context, work)
    assert context.closed


def test_asyncio_authenticator_in_every_loop(context: Any, run: Callable[..., Any]) -> None:
    """start() and stop() as in pyzmq, again and again; with an asyncio context too."""

    async def main() -> None:
        auth = AsyncioAuthenticator(context)
        auth.stop()
        for _ in range(3):
            auth.start()
            assert await to_thread(ask_from_a_thread, context, question(b"NULL")) == [b"200"]
            with pytest.raises(zmq.ZMQError, match="another authenticator"):
                AsyncioAuthenticator(context).start()
            auth.stop()
            auth.stop()
        shared = zmqlite.asyncio.Context.shadow(context)
        async with AsyncioAuthenticator(shared):
            client = shared.socket(zmq.REQ)
            client.connect(ENDPOINT)
            await client.send_multipart(question(b"NULL"))
            assert (await client.recv_multipart())[2] == b"200"
            client.close(0)

    run(main())


def test_deprecated_arguments_warn(context: Any) -> None:
    """As pyzmq's."""
    with pytest.warns(DeprecationWarning, match="loop"):
        AsyncioAuthenticator(context, loop=5)
    from zmqlite.auth.ioloop import IOLoopAuthenticator

    with pytest.warns(DeprecationWarning, match="use AsyncioAuthenticator"):
        assert isinstance(IOLoopAuthenticator(context, io_loop=5), AsyncioAuthenticator)


def test_anyio_that_is_missing_is_named(context: Any, monkeypatch: Any) -> None:
    """ImportError says what to install."""
    import sys

    monkeypatch.setitem(sys.modules, "anyio", None)
    with pytest.raises(ImportError, match="needs anyio: pip install"):
        AnyioAuthenticator(context)


def test_anyio_authenticator_is_no_plain_context_manager(context: Any) -> None:
    """It would bind, and never answer."""
    pytest.importorskip("anyio", reason="anyio is not installed")
    with pytest.raises(TypeError, match="async with"), AnyioAuthenticator(context):
        pass
