"""zmqlite talks with other implementations (JeroMQ, pyomq) and other languages' bindings: see peers/README.md."""

from __future__ import annotations

import functools
import importlib.util
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import zmqlite

PEERS = Path(__file__).resolve().parent / "peers"
JEROMQ = Path(os.environ.get("ZMQLITE_JEROMQ", "/usr/share/java/jeromq.jar"))
DEADLINE_MS = 30_000
CURVE = ("czmq", "perl", "ruby", "zeromq.js", "pyomq")


@functools.cache
def works(*command: str) -> bool:
    """Whether a command is there and ends well: that a language has its binding."""
    if not shutil.which(command[0]):
        return False
    return subprocess.run(command, env=environment(), capture_output=True, check=False, timeout=50).returncode == 0


@functools.cache
def environment() -> dict[str, str]:
    """Node.js finds packages that npm installed for everybody."""
    if not shutil.which("npm"):
        return dict(os.environ)
    root = subprocess.run(["npm", "root", "-g"], capture_output=True, text=True, check=False, timeout=50).stdout.strip()
    return {**os.environ, "NODE_PATH": os.pathsep.join(filter(None, [os.environ.get("NODE_PATH"), root]))}


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where compiled peers are put."""
    return tmp_path_factory.mktemp("peers")


def prepare(name: str, built: Path) -> list[str]:
    """How a peer is started; skips where it is not installed."""
    scripts = {
        "php": (["php"], ["php", "-r", "exit(class_exists('ZMQ') ? 0 : 1);"], "peer.php", "php-cli php-zmq"),
        "perl": (["perl"], ["perl", "-MZMQ::FFI", "-e", "1"], "peer.pl", "libzmq-ffi-perl"),
        "ruby": (["ruby"], ["ruby", "-e", "require 'ffi-rzmq'"], "peer.rb", "ruby-ffi-rzmq"),
        "zeromq.js": (["node"], ["node", "-e", "require('zeromq')"], "peer.js", "npm install -g zeromq"),
    }
    if name in scripts:
        command, probe, script, package = scripts[name]
        if not works(*probe):
            pytest.skip(f"{name} with its ZeroMQ binding is not installed ({package})")
        return [*command, str(PEERS / script)]
    if name == "pyomq":
        if importlib.util.find_spec("pyomq") is None:
            pytest.skip("pyomq is not installed (pip install pyomq)")
        return [sys.executable, str(PEERS / "peer_pyomq.py")]
    if name == "JeroMQ":
        if not (JEROMQ.is_file() and works("javac", "-version")):
            pytest.skip("JeroMQ or a JDK is not installed (default-jdk-headless libjeromq-java)")
        if not (built / "Peer.class").exists():
            compile_ = ["javac", "-cp", str(JEROMQ), "-d", str(built), str(PEERS / "Peer.java")]
            subprocess.run(compile_, check=True, timeout=50)
        quick = ["-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC"]
        return ["java", *quick, "-cp", os.pathsep.join([str(JEROMQ), str(built)]), "Peer"]
    compiler = shutil.which("cc")
    if compiler is None or not works("pkg-config", "--exists", "libczmq"):
        pytest.skip("czmq or a C compiler is not installed (gcc pkg-config libczmq-dev)")
    program = built / "peer"
    if not program.exists():
        flags = subprocess.run(
            ["pkg-config", "--cflags", "--libs", "libczmq"], capture_output=True, text=True, check=True, timeout=50
        ).stdout.split()
        subprocess.run([compiler, "-o", str(program), str(PEERS / "peer.c"), *flags], check=True, timeout=50)
    return [str(program)]


class Peer:
    """A peer that is started with a role, and our socket, bound, that it connects to."""

    def __init__(self, command: list[str], context: Any) -> None:
        self._command = command
        self._context = context
        self._started: list[subprocess.Popen[str]] = []

    def start(self, role: str, ours: Any, *keys: str) -> subprocess.Popen[str]:
        """Bind our socket, and start the peer that connects to it."""
        ours.rcvtimeo = ours.sndtimeo = DEADLINE_MS
        port = ours.bind_to_random_port("tcp://127.0.0.1")
        command = [*self._command, role, f"tcp://127.0.0.1:{port}", *keys]
        self._started.append(
            subprocess.Popen(command, env=environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        )
        return self._started[-1]

    def socket(self, socket_type: int) -> Any:
        """A socket of ours."""
        return self._context.socket(socket_type)

    def stop(self) -> None:
        """End what still runs."""
        for process in self._started:
            process.kill()
            process.communicate()


@pytest.fixture(params=["czmq", "JeroMQ", "php", "perl", "ruby", "zeromq.js", "pyomq"])
def peer(request: pytest.FixtureRequest, built: Path, context: Any) -> Iterator[Peer]:
    """Each peer that is installed."""
    made = Peer(prepare(request.param, built), context)
    yield made
    made.stop()


def finish(process: subprocess.Popen[str]) -> str:
    """What a peer printed; it must end well."""
    stdout, stderr = process.communicate(timeout=50)
    assert process.returncode == 0, stderr
    return stdout


def test_its_request_is_answered(peer):
    """Its REQ, our REP: both parts arrive, and so does the reply."""
    rep = peer.socket(zmqlite.REP)
    process = peer.start("req", rep)
    assert rep.recv_multipart() == [b"hello", b"world"]
    rep.send_multipart([b"nice", b"to", b"meet you"])
    assert finish(process) == "nice|to|meet you\n"


def test_it_answers_our_request(peer):
    """Our REQ, its REP; a large part, too."""
    req = peer.socket(zmqlite.REQ)
    peer.start("rep", req)
    for size in (1, 100_000):
        req.send_multipart([b"ping", b"x" * size])
        assert req.recv_multipart() == [b"echo", b"ping", b"x" * size]


def test_router_and_dealer_keep_envelopes(peer):
    """Our ROUTER sees the routing id that its DEALER set, every part, also an empty one, and is heard."""
    router = peer.socket(zmqlite.ROUTER)
    process = peer.start("dealer", router)
    assert router.recv_multipart() == [b"peer", b"a", b"", b"b"]
    router.send_multipart([b"peer", b"reply", b"2"])
    assert finish(process) == "reply|2\n"


def test_it_subscribes_to_us(peer):
    """Our publisher hears of its subscription, and it gets what it subscribed to and nothing else."""
    publisher = peer.socket(zmqlite.XPUB)
    process = peer.start("sub", publisher)
    assert publisher.recv() == b"\1news"
    publisher.send_multipart([b"olds", b"-"])
    publisher.send_multipart([b"news", b"hello"])
    assert finish(process) == "news|hello\n"


def test_we_subscribe_to_it(peer):
    """And the other way round."""
    subscriber = peer.socket(zmqlite.SUB)
    subscriber.subscribe("news")
    peer.start("pub", subscriber)
    assert subscriber.recv_multipart() == [b"news", b"hello"]


def test_its_request_is_encrypted(peer, request):
    """CURVE: it knows our public key, and we see that it is a client with the keys we gave it."""
    name = request.node.callspec.params["peer"]
    if name not in CURVE:
        pytest.skip(f"{name}, as Debian has it, has no CURVE")
    if not zmqlite.has("curve"):
        pytest.skip("this libzmq has no CURVE")
    server, client = zmqlite.KeyPair.generate(), zmqlite.KeyPair.generate()
    rep = peer.socket(zmqlite.REP)
    zmqlite.set_curve_server(rep, server, allow_any=True)
    keys = [key if isinstance(key, str) else key.decode() for key in (server.public, client.public, client.secret)]
    process = peer.start("req", rep, *keys)
    assert rep.recv_multipart() == [b"hello", b"world"]
    rep.send(b"secret")
    assert finish(process) == "secret\n"


def test_rsyslog_sends_its_log(context, tmp_path):
    """A real application: rsyslog's omczmq output pushes what it is told to a PULL of ours."""
    daemon = shutil.which("rsyslogd") or shutil.which("/usr/sbin/rsyslogd")
    if daemon is None or not list(Path("/usr/lib").glob("*/rsyslog/omczmq.so")):
        pytest.skip("rsyslog with its czmq output is not installed (rsyslog rsyslog-czmq)")
    pull = context.socket(zmqlite.PULL)
    pull.rcvtimeo = DEADLINE_MS
    port = pull.bind_to_random_port("tcp://127.0.0.1")
    log = tmp_path / "in.log"
    log.write_text("<13>zmqlite: written before\n", encoding="utf-8")
    configuration = tmp_path / "rsyslog.conf"
    configuration.write_text(
        f'global(workDirectory="{tmp_path}")\n'
        'module(load="imfile")\n'
        'module(load="omczmq")\n'
        f'input(type="imfile" file="{log}" tag="test:")\n'
        'template(name="plain" type="string" string="%msg%")\n'
        f'action(type="omczmq" socktype="PUSH" endpoints=">tcp://127.0.0.1:{port}" template="plain")\n',
        encoding="utf-8",
    )
    command = [daemon, "-n", "-f", str(configuration), "-i", str(tmp_path / "pid")]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    try:
        assert b"zmqlite: written before" in pull.recv()
        with log.open("a", encoding="utf-8") as file:
            file.write("and after\n")
        assert b"and after" in pull.recv()
    finally:
        process.terminate()
        process.communicate(timeout=50)
