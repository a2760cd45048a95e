"""A zmqlite process and a pyzmq process talk: every pattern, tcp and ipc, NULL, PLAIN and CURVE, both ways round.

Each message is compared byte by byte where it arrives. The server of PLAIN and CURVE has a ZAP handler: pyzmq's
ThreadAuthenticator there, a few lines of zmqlite here.
"""

from __future__ import annotations

import contextlib
import importlib.util
import json
import socket as system_socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from typing import Any

import interop_peer
import pytest
from conftest import bind_wildcard
from interop_peer import MESSAGES, ZAP_DOMAIN, ZAP_PASSWORD, ZAP_USER, compare, configure, make_message, make_part

import zmqlite
from zmqlite import z85

TRANSPORTS = [
    "tcp",
    pytest.param("ipc", marks=pytest.mark.skipif(not zmqlite.has("ipc"), reason="this libzmq has no ipc://")),
]
needs_curve = pytest.mark.skipif(not zmqlite.has("curve"), reason="this libzmq has no CURVE")
MECHANISMS = ["null", "plain", pytest.param("curve", marks=needs_curve)]


class Remote:
    """A pyzmq process: each call is one line there and back."""

    def __init__(self) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-X", "faulthandler", interop_peer.__file__],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def __getattr__(self, name: str) -> Callable[..., Any]:
        def call(**arguments: Any) -> Any:
            assert self.process.stdin is not None
            assert self.process.stdout is not None
            self.process.stdin.write(json.dumps({"do": name, **arguments}) + "\n")
            self.process.stdin.flush()
            line = self.process.stdout.readline()
            assert line, f"the pyzmq process ended with {self.process.wait()}"
            answer = json.loads(line)
            assert "error" not in answer, answer["error"]
            return answer["result"]

        return call

    def stop(self) -> None:
        """End the process: it has closed everything when its input ends."""
        self.process.communicate(timeout=20)


class TheirSocket:
    """A socket of the pyzmq process."""

    def __init__(self, remote: Remote, type_name: str, options: dict[str, Any]) -> None:
        self.remote = remote
        self.number = remote.open(type=type_name, options=options)

    def bind(self, transport: str) -> str:
        """Bind to a free endpoint. Returns it."""
        return str(
            self.remote.bind(socket=self.number, endpoint={"tcp": "tcp://127.0.0.1:*", "ipc": "ipc://*"}[transport])
        )

    def connect(self, endpoint: str) -> None:
        """Connect."""
        self.remote.connect(socket=self.number, endpoint=endpoint)

    def send(self, sizes: list[int], prefix: bytes = b"") -> None:
        """Send a message."""
        self.remote.send(socket=self.number, sizes=sizes, prefix=prefix.hex())

    def recv(self, sizes: list[int], prefixed: bool = False) -> bytes:
        """Receive a message, and compare it. Returns the part before the sizes."""
        wrong, first = self.remote.recv(socket=self.number, sizes=sizes, prefixed=prefixed)
        assert wrong == ""
        return bytes.fromhex(first)

    def subscribe(self, topic: str) -> None:
        """Subscribe."""
        self.remote.subscribe(socket=self.number, topic=topic)

    def recv_raw(self, timeout: int = interop_peer.PATIENCE) -> bytes | None:
        """Receive one part; None when none came in so many milliseconds."""
        data = self.remote.recv_raw(socket=self.number, timeout=timeout)
        return None if data is None else bytes.fromhex(data)

    def send_raw(self, data: bytes) -> None:
        """Send one part."""
        self.remote.send_raw(socket=self.number, data=data.hex())

    def offer_raw(self, data: bytes) -> None:
        """Send one part if there is anybody to send it to."""
        self.remote.offer_raw(socket=self.number, data=data.hex())

    def recv_stream(self, size: int) -> bytes:
        """Receive the bytes of one part from a STREAM, and compare them. Returns the peer's id."""
        wrong, peer = self.remote.recv_stream(socket=self.number, size=size)
        assert wrong == ""
        return bytes.fromhex(peer)

    def close(self) -> None:
        """Close."""
        self.remote.close(socket=self.number)


