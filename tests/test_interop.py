"""A zmqlite process and a pyzmq process talk: every pattern, tcp and ipc, NULL, PLAIN and CURVE, both ways round.

Each message is compared byte by byte where it arrives. The server of PLAIN and CURVE has a ZAP handler: pyzmq's
ThreadAuthenticator there, a few lines of zmqlite here.
"""

from __future__ import annotations

import socket as system_socket
import threading
from collections.abc import Callable
from typing import Any

import interop_peer
import pytest
from interop_peer import MESSAGES, compare, make_part
from interop_rig import OurSocket, Sides, TheirSocket

import zmqlite

TRANSPORTS = [
    "tcp",
    pytest.param("ipc", marks=pytest.mark.skipif(not zmqlite.has("ipc"), reason="this libzmq has no ipc://")),
]
needs_curve = pytest.mark.skipif(not zmqlite.has("curve"), reason="this libzmq has no CURVE")
MECHANISMS = ["null", "plain", pytest.param("curve", marks=needs_curve)]


def join(ours: OurSocket, theirs: TheirSocket, transport: str, binder: str) -> None:
    """Bind on one side and connect on the other."""
    first, second = (ours, theirs) if binder == "zmqlite" else (theirs, ours)
    second.connect(first.bind(transport))


# ---- the patterns: what is done with a socket of each side ----


def push_pull(push: Any, pull: Any) -> None:
    """One way."""
    for sizes in MESSAGES:
        push.send(sizes)
        pull.recv(sizes)


def pair_pair(first: Any, second: Any) -> None:
    """Both ways."""
    push_pull(first, second)
    push_pull(second, first)


def req_rep(req: Any, rep: Any) -> None:
    """There and back."""
    for sizes in MESSAGES:
        req.send(sizes)
        rep.recv(sizes)
        rep.send(sizes[::-1])
        req.recv(sizes[::-1])


def dealer_router(dealer: Any, router: Any) -> None:
    """There, and back to the routing id."""
    for sizes in MESSAGES:
        dealer.send(sizes)
        peer = router.recv(sizes, prefixed=True)
        assert peer
        router.send(sizes[::-1], prefix=peer)
        dealer.recv(sizes[::-1])


def xpub_xsub(xpub: Any, xsub: Any) -> None:
    """Subscribe, publish, unsubscribe; what is not subscribed does not come."""
    xsub.send_raw(b"\x01topic")
    subscription = None
    while subscription is None:
        # A socket takes note of a new connection when it is used.
        assert xsub.recv_raw(timeout=0) is None
        subscription = xpub.recv_raw(timeout=5)
    assert subscription == b"\x01topic"
    for sizes in MESSAGES:
        xpub.send(sizes, prefix=b"other")
        xpub.send(sizes, prefix=b"topic!")
        assert xsub.recv(sizes, prefixed=True) == b"topic!"
    xsub.send_raw(b"\x00topic")
    assert xpub.recv_raw() == b"\x00topic"


def pub_sub(pub: Any, sub: Any) -> None:
    """Publish; what is not subscribed does not come."""
    # The subscription has arrived when the first message comes.
    while sub.recv_raw(timeout=5) is None:
        pub.send_raw(b"topic hello")
    for sizes in MESSAGES:
        pub.send(sizes, prefix=b"other")
        pub.send(sizes, prefix=b"topic!")
        first = sub.recv_raw()
        while first == b"topic hello":
            first = sub.recv_raw()
        assert first == b"topic!"
        sub.recv(sizes)


PATTERNS: dict[tuple[str, str], Callable[[Any, Any], None]] = {
    ("PUSH", "PULL"): push_pull,
    ("PAIR", "PAIR"): pair_pair,
    ("REQ", "REP"): req_rep,
    ("DEALER", "ROUTER"): dealer_router,
    ("XPUB", "XSUB"): xpub_xsub,
    ("PUB", "SUB"): pub_sub,
}


@pytest.mark.parametrize("binder", ["zmqlite", "pyzmq"])
@pytest.mark.parametrize("mechanism", MECHANISMS)
@pytest.mark.parametrize("transport", TRANSPORTS)
@pytest.mark.parametrize(("ours", "theirs"), [*PATTERNS, *(types[::-1] for types in PATTERNS if len({*types}) == 2)])
def test_pattern_carries_messages(
    sides: Sides, ours: str, theirs: str, transport: str, mechanism: str, binder: str
) -> None:
    """Multipart, empty parts, 1 byte to 16 MiB, all byte by byte; each side in each role."""
    here, there = sides.open(ours, theirs, mechanism, binder)
    if ours == "SUB":
        here.socket.subscribe("topic")
    if theirs == "SUB":
        there.subscribe("topic")
    join(here, there, transport, binder)
    if (ours, theirs) in PATTERNS:
        PATTERNS[ours, theirs](here, there)
    else:
        PATTERNS[theirs, ours](there, here)
    here.close()
    there.close()


# ---- security that refuses ----


# What is wrong with the client: (mechanism, what it has, what zmqlite's monitor says as server, and as client).
AUTH, PROTOCOL, NO_DETAIL = (
    zmqlite.EVENT_HANDSHAKE_FAILED_AUTH,
    zmqlite.EVENT_HANDSHAKE_FAILED_PROTOCOL,
    zmqlite.EVENT_HANDSHAKE_FAILED_NO_DETAIL,
)
WRONG = {
    "password": ("plain", {"plain_password": "guess"}, AUTH, AUTH),
    "user": ("plain", {"plain_username": "guess"}, AUTH, AUTH),
    # Both sides notice; which one hangs up first is a matter of time.
    "no plain": ("plain", None, PROTOCOL | NO_DETAIL, PROTOCOL | NO_DETAIL),
    "client key": ("curve", {"curve_publickey": 0, "curve_secretkey": 1}, AUTH, AUTH),
    "server key": ("curve", {"curve_serverkey": 0}, PROTOCOL, NO_DETAIL),
    "no curve": ("curve", None, PROTOCOL | NO_DETAIL, PROTOCOL | NO_DETAIL),
}


