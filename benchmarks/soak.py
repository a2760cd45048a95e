"""`python -m benchmarks --soak N`: N messages through every case of families/soak.py, each in processes of its own."""

from __future__ import annotations

import sys
import tempfile
import time

from .families.soak import CASES
from .turns import Plan, TurnError, take_turn

__all__ = ["share_out", "soak"]

# Several times what it takes where it is slow, and a message is late rather than lost.
_LEAST_DEADLINE = 60.0
_DEADLINE_A_MESSAGE = 200e-6


def share_out(count: int) -> dict[str, int]:
    """How many of the messages each case gets, by its share.

    Args:
        count: messages in all, at least 1.
    """
    shares = sum(case.share for case in CASES.values())
    return {name: max(1, round(count * case.share / shares)) for name, case in CASES.items()}


def soak(count: int) -> int:
    """Let the messages travel, and say what came of each case.

    Args:
        count: messages in all.

    Returns:
        0; 1 when something was lost, damaged, out of order or late, or memory grew.
    """
    started, total, status = time.monotonic(), 0, 0
    print(f"{'case':<32} {'messages':>12} {'a second':>10} {'growth':>10}")
    for name, messages in share_out(count).items():
        plan = Plan(1, 0, _LEAST_DEADLINE + messages * _DEADLINE_A_MESSAGE)
        with tempfile.TemporaryDirectory(prefix="zl") as folder:
            try:
                found = take_turn("zmqlite", "soak", {"case": name, "count": messages}, plan, folder)
            except TurnError as error:
                print(f"{name:<32} {messages:>12,} failed: {error}", flush=True)
                status = 1
                continue
        total += found["messages"]
        rate = found["messages"] / found["ns"] * 1e9
        growth = f"{found['growth_kib'] / 1024:+.1f} MiB"
        print(f"{name:<32} {found['messages']:>12,} {rate:>10,.0f} {growth:>10}", flush=True)
    took = time.monotonic() - started
    print(
        f"{total:,} messages arrived, whole and in order, in {took:.0f} s" if not status else "soak: FAILED", flush=True
    )
    if status:
        print("benchmarks: the soak failed: see the table", file=sys.stderr)
    return status
