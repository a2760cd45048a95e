"""CURVE keys, and servers that let nobody in by accident."""

from __future__ import annotations

import contextlib
import copy
import os
import pickle
import stat
import threading
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from conftest import bind_wildcard

import zmqlite as zmq
from zmqlite import z85
from zmqlite.curve import (
    KeyPair,
    curve_keypair,
    curve_public,
    load_public_key,
    set_curve_client,
    set_curve_server,
)
from zmqlite.monitor import recv_monitor_message

pytestmark = pytest.mark.skipif(not zmq.has("curve"), reason="this libzmq has no CURVE")
needs_drafts = pytest.mark.skipif(not zmq.has("draft"), reason="this libzmq has no ZAP_ENFORCE_DOMAIN")

# The pair of zmq_curve_keypair(3) and of RFC 26's examples.
PUBLIC = b"Yne@$w-vo<fVvi]a<NY6T1ed:M$fCG*[IaLV{hID"
SECRET = b"D:)Q[IlAW!ahhC2ac:9*A}h:p?([4%wOTJ%JR%cs"

Event = zmq.Event
FAILURES = (
    Event.HANDSHAKE_FAILED_NO_DETAIL,
    Event.HANDSHAKE_FAILED_PROTOCOL,
    Event.HANDSHAKE_FAILED_AUTH,
)


def make(context: Any, socket_type: int) -> Any:
    """A socket of the test's context, which closes it; with a timeout where a test would hang."""
    socket = context.socket(socket_type)
    socket.rcvtimeo = socket.sndtimeo = 10_000
    return socket


class ZapHandler:
    """Answers ZAP requests with one status code, and keeps them."""

    def __init__(self, socket: Any, status: bytes) -> None:
        self.socket = socket
        self.status = status
        self.requests: list[list[bytes]] = []
        socket.rcvtimeo = -1
        socket.bind("inproc://zeromq.zap.01")
        self.thread = threading.Thread(target=self._run)
        self.thread.start()

    def _run(self) -> None:
        try:
            while True:
                request = self.socket.recv_multipart()
                self.requests.append(request)
                self.socket.send_multipart([request[0], request[1], self.status, b"", b"somebody", b""])
        except zmq.ZMQError:  # the end of the context
            pass


@pytest.fixture
def zap(context: Any) -> Iterator[Callable[[bytes], ZapHandler]]:
    """Runs a ZAP handler in the test's context until its end."""
    handlers = []

    def start(status: bytes) -> ZapHandler:
        handlers.append(ZapHandler(make(context, zmq.REP), status))
        return handlers[-1]

    yield start
    context.destroy(linger=0)
    for handler in handlers:
        handler.thread.join(10)


def handshake(server: Any, client: Any) -> Any:
    """Bind one, connect the other over tcp, and tell how the server says that it went."""
    reader = server.get_monitor_socket(Event.HANDSHAKE_SUCCEEDED | sum(FAILURES))
    reader.rcvtimeo = 10_000
    client.connect(bind_wildcard(server, "tcp"))
    event = recv_monitor_message(reader)["event"]
    reader.close()
    return event


# ---- keys ----


def test_curve_keypair_makes_two_z85_keys() -> None:
    """Bytes of 40 characters, another pair each time."""
    public, secret = curve_keypair()
    assert (type(public), len(public), len(z85.decode(public))) == (bytes, 40, 32)
    assert (type(secret), len(secret), len(z85.decode(secret))) == (bytes, 40, 32)
    assert curve_public(secret) == public
    assert curve_keypair()[0] != public


@pytest.mark.parametrize("secret", [SECRET, SECRET.decode()])
def test_curve_public_knows_the_example_of_the_manual(secret: Any) -> None:
    """Bytes or str."""
    assert curve_public(secret) == PUBLIC


@pytest.mark.parametrize("secret", [b"", SECRET[:-1], SECRET + b"0", bytes(32)])
def test_curve_public_of_a_wrong_length_is_a_value_error(secret: bytes) -> None:
    """As pyzmq."""
    with pytest.raises(ValueError, match="40"):
        curve_public(secret)


@pytest.mark.parametrize("secret", [b" " * 40, b"#" * 40, "\u00e9" * 20, SECRET[:39] + b"\0"])
def test_curve_public_of_no_z85_is_einval(secret: Any) -> None:
    """The message does not show it."""
    with pytest.raises(zmq.ZMQError, match="not Z85") as caught:
        curve_public(secret)
    assert caught.value.errno == zmq.Errno.EINVAL


