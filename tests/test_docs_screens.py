"""The terminals that the documentation shows: each command is typed, and what it prints is compared.

A block of language `console` is a terminal; those in one `<div class="terminals">` are open at the same time. A line
`$ ...` is a command, the lines after it are what it prints, `^C` is typed when the other terminals are done. `...`
stands for anything, alone on a line for any number of lines; times and ports are not compared.
"""

from __future__ import annotations

import importlib.util
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
from pathlib import Path
from typing import NamedTuple

import pytest

import zmqlite
from zmqlite import cli

DOCS = Path(__file__).resolve().parent.parent / "docs"
EXAMPLES = DOCS.parent / "examples"
DEADLINE = 50
PROGRAM = "import sys; from zmqlite.cli import main; sys.argv[0] = 'zmqlite'; sys.exit(main())"
BLOCK = re.compile(r"^```console[^\n]*\n(.*?)^```", re.M | re.S)
SCENE = re.compile(rf'^<div class="terminals" markdown>$.*?^</div>$|{BLOCK.pattern}', re.M | re.S)


class Scene(NamedTuple):
    """Terminals that are open at the same time."""

    page: str
    terminals: list[str]


def find_scenes() -> list[Scene]:
    """The scenes of every page."""
    found = []
    for path in sorted(DOCS.rglob("*.md")):
        for scene in SCENE.finditer(path.read_text(encoding="utf-8")):
            found.append(Scene(path.relative_to(DOCS).as_posix(), BLOCK.findall(scene[0])))
    return found


SCENES = find_scenes()


def parse(terminal: str) -> list[tuple[str, list[str]]]:
    """The commands of a terminal, and the lines that each prints."""
    steps: list[tuple[str, list[str]]] = []
    for line in terminal.splitlines():
        if line.startswith("$ "):
            steps.append((line[2:], []))
        else:
            steps[-1][1].append(line)
    return steps


def matches(expected: list[str], said: list[str]) -> bool:
    """Whether a command said what the page shows."""
    if not expected:
        return not said
    if expected[0] == "...":
        return any(matches(expected[1:], said[start:]) for start in range(len(said) + 1))
    pattern = r".*".join(re.escape(part) for part in re.split(r"(?<!\.)\.{3}(?!\.)", plain(expected[0])))
    return bool(said) and re.fullmatch(pattern, plain(said[0])) is not None and matches(expected[1:], said[1:])


def plain(line: str) -> str:
    """A line without what differs from run to run."""
    line = re.sub(r"(?<=127\.0\.0\.1:)\d{5}\b", "PORT", line)
    line = re.sub(r"^ *\d+\.\d{3}  ", "TIME  ", line)
    line = re.sub(r'("at": |in )\d[\d.e-]+', r"\1TIME", line)
    line = re.sub(r"\d+ msec", "TIME msec", line)
    line = re.sub(r'("value": )\d+', r"\1NUMBER", line)
    return re.sub(r"\d+\.\d+\.\d+( |\))(?!ms)", r"VERSION\1", line)


