"""Binding, connecting, taking it back, and the errors that name the endpoint."""

from __future__ import annotations

import errno
import itertools
import os
from pathlib import Path
from typing import Any

import pytest
from conftest import bind_wildcard

import zmqlite
from zmqlite.errors import ZMQError

needs_ws = pytest.mark.skipif(not zmqlite.has("WS"), reason="this libzmq has no ws://")
needs_drafts = pytest.mark.skipif(not zmqlite.has("draft"), reason="needs a libzmq with drafts")
TCP = ["tcp", pytest.param("ws", marks=needs_ws)]
names = itertools.count()


def send_across(push: Any, pull: Any) -> None:
    """Show that two sockets are connected."""
    push.sndtimeo = pull.rcvtimeo = 10000
    push.send(b"across")
    assert pull.recv() == b"across"


# ---- binding ----


def test_last_endpoint_is_resolved(context: zmqlite.Context[Any], transport: str) -> None:
    """What was bound last, without wildcards, and one can connect there."""
    pull, push = context.socket(zmqlite.PULL), context.socket(zmqlite.PUSH)
    assert pull.last_endpoint == b""
    endpoint = bind_wildcard(pull, transport)
    assert pull.last_endpoint == pull.LAST_ENDPOINT == endpoint.encode()
    assert "*" not in endpoint
    push.connect(endpoint)
    assert push.get_string(zmqlite.LAST_ENDPOINT) == endpoint
    send_across(push, pull)


def test_endpoint_may_be_bytes(context: zmqlite.Context[Any], transport: str) -> None:
    """In every call."""
    pull, push = context.socket(zmqlite.PULL), context.socket(zmqlite.PUSH)
    endpoint = bind_wildcard(pull, transport).encode()
    push.connect(endpoint)
    send_across(push, pull)
    push.disconnect(endpoint)
    pull.unbind(endpoint)


def test_one_socket_binds_and_connects_many_times(context: zmqlite.Context[Any]) -> None:
    """To several endpoints of several transports, before and after anybody is there."""
    pull = context.socket(zmqlite.PULL)
    endpoints = [bind_wildcard(pull, transport) for transport in ("inproc", "tcp", "tcp")]
    later = "inproc://later"
    for endpoint in (*endpoints, later):
        push = context.socket(zmqlite.PUSH)
        push.connect(endpoint)
        if endpoint == later:
            pull.bind(later)
        send_across(push, pull)


def test_connect_may_name_its_source(context: zmqlite.Context[Any]) -> None:
    """tcp://source:port;destination:port."""
    pull, push = context.socket(zmqlite.PULL), context.socket(zmqlite.PUSH)
    endpoint = bind_wildcard(pull, "tcp")
    push.connect(endpoint.replace("//", "//127.0.0.1:0;"))
    send_across(push, pull)


def test_unbind_and_disconnect(context: zmqlite.Context[Any], transport: str) -> None:
    """Once; the second time it is ENOENT, and says what to look at."""
    pull, push = context.socket(zmqlite.PULL), context.socket(zmqlite.PUSH)
    endpoint = bind_wildcard(pull, transport)
    push.connect(endpoint)
    for call in (push.disconnect, pull.unbind):
        call(endpoint)
        with pytest.raises(ZMQError, match=f"{call.__name__}.*{endpoint}.*LAST_ENDPOINT has the exact text") as caught:
            call(endpoint)
        assert caught.value.errno == errno.ENOENT


def test_unbound_endpoint_can_be_bound_again(context: zmqlite.Context[Any]) -> None:
    """By another socket; libzmq lets go of it in its own time."""
    first, second = context.socket(zmqlite.PULL), context.socket(zmqlite.PULL)
    endpoint = bind_wildcard(first, "tcp")
    with pytest.raises(ZMQError, match="Address already in use") as caught:
        second.bind(endpoint)
    assert caught.value.errno == errno.EADDRINUSE
    with first.get_monitor_socket() as monitor:
        monitor.rcvtimeo = 10000
        first.unbind(endpoint)
        while zmqlite.recv_monitor_message(monitor)["event"] != zmqlite.EVENT_CLOSED:
            pass
        first.disable_monitor()
    second.bind(endpoint)
    assert second.last_endpoint == endpoint.encode()


# ---- context managers ----


@pytest.mark.parametrize("wildcard", ["tcp://127.0.0.1:*", "tcp://127.0.0.1:0", "ipc://*", "inproc://with"])
def test_bind_in_a_with_statement_unbinds(context: zmqlite.Context[Any], wildcard: str) -> None:
    """The resolved endpoint; also after an exception."""
    socket = context.socket(zmqlite.PULL)
    endpoints = []

    def leave() -> None:
        with socket.bind(wildcard) as bound:
            assert bound is socket
            endpoints.append(socket.last_endpoint.decode())
            raise KeyError

    with pytest.raises(KeyError):
        leave()
    with pytest.raises(ZMQError) as caught:
        socket.unbind(endpoints[0])
    assert caught.value.errno == errno.ENOENT


