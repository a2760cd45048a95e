"""Every public name of pyzmq 27.3 is in the package `zmq` that zmqlite.compat puts in its place.

The names, kinds and parameters are facts in tests/drop_in/pyzmq_api.json; check_api.py compares them in a process where
`zmq` is zmqlite.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import zmqlite.compat

DROP_IN = Path(__file__).parent / "drop_in"
API = json.loads((DROP_IN / "pyzmq_api.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def report() -> dict[str, Any]:
    """What is wrong with each module: name -> findings; a str names a package that is not installed."""
    environment = dict(os.environ)
    zmqlite.compat.add_to_environment(environment)
    done = subprocess.run(
        [sys.executable, str(DROP_IN / "check_api.py")], capture_output=True, text=True, timeout=40, env=environment
    )
    assert (done.returncode, done.stderr) == (0, "")
    made: dict[str, Any] = json.loads(done.stdout)
    return made


@pytest.mark.parametrize("module", [*API["modules"], "zmq.__all__", "enums"])
def test_public_names_are_there_with_their_kinds_and_parameters(report: dict[str, Any], module: str) -> None:
    """Present, of the right kind, taking every call that pyzmq's takes; values of constants are pyzmq's."""
    findings = report[module]
    if isinstance(findings, str):
        pytest.skip(f"{module} {findings}")
    assert {name: found for name, found in findings.items() if found} == {}


def test_the_listing_is_whole() -> None:
    """The facts that are compared with are pyzmq 27.3's: so many modules, names and members of enums."""
    assert len(API["modules"]) == 47
    assert len(API["all"]) == 300
    assert sum(len(facts["members"]) for facts in API["enums"].values()) == 248
