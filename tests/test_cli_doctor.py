"""`zmqlite doctor`: what it finds out about an endpoint, and how it says it."""

from __future__ import annotations

import contextlib
import json
import os
import pty
import re
import socket
import subprocess
import threading

import pytest
from example_rig import Shell, open_stage

import zmqlite
from zmqlite import cli

pytest.importorskip("click", reason="the verbs need zmqlite[cli]")
pytestmark = pytest.mark.skipif(not zmqlite.has("ipc"), reason="the verbs talk over ipc:// here")


@pytest.fixture
def shell():
    """Processes of the command, and endpoints between them."""
    with open_stage(kind=Shell) as made:
        yield made


@pytest.mark.parametrize("name", ["REP", "PUB", "PULL", "ROUTER"])
def test_doctor_tells_the_socket_type(shell, context, name):
    """And with what to connect; the socket works on afterwards."""
    sick = context.socket(getattr(zmqlite, name))
    port = sick.bind_to_random_port("tcp://127.0.0.1")
    found = json.loads(shell.run("doctor", f"tcp://127.0.0.1:{port}", "--json"))
    assert (found["reachable"], found["speaks_zmtp"], found["mechanism"]) == (True, True, "NULL")
    assert re.fullmatch(r"3\.[01]", found["version"])
    assert found["socket_type"] == name
    assert found["advice"].startswith("Connect with a ")


def test_doctor_knows_ipc_and_routing_ids(shell, context):
    """The identity that a socket announces is told."""
    dealer = context.socket(zmqlite.DEALER)
    dealer.routing_id = b"me"
    at = shell.endpoint("a")
    dealer.bind(at)
    said = shell.run("doctor", at)
    assert re.search(r"^socket type +DEALER$", said, re.M)
    assert re.search(r"^Identity +me$", said, re.M)


def test_doctor_sees_curve(shell, context):
    """A server that wants keys says so, and keeps its type to itself."""
    if not zmqlite.has("curve"):
        pytest.skip("this libzmq has no CURVE")
    server = context.socket(zmqlite.REP)
    zmqlite.set_curve_server(server, zmqlite.KeyPair.generate(), allow_any=True)
    port = server.bind_to_random_port("tcp://127.0.0.1")
    said = shell.run("doctor", f"tcp://127.0.0.1:{port}")
    assert re.search(r"^mechanism +CURVE$", said, re.M)
    assert re.search(r"^socket type +told only to those that it lets in$", said, re.M)


def serve_once(said):
    """A TCP server that says something to the first who comes, and hangs up. Returns its port."""
    listener = socket.create_server(("127.0.0.1", 0))

    def serve():
        # doctor may hang up on us, too; a shutdown() that comes after that is ENOTCONN.
        with contextlib.suppress(OSError), listener, listener.accept()[0] as connection:
            connection.sendall(said)
            connection.shutdown(socket.SHUT_WR)
            while connection.recv(1000):
                pass

    threading.Thread(target=serve, daemon=True).start()
    return listener.getsockname()[1]


@pytest.mark.parametrize(
    ("said", "problem"),
    [
        (b"SSH-2.0-OpenSSH_9.2\r\n", "no ZeroMQ socket: it said b'SSH-2.0-Ope"),
        (b"", "it hung up"),
        (b"\xff\0\0", "closed the connection after saying"),
    ],
)
def test_doctor_sees_what_is_no_zeromq(shell, said, problem):
    """Another protocol, or somebody who hangs up: exit code 1."""
    process = shell.start("doctor", f"tcp://127.0.0.1:{serve_once(said)}")
    stdout = process.communicate(timeout=50)[0]
    assert process.returncode == cli.FAILURE
    assert problem in stdout


def test_doctor_knows_older_versions(shell):
    """ZMTP 2.0, as libzmq 3 spoke it: the type is a byte of the greeting."""
    port = serve_once(b"\xff" + bytes(7) + b"\1\x7f" + b"\1\4" + b"\0\0")
    found = json.loads(shell.run("doctor", f"tcp://127.0.0.1:{port}", "--json"))
    assert (found["version"], found["socket_type"]) == ("2.0", "REP")


def test_doctor_says_who_is_not_there(shell):
    """Exit code 1."""
    process = shell.start("doctor", shell.endpoint("nobody"))
    stdout = process.communicate(timeout=50)[0]
    assert process.returncode == cli.FAILURE
    assert re.search(r"^reachable +no$", stdout, re.M)


def test_terminal_gets_a_table(shell, context):
    """On a terminal doctor's answer is a table that rich lays out; its words are the same."""
    pytest.importorskip("rich", reason="tables need zmqlite[cli]")
    rep = context.socket(zmqlite.REP)
    port = rep.bind_to_random_port("tcp://127.0.0.1")
    ours, theirs = pty.openpty()
    command = [*shell.command("doctor"), f"tcp://127.0.0.1:{port}"]
    subprocess.run(command, stdout=theirs, timeout=50, check=True, env={**os.environ, "TERM": "xterm"})
    os.close(theirs)
    said = os.read(ours, 100_000).decode()
    os.close(ours)
    assert "\x1b[1m" in said  # bold
    assert re.search(r"socket type.*REP", said)
