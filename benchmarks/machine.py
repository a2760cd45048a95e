"""What machine, and which versions."""

from __future__ import annotations

import os
import platform
import subprocess
from pathlib import Path

from .adapters import PROGRAMS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from .turns import Plan

__all__ = ["describe_machine", "describe_programs", "is_busy"]

_ROOT = Path(__file__).resolve().parent.parent


def _first_line(path: str, start: str) -> str:
    try:
        with Path(path).open(encoding="utf-8", errors="replace") as lines:
            for line in lines:
                if line.startswith(start):
                    return " ".join(line.partition(":")[2].split())
    except OSError:  # not Linux
        pass
    return ""


def _revision() -> str:
    done = subprocess.run(
        ["git", "describe", "--always", "--dirty"], cwd=str(_ROOT), capture_output=True, text=True, check=False
    )
    return done.stdout.strip()


def is_busy(machine: dict[str, Any]) -> bool:
    """Whether others took so much of the machine that its figures say little.

    Args:
        machine: from `describe_machine`.
    """
    return bool(machine["load"]) and machine["load"][0] > machine["cpus"] / 2


def describe_machine() -> dict[str, Any]:
    """The processor, the system, the Python, and how busy the machine was."""
    usable = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return {
        "processor": _first_line("/proc/cpuinfo", "model name") or platform.processor() or platform.machine(),
        "cpus": usable,
        "memory": _first_line("/proc/meminfo", "MemTotal"),
        "system": platform.platform(),
        "python": f"{platform.python_implementation()} {platform.python_version()}",
        "load": list(os.getloadavg()) if hasattr(os, "getloadavg") else None,
        "revision": _revision(),
    }


def describe_programs(plan: Plan) -> dict[str, dict[str, Any]]:
    """Ask every program for its versions, each in a process of its own.

    Returns:
        By name: version, libzmq, backend as far as it applies; {"missing": why} or {"error": why}.
    """
    from .turns import TurnError, take_turn

    found: dict[str, dict[str, Any]] = {}
    for program in PROGRAMS:
        try:
            found[program] = take_turn(program, "versions", {}, plan, "")
        except TurnError as error:
            found[program] = {"error": str(error)}
    return found
