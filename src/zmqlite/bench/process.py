"""A child process of the benchmark, seen from the parent: questions with deadlines, and why it ended."""

from __future__ import annotations

import json
import os
import queue
import re
import signal
import subprocess
import sys
import tempfile
import threading
import time
from contextlib import suppress
from pathlib import Path

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    # A line of stdout, b"" at its end, and whose it is.
    Answers = queue.SimpleQueue[tuple["Child", bytes]]

__all__ = ["Child", "ChildError", "ProgramMissingError", "wait_for_answers"]

_CHILD_FILE = Path(__file__).with_name("child.py")
# Over the child's own deadline, so that it can say where it hung before it is killed.
_GRACE = 1.0
_END_DEADLINE = 2.0


class ChildError(Exception):
    """The child failed, died or did not answer in time; the text says which, in one line."""


class ProgramMissingError(ChildError):
    """The program that the child was to run is not installed."""


class Child:
    """One child process. It dies with this process, whatever either of them is doing.

    Args:
        name: what it does, for messages: "pyzmq, the receiver".
        answers: where its answers arrive; children that are waited for together share one.
    """

    def __init__(self, name: str, answers: Answers | None = None) -> None:
        self.name = name
        self._answers: Answers = queue.SimpleQueue() if answers is None else answers
        self._lines: list[bytes] = []
        self._asked_until = 0.0
        # A file and not a pipe: nobody has to read it while the child runs.
        self._messages = tempfile.TemporaryFile()  # noqa: SIM115 - closed with the child
        self._process = subprocess.Popen(  # noqa: S603 - this Python, and a file of this package
            [sys.executable, str(_CHILD_FILE)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._messages,
            bufsize=0,
        )
        threading.Thread(target=self._read_answers, daemon=True).start()
        # It finds zmqlite and pyzmq where this process does.
        self._write({"path": [entry or os.getcwd() for entry in sys.path]})

    def __enter__(self) -> Child:
        return self

    def __exit__(self, error_type: object, *rest: object) -> None:
        if error_type is None:
            self.close()
        else:
            self.kill()

    def _read_answers(self) -> None:
        stdout = self._process.stdout
        assert stdout is not None  # noqa: S101 - a pipe was asked for
        with stdout:
            while True:
                line = stdout.readline()
                self._answers.put((self, line))
                if not line:
                    return

    def _write(self, message: dict[str, Any]) -> None:
        stdin = self._process.stdin
        assert stdin is not None  # noqa: S101 - a pipe was asked for
        with suppress(OSError):  # it is gone: whoever waits for the answer finds out why
            stdin.write(json.dumps(message).encode() + b"\n")

    def ask(self, do: str, deadline: float, **arguments: Any) -> None:
        """Give a command; `wait_for_answers` tells what came of it.

        Args:
            do: the command: see child.py.
            deadline: seconds that it may take.
            arguments: what the command takes.
        """
        self._asked_until = time.monotonic() + deadline + _GRACE
        self._write({"do": do, "deadline": deadline, **arguments})

    def call(self, do: str, deadline: float, **arguments: Any) -> dict[str, Any]:
        """`ask`, and wait for the answer.

        Raises:
            ProgramMissingError: the program is not installed.
            ChildError: anything else went wrong.
        """
        self.ask(do, deadline, **arguments)
        return wait_for_answers([self])[0]

    def _read(self, line: bytes) -> dict[str, Any]:
        if not line:
            self._process.wait()
            raise ChildError(f"{self.name} {self._ending()}{self._last_words()}")
        answer: dict[str, Any] = json.loads(line)
        if "missing" in answer:
            raise ProgramMissingError(answer["missing"])
        if "error" in answer:
            raise ChildError(f"{self.name}: {answer['error']}")
        return answer

    def _ending(self) -> str:
        status = self._process.wait()
        if status >= 0:
            return f"ended with status {status}"
        try:
            return f"was ended by {signal.Signals(-status).name}"
        except ValueError:
            return f"was ended by signal {-status}"

    def _last_words(self) -> str:
        """What stderr has to say: faulthandler's report in short, else the last line."""
        self._messages.seek(0)
        text = self._messages.read().decode("utf-8", "replace").strip()
        report = re.search(r"^(Fatal Python error: .*|Timeout \(.*\))", text, re.M)
        if report is None:
            return f": {text.splitlines()[-1]}" if text else ""
        # The main thread comes last, its innermost call first.
        calls = r'most recent call first\):\n  File "(.*)", line (\d+) in (.*)'
        places = re.findall(calls, text[report.start() :])
        where = f", in {places[-1][2]}() at {Path(places[-1][0]).name}:{places[-1][1]}" if places else ""
        return f": {report[1]}{where}"

    def kill(self) -> None:
        """End it now, by its own process id, and wait until it is gone."""
        self._process.kill()
        self._process.wait()
        if self._process.stdin is not None:
            self._process.stdin.close()
        self._messages.close()

    def close(self) -> None:
        """Let it close its sockets and end; kill it when it does not."""
        if self._process.poll() is None:
            self._write({"do": "close", "deadline": _END_DEADLINE})
            with suppress(subprocess.TimeoutExpired):
                self._process.wait(_END_DEADLINE)
        self.kill()


def wait_for_answers(children: list[Child]) -> list[dict[str, Any]]:
    """Wait for the answers of all; the first failure of any ends it.

    Args:
        children: each has been asked something, and all share their queue of answers.

    Returns:
        The answers, in the order of children.

    Raises:
        ProgramMissingError: the program is not installed.
        ChildError: one failed, died, or was still busy at its deadline.
    """
    answers: dict[Child, dict[str, Any]] = {}
    while True:
        for child in children:
            if child not in answers and child._lines:
                answers[child] = child._read(child._lines.pop(0))
        waiting = [child for child in children if child not in answers]
        if not waiting:
            return [answers[child] for child in children]
        first = min(waiting, key=lambda child: child._asked_until)
        try:
            whose, line = first._answers.get(timeout=max(0.0, first._asked_until - time.monotonic()))
        except queue.Empty:
            raise ChildError(f"{first.name} did not answer in time{first._last_words()}") from None
        whose._lines.append(line)
