"""`python -m benchmarks`: the arguments, the progress, and where the output goes."""

from __future__ import annotations

import argparse
import fnmatch
import json
import signal
import sys
import time
from contextlib import suppress
from pathlib import Path

from .figures import grow, report_row
from .goals import ROWS, SERIES
from .machine import describe_machine, describe_programs, is_busy
from .page import table_lines, write_page
from .turns import Plan, measure, share

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any, NoReturn

    from .rows import Row, Series

__all__ = ["choose", "main", "write_report"]

_ROOT = Path(__file__).resolve().parent.parent
_EPILOG = """\
Everything, in its full length, writes docs/performance.md, docs/performance/*.svg and docs/performance/results.json.
A part of it (ROW..., --quick) writes them only where --output says. The table goes to stdout, the progress to stderr.
"""
# (rounds, seconds a turn, rounds of the series, seconds of their turns)
_FULL = (7, 0.25, 3, 0.15)
_QUICK = (3, 0.06, 1, 0.03)
# Of the values of a series, the quick form takes those up to here; a single message of the largest takes seconds.
_QUICK_VALUES = {"size": 1024**2, "connections": 1000}
_SPARE_DESCRIPTORS = 200


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks",
        description="Measure zmqlite, its peers and C on the same libzmq, and hold the result against the goals.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("rows", nargs="*", metavar="ROW", help="rows and series by name, or 'tcp-*'; default: all")
    parser.add_argument("--list", action="store_true", help="list the rows, the series and the goals, and end")
    parser.add_argument("--quick", action="store_true", help="fewer and shorter rounds: minutes, not half an hour")
    parser.add_argument("--rounds", type=int, metavar="N", help=f"turns of each program (default: {_FULL[0]})")
    parser.add_argument("--seconds", type=float, metavar="S", help=f"length of a turn (default: {_FULL[1]})")
    parser.add_argument("--no-series", action="store_true", help="leave out how cost grows, and the pictures")
    parser.add_argument("--json", metavar="FILE", type=Path, help="write every turn there; - is stdout, for the table")
    parser.add_argument("--output", metavar="FOLDER", type=Path, help="write performance.md and performance/ there")
    parser.add_argument(
        "--soak",
        type=int,
        metavar="N",
        help="no figures: pass N numbered, checksummed messages in every pattern, size and number of threads",
    )
    return parser


def choose(names: Sequence[str]) -> tuple[list[Row], list[Series]]:
    """The rows and series of these names; all for none.

    Raises:
        SystemExit: there is nothing of such a name.
    """
    if not names:
        return list(ROWS), list(SERIES)
    for name in names:
        if not any(_is_among(row, [name]) for row in ROWS) and not any(_is_among(one, [name]) for one in SERIES):
            raise SystemExit(f"benchmarks: no row {name!r}: --list shows them")
    return [row for row in ROWS if _is_among(row, names)], [one for one in SERIES if _is_among(one, names)]


def _is_among(one: Row | Series, names: Sequence[str]) -> bool:
    return any(fnmatch.fnmatchcase(one.name, name) for name in names)


class _Progress:
    """Tells on stderr how far it is."""

    def __init__(self, steps: int) -> None:
        self._steps = steps
        self._step = 0
        self._started = time.monotonic()
        self._title = ""
        self._terminal = sys.stderr.isatty()

    def begin(self, title: str) -> None:
        """The next step begins."""
        self._step += 1
        self._title = f"[{self._step}/{self._steps}] {title}"
        if not self._terminal:
            print(f"{self._title}, {time.monotonic() - self._started:.0f} s", file=sys.stderr, flush=True)

    def show(self, text: str) -> None:
        """Say what the step is at."""
        if self._terminal:
            print(f"\r\033[K{self._title}: {text}", end="", file=sys.stderr, flush=True)

    def clear(self) -> None:
        """Make room for what is printed."""
        if self._terminal:
            print("\r\033[K", end="", file=sys.stderr, flush=True)


def _end_by_signal(number: int, frame: object) -> NoReturn:
    # Through the exception, so that the child and the folder of the ipc sockets are cleared away.
    raise SystemExit(128 + number)


