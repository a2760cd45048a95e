"""Messages over CURVE: of every length, to pyzmq and from it; what was changed on its way is never delivered."""

from __future__ import annotations

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import zmtp_peer
from interop_rig import Sides

import zmqlite as zmq
from zmqlite.info import collect_info

pytestmark = pytest.mark.skipif(not zmq.has("curve"), reason="this libzmq has no CURVE")

TESTS = Path(__file__).resolve().parent
VENDOR = TESTS.parent / "vendor" / "libzmq"
# Salsa20 makes 1, 8 or 16 blocks of 64 bytes at a time, Poly1305 takes 32 bytes, and messages go in pieces of 16 KiB.
LENGTHS = [
    list(range(1101)),
    [*range(1101, 2200, 3), *(step * 1024 + more for step in (2, 3, 5, 8) for more in range(-35, 35))],
    [step * 16384 + 1024 + more for step in (1, 2, 3, 10) for more in (-992, -33, -32, -1, 0, 1, 31, 64, 65, 512, 577)],
    [0, 1 << 20, 7, 5_000_001, 1],
]


@pytest.mark.parametrize("binder", ["zmqlite", "pyzmq"])
@pytest.mark.parametrize("transport", ["tcp", pytest.param("ipc", marks=pytest.mark.skipif(
    not zmq.has("ipc"), reason="this libzmq has no ipc://"))])  # fmt: skip
def test_parts_of_every_length_are_the_same_on_both_sides(sides: Sides, transport: str, binder: str) -> None:
    """pyzmq's libsodium opens what ours has sealed, and the other way round, as client and as server."""
    ours, theirs = sides.open("PAIR", "PAIR", "curve", binder)
    first, second = (ours, theirs) if binder == "zmqlite" else (theirs, ours)
    second.connect(first.bind(transport))
    for lengths in LENGTHS:
        ours.send(lengths)
        theirs.recv(lengths)
        theirs.send(lengths)
        ours.recv(lengths)
    ours.close()
    theirs.close()


@pytest.mark.parametrize("size", [0, 40, 255, 1024, 20_000, 3_000_000])
@pytest.mark.parametrize("place", ["the MAC", "the first byte", "the middle", "the last byte"])
def test_message_that_was_changed_is_not_delivered(context: Any, size: int, place: str) -> None:
    """Nor what comes after it, in any piece of it: the connection ends, and what came before is there."""
    server, client, keys = context.socket(zmq.PULL), context.socket(zmq.PUSH), zmq.KeyPair.generate()
    zmq.set_curve_server(server, keys, allow_any=True)
    zmq.set_curve_client(client, keys.public)
    server.rcvtimeo = 10_000
    client.reconnect_ivl = -1
    port = server.bind_to_random_port("tcp://127.0.0.1")
    middle = zmtp_peer.Listener()

    def alter(number: int, frame: bytes) -> list[bytes]:
        if number != 3:  # 0 and 1 are the handshake, 2 is let through
            return [frame]
        head = (9 if frame[0] & 2 else 2) + len("\x07MESSAGE") + 8
        at = {
            "the MAC": head + 5,
            "the first byte": head + 16,
            "the middle": (head + 16 + len(frame)) // 2,
            "the last byte": len(frame) - 1,
        }[place]
        return [frame[:at] + bytes([frame[at] ^ 4]) + frame[at + 1 :]]

    with ThreadPoolExecutor(1) as executor:
        reader = server.get_monitor_socket(zmq.Event.HANDSHAKE_FAILED_PROTOCOL | zmq.Event.DISCONNECTED)
        reader.rcvtimeo = 10_000
        relayed = executor.submit(middle.relay, port, alter, 5, 10)
        client.connect(f"tcp://127.0.0.1:{middle.port}")
        for message in (b"before", bytes(size), b"after"):
            client.send(message)
        assert server.recv() == b"before"
        assert zmq.recv_monitor_message(reader)["event"] in (
            zmq.Event.HANDSHAKE_FAILED_PROTOCOL,
            zmq.Event.DISCONNECTED,
        )
        client.close(linger=0)
        relayed.result()
        middle.close()
        assert server.poll(0) == 0
        server.disable_monitor()


@pytest.mark.build
@pytest.mark.skipif(os.name == "nt", reason="there the compiler is not on PATH, and libsodium has no vector code")
@pytest.mark.skipif(collect_info()["libzmq"]["origin"] == "system", reason="the system's libzmq has none of this")
def test_salsa20_poly1305_and_boxes_are_libsodiums_bit_for_bit(tmp_path: Path) -> None:
    """Against its portable core, and against crypto_box_easy_afternm (curve_box_check.cpp)."""
    built = subprocess.run(
        [sys.executable, str(VENDOR / "build.py"), "--print"], stdout=subprocess.PIPE, text=True, check=True
    )
    entry = Path(built.stdout.strip())
    program = tmp_path / "check"
    command = [
        *os.environ.get("CXX", "c++").split(), "-O2", "-Wall", "-Wextra", "-Werror", "-DSODIUM_STATIC",
        f"-I{VENDOR / 'mends'}", f"-I{entry / 'include'}", str(TESTS / "curve_box_check.cpp"),
        str(entry / "lib" / "libsodium.a"), "-pthread", "-o", str(program),
    ]  # fmt: skip
    subprocess.run(command, check=True, timeout=50)
    done = subprocess.run([str(program)], stdout=subprocess.PIPE, text=True, check=False, timeout=50)
    assert done.returncode == 0, done.stdout
    assert done.stdout.split()[0] == "chosen"
    assert done.stdout.split()[-1] == "boxes"
