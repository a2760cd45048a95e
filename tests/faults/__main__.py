"""Faults on purpose, one row each: `python tests/faults ROW`, or `./run faults ROW`.

Without options a row runs in its long form, whose figures are in docs/reliability.md. `--short` is what the test suite
runs; `--SIZE N` sets one of the row's sizes. `python tests/faults` lists rows and sizes. The exit code is 0 when every
figure is what is promised.
"""

from __future__ import annotations

import argparse
import importlib
import sys

from report import Report

ROWS = (
    "soak",
    "killed",
    "links",
    "malformed",
    "exits",
    "delivery",
    "collisions",
    "forks",
    "signals",
    "boundary",
    "exhaustion",
    "leaks",
    "sanitizers",
    "parsers",
)


def main() -> int:
    """Run a row, or list them."""
    if len(sys.argv) < 2:
        for name in ROWS:
            row = importlib.import_module(name)
            sizes = " ".join(f"--{size} {value}" for size, value in row.LONG.items())
            print(f"{name:11} {row.__doc__.splitlines()[0]}\n{'':11} {sizes}")
        return 0
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("row", choices=ROWS)
    name = parser.parse_known_args()[0].row
    row = importlib.import_module(name)
    parser.add_argument("--short", action="store_true", help=f"as in the test suite: {row.SHORT}")
    for size, value in row.LONG.items():
        parser.add_argument(f"--{size}", help=f"{value} in the long form")
    options = vars(parser.parse_args())
    sizes = row.SHORT if options["short"] else row.LONG
    # 1e8 is a number of messages, too.
    chosen = {
        size: value
        if options[size] is None
        else type(value)(options[size] if isinstance(value, str) else float(options[size]))
        for size, value in sizes.items()
    }
    report = Report(name)
    report.say(" ".join(f"{size}={value}" for size, value in chosen.items()))
    row.run(report, **chosen)
    return report.end()


if __name__ == "__main__":
    sys.exit(main())
