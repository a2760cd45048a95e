"""`python -m zmqlite`: verbs, exit codes, and `info`. The real command, in a child process."""

from __future__ import annotations

import importlib
import json
import os
import platform
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import pytest

import zmqlite
from zmqlite import _backend, cli
from zmqlite._native import lib

FEATURES = ("ipc", "pgm", "tipc", "norm", "curve", "gssapi", "draft", "WS", "WSS", "vmci")


def run_cli(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the command in a process of its own. Returns its exit code, stdout and stderr."""
    return subprocess.run(
        [sys.executable, "-m", "zmqlite", *arguments],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "VERB"),
        (["nonsense"], "invalid choice: 'nonsense'"),
        (["--nonsense"], "VERB"),
        (["bench", "--nonsense"], "unrecognized arguments: --nonsense"),
        (["bench", "--rounds", "0"], "'0' is not a number of rounds: 1 to 1000"),
        (["bench", "--seconds", "nan"], "'nan' is not a time"),
        (["bench", "--sizes", "16,huge"], "'huge' is not a size"),
        (["bench", "--transports", "udp"], "'udp' is not a transport: inproc, ipc, tcp"),
        (["bench", "--programs", "zmq"], "'zmq' is not a program: zmqlite, pyzmq, C"),
        (["info", "more"], "unrecognized arguments: more"),
    ],
)
def test_wrong_command_line_exits_with_2_and_says_what_is_wrong(arguments: list[str], said: str) -> None:
    """Scripts tell a typing error from a failure."""
    done = run_cli(*arguments)
    assert done.returncode == cli.USAGE
    assert said in done.stderr
    assert "Traceback" not in done.stderr
    assert not done.stdout


def test_help_lists_every_verb() -> None:
    """With what each does."""
    done = run_cli("--help")
    assert done.returncode == cli.OK
    for verb, (_, summary) in cli.VERBS.items():
        assert f"    {verb} " in done.stdout
        assert summary in done.stdout


@pytest.mark.parametrize("verb", cli.VERBS)
def test_every_verb_has_help(verb: str) -> None:
    """And with that, every verb's module can be loaded."""
    done = run_cli(verb, "--help")
    assert done.returncode == cli.OK
    assert f"usage: python -m zmqlite {verb}" in done.stdout


def test_version_names_zmqlite_and_libzmq() -> None:
    """Bug reports need both."""
    done = run_cli("--version")
    assert done.returncode == cli.OK
    assert done.stdout == f"zmqlite {zmqlite.__version__} (libzmq {zmqlite.zmq_version()})\n"


def test_import_of_zmqlite_loads_no_command(run_child: Callable[..., Any]) -> None:
    """Programs do not pay for the command line."""
    child = run_child(
        """
        import sys, zmqlite
        print([name for name in sys.modules if name.startswith(("zmqlite.bench", "zmqlite.cli", "zmqlite.info"))])
        """
    )
    assert child.stdout == "[]\n", child.stderr


def test_verb_loads_only_its_own_module(run_child: Callable[..., Any]) -> None:
    """A verb that is broken breaks no other."""
    child = run_child(
        """
        import sys
        from zmqlite.cli import main
        main(["info", "--json"])
        print([name for name in sys.modules if name.startswith("zmqlite.bench")], file=sys.stderr)
        """
    )
    assert child.stderr == "[]\n"


def test_reader_that_leaves_early_causes_no_traceback() -> None:
    """As in `python -m zmqlite info | head -1`."""
    process = subprocess.Popen(
        [sys.executable, "-m", "zmqlite", "info"], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.close()
    with process.stderr:
        messages = process.stderr.read()
    assert process.wait(timeout=30) == cli.FAILURE
    assert messages == b""


@pytest.fixture(scope="module")
def info() -> dict[str, Any]:
    """What `info --json` prints."""
    done = run_cli("info", "--json")
    assert done.returncode == cli.OK, done.stderr
    parsed: dict[str, Any] = json.loads(done.stdout)
    return parsed


def test_info_json_has_the_documented_keys(info: dict[str, Any]) -> None:
    """The module's docstring names them all."""
    documented = importlib.import_module("zmqlite.info").__doc__
    assert documented is not None
    keys = ("zmqlite", "backend", "python", "cffi", "libzmq", "libsodium", "build", "features", "thresholds")
    assert set(info) == set(keys)
    assert all(f"    {key} " in documented for key in info)


def test_info_tells_versions_and_backend(info: dict[str, Any]) -> None:
    """They are those of the running process."""
    assert info["zmqlite"] == zmqlite.__version__
    assert info["backend"] == _backend.BACKEND
    assert info["libzmq"]["version"] == zmqlite.zmq_version()
    assert info["python"]["version"] == platform.python_version()


@pytest.mark.parametrize("feature", FEATURES)
def test_info_tells_every_feature_of_libzmq(info: dict[str, Any], feature: str) -> None:
    """Each as zmq_has() says."""
    assert info["features"][feature] is bool(lib.zmq_has(feature.encode()))


def test_info_tells_where_libzmq_came_from(info: dict[str, Any]) -> None:
    """Source, hash, licence, compiler and flags of what is built in; nothing made up for the system's."""
    build = info["libzmq"]["build"]
    if info["libzmq"]["origin"] == "system":
        assert info["libsodium"] is None
        assert info["build"] is None
    else:
        assert build["version"] == info["libzmq"]["version"]
        assert len(build["sha256"]) == len(info["libsodium"]["sha256"]) == 64
        assert build["licence"]
        assert info["libsodium"]["version"]
        assert info["build"]["flags"]
        assert info["build"]["compiler"]


def test_info_tells_the_thresholds_in_use(info: dict[str, Any]) -> None:
    """They are the values that the package works with."""
    assert info["thresholds"]["copy_false"] == zmqlite.COPY_THRESHOLD
    assert info["thresholds"]["exit_linger_ms"] == zmqlite.get_exit_linger()


def test_info_text_has_what_the_json_has(info: dict[str, Any]) -> None:
    """The text leaves nothing out, and fits a terminal."""
    done = run_cli("info")
    assert done.returncode == cli.OK
    words = done.stdout.split()
    assert f"{info['backend']} backend" in done.stdout
    assert info["cffi"] in words
    assert f"{info['libzmq']['version']}," in words
    if info["libzmq"]["origin"] == "bundled":
        assert info["libzmq"]["build"]["sha256"] in words
        assert info["libsodium"]["sha256"] in words
        assert words.count("sha256") == 2
        assert words.count("-DENABLE_DRAFTS=ON") == 1
    has, _, lacks = done.stdout.partition("has ")[2].partition("\nlibsodium")[0].partition("; lacks ")
    assert [name.strip() for name in has.split(",")] == [
        name for name, there in info["features"].items() if there
    ]
    assert [name.strip() for name in lacks.split(",")] == [
        name for name, there in info["features"].items() if not there
    ]
    assert max(map(len, done.stdout.splitlines())) <= 100


def test_info_of_a_system_libzmq_says_so() -> None:
    """It has no hash of ours and nothing to say of libsodium."""
    from zmqlite.info import collect_info, format_info

    known = collect_info()
    known["libzmq"] = {"version": "4.3.5", "origin": "system", "build": {"version": "4.3.4"}}
    known.update(libsodium=None, build=None)
    text = "\n".join(format_info(known))
    assert "4.3.5, the system's, found by pkg-config as 4.3.4" in text
    assert "sha256" not in text


def test_environment_chooses_the_backend_that_info_shows() -> None:
    """ZMQLITE_BACKEND reaches the command."""
    done = subprocess.run(
        [sys.executable, "-m", "zmqlite", "info", "--json"],
        capture_output=True,
        text=True,
        timeout=30,
        check=True,
        env={**os.environ, "ZMQLITE_BACKEND": "cffi"},
    )
    assert json.loads(done.stdout)["backend"] == "cffi"
