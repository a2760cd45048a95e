"""Authenticators: what they answer, and who gets in over real connections."""

from __future__ import annotations

import asyncio
import hmac
import logging
import os
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from auth_rig import DEADLINE_MS, ask, gets_in, make, question, status
from conftest import bind_wildcard
from hypothesis import given, settings
from hypothesis import strategies as st

import zmqlite as zmq
from zmqlite import z85
from zmqlite.auth import CURVE_ALLOW_ANY, Authenticator, create_certificates
from zmqlite.auth import rules as auth_rules
from zmqlite.auth.thread import ThreadAuthenticator

needs_curve = pytest.mark.skipif(not zmq.has("curve"), reason="this libzmq has no CURVE")
KEY = bytes(range(32))
ENDPOINT = "inproc://zeromq.zap.01"


@pytest.fixture
def auth(context: Any) -> Any:
    """An authenticator that is not started."""
    return Authenticator(context)


@pytest.fixture
def running(context: Any) -> Iterator[Any]:
    """An authenticator on a thread, for the test's context."""
    with ThreadAuthenticator(context) as made:
        yield made


# ---- answers ----


def test_answer_has_the_frames_of_zap(auth: Any) -> None:
    """Version, request id, status, text, user id, metadata; the last two only when it is let in."""
    assert ask(auth, *question(b"NULL")) == [b"1.0", b"1", b"200", b"OK", b"anonymous", b""]
    auth.deny("127.0.0.1")
    assert ask(auth, *question(b"NULL")) == [b"1.0", b"1", b"400", b"Address denied", b"", b""]


@pytest.mark.parametrize(
    ("rule", "address", "answer"),
    [
        (("allow", "10.0.0.1"), b"10.0.0.1", b"200"), (("allow", "10.0.0.1"), b"10.0.0.2", b"400"),
        (("allow", "10.0.0.0/8"), b"10.9.9.9", b"200"), (("allow", "10.0.0.0/8"), b"11.0.0.1", b"400"),
        (("allow", "10.0.0.1"), b"", b"400"), (("allow", "10.0.0.1"), b"nonsense", b"400"),
        (("allow", "10.0.0.1"), b"::ffff:10.0.0.1", b"200"), (("deny", "10.0.0.1"), b"::ffff:10.0.0.1", b"400"),
        (("deny", "10.0.0.0/8"), b"::ffff:10.0.0.1", b"400"), (("deny", "::ffff:10.0.0.1"), b"10.0.0.1", b"400"),
        (("deny", "2001:db8::1"), b"2001:0DB8:0:0:0:0:0:1", b"400"), (("deny", "fe80::1"), b"fe80::1%eth0", b"400"),
        (("deny", "10.0.0.1"), b"10.0.0.2", b"200"), (("deny", "2001:db8::/32"), b"10.0.0.1", b"200"),
        (("allow", "localhost:0:0:4711"), b"localhost:0:0:4711", b"200"),
    ],
)  # fmt: skip
def test_addresses_are_compared_as_addresses(auth: Any, rule: Any, address: bytes, answer: bytes) -> None:
    """Not as text: an IPv6 socket tells an IPv4 client in another way."""
    getattr(auth, rule[0])(rule[1])
    assert status(auth, b"NULL", address=address) == answer


def test_allow_and_deny_exclude_each_other(auth: Any) -> None:
    """ValueError; and what is no address is told."""
    auth.allow("10.0.0.1")
    with pytest.raises(ValueError, match="not both"):
        auth.deny("10.0.0.2")
    other = Authenticator(auth.context)
    other.deny("10.0.0.1")
    with pytest.raises(ValueError, match="not both"):
        other.allow("10.0.0.2")
    with pytest.raises(ValueError, match="host bits"):
        other.deny("10.0.0.1/8")
    with pytest.raises(TypeError, match="got int"):
        other.deny(1)
    with pytest.warns(zmq.SecurityWarning, match="no client has the address 'example.org'"):
        other.deny("example.org")


