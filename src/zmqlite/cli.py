"""`zmqlite VERB`, also `python -m zmqlite VERB`: finds the verb's module, and turns what happens into an exit code.

A verb is a module with `add_arguments(parser)` and `run(arguments) -> int`, and a line in `VERBS`. Only the module
of the verb that is asked for is imported. The verbs in `SHELL_VERBS` talk to endpoints; they are in `cli_verbs` and
need the extra `zmqlite[cli]`.
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

__all__ = ["FAILURE", "OK", "SHELL_VERBS", "USAGE", "VERBS", "main"]

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

# What needs zmqlite[cli]: verb: what it does
SHELL_VERBS: dict[str, str] = {
    "send": "send messages through a socket of any type",
    "recv": "print the messages that arrive at a socket of any type",
    "req": "send requests and print the replies",
    "rep": "answer requests",
    "pub": "publish messages",
    "sub": "subscribe, and print what is published",
    "push": "push messages",
    "pull": "pull messages and print them",
    "pair": "send messages and print those that arrive, both at once",
    "dealer": "the same: requests and replies in any order",
    "router": "the same: the first part of a message is its peer",
    "xpub": "the same: publish, and see the subscriptions",
    "xsub": "the same: what is sent are subscriptions",
    "proxy": "forward between two sockets, with capture and counters",
    "monitor": "print what happens to an endpoint's connections",
    "doctor": "find out what is at an endpoint",
    "record": "write a stream of messages to a file, with its timing",
    "replay": "send what was recorded",
    "completion": "print a script that completes verbs and options in your shell",
}
_COMPLETE = "_ZMQLITE_COMPLETE"


class _Version(argparse.Action):
    """Prints the version: only when asked, because it needs libzmq's."""

    def __call__(self, parser: argparse.ArgumentParser, *rest: object) -> NoReturn:
        from ._version import __version__
        from .version import zmq_version

        print(f"zmqlite {__version__} (libzmq {zmq_version()})")
        parser.exit(OK)


def _make_parser(arguments: Sequence[str]) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog=_prog(), description="zmqlite: fast ZeroMQ for Python.")
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
    for name, summary in SHELL_VERBS.items():
        verbs.add_parser(name, help=summary)
    return parser


def _prog() -> str:
    name = os.path.basename(sys.argv[0])
    return "zmqlite" if name in ("zmqlite", "zmqlite.exe") else "python -m zmqlite"


def _make_plain_parsers() -> dict[str, argparse.ArgumentParser]:
    """What the verbs that need no extra take: for completion."""
    parsers = {}
    for name, (module, summary) in VERBS.items():
        parsers[name] = argparse.ArgumentParser(name, description=summary)
        importlib.import_module(module).add_arguments(parsers[name])
    return parsers


def _run_shell(arguments: Sequence[str]) -> int:
    try:
        from .cli_verbs.app import run

        return run(list(arguments), _prog(), _make_plain_parsers() if _COMPLETE in os.environ else {})
    except ModuleNotFoundError as error:
        package = (error.name or "").partition(".")[0]
        if package not in ("click", "rich"):
            raise
        verb = arguments[0] if arguments else "completion"
        print(f"zmqlite {verb} needs {package}: pip install 'zmqlite[cli]'", file=sys.stderr)
        return FAILURE


def _open_closed_streams() -> None:
    """Where the shell closed one (`<&-`, `>&-`) there is nothing to read, and nobody to write to."""
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, mode, encoding="utf-8"))  # noqa: SIM115


def main(arguments: Sequence[str] | None = None) -> int:
    """Do what the command line says.

    Args:
        arguments: without the program's name; None takes those of this process.

    Returns:
        0 when done, 1 when the verb failed, 2 or SystemExit(2) for a wrong command line, 3 when its --timeout was
        over, 130 on Ctrl-C.
    """
    arguments = sys.argv[1:] if arguments is None else arguments
    _open_closed_streams()
    try:
        if _COMPLETE in os.environ or (arguments[:1] and arguments[0] in SHELL_VERBS):
            status = _run_shell(arguments)
        else:
            parsed = _make_parser(arguments).parse_args(arguments)
            status = importlib.import_module(VERBS[parsed.verb][0]).run(parsed)
        sys.stdout.flush()
    except BrokenPipeError:
        # Whoever read the output has seen enough (`| head`). Python would complain again at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return FAILURE
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        return _INTERRUPTED
    return status
