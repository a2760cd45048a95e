"""`python -m zmqlite.compat`: runs a program that imports zmq on zmqlite."""

from __future__ import annotations

import os
import subprocess
import sys

from . import add_to_environment, get_path

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["main"]

_USAGE = """usage: python -m zmqlite.compat PROGRAM.py [ARGUMENT ...]
       python -m zmqlite.compat -m MODULE [ARGUMENT ...]
       python -m zmqlite.compat -c CODE [ARGUMENT ...]
       python -m zmqlite.compat --path

Runs a program that imports zmq on zmqlite, and the Python processes that it starts, too.
--path prints the folder to put on PYTHONPATH to the same end, for mypy too.
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Do what the command line says.

    Args:
        arguments: without the program's name; None takes those of this process.

    Returns:
        0; the exit code of the program on Windows, where it is a child; 2 for a wrong command line.
    """
    given = list(sys.argv[1:] if arguments is None else arguments)
    if given == ["--path"]:
        print(get_path())
        return 0
    if given in (["-h"], ["--help"]):
        print(_USAGE, end="")
        return 0
    if not given or (given[0].startswith("-") and (given[0] not in ("-m", "-c") or len(given) < 2)):
        print(_USAGE, end="", file=sys.stderr)
        return 2
    if sys.flags.ignore_environment:
        print("python -m zmqlite.compat needs PYTHONPATH: run it without -I and -E", file=sys.stderr)
        return 2
    return _run(given)


def _run(given: list[str]) -> int:
    """Put another Python in this one's place: the program is its __main__, as if it had been started so."""
    add_to_environment(os.environ)
    flags: list[str] = subprocess._args_from_interpreter_flags()  # type: ignore[attr-defined]
    command = [sys.executable, *flags, *given]
    sys.stdout.flush()
    sys.stderr.flush()
    if os.name == "nt":  # exec there ends this process at once, and the shell would go on
        return subprocess.call(command)  # noqa: S603
    return os.execv(sys.executable, command)  # noqa: S606


if __name__ == "__main__":
    sys.exit(main())