def test_curve_public_of_a_number_is_a_type_error() -> None:
    """It says what it takes."""
    with pytest.raises(TypeError, match="bytes or str, got int"):
        curve_public(5)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "form", [SECRET, SECRET.decode(), bytearray(SECRET), z85.decode(SECRET), memoryview(z85.decode(SECRET))]
)
def test_key_pair_from_every_form_of_a_secret(form: Any) -> None:
    """The public key is worked out."""
    keys = KeyPair(form)
    assert (keys.public, keys.secret) == (PUBLIC, SECRET)
    assert (keys.raw_public, keys.raw_secret) == (z85.decode(PUBLIC), z85.decode(SECRET))


def test_generated_pairs_differ_and_equal_ones_are_equal() -> None:
    """Two objects of the same key are one in a set."""
    keys = KeyPair.generate()
    assert keys != KeyPair.generate()
    assert keys == KeyPair(keys.secret)
    assert len({keys, KeyPair(keys.secret)}) == 1
    assert keys != keys.secret


def test_secret_is_in_no_repr_pickle_or_attribute() -> None:
    """repr, str, format and pickle; a copy is the same object."""
    keys = KeyPair(SECRET)
    for text in (repr(keys), str(keys), f"{keys}", repr([keys])):
        assert PUBLIC.decode() in text
        assert SECRET.decode() not in text
    for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
        with pytest.raises(TypeError, match="not pickled"):
            pickle.dumps(keys, protocol)
    assert copy.copy(keys) is keys
    assert copy.deepcopy([keys])[0] is keys
    assert not hasattr(keys, "__dict__")


@pytest.mark.parametrize("wrong", [SECRET[:39], SECRET + b"0", SECRET[:39] + b" ", SECRET.decode()[:39] + "\u00e9"])
def test_wrong_secret_is_not_shown(wrong: Any) -> None:
    """ValueError, and its whole traceback has nothing of the key, nor that of a socket helper."""
    part = SECRET[:20].decode()
    for call in (KeyPair, lambda key: set_curve_client(None, SECRET, key)):
        with pytest.raises(ValueError, match="secret key") as caught:
            call(wrong)
        told = "".join(traceback.format_exception_only(type(caught.value), caught.value))
        assert part not in told + repr(caught.value.__cause__) + repr(caught.value.args)
        assert caught.value.__suppress_context__ or caught.value.__context__ is None


def test_key_of_another_type_is_a_type_error() -> None:
    """A path as str is not guessed to be one."""
    with pytest.raises(TypeError, match="got int"):
        KeyPair(5)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="40 Z85 characters"):
        KeyPair("/etc/keys/server.key_secret")


# ---- files ----


def test_saved_keys_load_again(tmp_path: Path) -> None:
    """The secret certificate has both, the public one only the public key."""
    keys = KeyPair.generate()
    keys.save(tmp_path / "server.key_secret", {"name": "the server", "e-mail": "a=b"})
    keys.save_public(str(tmp_path / "server.key"))
    assert KeyPair.load(str(tmp_path / "server.key_secret")) == keys
    assert load_public_key(tmp_path / "server.key") == load_public_key(tmp_path / "server.key_secret") == keys.public
    assert keys.secret not in (tmp_path / "server.key").read_bytes()
    assert b"    e-mail = a=b\n" in (tmp_path / "server.key_secret").read_bytes()


@pytest.mark.skipif(os.name == "nt", reason="Windows has other permissions")
def test_saved_secret_is_for_its_owner_only(tmp_path: Path) -> None:
    """0600, whatever the umask lets through."""
    before = os.umask(0)
    try:
        KeyPair(SECRET).save(tmp_path / "secret")
        KeyPair(SECRET).save_public(tmp_path / "public")
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "secret").stat().st_mode) == 0o600
    assert stat.S_IMODE((tmp_path / "public").stat().st_mode) == 0o644


@pytest.mark.skipif(os.name == "nt", reason="links need a privilege on Windows")
def test_save_never_writes_to_what_is_there(tmp_path: Path) -> None:
    """Neither over a file nor through a link, also one that leads nowhere."""
    (tmp_path / "old").write_text("precious")
    (tmp_path / "link").symlink_to(tmp_path / "target")
    for name in ("old", "link"):
        with pytest.raises(FileExistsError):
            KeyPair(SECRET).save(tmp_path / name)
        with pytest.raises(FileExistsError):
            KeyPair(SECRET).save_public(tmp_path / name)
    assert (tmp_path / "old").read_text() == "precious"
    assert not (tmp_path / "target").exists()


def test_failed_save_leaves_no_file(tmp_path: Path) -> None:
    """Metadata that would forge a line is refused before, half a file is removed after."""
    for metadata in ({"a": "b\ncurve"}, {"a\n": "b"}, {"a=b": "c"}):
        with pytest.raises(ValueError, match="one line"):
            KeyPair(SECRET).save(tmp_path / "key", metadata)
    with pytest.raises(UnicodeEncodeError):
        KeyPair(SECRET).save(tmp_path / "key", {"name": "\ud800"})
    assert list(tmp_path.iterdir()) == []


