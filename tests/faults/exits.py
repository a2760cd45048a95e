"""Processes that want to end in every bad state of tests/exit_states*.py: each is gone in two seconds, by itself."""

from __future__ import annotations

import os
import re
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import children
from exit_states import RAISING, STATES
from exit_states_busy import BUSY_STATES
from report import Report, percentile

LONG = {"states": 1000, "rounds": 20}
SHORT = {"states": 6, "rounds": 1}

PROMISED_SECONDS = 2.0
DEADLINE_SECONDS = 30.0
# Most of the time a child waits for its linger: several do so at once.
AT_ONCE = 4


def leave(state: str, code: str) -> tuple[str, children.Ended, float]:
    """Leave a process in a state. Returns how it ended, and seconds from when it wanted to."""
    ended = children.run(children.child_code(code), DEADLINE_SECONDS)
    at = time.monotonic()
    said = re.search(r"about to exit ([\d.]+)", ended.stdout)
    return state, ended, at - float(said[1]) if said else DEADLINE_SECONDS


def run(report: Report, states: int, rounds: int) -> None:
    """Leave processes in at most so many states, each so often."""
    every = {**STATES, **BUSY_STATES, **RAISING}
    chosen = list(every)[:: max(1, len(every) // states)][:states]
    seconds: list[float] = []
    slowest = ("", 0.0)
    by: Counter[str] = Counter()
    wrong: Counter[str] = Counter()
    with ThreadPoolExecutor(AT_ONCE) as pool:
        for state, ended, took in pool.map(lambda name: leave(name, every[name]), chosen * rounds):
            seconds.append(took)
            slowest = max(slowest, (state, took), key=lambda one: one[1])
            if ended.signal:
                by[ended.signal] += 1
            if ended.code != (1 if state in RAISING else 0):
                wrong[state] += 1
    report.figure(f"{len(chosen)} states x {rounds}: {sum(by.values())} ended by a signal or hung {dict(by)}", not by)
    report.figure(f"ended with another code than they should: {sum(wrong.values())} {dict(wrong)}", not wrong)
    report.say(f"the machine's load: {os.getloadavg()[0]:.1f} on {os.cpu_count()} CPUs")
    # On a busy machine a process may start to end late; the long form is for a quiet one.
    limit = PROMISED_SECONDS if rounds > 1 else DEADLINE_SECONDS
    report.figure(
        f"gone after at most {max(seconds):.2f} s ({slowest[0]}), median {percentile(seconds, 0.5):.2f} s, "
        f"p99 {percentile(seconds, 0.99):.2f} s",
        max(seconds) < limit,
    )
