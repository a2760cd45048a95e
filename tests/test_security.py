"""Servers that are less closed than they look, limits for the open internet, secrets, and an old libzmq."""

from __future__ import annotations

import threading
import traceback
import warnings
from collections.abc import Callable
from typing import Any

import pytest
from auth_rig import DEADLINE_MS, gets_in, make
from conftest import bind_wildcard

import zmqlite as zmq
from zmqlite.auth.thread import ThreadAuthenticator
from zmqlite.version import warn_of_old_libzmq

needs_curve = pytest.mark.skipif(not zmq.has("curve"), reason="this libzmq has no CURVE")
needs_drafts = pytest.mark.skipif(not zmq.has("draft"), reason="this libzmq has no ZAP_ENFORCE_DOMAIN")
SECRET = "D:)Q[IlAW!ahhC2ac:9*A}h:p?([4%wOTJ%JR%cs"


def curve_server(context: Any, **options: Any) -> Any:
    """A CURVE server as programs for pyzmq make one."""
    socket = make(context, zmq.PULL)
    socket.curve_secretkey, socket.curve_server = SECRET.encode(), 1
    for name, value in options.items():
        setattr(socket, name, value)
    return socket


def warned(call: Callable[[], Any]) -> list[str]:
    """The security warnings of a call."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        call()
    return [str(one.message) for one in caught if issubclass(one.category, zmq.SecurityWarning)]


# ---- servers that are open ----


@needs_curve
@pytest.mark.parametrize("verb", ["bind", "connect"])
def test_curve_server_that_asks_nobody_warns(context: Any, verb: str) -> None:
    """It says what to do, points at the caller, and shows no key."""
    server = curve_server(context, zap_domain=b"global")
    with pytest.warns(zmq.SecurityWarning, match="start an authenticator before") as caught:
        getattr(server, verb)("tcp://127.0.0.1:*" if verb == "bind" else "tcp://127.0.0.1:9")
    assert caught[0].filename == __file__
    assert SECRET not in str(caught[0].message)


@needs_curve
def test_warning_that_is_an_error_keeps_the_server_closed(context: Any) -> None:
    """It comes before the bind."""
    server = curve_server(context)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(zmq.SecurityWarning):
            server.bind("tcp://127.0.0.1:*")
    assert not server.last_endpoint


@needs_curve
def test_curve_server_that_asks_somebody_does_not_warn(context: Any) -> None:
    """An authenticator, a ZAP handler of the program's own, a set-up that says what it wants; inproc has no CURVE."""
    keys = zmq.KeyPair.generate()
    told = make(context, zmq.PULL)
    zmq.set_curve_server(told, keys, allow_any=True)
    client = make(context, zmq.PUSH)
    zmq.set_curve_client(client, keys.public)
    assert warned(lambda: bind_wildcard(told, "tcp")) == []
    assert warned(lambda: bind_wildcard(client, "tcp")) == []
    assert warned(lambda: bind_wildcard(curve_server(context), "inproc")) == []
    assert warned(lambda: bind_wildcard(make(context, zmq.PULL), "tcp")) == []
    with ThreadAuthenticator(context):
        assert warned(lambda: bind_wildcard(curve_server(context), "tcp")) == []
    assert len(warned(lambda: bind_wildcard(curve_server(context), "tcp"))) == 1
    own = make(context, zmq.REP)
    own.bind("inproc://zeromq.zap.01")
    assert warned(lambda: bind_wildcard(curve_server(context), "tcp")) == []
    own.unbind("inproc://zeromq.zap.01")
    assert len(warned(lambda: bind_wildcard(curve_server(context), "tcp"))) == 1


@needs_curve
@needs_drafts
def test_enforced_domain_is_closed_and_without_a_name_it_is_not(context: Any) -> None:
    """ZAP_ENFORCE_DOMAIN does nothing for a CURVE server without ZAP_DOMAIN."""
    closed = curve_server(context, zap_enforce_domain=1, zap_domain=b"global")
    assert warned(lambda: bind_wildcard(closed, "tcp")) == []
    nameless = curve_server(context, zap_enforce_domain=1)
    assert len(warned(lambda: bind_wildcard(nameless, "tcp"))) == 1
    public = zmq.curve_public(SECRET)
    for server, lets_in in ((closed, False), (nameless, True)):
        client = make(context, zmq.PUSH)
        zmq.set_curve_client(client, public)
        assert bool(gets_in(server, client, server.last_endpoint.decode())) is lets_in


