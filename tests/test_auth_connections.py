"""Authenticators: who gets in over real connections, and how they live and end."""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from auth_rig import DEADLINE_MS, gets_in, make, question
from conftest import bind_wildcard

import zmqlite as zmq
from zmqlite.auth import Authenticator, create_certificates
from zmqlite.auth.thread import ThreadAuthenticator

needs_curve = pytest.mark.skipif(not zmq.has("curve"), reason="this libzmq has no CURVE")
KEY = bytes(range(32))
ENDPOINT = "inproc://zeromq.zap.01"


@pytest.fixture
def running(context: Any) -> Iterator[Any]:
    """An authenticator on a thread, for the test's context."""
    with ThreadAuthenticator(context) as made:
        yield made


# ---- connections ----


def plain(socket: Any, user: bytes, password: bytes) -> Any:
    """A PLAIN client."""
    socket.plain_username, socket.plain_password = user, password
    return socket


@pytest.mark.parametrize("transport", ["tcp", *(["ipc"] if zmq.has("ipc") else [])])
def test_plain_over_a_connection(context: Any, running: Any, transport: str) -> None:
    """Who it is is told of each message."""
    running.configure_plain(passwords={"admin": "secret"})
    server = make(context, zmq.PULL)
    server.plain_server = 1
    endpoint = bind_wildcard(server, transport)
    frame = gets_in(server, plain(make(context, zmq.PUSH), b"admin", b"secret"), endpoint)
    assert (bytes(frame), frame.get("User-Id")) == (b"hello", "admin")
    assert not gets_in(server, plain(make(context, zmq.PUSH), b"admin", b"wrong"), endpoint)
    assert not gets_in(server, make(context, zmq.PUSH), endpoint)


def test_null_over_a_connection(context: Any, running: Any) -> None:
    """A server with a domain asks; one without asks nobody."""
    running.deny("127.0.0.1")
    server = make(context, zmq.PULL)
    server.zap_domain = b"global"
    assert not gets_in(server, make(context, zmq.PUSH))
    assert gets_in(make(context, zmq.PULL), make(context, zmq.PUSH))


@needs_curve
def test_curve_over_a_connection(context: Any, running: Any, tmp_path: Path) -> None:
    """Certificates of a folder, the user id, and domains."""
    for name in ("server", "client"):
        create_certificates(tmp_path, name)
    folder = tmp_path / "clients"
    folder.mkdir()
    running.configure_curve("inner", folder)
    server = make(context, zmq.PULL)
    keys, own = (zmq.KeyPair.load(tmp_path / f"{name}.key_secret") for name in ("server", "client"))
    server.zap_domain, server.curve_server, server.curve_secretkey = b"inner", 1, keys.secret
    endpoint = bind_wildcard(server, "tcp")

    def client() -> Any:
        socket = make(context, zmq.PUSH)
        zmq.set_curve_client(socket, keys.public, own)
        return socket

    assert not gets_in(server, client(), endpoint)
    os.rename(tmp_path / "client.key", folder / "client.key")
    frame = gets_in(server, client(), endpoint)
    assert frame.get("User-Id") == own.public.decode()
    assert frame.get("Peer-Address") == "127.0.0.1"
    os.unlink(folder / "client.key")
    assert not gets_in(server, client(), endpoint)


@needs_curve
def test_metadata_of_a_callback_comes_with_each_message(context: Any, running: Any) -> None:
    """Text and bytes."""
    running.configure_curve_callback(credentials_provider=lambda domain, key: {"X-Role": "\u00fcber", "X-Raw": b"1"})
    keys, server, client = zmq.KeyPair.generate(), make(context, zmq.PULL), make(context, zmq.PUSH)
    zmq.set_curve_server(server, keys, allow_any=not zmq.has("draft"))
    zmq.set_curve_client(client, keys.public)
    frame = gets_in(server, client)
    assert (frame.get("X-Role"), frame.get("X-Raw")) == ("\u00fcber", "1")


@needs_curve
def test_user_id_is_the_authenticators_and_not_the_clients(context: Any, running: Any) -> None:
    """A client may send metadata of its own: it never stands for what the authenticator says."""
    if not zmq.has("draft"):
        pytest.skip("this libzmq has no ZMQ_METADATA")
    running.configure_curve_callback(credentials_provider=lambda domain, key: {"X-Role": "guest"})
    keys, server, client = zmq.KeyPair.generate(), make(context, zmq.PULL), make(context, zmq.PUSH)
    zmq.set_curve_server(server, keys)
    own = zmq.set_curve_client(client, keys.public)
    client.set(zmq.METADATA, b"X-Role:admin")
    frame = gets_in(server, client)
    assert (frame.get("X-Role"), frame.get("User-Id")) == ("guest", own.public.decode())


def test_two_contexts_have_each_their_own_authenticator(context: Any, running: Any) -> None:
    """What one refuses the other may let in."""
    other = zmq.Context()
    with ThreadAuthenticator(other) as second, other.socket(zmq.PULL) as server, other.socket(zmq.PUSH) as client:
        running.configure_plain(passwords={"a": "1"})
        second.configure_plain(passwords={"a": "2"})
        here = make(context, zmq.PULL)
        for socket in (here, server):
            socket.plain_server, socket.rcvtimeo = 1, DEADLINE_MS
        assert gets_in(here, plain(make(context, zmq.PUSH), b"a", b"1"))
        assert not gets_in(here, plain(make(context, zmq.PUSH), b"a", b"2"), here.last_endpoint.decode())
        client.linger = 0
        assert gets_in(server, plain(client, b"a", b"2"))
    other.term(timeout=DEADLINE_MS)


# ---- life ----


