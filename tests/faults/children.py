"""Child processes with a deadline: what a row does to a process, it does to one of these."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import NamedTuple

TESTS = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(TESTS))

from exit_children import child_code  # noqa: E402 - found through the path just set

__all__ = ["TESTS", "Ended", "child_code", "command", "run", "start"]


class Ended(NamedTuple):
    """How a child process ended."""

    code: int | None  # None: by a signal, or not at all
    signal: str | None  # "SIGABRT"; "hung" when it was still running at its deadline
    stdout: str
    stderr: str
    seconds: float

    @property
    def well(self) -> bool:
        """It ended by itself, with code 0."""
        return self.code == 0


def command(code: str) -> list[str]:
    """What runs code in another Python of this kind."""
    return [sys.executable, "-X", "faulthandler", "-c", code]


def start(code: str, **environment: str) -> subprocess.Popen[str]:
    """Start code in a process of its own; its stdin, stdout and stderr are pipes."""
    pipe = subprocess.PIPE
    environ = {**os.environ, **environment}
    return subprocess.Popen(command(code), stdin=pipe, stdout=pipe, stderr=pipe, text=True, env=environ)


def run(code: str, timeout: float = 60, **environment: str) -> Ended:
    """Run code in a process of its own to its end, or for timeout seconds."""
    return finish(start(code, **environment), timeout)


def finish(process: subprocess.Popen[str], timeout: float) -> Ended:
    """Wait for the end of a process; one that hangs is killed after faulthandler told where it was."""
    began = time.monotonic()
    hung = False
    try:
        stdout, stderr = process.communicate(timeout=timeout)
    except subprocess.TimeoutExpired:
        hung = True
        process.send_signal(signal.SIGABRT)
        try:
            stdout, stderr = process.communicate(timeout=5)
        except subprocess.TimeoutExpired:
            process.kill()
            stdout, stderr = process.communicate()
    seconds = time.monotonic() - began
    if hung:
        return Ended(None, "hung", stdout, stderr, seconds)
    if process.returncode < 0:
        return Ended(None, signal.Signals(-process.returncode).name, stdout, stderr, seconds)
    return Ended(process.returncode, None, stdout, stderr, seconds)
