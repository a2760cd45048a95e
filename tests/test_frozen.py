"""The how-to page about packaging: its program, frozen by PyInstaller, runs where no Python is."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

import zmqlite

PAGE = Path(__file__).resolve().parent.parent / "docs" / "howto" / "packaging.md"

pytest.importorskip("PyInstaller", reason="freezes programs with PyInstaller")
pytestmark = [pytest.mark.build, pytest.mark.timeout(300)]


def test_frozen_program_runs(tmp_path):
    """PyInstaller finds all that zmqlite needs, without a hook or an option; nothing else has to be there."""
    [code] = re.findall(r"^```python\n(.*?)^```", PAGE.read_text(encoding="utf-8"), re.M | re.S)
    tmp_path.joinpath("app.py").write_text(code, encoding="utf-8")
    frozen = subprocess.run(
        [sys.executable, "-m", "PyInstaller", "--onefile", "--log-level", "WARN", "app.py"],
        cwd=tmp_path,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    if "shared library" in frozen.stderr and "Python" in frozen.stderr:
        pytest.skip("PyInstaller takes no Python without a shared library")
    assert frozen.returncode == 0, frozen.stderr
    done = subprocess.run(
        [tmp_path / "dist" / "app"], cwd="/", env={}, capture_output=True, text=True, timeout=60, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == f"b'it works' {zmqlite.zmq_version()} {zmqlite.has('curve')}\n"
