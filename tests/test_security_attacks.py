"""Attacks on CURVE and ZAP, the short form of tests/security_attacks.py: none gets a message through."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import zmqlite as zmq

pytestmark = pytest.mark.skipif(not zmq.has("curve"), reason="this libzmq has no CURVE")
TESTS = str(Path(__file__).resolve().parent)
ATTACKS = 360


def test_no_attack_gets_a_message_through(run_child: Callable[..., Any]) -> None:
    """All kinds, again and again, and the honest client between them is served."""
    child = run_child(
        f"""
        import json, sys
        sys.path.insert(0, {TESTS!r})
        import security_attacks
        print(json.dumps(security_attacks.run({ATTACKS}, seed=7)))
        """,
        timeout=50,
    )
    assert child.exit_code == 0, child.stderr
    found = json.loads(child.stdout)
    assert found["accepted"] == []
    assert found["attacks"] == ATTACKS
    assert found["kinds"] >= 15
    assert found["controls"] >= ATTACKS // 50
    assert found["zap questions"] > found["tried"]["malformed_zap_reply"]


def test_attack_that_succeeds_would_be_seen(run_child: Callable[..., Any]) -> None:
    """The same attack on a server whose ZAP handler says yes gets its message through, and that is noticed."""
    child = run_child(
        f"""
        import sys
        sys.path.insert(0, {TESTS!r})
        import security_attacks, types, zmtp_peer
        handler = security_attacks.HostileHandler(seed=1)
        handler.honest = True
        with zmtp_peer.connect(handler.port) as connection:
            greeting, *rest = zmtp_peer.null_client(b"PUSH", security_attacks.FORGED)
            connection.sendall(greeting)
            said = b""
            while b"READY" not in said:
                said += connection.recv(65536)
            connection.sendall(b"".join(rest))
            print(security_attacks.take(handler.server, 20000))
        target = types.SimpleNamespace(accepted=[])
        while not target.accepted:
            handler.attack(target)
        print(set(target.accepted))
        handler.close()
        """
    )
    assert (child.exit_code, child.stdout) == (0, "b'forged'\n{b'forged'}\n"), child.stderr