@pytest.mark.parametrize("mechanism", [b"PLAIN", b"CURVE"])
def test_allowed_address_still_shows_its_credentials(auth: Any, mechanism: bytes) -> None:
    """Allowing an address is no way around them."""
    auth.allow("127.0.0.1")
    auth.configure_plain(passwords={"admin": "secret"})
    auth.configure_curve_callback(credentials_provider=lambda domain, key: False)
    credentials = (b"admin", b"wrong") if mechanism == b"PLAIN" else (KEY,)
    assert status(auth, mechanism, *credentials) == b"400"


@pytest.mark.parametrize(
    ("user", "password", "answer"),
    [
        (b"admin", b"secret", b"200"), (b"admin", b"Secret", b"400"), (b"admin", b"", b"400"), (b"", b"", b"400"),
        (b"nobody", b"secret", b"400"), (b"admin\0x", b"secret", b"400"), (b"admin", b"secret\0", b"400"),
        (b"\xff", b"\xff", b"400"), ("\u00fc".encode(), "\u00e4".encode(), b"200"), (b"replaced", b"\xff", b"400"),
    ],
)  # fmt: skip
def test_plain_lets_in_who_has_the_password(auth: Any, user: bytes, password: bytes, answer: bytes) -> None:
    """Of this very user, byte for byte."""
    auth.configure_plain(passwords={"admin": "secret", "\u00fc": "\u00e4", "replaced": "\ufffd", "admin\0x": "secret"})
    reply = ask(auth, *question(b"PLAIN", user, password))
    assert reply[2] == answer
    assert reply[4] == (user if answer == b"200" else b"")


def test_plain_tells_no_difference_between_a_wrong_user_and_a_wrong_password(auth: Any, monkeypatch: Any) -> None:
    """Neither by its answer nor by what it does."""
    compared = []
    compare_digest = hmac.compare_digest

    def compare(left: bytes, right: bytes) -> bool:
        compared.append((len(left), len(right)))
        return compare_digest(left, right)

    monkeypatch.setattr(auth_rules.hmac, "compare_digest", compare)
    auth.configure_plain(passwords={"admin": "secret"})
    replies = [
        ask(auth, *question(b"PLAIN", *credentials))
        for credentials in ((b"admin", b"wrong"), (b"nobody", b"secret"), (b"\xff", b""), (b"admin", b"x" * 255))
    ]
    assert replies == 4 * [[b"1.0", b"1", b"400", b"Invalid username or password", b"", b""]]
    assert compared == 4 * [(32, 32)]


def test_passwords_of_a_domain_go_before_those_of_all(auth: Any) -> None:
    """`*` is for domains that have none; and changes of the mapping are seen."""
    passwords = {"a": "1"}
    auth.configure_plain("inner", passwords)
    assert status(auth, b"PLAIN", b"a", b"1", domain=b"other") == b"400"
    auth.configure_plain(passwords={"a": "2"})
    for domain, password, answer in (
        (b"inner", b"1", b"200"), (b"inner", b"2", b"400"), (b"other", b"2", b"200"), (b"", b"2", b"200"),
        (b"other", b"1", b"400"),
    ):  # fmt: skip
        assert status(auth, b"PLAIN", b"a", password, domain=domain) == answer
    passwords["a"] = "3"
    assert status(auth, b"PLAIN", b"a", b"3", domain=b"inner") == b"200"
    auth.configure_plain("inner", {})
    assert status(auth, b"PLAIN", b"a", b"3", domain=b"inner") == b"400"


def test_curve_rules_are_each_for_their_domain(auth: Any, tmp_path: Path) -> None:
    """Allowing any in one opens no other, which in pyzmq it does."""
    other = zmq.KeyPair.generate() if zmq.has("curve") else None
    auth.configure_curve("open", CURVE_ALLOW_ANY)
    auth.configure_curve("strict", tmp_path)
    for domain, answer in ((b"open", b"200"), (b"strict", b"400"), (b"unknown", b"400"), (b"", b"400")):
        assert status(auth, b"CURVE", KEY, domain=domain) == answer
    assert not auth.allow_any
    auth.allow_any = True
    for domain, answer in ((b"strict", b"400"), (b"unknown", b"200"), (b"", b"200")):
        assert status(auth, b"CURVE", KEY, domain=domain) == answer
    auth.configure_curve(location=tmp_path)
    assert not auth.allow_any
    assert status(auth, b"CURVE", KEY) == b"400"
    auth.configure_curve("open", tmp_path)
    assert status(auth, b"CURVE", KEY, domain=b"open") == b"400"
    assert other is None or status(auth, b"CURVE", other.raw_public) == b"400"