@needs_curve
def test_authenticator_of_a_shared_context_counts(context: Any) -> None:
    """Shadows share the libzmq context, and so its authenticator."""
    shared = zmq.Context.shadow(context)
    with ThreadAuthenticator(shared):
        assert warned(lambda: bind_wildcard(curve_server(context), "tcp")) == []
    assert len(warned(lambda: bind_wildcard(curve_server(context), "tcp"))) == 1


@needs_drafts
@pytest.mark.parametrize("verb", ["bind", "connect"])
def test_plain_server_that_libzmq_would_abort_over_is_refused(context: Any, verb: str) -> None:
    """ZAP_ENFORCE_DOMAIN without a domain: the first client would end the process."""
    server = make(context, zmq.REP)
    server.plain_server, server.zap_enforce_domain = 1, 1
    with pytest.raises(zmq.ZMQError, match="end the process at the first client") as caught:
        getattr(server, verb)("tcp://127.0.0.1:9" if verb == "connect" else "tcp://127.0.0.1:*")
    assert caught.value.errno == zmq.Errno.EINVAL
    server.zap_domain = b"global"
    assert warned(lambda: bind_wildcard(server, "tcp")) == []


# ---- limits ----


def test_harden_sets_the_documented_limits(context: Any) -> None:
    """Each, and None leaves one as it was."""
    socket = make(context, zmq.PULL)
    socket.harden(connect_timeout_ms=None)
    names = ["maxmsgsize", "handshake_ivl", "heartbeat_ivl", "heartbeat_timeout", "heartbeat_ttl", "connect_timeout"]
    found = [getattr(socket, name) for name in (*names, "reconnect_ivl_max", "tcp_maxrt")]
    assert found == [1_048_576, 5_000, 10_000, 30_000, 30_000, 0, 30_000, 30_000]
    socket.harden(max_message_bytes=10, silence_ms=500)
    assert (socket.maxmsgsize, socket.heartbeat_timeout, socket.heartbeat_ttl) == (10, 500, 500)


def test_harden_after_bind_is_refused(context: Any) -> None:
    """libzmq would take the limits and not use them."""
    socket = make(context, zmq.PULL)
    bind_wildcard(socket, "tcp")
    with pytest.raises(zmq.ZMQError, match="before bind"):
        socket.harden()
    with pytest.raises(zmq.ZMQError):
        make(context, zmq.PULL).harden(silence_ms=2**31 - 1)
    with pytest.raises(TypeError):
        make(context, zmq.PULL).harden(handshake_ms="5")
    closed = make(context, zmq.PULL)
    closed.close()
    with pytest.raises(zmq.ZMQError):
        closed.harden()


def test_hardened_socket_drops_who_sends_too_much_and_serves_the_others(context: Any) -> None:
    """The peer is disconnected, and what it sent never arrives."""
    server = make(context, zmq.PULL)
    server.harden(max_message_bytes=1000)
    reader = server.get_monitor_socket(zmq.Event.DISCONNECTED)
    reader.rcvtimeo = DEADLINE_MS
    endpoint = bind_wildcard(server, "tcp")
    bad, good = make(context, zmq.PUSH), make(context, zmq.PUSH)
    bad.connect(endpoint)
    bad.send(bytes(1001))
    assert zmq.recv_monitor_message(reader)["event"] == zmq.Event.DISCONNECTED
    bad.close()
    good.connect(endpoint)
    good.send(bytes(1000))
    assert server.recv() == bytes(1000)
    server.disable_monitor()


# ---- secrets ----


