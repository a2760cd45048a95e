"""The differential test at length: `python tests/differential [--sequences 10000] [--seed 1]`.

Prints how many sequences and calls were compared, and how often each difference of differences.py was met; the first
difference without a reason is shown as a short sequence, and ends it with exit code 1.
"""

from __future__ import annotations

import argparse
import sys

from hypothesis import HealthCheck, Verbosity, seed, settings
from hypothesis.stateful import run_state_machine_as_test
from machine import Duel, Machine


def run(sequences: int, number: int, steps: int, survey: bool = False) -> Duel:
    """Compare sequences; raises AssertionError with the shortest that differs, unless it is to note all that do."""
    duel = Machine.duel = Duel()
    duel.survey = {} if survey else None
    chosen = settings(
        max_examples=sequences,
        stateful_step_count=steps,
        deadline=None,
        database=None,
        verbosity=Verbosity.quiet,
        suppress_health_check=list(HealthCheck),
    )
    try:
        run_state_machine_as_test(seed(number)(type("Seeded", (Machine,), {})), settings=chosen)
    finally:
        duel.stop()
    return duel


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python tests/differential", description=__doc__)
    parser.add_argument("--sequences", type=int, default=10_000, help="how many (10000)")
    parser.add_argument("--seed", type=int, default=1, help="of the random numbers (1)")
    parser.add_argument("--steps", type=int, default=30, help="calls in a sequence at most (30)")
    parser.add_argument("--survey", action="store_true", help="note every difference instead of ending at the first")
    options = parser.parse_args()
    try:
        done = run(options.sequences, options.seed, options.steps, options.survey)
    except AssertionError as error:
        print(error)
        sys.exit(1)
    for what, count in done.seen.most_common():
        print(f"{count:8}  {what}")
    for found in (done.survey or {}).values():
        print(f"{len(found)} times, such as {min(found, key=len)}\n")
    sys.exit(1 if done.survey else 0)