def test_certificates_go_between_pyzmq_and_zmqlite(tmp_path: Path) -> None:
    """Each reads what the other wrote."""
    certs = pytest.importorskip("zmq.auth.certs")
    public_file, secret_file = certs.create_certificates(tmp_path, "theirs", metadata={"who": "me"})
    os.chmod(secret_file, 0o600)
    theirs = certs.load_certificate(secret_file)
    keys = KeyPair.load(secret_file)
    assert (keys.public, keys.secret) == theirs
    assert load_public_key(public_file) == theirs[0]
    keys.save(tmp_path / "ours", {"who": "me"})
    keys.save_public(tmp_path / "public")
    assert certs.load_certificate(tmp_path / "ours") == theirs
    assert certs.load_certificate(tmp_path / "public") == (theirs[0], None)


def test_certificate_of_czmq_loads(tmp_path: Path) -> None:
    """Tabs, comments and metadata that looks like keys, before and after."""
    lie = '    public-key = "not here"\n    secret-key = "not here"\n'
    (tmp_path / "key").touch(0o600)
    (tmp_path / "key").write_text(
        f"#   ****  Generated by CZMQ  ****\n\nmetadata\n{lie}"
        f'curve\n\tpublic-key = "{PUBLIC.decode()}"\n    secret-key = "{SECRET.decode()}"\nmetadata\n{lie}'
    )
    assert KeyPair.load(tmp_path / "key").secret == SECRET


def test_certificate_that_lacks_or_mixes_keys_is_refused(tmp_path: Path) -> None:
    """ValueError that names the file and shows no key."""
    other = KeyPair.generate()
    path = tmp_path / "key"
    path.touch(0o600)
    path.write_text(f'curve\n    public-key = "{other.public.decode()}"\n    secret-key = "{SECRET.decode()}"\n')
    with pytest.raises(ValueError, match="does not belong") as caught:
        KeyPair.load(path)
    assert SECRET.decode() not in str(caught.value)
    path.write_text(f'curve\n    public-key = "{PUBLIC.decode()}"\n')
    with pytest.raises(ValueError, match="no secret-key"):
        KeyPair.load(path)
    path.write_text(f'curve\n    secret-key = "{SECRET.decode()[:39]}"\n')
    with pytest.raises(ValueError, match="got 39") as caught:
        KeyPair.load(path)
    assert SECRET.decode()[:20] not in str(caught.value)
    with pytest.raises(ValueError, match="no public-key"):
        load_public_key(path)
    with pytest.raises(FileNotFoundError):
        KeyPair.load(tmp_path / "nowhere")


# ---- connections ----


def talk(server: Any, client: Any) -> None:
    """A message each way."""
    client.send(b"question")
    assert server.recv() == b"question"
    server.send(b"answer")
    assert client.recv() == b"answer"


@needs_drafts
def test_server_without_a_zap_handler_lets_nobody_in(context: Any) -> None:
    """libzmq itself would let everybody in."""
    server, client, keys = make(context, zmq.REP), make(context, zmq.REQ), KeyPair.generate()
    set_curve_server(server, keys)
    set_curve_client(client, keys.public)
    assert handshake(server, client) in FAILURES
    with contextlib.suppress(zmq.Again):
        client.send(b"let me in", zmq.NOBLOCK)
    assert server.poll(200) == 0


def test_allow_any_lets_everybody_in_who_knows_the_key(context: Any) -> None:
    """A client with a pair of its own, made on the spot."""
    server, client, keys = make(context, zmq.REP), make(context, zmq.REQ), KeyPair.generate()
    set_curve_server(server, keys, allow_any=True)
    own = set_curve_client(client, keys.public)
    assert own != keys
    assert handshake(server, client) == Event.HANDSHAKE_SUCCEEDED
    talk(server, client)
    assert server.mechanism == client.mechanism == zmq.CURVE


def test_client_with_the_wrong_server_key_gets_nowhere(context: Any) -> None:
    """Nor does one without keys."""
    server, keys = make(context, zmq.REP), KeyPair.generate()
    set_curve_server(server, keys, allow_any=True)
    client = make(context, zmq.REQ)
    set_curve_client(client, KeyPair.generate().public)
    assert handshake(server, client) in FAILURES


def test_plain_client_of_a_curve_server_gets_nowhere(context: Any) -> None:
    """A peer that does not encrypt is refused."""
    server = make(context, zmq.REP)
    set_curve_server(server, KeyPair.generate(), allow_any=True)
    assert handshake(server, make(context, zmq.REQ)) in FAILURES


