"""What runs in a child process: one program's part of one workload.

Commands come on stdin, answers go to stdout, one JSON object a line. The first command says what to be:

    {"variant", "family", "part", "settings", "seconds", "deadline", "folder"}

`part` is "run", the part that measures, whose answer is the figures; or the name of a class of the family, made with
the settings, whose methods are then the commands: {"do": name, ...}. An answer {"error"} says what failed, {"missing"}
that the program is not installed. The end of stdin, which is the end of the parent, ends the process at once, whatever
it is doing.
"""

from __future__ import annotations

import faulthandler
import importlib
import itertools
import json
import os
import subprocess
import sys
import threading
from contextlib import suppress
from pathlib import Path
from queue import SimpleQueue

from .adapters import MissingError, load_adapter

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, BinaryIO

__all__ = ["Bench", "Partner", "main", "start_child"]

ROOT = Path(__file__).resolve().parent.parent
_WARM_PART = 0.2
_GROWTH = 6
_MOST = 50_000_000


def start_child(command: dict[str, Any], **streams: Any) -> subprocess.Popen[bytes]:
    """Start a child process and give it its first command.

    Args:
        command: see above.
        streams: of subprocess.Popen; stdin and stdout are pipes.
    """
    paths = [str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])]
    process = subprocess.Popen(
        [sys.executable, "-m", "benchmarks.child"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        bufsize=0,
        cwd=str(ROOT),
        env={**os.environ, "PYTHONPATH": os.pathsep.join(paths)},
        **streams,
    )
    assert process.stdin is not None
    with suppress(BrokenPipeError):  # it is gone: whoever waits for its answer finds out why
        process.stdin.write(json.dumps(command).encode() + b"\n")
    return process


class Partner:
    """The other side of a workload: a process of its own, which ends with this one."""

    def __init__(self, command: dict[str, Any]) -> None:
        self.process = start_child(command)
        self.receive()

    def tell(self, do: str, **arguments: Any) -> None:
        """Give a command; `receive` waits for its answer."""
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps({"do": do, **arguments}).encode() + b"\n")

    def receive(self) -> dict[str, Any]:
        """The answer to the oldest command.

        Raises:
            RuntimeError: it failed.
        """
        assert self.process.stdout is not None
        answer: dict[str, Any] = json.loads(self.process.stdout.readline() or b'{"error": "it ended"}')
        if "error" in answer:
            raise RuntimeError(f"the partner process: {answer['error']}")
        return answer

    def ask(self, do: str, **arguments: Any) -> dict[str, Any]:
        """Give a command and wait for its answer."""
        self.tell(do, **arguments)
        return self.receive()


class Bench:
    """What a workload has at hand.

    Attributes:
        peer: the adapter of the measured program.
        seconds: what the measured part should take.
    """

    _numbers = itertools.count()

    def __init__(self, command: dict[str, Any]) -> None:
        self.variant: str = command["variant"]
        self.peer: Any = load_adapter(self.variant)
        self.seconds: float = command["seconds"]
        self._command = command

    def endpoint(self, transport: str) -> str:
        """A free endpoint to bind to."""
        number = f"{os.getpid()}-{next(self._numbers)}"
        if transport == "tcp":
            return "tcp://127.0.0.1:*"
        if transport == "ipc":
            return f"ipc://{self._command['folder']}/{number}"
        return f"inproc://{number}"

    def start(self, part: str, variant: str | None = None, **settings: Any) -> Partner:
        """Start another part of this family in a process of its own.

        Args:
            part: the name of a class of the family.
            variant: the program it runs; None is the measured one.
            settings: what the class is made with.
        """
        return Partner({**self._command, "part": part, "variant": variant or self.variant, "settings": settings})

    def repeat(self, loop: Callable[[int], int], first: int = 1, most: int = _MOST) -> float:
        """Warm up, find how many times fill the wanted seconds, and measure that.

        Args:
            loop: takes how many times, returns the nanoseconds that they took.
            first: how many to begin with.
            most: never more than this.

        Returns:
            Nanoseconds for one time.
        """
        wanted = self.seconds * 1e9
        count = min(first, most)
        while True:
            took = max(1, loop(count))
            if took >= wanted * _WARM_PART or count >= most:
                break
            # Short ones are uncertain: grow by steps, never straight to the goal.
            count = min(most, count * _GROWTH)
        if took < wanted:
            count = max(1, min(most, int(count * wanted / took)))
            took = loop(count)
        return took / count


def _keep_memory() -> None:
    """Free one large block, so that malloc keeps what is freed later.

    glibc gives memory at the top of the heap back to the system, and gets it back page by page, until it has seen a
    large block come and go. Whether a program has done that before is luck; here all have. It helps most who copies.
    """
    bytearray(31 * 1024 * 1024)  # 32 MiB is the largest that counts


def _take_descriptors() -> None:
    """As many descriptors as this user may have."""
    try:
        import resource
    except ImportError:  # Windows
        return
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    with suppress(ValueError, OSError):  # macOS says "infinite" and means less
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


def _read_commands(stream: BinaryIO, commands: SimpleQueue[bytes]) -> None:
    """Queue what comes on stdin; without a parent there is nothing left to do."""
    for line in stream:
        commands.put(line)
    os._exit(3)


def main() -> None:
    """Do what stdin says."""
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # what a measured library prints is no answer
    faulthandler.enable()
    commands: SimpleQueue[bytes] = SimpleQueue()
    threading.Thread(target=_read_commands, args=(os.fdopen(0, "rb", 0), commands), daemon=True).start()
    command = json.loads(commands.get())
    # The parent has the same deadline and is the one who tells: this one also says where it hung.
    faulthandler.dump_traceback_later(command["deadline"], exit=True)
    _keep_memory()
    _take_descriptors()

    def answer(said: dict[str, Any]) -> None:
        answers.write(json.dumps(said) + "\n")
        answers.flush()

    status = 0
    try:
        family = importlib.import_module(f".families.{command['family']}", __package__)
        bench = Bench(command)
        if command["part"] == "run":
            answer(family.run(bench, **command["settings"]))
        else:
            part = getattr(family, command["part"])(bench, **command["settings"])
            answer(getattr(part, "told", {}))
            while True:
                asked = json.loads(commands.get())
                answer(getattr(part, asked.pop("do"))(**asked) or {})
    except MissingError as error:
        answer({"missing": str(error)})
        status = 1
    except Exception as error:  # whatever a measured library raises is the answer
        answer({"error": f"{type(error).__name__}: {error}"})
        status = 1
    # Not through the interpreter's own exit: a thread of it still reads stdin, and sockets may linger.
    os._exit(status)


if __name__ == "__main__":
    main()