@needs_curve
def test_curve_folder_is_looked_at_for_each_client(auth: Any, tmp_path: Path) -> None:
    """A certificate that comes lets its owner in, one that goes keeps it out."""
    keys = zmq.KeyPair.generate()
    auth.configure_curve(location=str(tmp_path))
    assert status(auth, b"CURVE", keys.raw_public, domain=b"global") == b"400"
    keys.save_public(tmp_path / "a.key")
    reply = ask(auth, *question(b"CURVE", keys.raw_public, domain=b"global"))
    assert (reply[2], reply[4]) == (b"200", keys.public)
    assert auth.certs == {"*": {keys.public: True}}
    assert status(auth, b"CURVE", KEY) == b"400"
    os.unlink(tmp_path / "a.key")
    assert status(auth, b"CURVE", keys.raw_public) == b"400"


def test_curve_folder_that_is_not_there_lets_nobody_in(auth: Any, tmp_path: Path, caplog: Any) -> None:
    """It is logged; also in the place of one that was there."""
    auth.configure_curve(location=CURVE_ALLOW_ANY)
    auth.configure_curve(location=tmp_path / "nowhere")
    assert "nowhere" in caplog.text
    assert status(auth, b"CURVE", KEY) == b"400"


class Provider:
    """A credentials provider as pyzmq has them."""

    def __init__(self, answer: Any) -> None:
        self.answer = answer
        self.asked: list[Any] = []

    def callback(self, domain: str, key: bytes) -> Any:
        """Keep the question, give the answer."""
        self.asked.append((domain, key))
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


async def _later(value: Any) -> Any:
    await asyncio.sleep(0)
    return value


@pytest.mark.parametrize(
    ("answer", "code"),
    [(True, b"200"), (False, b"400"), (None, b"400"), ({}, b"400"), (RuntimeError("db"), b"500"),
     ({"X-Role": 5}, b"500"), ({"": "x"}, b"500"), ({"X-Role": "a\0b"}, b"500"), (KeyError(), b"500")],
)  # fmt: skip
def test_curve_callback_decides(auth: Any, answer: Any, code: bytes) -> None:
    """An object with callback(), a function, or one that awaits; what fails lets nobody in."""
    provider = Provider(answer)
    auth.configure_curve_callback(credentials_provider=provider)
    assert status(auth, b"CURVE", KEY) == code
    assert status(auth, b"CURVE", KEY, domain=b"other") == code
    assert provider.asked == [("*", z85.encode(KEY)), ("other", z85.encode(KEY))]
    auth.configure_curve_callback(credentials_provider=provider.callback)
    assert status(auth, b"CURVE", KEY) == code
    if not isinstance(answer, Exception):
        auth.configure_curve_callback(credentials_provider=lambda domain, key: _later(answer))
        assert status(auth, b"CURVE", KEY) == code


def test_no_credentials_provider_changes_nothing(auth: Any, caplog: Any) -> None:
    """It is logged, as in pyzmq."""
    auth.configure_curve(location=CURVE_ALLOW_ANY)
    auth.configure_curve_callback()
    assert "None credentials_provider" in caplog.text
    assert status(auth, b"CURVE", KEY) == b"200"


def test_user_id_of_a_subclass_is_told(context: Any) -> None:
    """One with a NUL, which libzmq would cut, and one that raises let nobody in."""

    class Named(Authenticator):
        name: Any = "k\u00f6nig"

        def curve_user_id(self, client_public_key: bytes) -> str:
            assert client_public_key == KEY
            if isinstance(self.name, Exception):
                raise self.name
            name: str = self.name
            return name

    auth = Named(context)
    auth.configure_curve(location=CURVE_ALLOW_ANY)
    assert ask(auth, *question(b"CURVE", KEY))[2:5] == [b"200", b"OK", "k\u00f6nig".encode()]
    for wrong in ("admin\0x", KeyError("x")):
        auth.name = wrong
        assert ask(auth, *question(b"CURVE", KEY))[2:] == [b"500", b"Internal error", b"", b""]