@needs_drafts
def test_zap_handler_decides_and_hears_domain_and_key(context: Any, zap: Any) -> None:
    """Its 200 opens, and it knows whom it let in."""
    handler = zap(b"200")
    server, client, keys, own = make(context, zmq.REP), make(context, zmq.REQ), KeyPair.generate(), KeyPair.generate()
    set_curve_server(server, keys, domain="accounts")
    assert set_curve_client(client, keys, own) is own
    assert handshake(server, client) == Event.HANDSHAKE_SUCCEEDED
    talk(server, client)
    _version, _id, domain, _address, _routing_id, mechanism, key = handler.requests[0]
    assert (domain, mechanism, key) == (b"accounts", b"CURVE", own.raw_public)


@pytest.mark.parametrize("allow_any", [pytest.param(False, marks=needs_drafts), True])
def test_zap_handler_that_refuses_is_obeyed(context: Any, zap: Any, allow_any: bool) -> None:
    """Also with allow_any: a handler that runs is asked."""
    handler = zap(b"400")
    server, client, keys = make(context, zmq.REP), make(context, zmq.REQ), KeyPair.generate()
    set_curve_server(server, keys, allow_any=allow_any)
    set_curve_client(client, keys.public)
    assert handshake(server, client) == Event.HANDSHAKE_FAILED_AUTH
    assert handler.requests[0][2] == b"global"


def test_keys_from_files(context: Any, tmp_path: Path) -> None:
    """Paths do for keys on both sides."""
    KeyPair.generate().save(tmp_path / "server")
    KeyPair.generate().save(tmp_path / "client")
    KeyPair.load(tmp_path / "server").save_public(tmp_path / "server.pub")
    server, client = make(context, zmq.REP), make(context, zmq.REQ)
    set_curve_server(server, tmp_path / "server", allow_any=True)
    own = set_curve_client(client, tmp_path / "server.pub", tmp_path / "client")
    assert own == KeyPair.load(tmp_path / "client")
    assert handshake(server, client) == Event.HANDSHAKE_SUCCEEDED


@pytest.mark.parametrize("use", ["bind", "connect"])
def test_keys_after_bind_or_connect_are_refused(context: Any, use: str) -> None:
    """libzmq would take them for the next endpoint, and leave this one open to all."""
    socket = make(context, zmq.DEALER)
    getattr(socket, use)("tcp://127.0.0.1:*" if use == "bind" else "tcp://127.0.0.1:1")
    for call in (
        lambda: set_curve_server(socket, SECRET, allow_any=True),
        lambda: set_curve_client(socket, PUBLIC),
    ):
        with pytest.raises(zmq.ZMQError, match=r"before bind\(\) and connect\(\)") as caught:
            call()
        assert caught.value.errno == zmq.Errno.EINVAL
    assert socket.mechanism == zmq.NULL


def test_server_without_zap_enforce_domain_is_refused() -> None:
    """A libzmq without drafts cannot shut the door: the server is not made unless allow_any says so."""

    class OldSocket:
        def __init__(self) -> None:
            self.options: dict[int, Any] = {}

        def get(self, option: int) -> bytes:
            return b""

        def set(self, option: int, value: Any) -> None:
            if option == zmq.ZAP_ENFORCE_DOMAIN:
                raise zmq.ZMQError(zmq.Errno.EINVAL)
            self.options[option] = value

    socket: Any = OldSocket()
    with pytest.raises(zmq.ZMQVersionError, match="allow_any"):
        set_curve_server(socket, SECRET)
    assert socket.options == {}
    set_curve_server(socket, SECRET, allow_any=True)
    assert socket.options[zmq.CURVE_SERVER] == 1


def test_closed_socket_raises(context: Any) -> None:
    """ENOTSOCK, and the keys are not shown."""
    socket = make(context, zmq.REP)
    socket.close()
    with pytest.raises(zmq.ZMQError) as caught:
        set_curve_server(socket, SECRET, allow_any=True)
    assert caught.value.errno == zmq.Errno.ENOTSOCK
    assert SECRET.decode() not in str(caught.value)


def test_without_curve_every_call_says_so(monkeypatch: pytest.MonkeyPatch, context: Any) -> None:
    """ENOTSUP that points to has("curve")."""
    import zmqlite.curve as module

    class NoCurve:
        @staticmethod
        def zmq_has(_: bytes) -> int:
            return 0

    socket = make(context, zmq.REP)
    monkeypatch.setattr(module, "lib", NoCurve)
    for call in (
        lambda: KeyPair(SECRET),
        lambda: set_curve_server(socket, SECRET),
        lambda: set_curve_client(socket, PUBLIC),
    ):
        with pytest.raises(zmq.ZMQError, match="built without CURVE") as caught:
            call()
        assert caught.value.errno == zmq.Errno.ENOTSUP
