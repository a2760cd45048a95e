"""No workload: which versions a program has."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from benchmarks.child import Bench

__all__ = ["run"]


def run(bench: Bench) -> dict[str, Any]:
    """Versions, by what they are of."""
    described: dict[str, Any] = bench.peer.describe()
    return described