@needs_ws
def test_ws_endpoint_is_unbound_with_its_path(context: zmqlite.Context[Any]) -> None:
    """ws://127.0.0.1:port/path."""
    pull, push = context.socket(zmqlite.PULL), context.socket(zmqlite.PUSH)
    with pull.bind("ws://127.0.0.1:*/path"):
        assert pull.last_endpoint.endswith(b"/path")
        push.connect(pull.last_endpoint)
        send_across(push, pull)


def test_connect_in_a_with_statement_disconnects(context: zmqlite.Context[Any], transport: str) -> None:
    """And what it returned tells what it is about."""
    pull, push = context.socket(zmqlite.PULL), context.socket(zmqlite.PUSH)
    endpoint = bind_wildcard(pull, transport)
    manager = push.connect(endpoint)
    assert repr(manager) == f"<SocketContext(connect={endpoint!r})>"
    assert (manager.kind, manager.addr, manager.socket) == ("connect", endpoint, push)
    with manager as connected:
        assert connected is push
        send_across(push, pull)
    with pytest.raises(ZMQError) as caught:
        push.disconnect(endpoint)
    assert caught.value.errno == errno.ENOENT


def test_socket_may_be_closed_in_the_with_statement(context: zmqlite.Context[Any]) -> None:
    """There is nothing left to undo."""
    for call in ("bind", "connect"):
        socket = context.socket(zmqlite.PULL)
        with getattr(socket, call)(f"inproc://{next(names)}"):
            socket.close()


# ---- random ports ----


@pytest.mark.parametrize("transport", TCP)
def test_random_port_is_the_systems(context: zmqlite.Context[Any], transport: str) -> None:
    """An int, and it is bound."""
    socket = context.socket(zmqlite.PULL)
    port = socket.bind_to_random_port(f"{transport}://127.0.0.1")
    assert type(port) is int
    assert f"{transport}://127.0.0.1:{port}" in socket.last_endpoint.decode()
    push = context.socket(zmqlite.PUSH)
    push.connect(f"{transport}://127.0.0.1:{port}")
    send_across(push, socket)