class OurSocket:
    """A socket of zmqlite, with the same methods."""

    def __init__(self, context: Any, type_name: str, options: dict[str, Any]) -> None:
        self.socket = context.socket(zmqlite.SocketType[type_name])
        configure(self.socket, options)

    def bind(self, transport: str) -> str:
        """Bind to a free endpoint. Returns it."""
        return bind_wildcard(self.socket, transport)

    def connect(self, endpoint: str) -> None:
        """Connect."""
        self.socket.connect(endpoint)

    def send(self, sizes: list[int], prefix: bytes = b"") -> None:
        """Send a message."""
        self.socket.send_multipart(([prefix] if prefix else []) + make_message(sizes))

    def recv(self, sizes: list[int], prefixed: bool = False) -> bytes:
        """Receive a message, and compare it. Returns the part before the sizes."""
        parts = self.socket.recv_multipart()
        first: bytes = parts.pop(0) if prefixed else b""
        assert compare(parts, sizes) == ""
        return first

    def recv_raw(self, timeout: int = interop_peer.PATIENCE) -> bytes | None:
        """Receive one part; None when none came in so many milliseconds."""
        return self.socket.recv() if self.socket.poll(timeout) else None

    def send_raw(self, data: bytes) -> None:
        """Send one part."""
        self.socket.send(data)

    def offer_raw(self, data: bytes) -> None:
        """Send one part if there is anybody to send it to."""
        with contextlib.suppress(zmqlite.Again):
            self.socket.send(data, zmqlite.DONTWAIT)

    def recv_stream(self, size: int) -> bytes:
        """Receive the bytes of one part from a STREAM, and compare them. Returns the peer's id."""
        data = b""
        while len(data) < size:
            peer, more = self.socket.recv_multipart()
            data += more
        assert compare([data], [size]) == ""
        return bytes(peer)

    def close(self) -> None:
        """Close."""
        self.socket.close()


class Sides:
    """zmqlite here and pyzmq there, each with its ZAP handler."""

    def __init__(self) -> None:
        self.keys = {}
        if zmqlite.has("curve"):
            self.keys = {name: zmqlite.curve_keypair() for name in ("server", "client", "stranger")}
        self.context = zmqlite.Context()
        self.remote = Remote()
        self.remote.authenticate(curve_keys=[self.keys["client"][0].decode()] if self.keys else [])
        self.zap = threading.Thread(target=self.answer_zap)
        handler = self.context.socket(zmqlite.REP)
        handler.bind("inproc://zeromq.zap.01")
        self.handler = handler
        self.zap.start()

    def answer_zap(self) -> None:
        """Answer for PLAIN and CURVE as RFC 27 says, until the context ends."""
        good = [[ZAP_USER.encode(), ZAP_PASSWORD.encode()]]
        if self.keys:
            good.append([z85.decode(self.keys["client"][0])])
        with self.handler as handler:
            while True:
                try:
                    version, request, _domain, _address, _identity, _mechanism, *credentials = handler.recv_multipart()
                    code, text = (b"200", b"OK") if credentials in good else (b"400", b"not known")
                    handler.send_multipart([version, request, code, text, b"user", b""])
                except zmqlite.ContextTerminated:
                    return

    def stop(self) -> None:
        """End both."""
        self.remote.stop()
        self.context.destroy(linger=0)
        self.zap.join()

    def open(self, ours: str, theirs: str, mechanism: str, binder: str) -> tuple[OurSocket, TheirSocket]:
        """Make a socket on each side. The one that will bind is the server of PLAIN and CURVE, unless it is a REQ.

        A REQ that is the server drops the connection when its ZAP handler names a user: req_session_t takes the name
        for a reply, in libzmq 4.3.4 and 4.3.5.
        """
        we_serve = (binder == "zmqlite") != ((ours if binder == "zmqlite" else theirs) == "REQ")
        mine = self.secure(mechanism, "server" if we_serve else "client")
        peers = self.secure(mechanism, "client" if we_serve else "server")
        return OurSocket(self.context, ours, mine), TheirSocket(self.remote, theirs, peers)

    def secure(self, mechanism: str, role: str) -> dict[str, Any]:
        """The options of a role."""
        if mechanism == "plain" and role == "server":
            return {"plain_server": 1, "zap_domain": ZAP_DOMAIN}
        if mechanism == "plain":
            return {"plain_username": ZAP_USER, "plain_password": ZAP_PASSWORD}
        if mechanism == "curve" and role == "server":
            return {"curve_server": 1, "curve_secretkey": self.keys["server"][1].decode(), "zap_domain": ZAP_DOMAIN}
        if mechanism == "curve":
            return {
                "curve_publickey": self.keys["client"][0].decode(),
                "curve_secretkey": self.keys["client"][1].decode(),
                "curve_serverkey": self.keys["server"][0].decode(),
            }
        return {}


@pytest.fixture(scope="module")
def sides() -> Iterator[Sides]:
    """Both sides, for all tests of this module."""
    if importlib.util.find_spec("zmq") is None:
        pytest.skip("pyzmq is not installed")
    made = Sides()
    yield made
    made.stop()


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