def test_second_authenticator_of_a_context_is_refused(context: Any, running: Any) -> None:
    """EADDRINUSE that says so, and nothing of the second one stays."""
    second = ThreadAuthenticator(context)
    with pytest.raises(zmq.ZMQError, match="another authenticator") as caught:
        second.start()
    assert caught.value.errno == zmq.Errno.EADDRINUSE
    assert not second.is_alive()
    running.stop()
    second.start()
    assert second.is_alive()
    second.stop()


def test_stop_and_start_again(context: Any) -> None:
    """Twice each, from the main thread; stopping what never ran is no error."""
    auth = ThreadAuthenticator(context)
    auth.stop()
    for _ in range(2):
        assert not auth.is_alive()
        auth.start()
        assert auth.is_alive()
        assert auth.thread.daemon
        auth.stop()
        auth.stop()
    assert auth.zap_socket is auth.pipe is auth.thread is None


@pytest.mark.parametrize("end", ["term", "destroy"])
def test_end_of_the_context_ends_the_authenticator(end: str) -> None:
    """term() does not wait for it, as pyzmq's would."""
    context = zmq.Context()
    auth = ThreadAuthenticator(context)
    auth.start()
    thread = auth.thread
    if end == "term":
        context.term(timeout=DEADLINE_MS)
    else:
        context.destroy(linger=0)
    thread.join(DEADLINE_MS / 1000)
    assert not auth.is_alive()
    auth.stop()


def test_hostile_questions_do_not_stop_the_thread(context: Any, running: Any) -> None:
    """Too few frames, no way back, nonsense: the next client is asked all the same."""
    hostile = make(context, zmq.DEALER)
    hostile.connect(ENDPOINT)
    for frames in (
        [b"no way back"], [b""], [b"", b""], [b"", b"1.0"], [b"", b"1.0", b"1"], [b"x" * 100_000] * 20, [b""] * 30,
        [b"", *question(b"FOO")], [b"", *question(b"CURVE", b"short")], [b"a", b"b", b"", *question(b"NULL")],
    ):  # fmt: skip
        hostile.send_multipart(frames)
    # Answers come in order: all but the two that nobody could be answered.
    answers = [hostile.recv_multipart() for _ in range(8)]
    assert [answer[-4] for answer in answers] == 7 * [b"400"] + [b"200"]
    assert answers[-1][:4] == [b"a", b"b", b"", b"1.0"]
    running.configure_plain(passwords={"a": "1"})
    server = make(context, zmq.PULL)
    server.plain_server = 1
    assert gets_in(server, plain(make(context, zmq.PUSH), b"a", b"1"))


@pytest.mark.parametrize(
    "error", [KeyError("broken"), zmq.Again(), zmq.ZMQError(zmq.ENOTSOCK), asyncio.CancelledError()]
)
def test_error_of_a_subclass_does_not_stop_the_thread(context: Any, caplog: Any, error: BaseException) -> None:
    """It is logged, and the next question is answered: also that of another socket, or of a callback's task."""

    class Broken(ThreadAuthenticator):
        asked = 0

        async def handle_zap_message(self, msg: list[bytes]) -> None:
            self.asked += 1
            if self.asked == 1:
                raise error
            await super().handle_zap_message(msg)

    with Broken(context):
        client = make(context, zmq.REQ)
        client.req_relaxed = client.req_correlate = 1
        client.connect(ENDPOINT)
        for _ in range(2):
            client.send_multipart(question(b"NULL"))
        assert client.recv_multipart()[2] == b"200"
    assert type(error).__name__ in caplog.text


def test_callback_may_await_on_the_thread(context: Any, running: Any) -> None:
    """On an event loop of the thread's own."""
    where = []

    async def decide(domain: str, key: bytes) -> bool:
        await asyncio.sleep(0)
        where.append(threading.current_thread())
        return True

    running.configure_curve_callback(credentials_provider=decide)
    client = make(context, zmq.REQ)
    client.connect(ENDPOINT)
    for _ in range(2):
        client.send_multipart(question(b"CURVE", KEY))
        assert client.recv_multipart()[2] == b"200"
    assert where == 2 * [running.thread]


def test_base_class_answers_who_receives_by_himself(context: Any) -> None:
    """As pyzmq's documentation has it: a REP, and handle_zap_message()."""
    with Authenticator(context) as auth:
        assert auth.zap_socket.type == zmq.REP
        client = make(context, zmq.REQ)
        client.connect(ENDPOINT)
        client.send_multipart(question(b"NULL"))
        auth.zap_socket.rcvtimeo = DEADLINE_MS
        asyncio.run(auth.handle_zap_message(auth.zap_socket.recv_multipart()))
        assert client.recv_multipart()[2] == b"200"
    assert auth.zap_socket is None


def test_program_that_stops_nothing_ends(run_child: Callable[..., Any]) -> None:
    """A running authenticator does not hold up the end of the interpreter, and prints nothing."""
    child = run_child(
        """
        import zmqlite as zmq
        from zmqlite.auth.thread import ThreadAuthenticator
        auth = ThreadAuthenticator()
        auth.start()
        print(auth.is_alive())
        """
    )
    assert (child.exit_code, child.stdout) == (0, "True\n"), child.stderr


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork()")
def test_forked_child_may_stop_the_parents_authenticator(run_child: Callable[..., Any]) -> None:
    """Nothing happens there, and the parent's goes on."""
    child = run_child(
        """
        import os, zmqlite as zmq
        from zmqlite.auth.thread import ThreadAuthenticator
        auth = ThreadAuthenticator()
        auth.start()
        pid = os.fork()
        if pid == 0:
            auth.stop()
            os._exit(7 if not auth.is_alive() else 8)
        print(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), auth.is_alive())
        auth.stop()
        """
    )
    assert child.stdout == "7 True\n", child.stderr