def test_random_port_of_a_range(context: zmqlite.Context[Any]) -> None:
    """The one that is free is found; none is ZMQBindError, which is no ZMQError."""
    first, second = context.socket(zmqlite.PULL), context.socket(zmqlite.PULL)
    port = first.bind_to_random_port("tcp://127.0.0.1", 20000, 60000, max_tries=1000)
    assert 20000 <= port < 60000
    with pytest.raises(zmqlite.ZMQBindError, match=rf"no free port in 3 tries of {port}-{port}") as caught:
        second.bind_to_random_port("tcp://127.0.0.1", min_port=port, max_port=port + 1, max_tries=3)
    assert not isinstance(caught.value, ZMQError)
    with pytest.raises(zmqlite.ZMQBindError):
        second.bind_to_random_port("tcp://127.0.0.1", max_tries=0, max_port=65535)


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        (("tcp://127.0.0.1", 9, 5), ValueError),
        (("tcp://127.0.0.1", 0, 5), ValueError),
        (("tcp://127.0.0.1", 5, 65537), ValueError),
        (("nonsense",), ZMQError),
        (("ipc://socket",), ZMQError),
        (("inproc://name",), ZMQError),
        (("udp://127.0.0.1",), ZMQError),
        (("foo://127.0.0.1", 20000, 20001), ZMQError),
    ],
)
def test_random_port_of_nonsense(
    context: zmqlite.Context[Any],
    arguments: tuple[Any, ...],
    error: type,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Refused at once, and nothing is bound."""
    monkeypatch.chdir(tmp_path)
    socket = context.socket(zmqlite.PULL)
    with pytest.raises(error, match="bind"):
        socket.bind_to_random_port(*arguments)
    assert socket.last_endpoint == b""
    assert list(tmp_path.iterdir()) == []


# ---- errors ----

WRONG = [
    ("nonsense", errno.EINVAL, "an endpoint is transport://address"),
    ("", errno.EINVAL, "an endpoint is transport://address"),
    ("tcp://127.0.0.1", errno.EINVAL, "needs a port"),
    ("tcp://127.0.0.1:", errno.EINVAL, "a port is a number"),
    ("tcp://127.0.0.1:x", errno.EINVAL, "a port is a number"),
    ("tcp://127.0.0.1:65536", errno.EINVAL, "a port is a number from 1 to 65535"),
    ("tcp://127.0.0.1:-1", errno.EINVAL, "a port is a number"),
    ("tcp://127.0.0.1:1\0", errno.EINVAL, "NUL"),
    ("inproc://a\0b", errno.EINVAL, "NUL"),
    ("foo://x", errno.EPROTONOSUPPORT, r"see has\(\)"),
    ("udp://127.0.0.1:5555", zmqlite.ENOCOMPATPROTO, "socket type does not work over that transport"),
]


@pytest.mark.parametrize("call", ["bind", "connect"])
@pytest.mark.parametrize(("endpoint", "code", "hint"), WRONG)
def test_wrong_endpoint_is_named(context: zmqlite.Context[Any], call: str, endpoint: str, code: int, hint: str) -> None:
    """The call, the endpoint, the cause and the errno."""
    socket = context.socket(zmqlite.PUSH)
    with pytest.raises(ZMQError, match=hint) as caught:
        getattr(socket, call)(endpoint)
    assert caught.value.errno == code
    assert str(caught.value).startswith(f"{call}({endpoint!r}): ")


@pytest.mark.parametrize("call", ["bind", "connect", "unbind", "disconnect"])
@pytest.mark.parametrize("wrong", [5, None, ["tcp://127.0.0.1:5"]])
def test_endpoint_of_a_wrong_type_is_a_type_error(context: zmqlite.Context[Any], call: str, wrong: Any) -> None:
    """It says what it was."""
    with pytest.raises(TypeError, match=rf"{call}\(\) takes an endpoint as str or bytes, got {type(wrong).__name__}"):
        getattr(context.socket(zmqlite.PUSH), call)(wrong)


@pytest.mark.parametrize(
    ("endpoint", "code", "hint"),
    [
        ("tcp://nohost.invalid:*", errno.ENODEV, "no interface of this machine"),
        ("tcp://192.0.2.1:*", errno.EADDRNOTAVAIL, "no interface of this machine"),
        ("ipc:///nonexistent/folder/socket", errno.ENOENT, "the folder of the ipc:// path does not exist"),
    ],
)
def test_endpoint_that_is_not_here_cannot_be_bound(
    context: zmqlite.Context[Any], endpoint: str, code: int, hint: str
) -> None:
    """Each with its errno and what to look at."""
    if endpoint.startswith("ipc") and not zmqlite.has("ipc"):
        pytest.skip("this libzmq has no ipc://")
    with pytest.raises(ZMQError, match=hint) as caught:
        context.socket(zmqlite.PULL).bind(endpoint)
    assert caught.value.errno == code


@pytest.mark.skipif(not zmqlite.has("ipc"), reason="this libzmq has no ipc://")
def test_ipc_path_has_a_limit(context: zmqlite.Context[Any], tmp_path: Any) -> None:
    """IPC_PATH_MAX_LEN bytes work, one more is ENAMETOOLONG that tells both lengths."""
    folder = str(tmp_path)
    if len(folder) > zmqlite.IPC_PATH_MAX_LEN - 2:
        pytest.skip("the temporary folder is too deep")
    path = folder + "/" + "x" * (zmqlite.IPC_PATH_MAX_LEN - len(folder) - 1)
    with context.socket(zmqlite.PULL).bind(f"ipc://{path}"):
        assert os.path.exists(path)
    length = zmqlite.IPC_PATH_MAX_LEN
    for call in ("bind", "connect"):
        with pytest.raises(ZMQError, match=rf"at most {length} bytes .*this one has {length + 1}") as caught:
            getattr(context.socket(zmqlite.PULL), call)(f"ipc://{path}x")
        assert caught.value.errno == errno.ENAMETOOLONG


@needs_drafts
def test_udp_endpoint_cannot_be_unbound(context: zmqlite.Context[Any]) -> None:
    """libzmq has no way to: the message says so, and names the endpoint."""
    socket = context.socket(zmqlite.DGRAM)
    with (
        pytest.raises(ZMQError, match=r"unbind\('udp://127.0.0.1:\*'\).*close the socket"),
        socket.bind("udp://127.0.0.1:*"),
    ):
        pass


def test_inproc_name_is_taken_once(context: zmqlite.Context[Any]) -> None:
    """EADDRINUSE, in one context; another context has names of its own."""
    endpoint = bind_wildcard(context.socket(zmqlite.PULL))
    with pytest.raises(ZMQError) as caught:
        context.socket(zmqlite.PULL).bind(endpoint)
    assert caught.value.errno == errno.EADDRINUSE
    with zmqlite.Context() as other, other.socket(zmqlite.PULL) as socket:
        socket.bind(endpoint)