class Terminal(threading.Thread):
    """Types the commands of one terminal.

    Args:
        text: of the block.
        folder: where it is.
        environment: of its commands.
        ports: that commands of this scene bound, in place of the page's.
        others_done: set when no other terminal runs a command.
    """

    def __init__(self, text, folder, environment, ports, others_done):
        super().__init__()
        self.text, self.folder, self.environment = text, folder, environment
        self.ports, self.others_done = ports, others_done
        self.wrong = []

    def run(self):
        """Type, read, compare."""
        status = 0
        for command, expected in parse(self.text):
            said, status = self.type(command, expected, status)
            if "^C" in expected:
                expected = [line for line in expected if line != "^C"]
                said = [line for line in said if line]  # the terminal's newline after ^C
            if not matches(expected, said):
                self.wrong.append(f"$ {command}\n  expected: {expected}\n  said:     {said}")

    def type(self, command, expected, status):
        """Run a command to its end. Returns its lines and exit code."""
        for shown, ready in self.ports.items():
            if f":{shown}" in command:
                assert ready.wait(DEADLINE), f"nobody bound port {shown}"
                command = command.replace(f":{shown}", f":{ready.port}")
        process = subprocess.Popen(
            ["bash", "-c", f"(exit {status})\n{command}"],
            cwd=self.folder,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        killer = threading.Timer(DEADLINE, os.killpg, (process.pid, signal.SIGKILL))
        killer.start()
        said = []
        with process:
            for line in process.stdout:
                said.append(line.rstrip("\n"))
                self.note_port(said[-1], expected[len(said) - 1 :][:1])
                if "^C" in expected and len(said) == expected.index("^C"):
                    assert self.others_done.wait(DEADLINE)
                    os.killpg(process.pid, signal.SIGINT)
        killer.cancel()
        return said, process.returncode

    def note_port(self, said, expected):
        """Remember what a wildcard became, under the port that the page shows."""
        bound = re.fullmatch(r"bound to tcp://127\.0\.0\.1:(\d+)", said)
        shown = re.fullmatch(r"bound to tcp://127\.0\.0\.1:(\d+)", "".join(expected))
        if bound and shown:
            self.ports[shown[1]].port = bound[1]
            self.ports[shown[1]].set()


@pytest.fixture
def environment(tmp_path):
    """Of a terminal where zmqlite and python are commands, and Ctrl-C is heard."""
    if shutil.which("bash") is None or not zmqlite.has("ipc"):
        pytest.skip("no bash, or this libzmq has no ipc://")
    for name, arguments in (("zmqlite", f'-c "{PROGRAM}"'), ("python", "")):
        program = tmp_path / name
        program.write_text(f'#!/bin/sh\nexec "{sys.executable}" {arguments} "$@"\n', encoding="utf-8")
        program.chmod(0o755)
    paths = [os.path.abspath(one) for one in os.environ.get("PYTHONPATH", "").split(os.pathsep) if one]
    path = f"{tmp_path}{os.pathsep}{os.environ['PATH']}"
    # A background job of a shell ignores Ctrl-C, and so would its children.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield {**os.environ, "PYTHONPATH": os.pathsep.join(paths), "PATH": path, "LC_ALL": "C.UTF-8", "COLUMNS": "80"}
    signal.signal(signal.SIGINT, before)


def name_scene(scene: Scene) -> str:
    """Its first command: what a failure is found by."""
    return "-".join(parse(scene.terminals[0])[0][0].split()[:2]).replace("/", "-")


@pytest.mark.parametrize("scene", SCENES, ids=name_scene)
def test_terminals_show_what_is_printed(scene, environment):
    """Each command prints what the page shows below it."""
    text = "".join(scene.terminals)
    if "$ zmqlite" in text and importlib.util.find_spec("click") is None:
        pytest.skip("the verbs need zmqlite[cli]")
    if "keygen" in text and not zmqlite.has("curve"):
        pytest.skip("this libzmq has no CURVE")
    ports = {port: threading.Event() for port in re.findall(r"^bound to tcp://127\.0\.0\.1:(\d+)$", text, re.M)}
    others_done = threading.Event()
    # A short name: ipc:// paths are relative to it.
    with tempfile.TemporaryDirectory(prefix="zl-") as folder:
        os.symlink(EXAMPLES, os.path.join(folder, "examples"))
        terminals = [Terminal(one, folder, environment, ports, others_done) for one in scene.terminals]
        for terminal in terminals:
            terminal.start()
        for terminal in terminals:
            if "\n^C\n" not in terminal.text:
                terminal.join()
        others_done.set()
        for terminal in terminals:
            terminal.join()
    wrong = "\n".join(line for terminal in terminals for line in terminal.wrong)
    assert not wrong, f"\n{wrong}"


def test_every_verb_is_shown():
    """With what it prints."""
    typed = [command for scene in SCENES for one in scene.terminals for command, _ in parse(one)]
    shown = {verb for command in typed for verb in re.findall(r"zmqlite (\w+)", command)}
    assert {*cli.VERBS, *cli.SHELL_VERBS} <= shown
