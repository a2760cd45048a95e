"""What authenticators answer."""

from __future__ import annotations

import asyncio
import hmac
import logging
import os
from concurrent.futures import Future
from pathlib import Path
from typing import Any

import pytest
from auth_rig import ask, question, status
from hypothesis import given, settings
from hypothesis import strategies as st

import zmqlite as zmq
from zmqlite import z85
from zmqlite.auth import CURVE_ALLOW_ANY, Authenticator
from zmqlite.auth import rules as auth_rules

needs_curve = pytest.mark.skipif(not zmq.has("curve"), reason="this libzmq has no CURVE")
KEY = bytes(range(32))


@pytest.fixture
def auth(context: Any) -> Any:
    """An authenticator that is not started."""
    return Authenticator(context)


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


def _yields(domain: str, key: bytes) -> Any:
    yield False


async def _yields_later(domain: str, key: bytes) -> Any:
    yield False


@pytest.mark.parametrize("provider", [_yields, _yields_later, lambda domain, key: Future()])
def test_callback_that_returns_what_decides_nothing_lets_nobody_in(auth: Any, provider: Any, caplog: Any) -> None:
    """A generator, or what a pool of threads will answer: all of them are true."""
    auth.configure_curve_callback(credentials_provider=provider)
    assert status(auth, b"CURVE", KEY) == b"500"
    assert "no answer" in caplog.text


@pytest.mark.parametrize(("answer", "code"), [(False, b"400"), (True, b"200")])
def test_callback_that_forgets_to_await_is_awaited(auth: Any, answer: bool, code: bytes) -> None:
    """What an async function returns may be awaited, too: a coroutine is true whatever it will say."""

    async def forgets(domain: str, key: bytes) -> Any:
        return _later(answer)

    auth.configure_curve_callback(credentials_provider=forgets)
    assert status(auth, b"CURVE", KEY) == code


def test_allowing_an_empty_list_lets_nobody_in(auth: Any) -> None:
    """It is the list of all that may connect."""
    auth.allow(*[])
    assert status(auth, b"NULL") == b"400"
    with pytest.raises(ValueError, match="allow"):
        auth.deny("192.0.2.1")
    auth.allow("127.0.0.1")
    assert status(auth, b"NULL") == b"200"


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
    for wrong in ("admin\0x", KeyError("x"), None, 5):
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
