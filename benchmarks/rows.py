"""What a row of the table is, and how its goal is written."""

from __future__ import annotations

import re
from dataclasses import dataclass

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

__all__ = ["Goal", "Row", "Series", "parse_goal", "say_size"]

_FORMS: tuple[tuple[re.Pattern[str], Callable[[float], Goal]], ...] = (
    (re.compile(r"x([\d.]+)"), lambda number: Goal("pyzmq", number)),
    (re.compile(r"at most ([\d.]+)x C"), lambda number: Goal("C", 1 / number)),
    (re.compile(r"never behind pyomq()"), lambda number: Goal("pyomq", 1.0)),
)


@dataclass(frozen=True)
class Goal:
    """How zmqlite is to stand to one other program.

    Attributes:
        against: "pyzmq" (in its default setting), "C" or "pyomq" (in their fastest).
        factor: the other's time divided by zmqlite's is to be at least this.
    """

    against: str
    factor: float


@dataclass(frozen=True)
class Row:
    """One row: a workload, who is measured in it, and the goal.

    Attributes:
        name: to choose it by: "send-16".
        title: what it says in the table.
        family: the module of `families`.
        settings: what its run() is called with.
        variants: who takes turns, zmqlite's own first.
        goal: in words: "x4, at most 2x C, never behind pyomq"; "" is none.
        figure: which of the figures of a turn; one that ends in _kib is memory.
    """

    name: str
    title: str
    family: str
    settings: dict[str, Any]
    variants: tuple[str, ...]
    goal: str = ""
    figure: str = "ns"

    @property
    def goals(self) -> list[Goal]:
        """The goal, read."""
        return parse_goal(self.goal)

    @property
    def is_memory(self) -> bool:
        """Whether its figure is KiB, not nanoseconds."""
        return self.figure.endswith("_kib")


@dataclass(frozen=True)
class Series:
    """How a cost grows: one workload at many values of one of its settings.

    Attributes:
        name: to choose it by: "size-tcp".
        title: what its plot says.
        family: the module of `families`.
        settings: what its run() is called with, but for the parameter.
        parameter: the setting that grows.
        values: its values, smallest first.
        variants: who takes turns, zmqlite's own first.
        axis: what the parameter is called on the plot.
    """

    name: str
    title: str
    family: str
    settings: dict[str, Any]
    parameter: str
    values: tuple[int, ...]
    variants: tuple[str, ...]
    axis: str

    def row(self, value: int) -> Row:
        """The workload at one value."""
        settings = {**self.settings, self.parameter: value}
        said = say_size(value) if self.parameter == "size" else str(value)
        return Row(f"{self.name}-{value}", f"{self.title}, {said}", self.family, settings, self.variants)


def parse_goal(text: str) -> list[Goal]:
    """Read a goal.

    Args:
        text: conditions between commas: `x4` (pyzmq's time is at least 4 times zmqlite's), `at most 2x C` (zmqlite's
            time is at most twice C's), `never behind pyomq`.

    Raises:
        ValueError: it says something else.
    """
    goals = []
    for part in filter(None, map(str.strip, text.split(","))):
        for form, make in _FORMS:
            match = form.fullmatch(part)
            if match:
                goals.append(make(float(match[1] or 1)))
                break
        else:
            raise ValueError(f"{part!r} is not a goal: write 'x4', 'at most 2x C' or 'never behind pyomq'")
    return goals


def say_size(size: int) -> str:
    """A number of bytes in the largest unit that leaves a whole number: `64 KiB`."""
    for unit, factor in (("MiB", 1024**2), ("MB", 1000**2), ("KiB", 1024), ("KB", 1000)):
        if size and size % factor == 0:
            return f"{size // factor} {unit}"
    return f"{size} B"
