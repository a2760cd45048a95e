"""`python -m zmqlite VERB`: finds the verb's module, and turns what happens into an exit code.

A verb is a module with `add_arguments(parser)` and `run(arguments) -> int`, and a line in `VERBS`. Only the module
of the verb that is asked for is imported.
"""

from __future__ import annotations

import argparse
import importlib
import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import NoReturn

__all__ = ["FAILURE", "OK", "USAGE", "VERBS", "main"]

OK = 0
FAILURE = 1
USAGE = 2
_INTERRUPTED = 130  # 128 + SIGINT, as shells have it

# verb: (module, what it does)
VERBS: dict[str, tuple[str, str]] = {
    "bench": ("zmqlite.bench.command", "measure zmqlite, pyzmq and C on this machine"),
    "info": ("zmqlite.info", "versions, backend, and what libzmq this is"),
    "keygen": ("zmqlite.keygen", "make a pair of CURVE keys and its two certificate files"),
}


class _Version(argparse.Action):
    """Prints the version: only when asked, because it needs libzmq's."""

    def __call__(self, parser: argparse.ArgumentParser, *rest: object) -> NoReturn:
        from ._version import __version__
        from .version import zmq_version

        print(f"zmqlite {__version__} (libzmq {zmq_version()})")
        parser.exit(OK)


def _make_parser(arguments: Sequence[str]) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m zmqlite", description="zmqlite: fast ZeroMQ for Python.")
    parser.add_argument(
        "--version", action=_Version, nargs=0, help="print the versions of zmqlite and libzmq"
    )
    verbs = parser.add_subparsers(dest="verb", metavar="VERB", required=True)
    for name, (module, summary) in VERBS.items():
        verb = verbs.add_parser(
            name,
            help=summary,
            description=f"{summary[0].upper()}{summary[1:]}.",
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        if name in arguments:
            importlib.import_module(module).add_arguments(verb)
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Do what the command line says.

    Args:
        arguments: without the program's name; None takes those of this process.

    Returns:
        0 when done, 1 when the verb failed, 130 on Ctrl-C. A wrong command line ends in SystemExit(2).
    """
    arguments = sys.argv[1:] if arguments is None else arguments
    parsed = _make_parser(arguments).parse_args(arguments)
    module = importlib.import_module(VERBS[parsed.verb][0])
    try:
        status: int = module.run(parsed)
        sys.stdout.flush()
    except BrokenPipeError:
        # Whoever read the output has seen enough (`| head`). Python would complain again at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return FAILURE
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        return _INTERRUPTED
    return status
