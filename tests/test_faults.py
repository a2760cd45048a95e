"""Faults on purpose, each row in its short form; docs/reliability.md has the long forms and their figures."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

FAULTS = Path(__file__).with_name("faults")

# Row: the most seconds that its process may take on a busy machine.
DEADLINES = {
    "soak": 50,
    "killed": 50,
    "links": 50,
    "malformed": 50,
    "exits": 50,
    "delivery": 50,
    "collisions": 50,
    "forks": 50,
    "signals": 50,
    "boundary": 50,
    "exhaustion": 50,
    "leaks": 50,
    "parsers": 50,
}

pytestmark = pytest.mark.skipif(
    not sys.platform.startswith("linux"), reason="the faults are made with Linux's /proc, signals and namespaces"
)


def run_row(row: str, *arguments: str) -> str:
    """Run a row in a process of its own; what it printed. The test fails when a figure is not met."""
    if row == "links":
        code = f"import sys; sys.path.insert(0, {str(FAULTS)!r}); import links; print(links.missing() or '')"
        why = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip()
        if why:
            pytest.skip(why)
    done = subprocess.run(
        [sys.executable, "-X", "faulthandler", str(FAULTS), row, *arguments],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=DEADLINES[row],
        check=False,
    )
    assert done.returncode == 0, done.stdout
    return done.stdout


@pytest.mark.parametrize("row", DEADLINES)
def test_the_short_form_of_a_row_meets_its_promises(row: str) -> None:
    """The same code as the long form, with smaller sizes."""
    said = run_row(row, "--short")
    assert f"{row}: met in " in said
    assert "NOT MET" not in said
