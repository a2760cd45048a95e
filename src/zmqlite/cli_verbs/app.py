"""All verbs as one click group, and what their errors become: a line on stderr and an exit code."""

from __future__ import annotations

import argparse
import sys
from typing import Any

import click

from zmqlite.errors import Again, ZMQError

from . import doctor, forward, messages, recording, requests, talk, watch

__all__ = ["TIMED_OUT", "commands", "run"]

FAILURE = 1
TIMED_OUT = 3
INTERRUPTED = 130  # 128 + SIGINT, as shells have it

_VERBS = (messages, requests, talk, forward, watch, doctor, recording)


def commands() -> dict[str, click.Command]:
    """Every verb of this package, by name."""
    found: dict[str, click.Command] = {}
    for module in _VERBS:
        found.update(module.COMMANDS)
    found["completion"] = completion
    return found


def _make_group(prog: str, plain: dict[str, argparse.ArgumentParser]) -> click.Group:
    group = click.Group(prog, help="ZeroMQ from the shell.")
    for name, command in commands().items():
        group.add_command(command, name)
    for name, parser in plain.items():
        # Run by zmqlite.cli; here for completion.
        options: list[click.Parameter] = [
            click.Option(list(action.option_strings), help=action.help, is_flag=action.nargs == 0)
            for action in parser._actions
            if action.option_strings
        ]
        group.add_command(click.Command(name, help=parser.description, params=options, add_help_option=False))
    return group


@click.command(help="Print a script that completes zmqlite's verbs and options: put it where your shell reads it.")
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
def completion(shell: str) -> None:
    """Print the completion script of a shell."""
    from click.shell_completion import get_completion_class

    made = get_completion_class(shell)
    if made is None:
        raise click.ClickException(f"this click has no completion for {shell}")
    click.echo(made(_make_group("zmqlite", {}), {}, "zmqlite", "_ZMQLITE_COMPLETE").source())


def run(arguments: list[str], prog: str, plain: dict[str, argparse.ArgumentParser]) -> int:
    """Run a verb.

    Args:
        arguments: the verb and what comes after it.
        prog: what the program is called in messages.
        plain: what the verbs of zmqlite.cli take, when the shell asks for completions.

    Returns:
        0 when done; 1 when it failed; 2 for a wrong command line; 3 when the time was over; 130 on Ctrl-C.
    """
    group: Any = _make_group(prog, plain)
    verb = arguments[0] if arguments else ""
    try:
        status = group.main(arguments, prog_name=prog, standalone_mode=False, complete_var="_ZMQLITE_COMPLETE")
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except (click.Abort, KeyboardInterrupt):
        print("interrupted", file=sys.stderr)
        return INTERRUPTED
    except (Again, TimeoutError) as error:
        what = "nothing came, or nobody took it" if isinstance(error, Again) else error
        print(f"{prog} {verb}: the time is over: {what}", file=sys.stderr)
        return TIMED_OUT
    except BrokenPipeError:
        raise
    except (ZMQError, OSError, ValueError) as error:
        print(f"{prog} {verb}: {error}", file=sys.stderr)
        return FAILURE
    return status if isinstance(status, int) else 0
