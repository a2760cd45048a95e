"""What a row prints: figures, each with whether it is what was promised."""

from __future__ import annotations

import sys
import time


class Report:
    """Prints figures as they come, and remembers whether one was not met.

    Args:
        row: its name, the beginning of each line.
    """

    def __init__(self, row: str) -> None:
        self.row = row
        self.met = True
        self._began = time.monotonic()

    def say(self, text: str) -> None:
        """Print a line that promises nothing."""
        print(f"{self.row}: {text}", flush=True)

    def figure(self, text: str, met: bool) -> None:
        """Print a figure; met: whether it is within what is promised."""
        self.met = self.met and met
        self.say(text if met else f"{text}  <- NOT MET")

    def end(self) -> int:
        """Print the verdict. Returns the exit code: 0 when every figure was met."""
        python = ".".join(map(str, sys.version_info[:3]))
        seconds = time.monotonic() - self._began
        self.say(f"{'met' if self.met else 'NOT MET'} in {seconds:.0f} s ({sys.implementation.name} {python})")
        return 0 if self.met else 1


def percentile(values: list[float], part: float) -> float:
    """The value that this part of the values, 0 to 1, does not go beyond."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(part * len(ordered)))]
