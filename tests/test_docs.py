"""Every code block of the documentation is true: Python runs, so do the commands of the shell; the site is complete."""

from __future__ import annotations

import importlib.util
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

import zmqlite

ROOT = Path(__file__).resolve().parent.parent
DOCS = ROOT / "docs"
PAGES = sorted(path.relative_to(DOCS).as_posix() for path in DOCS.rglob("*.md"))
# What a block's imports need besides zmqlite; where it is missing the block is skipped.
OPTIONAL = ("numpy", "prometheus_client", "opentelemetry", "anyio", "trio", "uvloop")
# Each block of a page in a namespace of its own, in one process: a process for each would take four times as long.
RUN_BLOCKS = """
import contextlib, io, json, os, sys, tempfile, traceback, warnings

warnings.simplefilter("error")
os.chdir(tempfile.mkdtemp(dir=sys.argv[1]))
for number, code in enumerate(json.load(sys.stdin)):
    said = io.StringIO()
    try:
        with contextlib.redirect_stdout(said):
            exec(compile(code, f"<block {number}>", "exec"), {"__name__": "__main__"})
    except BaseException:
        sys.exit(f"block {number}:\\n{code}\\n{traceback.format_exc()}")
    if "print(" in code and not said.getvalue():
        sys.exit(f"block {number} printed nothing:\\n{code}")
"""


def blocks(page: str, language: str) -> list[str]:
    """The code blocks of a page; those that show a file of examples/ are run by test_examples_guide.py."""
    found = re.findall(rf"^```{language}\n(.*?)^```", (DOCS / page).read_text(encoding="utf-8"), re.M | re.S)
    return [code for code in found if "--8<--" not in code]


def lacks(code: str) -> str:
    """Why a block cannot run here."""
    for name in OPTIONAL:
        if re.search(rf"^\s*(import|from) {name}\b", code, re.M) and importlib.util.find_spec(name) is None:
            return f"{name} is not installed"
    if "tracing" in code and importlib.util.find_spec("opentelemetry") is None:
        return "opentelemetry is not installed"
    if "curve" in code.lower() and "has(" not in code:
        if not zmqlite.has("curve"):
            return "this libzmq has no CURVE"
        if "set_curve_server" in code and "allow_any" not in code and not zmqlite.has("draft"):
            return "a server that fails closed needs a libzmq with drafts"
    if "fork" in code and not hasattr(os, "fork"):
        return "no fork() here"
    return ""


@pytest.mark.parametrize("page", [page for page in PAGES if blocks(page, "python")])
def test_python_blocks_run(page, tmp_path):
    """Each is a program of its own, without warnings, that prints when it says so."""
    runnable = [code for code in blocks(page, "python") if not lacks(code)]
    if not runnable:
        pytest.skip(lacks(blocks(page, "python")[0]))
    done = subprocess.run(
        [sys.executable, "-c", RUN_BLOCKS, str(tmp_path)],
        input=json.dumps(runnable),
        capture_output=True,
        text=True,
        timeout=50,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, ""), done.stderr


COMMANDS = [(page, code) for page in PAGES for code in blocks(page, "sh") if code.startswith(("zmqlite ", "echo "))]


@pytest.mark.parametrize(("page", "code"), COMMANDS, ids=[f"{page}-{n}" for n, (page, _) in enumerate(COMMANDS)])
def test_commands_of_the_shell_run(page, code):
    """Each block works when it is pasted into a shell, in an empty folder, and no command of it fails."""
    if importlib.util.find_spec("click") is None:
        pytest.skip("the verbs need zmqlite[cli]")
    if not zmqlite.has("ipc") or ("keygen" in code and not zmqlite.has("curve")):
        pytest.skip("this libzmq has no ipc://, or no CURVE")
    shell = shutil.which("bash")
    if shell is None:
        pytest.skip("no bash")
    # A short name: ipc:// paths are relative to it. Commands that run in the background must end well, too.
    with tempfile.TemporaryDirectory(prefix="zl-") as folder:
        note = '{ code=$?; echo "zmqlite $1: $code" >> codes; return $code; }'
        script = f'set -eu\nzmqlite() {{ "$PYTHON" -m zmqlite "$@" || {note}; }}\n'
        environment = {**os.environ, "PYTHON": sys.executable}
        paths = [os.path.abspath(one) for one in os.environ.get("PYTHONPATH", "").split(os.pathsep) if one]
        done = subprocess.run(
            [shell, "-c", script + code],
            cwd=folder,
            env={**environment, "PYTHONPATH": os.pathsep.join(paths)},
            capture_output=True,
            text=True,
            timeout=50,
            check=False,
        )
        failed = Path(folder, "codes")
        codes = failed.read_text(encoding="utf-8") if failed.exists() and "||" not in code else ""
    assert (done.returncode, codes) == (0, ""), done.stderr


def test_every_example_is_on_the_page_of_the_guide():
    """Each program of examples/guide is shown."""
    shown = set(re.findall(r'--8<-- "examples/guide/(.*?)"', (DOCS / "guide.md").read_text(encoding="utf-8")))
    assert shown == {path.name for path in (ROOT / "examples" / "guide").glob("*.py")}


def test_every_answer_to_a_missing_message_is_demonstrated():
    """Each section of that page is found from its table, and has a program."""
    page = (DOCS / "missing-messages.md").read_text(encoding="utf-8")
    table, *sections = re.split(r"^## ", page, flags=re.M)
    titles = [section.partition("\n")[0] for section in sections]
    anchors = [re.sub(r"[^a-z ]", "", title.lower()).replace(" ", "-") for title in titles]
    assert set(re.findall(r"\(#(.*?)\)", table)) == set(anchors)
    assert [title for title, section in zip(titles, sections) if "```python\n" not in section] == []


def test_option_tables_have_every_option():
    """They are made from the table in the code."""
    specification = importlib.util.spec_from_file_location("hooks", DOCS / "hooks.py")
    hooks = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(hooks)
    page = hooks.make_option_page()
    for rows in (zmqlite.options.SOCKET_OPTIONS, zmqlite.options.CONTEXT_OPTIONS):
        for row in rows.values():
            assert f"| `{row.name}` |" in page
    assert "| `LINGER` | -1 to 2³¹-1 ms | `-1` |" in page
