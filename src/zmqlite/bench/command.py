"""`python -m zmqlite bench`: the arguments, the progress, and where the output goes."""

from __future__ import annotations

import argparse
import json
import os
import platform
import signal
import sys
import time
from pathlib import Path

from .report import make_rows, make_summary
from .runner import Plan, describe_programs, measure_cell
from .table import cell_lines, closing_lines, head_lines, opening_lines
from .workloads import PROGRAMS, SIZES, TRANSPORTS, Workload, parse_size

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, NoReturn

__all__ = ["add_arguments", "run"]

_EPILOG = """\
A turn is one program's measurement of one workload. The programs take turns (zmqlite, pyzmq, C, zmqlite, ...),
each in processes of its own, and every turn is compared with its neighbours; the median of that is shown, with the
lowest and the highest. A first turn of each warms up and does not count. The table goes to stdout, the progress to
stderr. The keys of --json are described in zmqlite/bench/report.py.
"""


def _list_of(choices: tuple[str, ...], what: str) -> Any:
    def read(text: str) -> tuple[str, ...]:
        names = tuple(dict.fromkeys(name.strip() for name in text.split(",")))
        for name in names:
            if name not in choices:
                raise argparse.ArgumentTypeError(f"{name!r} is not a {what}: {', '.join(choices)}")
        return names

    return read


def _sizes(text: str) -> tuple[int, ...]:
    try:
        return tuple(dict.fromkeys(parse_size(part) for part in text.split(",")))
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from error


def _rounds(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= 1000:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of rounds: 1 to 1000")
    return int(text)


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = 0.0
    if not 0.001 <= seconds <= 3600:
        raise argparse.ArgumentTypeError(f"{text!r} is not a time: 0.001 to 3600 seconds")
    return seconds


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what `bench` takes."""
    parser.epilog = _EPILOG
    parser.add_argument(
        "--rounds", type=_rounds, default=7, metavar="N", help="turns of each program (default: %(default)s)"
    )
    parser.add_argument(
        "--seconds", type=_seconds, default=0.25, metavar="S", help="length of a turn (default: %(default)s)"
    )
    parser.add_argument(
        "--transports",
        type=_list_of(TRANSPORTS, "transport"),
        default=TRANSPORTS,
        metavar="LIST",
        help=f"default: {','.join(TRANSPORTS)}",
    )
    parser.add_argument(
        "--sizes", type=_sizes, default=SIZES, metavar="LIST", help="default: 16,1KiB,64KiB,1MB"
    )
    parser.add_argument(
        "--programs",
        type=_list_of(PROGRAMS, "program"),
        default=PROGRAMS,
        metavar="LIST",
        help=f"in this order of turns (default: {','.join(PROGRAMS)})",
    )
    parser.add_argument(
        "--deadline",
        type=_seconds,
        default=30.0,
        metavar="S",
        help="give a program up that is still in its turn after this time (default: %(default)g)",
    )
    parser.add_argument("--json", action="store_true", help="print JSON with every raw round, not the table")


class _Progress:
    """Tells on stderr how far it is: one line that changes on a terminal, else one line a workload.

    Args:
        cells: how many workloads there are.
    """

    def __init__(self, cells: int) -> None:
        self._cells = cells
        self._cell = 0
        self._title = ""
        self._started = time.monotonic()
        self._terminal = sys.stderr.isatty()

    def begin(self, workload: Workload) -> None:
        """The next workload begins."""
        self._cell += 1
        self._title = f"[{self._cell}/{self._cells}] {workload}"
        if not self._terminal:
            print(f"{self._title}{self._left()}", file=sys.stderr, flush=True)

    def _left(self) -> str:
        done = self._cell - 1
        if not done:
            return ""
        left = (time.monotonic() - self._started) / done * (self._cells - done)
        return f", about {left:.0f} s left"

    def show(self, text: str) -> None:
        """Say what the workload is at."""
        if self._terminal:
            print(f"\r\033[K{self._title}: {text}{self._left()}", end="", file=sys.stderr, flush=True)

    def clear(self) -> None:
        """Make room for what is printed."""
        if self._terminal:
            print("\r\033[K", end="", file=sys.stderr, flush=True)


def _processor() -> str:
    try:
        with Path("/proc/cpuinfo").open(encoding="utf-8", errors="replace") as lines:
            for line in lines:
                if line.startswith("model name"):
                    return " ".join(line.partition(":")[2].split())
    except OSError:  # not Linux
        pass
    return platform.processor() or platform.machine()


def _machine() -> dict[str, Any]:
    usable = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return {
        "system": platform.platform(),
        "processor": _processor(),
        "cpus": usable,
        "python": f"{platform.python_implementation()} {platform.python_version()}",
    }


def _end_by_signal(number: int, frame: object) -> NoReturn:
    # Through the exception, so that the children and the folder of the ipc sockets are cleared away.
    raise SystemExit(128 + number)


def run(arguments: argparse.Namespace) -> int:
    """Measure and print.

    Returns:
        0; 1 when a program failed in some row. A program that is not installed is no failure.
    """
    signal.signal(signal.SIGTERM, _end_by_signal)
    show = _discard_lines if arguments.json else _print_lines
    report = _measure(arguments, show)
    if arguments.json:
        print(json.dumps(report, indent=1))
    else:
        show(closing_lines(report["rows"], report["summary"], report["in_place_from"]))
    tried = [*report["programs"].values(), *report["rows"]]
    return 1 if any(one.get("error") for one in tried) else 0


def _measure(arguments: argparse.Namespace, show: Callable[[list[str]], None]) -> dict[str, Any]:
    """The report, and each part of the table as soon as it is there."""
    from zmqlite.message import PASS_THRESHOLD

    started = time.monotonic()
    plan = Plan(arguments.rounds, arguments.seconds, arguments.deadline)
    report: dict[str, Any] = {
        "format": 1,
        "date": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "took_s": None,
        "machine": _machine(),
        "plan": {"rounds": plan.rounds, "seconds": plan.seconds},
        "programs": describe_programs(arguments.programs),
        "in_place_from": PASS_THRESHOLD,
        "rows": [],
        "summary": {},
    }
    programs = report["programs"]
    able = tuple(name for name in programs if not {"missing", "error"} & set(programs[name]))
    show(opening_lines(programs, report["machine"], report["plan"]))
    transports = _transports(arguments.transports) if able else ()
    workloads = [Workload(transport, size) for transport in transports for size in arguments.sizes]
    show(["", *head_lines()] if workloads else [])
    progress = _Progress(len(workloads))
    transport = ""
    for workload in workloads:
        progress.begin(workload)
        rows = make_rows(measure_cell(workload, able, plan, progress.show))
        progress.clear()
        show(cell_lines(rows, workload.transport != transport))
        transport = workload.transport
        report["rows"].extend(rows)
    report["summary"] = make_summary(report["rows"])
    report["took_s"] = round(time.monotonic() - started, 3)
    return report


def _print_lines(lines: list[str]) -> None:
    for line in lines:
        print(line)
    sys.stdout.flush()


def _discard_lines(lines: list[str]) -> None:
    """The place of `_print_lines` with --json."""


def _transports(wanted: tuple[str, ...]) -> tuple[str, ...]:
    """Those that this libzmq has: on Windows it may lack ipc."""
    from zmqlite._native import lib

    if "ipc" in wanted and not lib.zmq_has(b"ipc"):
        print("ipc is left out: zmqlite's libzmq does not have it", file=sys.stderr)
        return tuple(transport for transport in wanted if transport != "ipc")
    return wanted
