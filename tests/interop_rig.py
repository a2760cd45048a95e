"""The two sides of an interop test: zmqlite's sockets here, pyzmq's in a process of their own (interop_peer.py)."""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
import threading
from collections.abc import Callable
from typing import Any

import interop_peer
from conftest import bind_wildcard
from interop_peer import ZAP_DOMAIN, ZAP_PASSWORD, ZAP_USER, compare, configure, make_message

import zmqlite
from zmqlite import z85

__all__ = ["OurSocket", "Remote", "Sides", "TheirSocket"]


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