@pytest.mark.parametrize("binder", ["zmqlite", "pyzmq"])
@pytest.mark.parametrize("wrong", [pytest.param(name, marks=needs_curve) for name in WRONG])
def test_client_that_is_not_known_does_not_connect(sides: Sides, wrong: str, binder: str) -> None:
    """The handshake fails, and what the client sent never arrives."""
    mechanism, changes, as_server, as_client = WRONG[wrong]
    stranger = [key.decode() for key in sides.keys["stranger"]]
    client = {} if changes is None else sides.secure(mechanism, "client")
    for name, value in (changes or {}).items():
        client[name] = value if isinstance(value, str) else stranger[value]
    server = sides.secure(mechanism, "server")
    we_serve = binder == "zmqlite"
    here = OurSocket(sides.context, "PULL" if we_serve else "PUSH", server if we_serve else client)
    there = TheirSocket(sides.remote, "PUSH" if we_serve else "PULL", client if we_serve else server)
    monitor = here.socket.get_monitor_socket()
    monitor.rcvtimeo = interop_peer.PATIENCE
    join(here, there, "tcp", binder)
    # libzmq gives up on a server that says no, and then there is nobody to send to.
    (there if we_serve else here).offer_raw(b"let me in")
    events: list[int] = []
    while zmqlite.EVENT_DISCONNECTED not in events:
        events.append(zmqlite.recv_monitor_message(monitor)["event"])
    assert any(event & (as_server if we_serve else as_client) for event in events)
    assert zmqlite.EVENT_HANDSHAKE_SUCCEEDED not in events
    assert (here if we_serve else there).recv_raw(timeout=0) is None
    here.socket.disable_monitor()
    here.close()
    there.close()


# ---- STREAM ----


STREAM_SIZES = (1, 255, 8193, 1 << 20, 1 << 24)


@pytest.mark.parametrize("binder", ["zmqlite", "pyzmq"])
@pytest.mark.parametrize("transport", TRANSPORTS)
def test_streams_carry_bytes(sides: Sides, transport: str, binder: str) -> None:
    """Both ways between two STREAM sockets; both hear of the connection by an empty message."""
    ours, theirs = sides.open("STREAM", "STREAM", "null", binder)
    join(ours, theirs, transport, binder)
    here = ours.recv([0], prefixed=True)
    there = theirs.recv([0], prefixed=True)
    for size in STREAM_SIZES:
        ours.send([size], prefix=here)
        assert theirs.recv_stream(size) == there
        theirs.send([size], prefix=there)
        assert ours.recv_stream(size) == here
    theirs.close()
    assert ours.recv([0], prefixed=True) == here
    ours.close()


def test_stream_talks_to_a_plain_tcp_client(context: zmqlite.Context[Any]) -> None:
    """A Python socket connects, sends, receives, and is hung up on by an empty message."""
    stream = OurSocket(context, "STREAM", {})
    host, _, port = stream.bind("tcp").partition("//")[2].partition(":")
    with system_socket.create_connection((host, int(port)), timeout=20) as client:
        peer = stream.recv([0], prefixed=True)
        for size in STREAM_SIZES:
            threading.Thread(target=client.sendall, args=(make_part(size),)).start()
            assert stream.recv_stream(size) == peer
            stream.send([size], prefix=peer)
            assert compare([receive_exactly(client, size)], [size]) == ""
        stream.socket.send_multipart([peer, b""])
        # It is hung up on when the socket is used next.
        stream.socket.poll(0)
        client.settimeout(0.01)
        for _ in range(2000):
            try:
                assert client.recv(1) == b""
                return
            except system_socket.timeout:  # TimeoutError, but for Python 3.9.
                stream.socket.poll(0)
        pytest.fail("still connected")


def test_stream_is_a_tcp_client(context: zmqlite.Context[Any]) -> None:
    """It connects to a Python socket that listens."""
    with system_socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(20)
        stream = OurSocket(context, "STREAM", {})
        stream.connect(f"tcp://127.0.0.1:{server.getsockname()[1]}")
        accepted, _ = server.accept()
        with accepted:
            accepted.settimeout(20)
            peer = stream.recv([0], prefixed=True)
            stream.send([8193], prefix=peer)
            assert compare([receive_exactly(accepted, 8193)], [8193]) == ""
            accepted.sendall(make_part(255))
            assert stream.recv_stream(255) == peer
        assert stream.recv([0], prefixed=True) == peer


def receive_exactly(client: system_socket.socket, size: int) -> bytes:
    """Receive so many bytes."""
    data = bytearray()
    while len(data) < size:
        more = client.recv(min(1 << 20, size - len(data)))
        assert more, "the connection ended"
        data += more
    return bytes(data)


def test_peer_is_another_libzmq(sides: Sides) -> None:
    """The comparison is with pyzmq itself, in a process of its own."""
    version, libzmq = sides.remote.version()
    assert tuple(map(int, version.split(".")[:2])) >= (27, 3)
    assert tuple(map(int, libzmq.split("."))) >= (4, 3, 4)
    assert not sides.remote.zmqlite_is_imported()
