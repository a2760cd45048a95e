"""What README.md and CONTRIBUTING.md show is true: their Python blocks run, what they name is there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import zmqlite

ROOT = Path(__file__).resolve().parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```python\n(.*?)^```", README, re.M | re.S)


@pytest.mark.parametrize("number", range(len(BLOCKS)))
def test_python_block_runs(number, run_child, tmp_path):
    """Each example works when it is pasted into a file of its own, with warnings as errors."""
    if "curve" in BLOCKS[number] and not zmqlite.has("curve"):
        pytest.skip("this libzmq has no CURVE")
    first = f"import os, warnings; os.chdir({str(tmp_path)!r}); warnings.simplefilter('error')\n"
    done = run_child(first + BLOCKS[number])
    assert (done.exit_code, done.stderr) == (0, "")
    assert bool(done.stdout) == ("print(" in BLOCKS[number])


@pytest.mark.parametrize("document", ["README.md", "CONTRIBUTING.md"])
def test_named_files_exist(document):
    """Every file that is named in backquotes is in the repository."""
    text = (ROOT / document).read_text(encoding="utf-8")
    names = set(re.findall(r"`((?:[\w.-]+/)*[\w-]+\.(?:py|md|yml|toml|json|c|h|pyi))`", text))
    assert names
    assert [name for name in sorted(names) if not (ROOT / name).exists()] == []
