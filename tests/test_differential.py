"""Random sequences of calls, legal and illegal: pyzmq and zmqlite, in a process each, tell the same of every call.

This is the short form, with the same sequences each time. The long one: `python tests/differential --sequences 10000`.
"""

from __future__ import annotations

import importlib.util
import re
import subprocess
import sys
from pathlib import Path

import pytest

DIFFERENTIAL = Path(__file__).parent / "differential"
PAGE = Path(__file__).parent.parent / "docs" / "differences.md"


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the comparison."""
    command = [sys.executable, str(DIFFERENTIAL), *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=55, check=False)


@pytest.mark.skipif(importlib.util.find_spec("zmq") is None, reason="pyzmq is not installed")
def test_random_sequences_do_the_same_as_on_pyzmq() -> None:
    """Results, types of exceptions, errnos and values of options; what differs has its line in docs/differences.md."""
    done = run("--sequences", "60", "--seed", "7", "--steps", "25")
    assert (done.returncode, done.stderr) == (0, ""), done.stdout
    counts = {what: int(count) for count, what in re.findall(r"^ *(\d+)  (.*)$", done.stdout, re.M)}
    assert counts["sequences"] >= 60
    assert counts["calls"] > 1000


def test_every_reason_is_on_the_page() -> None:
    """docs/differences.md has a line for each reason that the comparison lets pass."""
    source = (DIFFERENTIAL / "differences.py").read_text(encoding="utf-8")
    reasons = re.findall(r'Difference\(\s*"([^"]*)"', source)
    page = " ".join(PAGE.read_text(encoding="utf-8").split())
    assert len(reasons) >= 15
    assert [reason for reason in reasons if reason not in page] == []