@pytest.mark.parametrize(
    "frames",
    [
        [], [b"1.0"], [b"1.0", b"7"], question(b"NULL")[:5], question(b"NULL", version=b"2.0"),
        question(b"NULL", version=b""), question(b"NULL", b"extra"), question(b"PLAIN"), question(b"PLAIN", b"admin"),
        question(b"PLAIN", b"admin", b"secret", b"x"), question(b"CURVE"), question(b"CURVE", b""),
        question(b"CURVE", KEY[:31]), question(b"CURVE", KEY + b"x"), question(b"CURVE", KEY, KEY),
        question(b"GSSAPI"), question(b"GSSAPI", b"a\0b"), question(b""), question(b"plain", b"admin", b"secret"),
        question(b"FOO"), question(b"NULL\0"),
    ],
)  # fmt: skip
def test_what_is_no_question_is_refused(auth: Any, frames: list[bytes]) -> None:
    """One answer, 400, whatever the rules: also a mechanism that nobody knows from an allowed address."""
    auth.allow("127.0.0.1")
    auth.configure_plain(passwords={"admin": "secret"})
    auth.configure_curve(location=CURVE_ALLOW_ANY)
    reply = ask(auth, *frames)
    assert (len(reply), reply[0], reply[2], reply[4:]) == (6, b"1.0", b"400", [b"", b""])
    assert reply[1] == (frames[1] if len(frames) > 1 else b"")


@settings(max_examples=300, deadline=None)
@given(
    st.lists(st.binary(max_size=300), max_size=9)
    | st.tuples(
        st.sampled_from([b"1.0", b"1.1"]), st.binary(max_size=9), st.binary(max_size=9), st.binary(max_size=20),
        st.just(b""), st.sampled_from([b"NULL", b"PLAIN", b"CURVE", b"GSSAPI", b"curve"]), st.binary(max_size=40),
        st.binary(max_size=9),
    ).map(list)
)  # fmt: skip
def test_any_question_has_one_answer_and_nobody_strange_gets_in(frames: list[bytes]) -> None:
    """200 is only for NULL here: there is one user and one key, which chance does not find."""
    auth = Authenticator(zmq.Context.instance())
    auth.configure_plain(passwords={"a long user name": "a long password"})
    auth.certs["*"] = {z85.encode(KEY): True}
    auth.log = logging.getLogger("zmqlite.tests.silent")
    auth.log.disabled = True
    reply = ask(auth, *frames)
    assert len(reply) == 6
    if reply[2] == b"200":
        assert frames[5:] == [b"NULL"] or frames[5] == b"GSSAPI"
    else:
        assert reply[2:] == [b"400", reply[3], b"", b""]


def test_log_has_no_secret(auth: Any, caplog: Any) -> None:
    """Nor has a repr; at the most talkative level, let in and refused."""
    caplog.set_level(logging.DEBUG)
    auth.configure_plain(passwords={"admin": "hunter2"})
    for password in (b"hunter2", b"hunter3"):
        ask(auth, *question(b"PLAIN", b"admin", password))
    ask(auth, b"1.0", b"1", b"", b"", b"", b"PLAIN", b"admin", b"hunter2", b"more")
    assert "ALLOWED" in caplog.text
    assert "DENIED" in caplog.text
    assert "hunter" not in caplog.text + repr(auth) + str(auth.__dict__.get("_folders"))


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


def test_error_of_a_subclass_does_not_stop_the_thread(context: Any, caplog: Any) -> None:
    """It is logged, and the next question is answered."""

    class Broken(ThreadAuthenticator):
        asked = 0

        async def handle_zap_message(self, msg: list[bytes]) -> None:
            self.asked += 1
            if self.asked == 1:
                raise KeyError("broken")
            await super().handle_zap_message(msg)

    with Broken(context):
        client = make(context, zmq.REQ)
        client.req_relaxed = client.req_correlate = 1
        client.connect(ENDPOINT)
        for _ in range(2):
            client.send_multipart(question(b"NULL"))
        assert client.recv_multipart()[2] == b"200"
    assert "KeyError" in caplog.text


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
