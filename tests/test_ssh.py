"""zmqlite.ssh: what is asked of the ssh command, and messages through a tunnel. The ssh here is a small program."""

from __future__ import annotations

import os
import socket
import stat
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest

import zmqlite as zmq
from zmqlite.ssh import forward, tunnel

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="the ssh of these tests is a script")

# Notes its arguments; forwards for as long as one connection lasts, in a process of its own as ssh -f does.
FAKE = r"""#!{python}
import os, select, socket, sys
arguments = sys.argv[1:]
folder = os.path.dirname(os.path.abspath(__file__))
with open(os.path.join(folder, "asked"), "a") as file:
    file.write("\n".join(arguments) + "\n--\n")
behave = open(os.path.join(folder, "behave")).read().strip()
if "check" in arguments:
    sys.exit("no master")
if behave == "denied":
    sys.exit("user@host: Permission denied (publickey,password).")
if behave == "unknown":
    sys.exit("Host key verification failed.")
if "-L" in arguments:
    _, port, host, goal = arguments[arguments.index("-L") + 1].split(":")
    listener = socket.create_server(("127.0.0.1", int(port)))
    listener.settimeout(20)
    if os.fork() == 0:
        os.dup2(os.open(os.devnull, os.O_RDWR), 2)
        near, _ = listener.accept()
        far = socket.create_connection((host, int(goal)))
        ends = {{near: far, far: near}}
        while True:
            for end in select.select(list(ends), [], [], 20)[0] or [near]:
                data = end.recv(65536)
                if not data:
                    os._exit(0)
                ends[end].sendall(data)
"""


@pytest.fixture
def ssh(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with an `ssh` that comes first on PATH; `behave` in it says how it behaves."""
    program = tmp_path / "ssh"
    program.write_text(FAKE.format(python=sys.executable), encoding="utf-8")
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    (tmp_path / "behave").write_text("well", encoding="utf-8")
    monkeypatch.setenv("PATH", os.pathsep.join([str(tmp_path), os.environ["PATH"]]))
    return tmp_path


def asked(folder: Path) -> list[list[str]]:
    """The arguments of every call."""
    calls = (folder / "asked").read_text(encoding="utf-8").split("--\n")
    return [call.splitlines() for call in calls if call]


def test_socket_connects_through_a_tunnel(ssh: Path, context: zmq.Context[Any]) -> None:
    """tunnel_connection(): messages pass, and the pid of ssh is returned."""
    reply, request = context.socket(zmq.REP), context.socket(zmq.REQ)
    for one in (reply, request):
        one.rcvtimeo, one.linger = 20_000, 0
    port = reply.bind_to_random_port("tcp://127.0.0.1")
    pid = tunnel.tunnel_connection(request, f"tcp://127.0.0.1:{port}", "user@host:2222", keyfile="key file")
    assert isinstance(pid, int)
    request.send(b"through")
    assert reply.recv() == b"through"
    last = asked(ssh)[-1]
    assert last[-2:] == ["user@host", "sleep 60"]
    assert last[last.index("-p") : last.index("-p") + 2] == ["-p", "2222"]
    assert last[last.index("-i") + 1] == "key file"
    assert last[last.index("-L") + 1].endswith(f":127.0.0.1:{port}")


def test_passwordless_login_is_tried_without_asking(ssh: Path) -> None:
    """True, False when keys are not enough, SSHException when the host is not known."""
    assert tunnel.try_passwordless_ssh("host", None) is True
    assert "BatchMode=yes" in asked(ssh)[0]
    (ssh / "behave").write_text("denied", encoding="utf-8")
    assert tunnel.try_passwordless_ssh("host", None) is False
    (ssh / "behave").write_text("unknown", encoding="utf-8")
    with pytest.raises(tunnel.SSHException, match="Host key verification failed"):
        tunnel.try_passwordless_ssh("host", None)


def test_password_without_pexpect_says_what_to_install(ssh: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Keys need nothing; a password needs pexpect."""
    (ssh / "behave").write_text("denied", encoding="utf-8")
    monkeypatch.setattr(tunnel, "pexpect", None)
    with pytest.raises(ImportError, match=r'pip install "zmqlite\[ssh\]"'):
        tunnel.open_tunnel("tcp://127.0.0.1:1", "host")


@pytest.mark.parametrize("server", ["-oProxyCommand=x", "", "host:port"])
def test_server_that_is_an_option_is_refused(ssh: Path, server: str) -> None:
    """What ssh would take for an option of its own, and a port that is no number."""
    with pytest.raises(ValueError, match=r"user@host|port|invalid literal"):
        tunnel.openssh_tunnel(1, 2, server)
    assert not (ssh / "asked").exists()


@pytest.mark.parametrize("address", ["inproc://x", "tcp://host", "tcp://*:*", "host:1"])
def test_address_without_host_and_port_is_refused(ssh: Path, address: str) -> None:
    """Before ssh is asked."""
    with pytest.raises(ValueError, match="tcp://host:port"):
        tunnel.open_tunnel(address, "host")


def test_paramiko_that_is_missing_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    """paramiko=True, and the function itself."""
    monkeypatch.setattr(tunnel, "paramiko", None)
    for call in (
        lambda: tunnel.try_passwordless_ssh("host", None, paramiko=True),
        lambda: tunnel.open_tunnel("tcp://127.0.0.1:1", "host", paramiko=True),
        lambda: tunnel.paramiko_tunnel(1, 2, "host"),
    ):
        with pytest.raises(ImportError, match=r'pip install "zmqlite\[ssh\]"'):
            call()


def test_random_ports_are_free_and_different() -> None:
    """select_random_ports()."""
    ports = tunnel.select_random_ports(5)
    assert len(set(ports)) == 5
    for port in ports:
        with socket.socket() as one:
            one.bind(("", port))


def test_forward_server_copies_both_ways() -> None:
    """forward_tunnel()'s handler, over a transport whose channels are sockets."""
    near, far = socket.socketpair()

    class Transport:
        def open_channel(self, kind: str, goal: tuple[str, int], origin: Any) -> Any:
            assert (kind, goal) == ("direct-tcpip", ("goal", 7))
            return far

    members = {"chain_host": "goal", "chain_port": 7, "ssh_transport": Transport()}
    with forward.ForwardServer(("127.0.0.1", 0), type("Handler", (forward.Handler,), members)) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        with socket.create_connection(server.server_address) as client, near:  # type: ignore[arg-type]
            client.settimeout(20)
            near.settimeout(20)
            client.sendall(b"there")
            assert near.recv(10) == b"there"
            near.sendall(b"back")
            assert client.recv(10) == b"back"
            client.shutdown(socket.SHUT_WR)
            assert near.recv(10) == b""
        server.shutdown()
        thread.join(20)


def test_nothing_is_needed_to_import(run_child: Any) -> None:
    """Neither pexpect nor paramiko."""
    done = run_child(
        "import sys; sys.modules['pexpect'] = sys.modules['paramiko'] = None\n"
        "import zmqlite.ssh.tunnel as t; print(t.pexpect, t.paramiko, t.SSHException.__name__)"
    )
    assert (done.stdout, done.stderr) == ("None None SSHException\n", "")


def test_fake_ssh_is_what_is_run(ssh: Path) -> None:
    """Of these tests: the program on PATH is the one above."""
    subprocess.run(["ssh", "check"], check=False, stderr=subprocess.DEVNULL)
    assert asked(ssh) == [["check"]]
