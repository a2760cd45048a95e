"""Tries an installed zmqlite with nothing but the standard library: the test of each wheel.

    python tests/smoke.py [bundled|system]

With `bundled` the process must not have loaded any other libzmq or libsodium. CPython is tried on both backends.
"""

from __future__ import annotations

import json
import os
import platform
import re
import subprocess
import sys
from pathlib import Path

import zmqlite as zmq
from zmqlite._backend import BACKEND
from zmqlite._native import ffi, lib

TIMEOUT_MS = 10_000
SIZES = (0, 1, 1000, 300_000)


def try_transport(context: zmq.Context, endpoint: str) -> None:
    """Messages of many sizes, one and many a call, whole and in parts."""
    with context.socket(zmq.PUSH) as push, context.socket(zmq.PULL) as pull:
        for socket in (push, pull):
            socket.linger, socket.sndtimeo, socket.rcvtimeo = 0, TIMEOUT_MS, TIMEOUT_MS
        push.bind(endpoint)
        pull.connect(push.last_endpoint.decode().rstrip("\0"))
        for size in SIZES:
            push.send(bytes(range(256)) * (size // 256) + b"x" * (size % 256))
        for size in SIZES:
            assert pull.recv() == bytes(range(256)) * (size // 256) + b"x" * (size % 256)
        push.send_multipart([b"head", b"", b"tail"])
        assert pull.recv_multipart() == [b"head", b"", b"tail"]
        push.send(b"frame", copy=False)
        assert bytes(pull.recv(copy=False)) == b"frame"
        push.send_many([b"%d" % number for number in range(100)])
        got: list[bytes] = []
        while len(got) < 100:
            got += pull.recv_many(100, timeout=TIMEOUT_MS)
        assert got == [b"%d" % number for number in range(100)]


def try_request(context: zmq.Context) -> None:
    """A question, an answer, and the wait between."""
    with context.socket(zmq.REP) as server, context.socket(zmq.REQ) as client:
        for socket in (server, client):
            socket.linger = 0
        port = server.bind_to_random_port("tcp://127.0.0.1")
        client.connect(f"tcp://127.0.0.1:{port}")
        client.send_json({"question": 6})
        assert server.poll(TIMEOUT_MS) == zmq.POLLIN
        server.send_json({"answer": server.recv_json()["question"] * 7})
        assert client.poll(TIMEOUT_MS) == zmq.POLLIN
        assert client.recv_json() == {"answer": 42}


def other_libraries() -> list[str]:
    """Files of libzmq or libsodium that this process has loaded."""
    maps = Path("/proc/self/maps")
    return sorted(set(re.findall(r"\S*/lib(?:zmq|sodium)[^/\s]*$", maps.read_text(), re.M))) if maps.exists() else []


def main() -> None:
    """Try everything; an exception is the failure."""
    wanted = sys.argv[1] if len(sys.argv) > 1 else None
    mode = json.loads(ffi.string(lib.zl_build_info_json))["mode"]
    assert wanted in (None, mode), f"wanted {wanted}, this is {mode}"
    found = other_libraries()
    assert bool(found) == (mode == "system") or not Path("/proc/self/maps").exists(), found
    with zmq.Context() as context:
        try_transport(context, "inproc://smoke")
        try_transport(context, "tcp://127.0.0.1:*")
        if zmq.has("ipc"):
            try_transport(context, "ipc://*")
        try_request(context)
    if mode == "bundled":
        assert zmq.has("curve")
        assert zmq.has("draft")
        assert len(zmq.curve_keypair()[0]) == 40
    print(
        f"smoke: zmqlite {zmq.__version__} ({BACKEND}) on {platform.python_implementation()} "
        f"{platform.python_version()}, {mode} libzmq {zmq.zmq_version()}: passed",
        flush=True,
    )
    if BACKEND == "c":
        isolated = ["-I"] if sys.flags.isolated else []
        command = [sys.executable, *isolated, "-W", "error", __file__, *sys.argv[1:]]
        sys.exit(subprocess.run(command, env={**os.environ, "ZMQLITE_BACKEND": "cffi"}, check=False).returncode)


if __name__ == "__main__":
    main()
