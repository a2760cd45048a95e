"""zmqlite.utils and zmqlite.curve_keygen: what programs import as zmq.utils."""

from __future__ import annotations

import json
import struct
import subprocess
import sys
import threading
from collections.abc import Callable
from typing import Any

import pytest

import zmqlite as zmq
from zmqlite.utils import garbage, interop, jsonapi, monitor, strtypes, win32, z85


def test_jsonapi_is_utf8_bytes() -> None:
    """dumps() and loads() pass options to json."""
    assert jsonapi.dumps({"ä": [1]}, ensure_ascii=False) == '{"ä": [1]}'.encode()
    assert jsonapi.loads('"ä"'.encode()) == jsonapi.loads('"ä"') == "ä"
    assert jsonapi.loads(b"1.5", parse_float=str) == "1.5"
    with pytest.raises(ValueError, match="Expecting value"):
        jsonapi.loads(b"")
    assert jsonapi.jsonmod is json


def test_z85_and_monitor_are_zmqlites() -> None:
    """Other names, not other code."""
    import zmqlite.monitor
    import zmqlite.z85

    assert z85.encode is zmqlite.z85.encode
    assert z85.decode(z85.encode(b"1234")) == b"1234"
    assert z85.Z85CHARS[z85.Z85MAP[ord("a")]] == ord("a")
    assert monitor.recv_monitor_message is zmqlite.monitor.recv_monitor_message


def test_strtypes_cast_and_warn() -> None:
    """As deprecated as in pyzmq."""
    for cast, value, expected in (
        (strtypes.cast_bytes, "ä", "ä".encode()),
        (strtypes.asbytes, b"x", b"x"),
        (strtypes.b, "ä", "ä".encode()),
        (strtypes.cast_unicode, "ä".encode(), "ä"),
        (strtypes.u, "x", "x"),
    ):
        with pytest.warns(DeprecationWarning, match="strtypes"):
            assert cast(value) == expected
    for cast in (strtypes.cast_bytes, strtypes.cast_unicode):
        with pytest.warns(DeprecationWarning, match="strtypes"), pytest.raises(TypeError, match="takes str or bytes"):
            cast(1)  # type: ignore[arg-type]
    assert (strtypes.bytes, strtypes.unicode, strtypes.basestring) == (bytes, str, (str,))


def test_interop_casts_addresses(context: zmq.Context[Any]) -> None:
    """Ints and cffi pointers; anything else is a ValueError."""
    import cffi

    ffi = cffi.FFI()
    assert interop.cast_int_addr(7) == 7
    assert interop.cast_int_addr(ffi.cast("void *", 7)) == 7
    with pytest.raises(ValueError, match="takes an address"):
        interop.cast_int_addr("x")


@pytest.mark.skipif(sys.platform == "win32", reason="there it installs a handler")
def test_allow_interrupt_does_nothing_here() -> None:
    """A with statement, with or without an action."""
    called: list[int] = []
    with win32.allow_interrupt(lambda: called.append(1)), win32.allow_interrupt():
        pass
    assert called == []


def test_garbage_collector_lets_go_when_told(context: zmq.Context[Any]) -> None:
    """store() gives a key; a message with it drops the reference and sets the event."""
    collector = garbage.GarbageCollector()
    event = threading.Event()
    assert not collector.is_alive()
    key = collector.store(b"object", event)
    other = collector.store(b"other")
    assert collector.is_alive()
    assert collector.refs[key] == (b"object", event)
    with collector.context.socket(zmq.PUSH) as push:
        push.connect(collector.url)
        push.send(struct.pack("=Q", 12345))  # of nobody
        push.send(struct.pack("=Q", key))
    assert event.wait(20)
    assert list(collector.refs) == [other]
    collector.stop()
    collector.stop()
    assert collector.refs == {}
    assert not collector.is_alive()


def test_garbage_collector_takes_another_context(context: zmq.Context[Any]) -> None:
    """Replacing it while something is held warns; a context that was given is left open."""
    collector = garbage.GarbageCollector(context)
    collector.store(b"x")
    other: zmq.Context[Any] = zmq.Context()
    with pytest.warns(RuntimeWarning, match="while gc is running"):
        collector.context = other
    assert not context.closed
    collector.store(b"x")
    assert collector.context is other
    collector.stop()
    other.term()


def test_garbage_collector_stops_at_exit(run_child: Callable[..., Any]) -> None:
    """Nothing hangs, and nothing is said."""
    done = run_child("from zmqlite.utils.garbage import gc; print(gc.store(b'x') > 0)")
    assert (done.stdout, done.stderr, done.exit_code) == ("True\n", "", 0)


def keygen(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the command."""
    command = [sys.executable, "-m", "zmqlite.curve_keygen", *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)


@pytest.mark.skipif(not zmq.has("curve"), reason="this libzmq has no CURVE")
def test_curve_keygen_prints_a_pair() -> None:
    """As text and as JSON; of a secret key its public one."""
    lines = keygen().stdout.splitlines()
    assert (lines[0], lines[2], lines[3]) == ("== CURVE PUBLIC KEY ==", "", "== CURVE SECRET KEY ==")
    assert zmq.curve_public(lines[4].encode()) == lines[1].encode()
    assert json.loads(keygen("--json", "--secret", lines[4]).stdout) == {"public": lines[1], "secret": lines[4]}
    dashed = "-" + lines[4][1:]
    assert json.loads(keygen("--json", "--secret", dashed).stdout)["secret"] == dashed
    wrong = keygen("--secret", "short")
    assert (wrong.returncode, wrong.stdout) == (2, "")
    assert "short" not in wrong.stderr.partition("error:")[2]
