"""Runs the example programs as a user would: real processes, over ipc endpoints of their own."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

EXAMPLES = Path(__file__).resolve().parent.parent / "examples"
DEADLINE = 50  # seconds; pytest's own limit is 60


class Stage:
    """Example programs that run together, and the endpoints between them."""

    def __init__(self, folder: str, examples: Path) -> None:
        self._folder = folder
        self._examples = examples
        self._started: list[subprocess.Popen[str]] = []

    def endpoint(self, name: str) -> str:
        """An endpoint that no other test has."""
        return f"ipc://{self._folder}/{name}"

    def command(self, program: str) -> list[str]:
        """How a program is called."""
        return [sys.executable, "-W", "error", str(self._examples / program)]

    def start(self, program: str, *arguments: object) -> subprocess.Popen[str]:
        """Start a program; warnings are errors, its standard input is a pipe."""
        process = subprocess.Popen(
            [*self.command(program), *map(str, arguments)],
            stdin=subprocess.PIPE,
            # A background job of a shell ignores Ctrl-C, and so would its children.
            preexec_fn=(lambda: signal.signal(signal.SIGINT, signal.SIG_DFL)) if os.name == "posix" else None,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self._started.append(process)
        return process

    def run(self, program: str, *arguments: object) -> str:
        """Run a program to its end, which is a good one. Returns what it printed."""
        return self.finish(self.start(program, *arguments))

    def finish(self, process: subprocess.Popen[str], typed: str | None = None, exit_code: int = 0) -> str:
        """Wait for a program's end; type something first. Returns what it printed since it was last read."""
        stdout, stderr = process.communicate(typed, timeout=DEADLINE)
        assert (process.returncode, stderr if exit_code == 0 else "") == (exit_code, ""), stderr
        return stdout

    def stop(self) -> None:
        """End what still runs."""
        for process in self._started:
            process.kill()
            process.communicate()


class Shell(Stage):
    """The `zmqlite` command, in processes of its own: a program is a verb."""

    def command(self, program: str) -> list[str]:
        """How a verb is called."""
        return [sys.executable, "-m", "zmqlite", program]


@contextmanager
def open_stage(examples: Path = EXAMPLES / "guide", kind: type[Stage] = Stage) -> Iterator[Stage]:
    """A stage with a folder for its endpoints: a short name, because an ipc path has at most 107 bytes."""
    with TemporaryDirectory(prefix="zl-") as folder:
        stage = kind(folder, examples)
        try:
            yield stage
        finally:
            stage.stop()


def read_until(process: subprocess.Popen[str], line: str) -> list[str]:
    """Read lines of a program up to and with one that says this."""
    lines: list[str] = []
    assert process.stdout is not None
    for found in process.stdout:
        lines.append(found.rstrip("\n"))
        if lines[-1] == line:
            return lines
    raise AssertionError(f"{process.args} ended and never said {line!r}: {lines}")