@needs_curve
def test_secret_options_are_in_no_error_and_no_repr(context: Any) -> None:
    """Also when they are wrong, or for a closed socket."""
    secrets = {
        "plain_password": b"hunter2 hunter2\0", "curve_secretkey": SECRET.encode()[:39],
        "curve_publickey": SECRET.encode() + b"0", "curve_serverkey": b"\xff" * 32 + b"hunter2 ",
    }  # fmt: skip
    for state in ("open", "closed"):
        socket = make(context, zmq.REP)
        if state == "closed":
            socket.close()
        for name, value in secrets.items():
            for wrong in (value, [value], value.decode("latin-1") + "\u1234"):
                try:
                    setattr(socket, name, wrong)
                except (zmq.ZMQError, TypeError, ValueError) as error:
                    told = "".join(traceback.format_exception_only(type(error), error)) + repr(error.args)
                    assert "hunter2" not in told
                    assert SECRET[:12] not in told
        assert "hunter2" not in repr(socket)


@needs_curve
def test_new_secret_key_is_wiped_where_libzmq_left_it(monkeypatch: Any) -> None:
    """What is freed may be read by whoever gets the memory next."""
    from zmqlite import curve

    buffers = []

    class Keeping:
        def __getattr__(self, name: str) -> Any:
            return getattr(original, name)

        def new(self, kind: str, *rest: Any) -> Any:
            buffers.append(original.new(kind, *rest))
            return buffers[-1]

    original = curve.ffi
    monkeypatch.setattr(curve, "ffi", Keeping())
    public, secret = curve.curve_keypair()
    left = [bytes(original.buffer(buffer)) for buffer in buffers]
    assert left == [public + b"\0", bytes(41)]
    assert len(secret) == 40


@needs_curve
@pytest.mark.parametrize(("name", "value"), [("curve_secretkey", SECRET.encode()), ("plain_password", b"hunter2")])
def test_secret_option_that_is_read_is_wiped_from_the_buffer(
    context: Any, monkeypatch: Any, name: str, value: bytes
) -> None:
    """What the caller gets is a copy of his own."""
    from zmqlite import socket_options

    buffers = []

    class Keeping:
        def __getattr__(self, attribute: str) -> Any:
            return getattr(original, attribute)

        def new(self, kind: str, *rest: Any) -> Any:
            buffers.append(original.new(kind, *rest))
            return buffers[-1]

    original = socket_options.ffi
    socket = make(context, zmq.PULL)
    setattr(socket, name, value)
    monkeypatch.setattr(socket_options, "ffi", Keeping())
    assert len(socket.get(getattr(zmq, name.upper()))) in (7, 32, 40)
    assert not any(bytes(original.buffer(buffers[0])))


# ---- an old libzmq ----


@pytest.mark.parametrize("version", [(4, 3, 3), (4, 2, 5), (4, 3, 0), (3, 9, 9)])
def test_libzmq_with_known_holes_warns(version: tuple[int, int, int]) -> None:
    """It names both versions."""
    with pytest.warns(zmq.SecurityWarning, match=".".join(map(str, version)) + r".*4\.3\.4 or later"):
        warn_of_old_libzmq(version)


@pytest.mark.parametrize("version", [(4, 3, 4), (4, 3, 5), (4, 4, 0), (5, 0, 0), None])
def test_newer_libzmq_does_not_warn(version: Any) -> None:
    """Nor does the one that the tests run with."""
    assert warned(lambda: warn_of_old_libzmq(version)) == []


def test_import_warns_of_an_old_libzmq(run_child: Callable[..., Any]) -> None:
    """Once, when zmqlite is imported."""
    child = run_child(
        """
        import sys, types, warnings
        import zmqlite.version
        class Old:
            def __getattr__(self, name):
                return getattr(lib, name)
            def zmq_version(self, major, minor, patch):
                major[0], minor[0], patch[0] = 4, 3, 2
        lib = zmqlite.version.lib
        zmqlite.version.lib = Old()
        del sys.modules["zmqlite"]
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            import zmqlite
        print([(one.category.__name__, str(one.message)[:12]) for one in caught])
        """
    )
    assert child.stdout == "[('SecurityWarning', 'libzmq 4.3.2')]\n", child.stderr


def test_authenticator_threads_end(context: Any) -> None:
    """None is left after many starts and stops."""
    before = threading.active_count()
    for _ in range(20):
        with ThreadAuthenticator(context):
            pass
    assert threading.active_count() == before