def _list_rows() -> None:
    for row in ROWS:
        print(f"{row.name:22} {row.title}{f': {row.goal}' if row.goal else ''}")
    for series in SERIES:
        print(f"{series.name:22} {series.title}: {series.parameter} {series.values[0]} to {series.values[-1]}")


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and print.

    Returns:
        0; 1 when a program failed in some row, or a soak lost something.
    """
    options = _parser().parse_args(arguments)
    if options.list:
        _list_rows()
        return 0
    signal.signal(signal.SIGTERM, _end_by_signal)
    if options.soak is not None:
        from .soak import soak

        return soak(options.soak)
    report = _measure(options)
    if options.json:
        text = json.dumps(report, indent=1) + "\n"
        if str(options.json) == "-":
            print(text, end="")
        else:
            options.json.write_text(text, encoding="utf-8")
    if str(options.json) != "-":
        print("\n".join(table_lines(report["rows"])))
    full = not options.rows and not options.quick and not options.no_series
    output = options.output or (_ROOT / "docs" if full else None)
    if output:
        write_report(report, output)
    found = [point for one in report["series"] for point in one["points"]] + report["rows"]
    broken = any(one["error"] and not one["missing"] for row in found for one in row["variants"].values())
    return 1 if broken else 0


def _measure(options: argparse.Namespace) -> dict[str, Any]:
    started = time.monotonic()
    rows, series = choose(options.rows)
    if options.no_series:
        series = []
    base = _QUICK if options.quick else _FULL
    plan = Plan(options.rounds or base[0], options.seconds or base[1])
    series_plan = Plan(min(plan.rounds, base[2]), min(plan.seconds, base[3]))
    report: dict[str, Any] = {
        "format": 1,
        "date": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "took_s": None,
        "machine": describe_machine(),
        "plan": {"rounds": plan.rounds, "seconds": plan.seconds, "series_rounds": series_plan.rounds},
        "programs": describe_programs(plan),
        "rows": [],
        "series": [],
    }
    if is_busy(report["machine"]):
        load, cpus = report["machine"]["load"][0], report["machine"]["cpus"]
        print(
            f"benchmarks: others use the machine (load {load:.1f}, {cpus} CPUs): figures will say little",
            file=sys.stderr,
        )
    values = {one.name: _values(one, options.quick) for one in series}
    groups = list(share(rows).values())
    progress = _Progress(len(groups) + sum(map(len, values.values())))
    for group in groups:
        progress.begin(", ".join(row.name for row in group))
        results = measure(group[0], plan, progress.show)
        report["rows"] += [report_row(row, results) for row in group]
    for one in series:
        points = []
        for value in values[one.name]:
            row = one.row(value)
            progress.begin(row.name)
            points.append(report_row(row, measure(row, series_plan, progress.show)))
        report["series"].append(
            {
                "name": one.name,
                "title": one.title,
                "parameter": one.parameter,
                "axis": one.axis,
                "ours": one.variants[0],
                "values": values[one.name],
                "points": points,
                "growth": grow(values[one.name], points),
            }
        )
    progress.clear()
    report["took_s"] = round(time.monotonic() - started, 1)
    return report


def _values(series: Series, quick: bool) -> list[int]:
    """The values that this run measures: as far as descriptors allow, and not the longest ones in a quick run."""
    most = series.values[-1]
    if series.parameter == "connections":
        with suppress(ImportError):  # Windows
            import resource

            most = resource.getrlimit(resource.RLIMIT_NOFILE)[1] - _SPARE_DESCRIPTORS
    if quick:
        most = min(most, _QUICK_VALUES.get(series.parameter, most))
    return [value for value in series.values if value <= most]


def write_report(report: dict[str, Any], output: Path) -> None:
    """Write the page, the pictures and the results.

    Args:
        report: what was measured.
        output: the folder that gets performance.md and performance/.
    """
    folder = output / "performance"
    folder.mkdir(parents=True, exist_ok=True)
    plots: dict[str, str] = {}
    if report["series"]:
        try:
            from .plots import draw

            plots = {title: f"performance/{name}" for title, name in draw(report, folder).items()}
        except ImportError as error:
            print(f"benchmarks: no pictures: {error}; pip install matplotlib", file=sys.stderr)
    (folder / "results.json").write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")
    (output / "performance.md").write_text(write_page(report, plots), encoding="utf-8")
