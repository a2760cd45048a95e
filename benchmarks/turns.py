"""Takes the turns: A B C, A B C, each turn in fresh child processes."""

from __future__ import annotations

import json
import queue
import re
import signal
import tempfile
import threading
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from .child import start_child

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any

    from .rows import Row

__all__ = ["Plan", "Result", "TurnError", "measure", "share", "take_turn"]


class TurnError(Exception):
    """A turn that gave no figures; the text says why, in one line."""


@dataclass(frozen=True)
class Plan:
    """How to measure.

    Attributes:
        rounds: turns of each variant.
        seconds: what the measured part of a turn should take.
        deadline: seconds after which a turn is given up.
    """

    rounds: int
    seconds: float
    deadline: float = 60.0


@dataclass
class Result:
    """What came of one variant of one row.

    Attributes:
        figures: one dict a round; None where the turn failed.
        error: why it failed, or why it is missing.
        missing: the program is not installed.
    """

    figures: list[Any] = field(default_factory=list)
    error: str | None = None
    missing: bool = False


# Over the child's own deadline, so that it can say where it hung before it is killed.
_GRACE = 2.0


def _ending(status: int) -> str:
    if status >= 0:
        return f"ended with status {status}"
    with suppress(ValueError):
        return f"was ended by {signal.Signals(-status).name}"
    return f"was ended by signal {-status}"


def _last_words(text: str) -> str:
    """What stderr has to say: faulthandler's report in short, else the last line."""
    report = re.search(r"^(Fatal Python error: .*|Timeout \(.*\))", text, re.M)
    if report is None:
        lines = text.strip().splitlines()
        return f": {lines[-1]}" if lines else ""
    # The main thread comes last, its innermost call first.
    calls = r'most recent call first\):\n  File "(.*)", line (\d+) in (.*)'
    places = re.findall(calls, text[report.start() :])
    where = f", in {places[-1][2]}() at {Path(places[-1][0]).name}:{places[-1][1]}" if places else ""
    return f": {report[1]}{where}"


def take_turn(variant: str, family: str, settings: dict[str, Any], plan: Plan, folder: str) -> dict[str, Any]:
    """Measure one variant once, in a fresh process.

    Args:
        variant: see adapters.
        family: the module of families.
        settings: what its run() is called with.
        plan: how long.
        folder: for ipc sockets.

    Returns:
        The figures; {"missing": why} when the program is not installed.

    Raises:
        TurnError: it failed, died, or was still busy at the deadline.
    """
    command = {"variant": variant, "family": family, "part": "run", "settings": settings}
    with tempfile.TemporaryFile() as messages:
        times = {"seconds": plan.seconds, "deadline": plan.deadline}
        process = start_child({**command, **times, "folder": folder}, stderr=messages)
        lines: queue.SimpleQueue[bytes] = queue.SimpleQueue()
        stdout = process.stdout
        assert stdout is not None
        threading.Thread(target=lambda: lines.put(stdout.readline()), daemon=True).start()
        try:
            line = lines.get(timeout=plan.deadline + _GRACE)
            if line:
                answer: dict[str, Any] = json.loads(line)
                if "error" in answer:
                    raise TurnError(answer["error"])
                return answer
            process.wait(plan.deadline)
            messages.seek(0)
            text = messages.read().decode("utf-8", "replace")
            raise TurnError(f"{_ending(process.returncode)}{_last_words(text)}")
        except queue.Empty:
            raise TurnError(f"was still busy after {plan.deadline:g} s") from None
        finally:
            process.kill()
            process.wait()
            assert process.stdin is not None
            process.stdin.close()
            stdout.close()


def measure(row: Row, plan: Plan, progress: Callable[[str], None]) -> dict[str, Result]:
    """Measure one row with every variant, in turns.

    Args:
        row: the workload.
        plan: how often and how long.
        progress: told in a few words what is going on.

    Returns:
        A result for each variant. One that fails keeps its error and takes no more turns; the others go on.
    """
    results = {variant: Result() for variant in row.variants}
    for number in range(plan.rounds):
        for variant, result in results.items():
            if result.error:
                continue
            progress(f"round {number + 1} of {plan.rounds}, {variant}")
            with tempfile.TemporaryDirectory(prefix="zl") as folder:
                try:
                    figures = take_turn(variant, row.family, row.settings, plan, Path(folder).as_posix())
                except TurnError as error:
                    result.error = str(error)
                    result.figures.append(None)
                    continue
            if "missing" in figures:
                result.error, result.missing = figures["missing"], True
            else:
                result.figures.append(figures)
    return results


def share(rows: Sequence[Row]) -> dict[str, list[Row]]:
    """Group rows that are figures of the very same turns."""
    groups: dict[str, list[Row]] = {}
    for row in rows:
        key = json.dumps([row.family, row.settings, row.variants], sort_keys=True)
        groups.setdefault(key, []).append(row)
    return groups
