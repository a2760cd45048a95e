"""From turns to medians, ratios with their spread, and verdicts. What comes out is what results.json holds.

The keys of a row:

    name, title, family, settings, figure, unit     what was measured; unit is "ns" or "KiB"
    ours            zmqlite's variant
    goal, verdict   "met", "not met", "not measured" (a program of the goal is missing), "" (no goal)
    goals           for each condition: against, variant, factor (wanted), ratio (found), met
    best            program: its fastest variant
    variants        for each: median, low, high (quartiles), error, others (medians of its other figures),
                    rounds (the figure, turn by turn), ratio: its figure divided by zmqlite's, each turn with its
                    neighbour: median, low, high (quartiles); above 1 zmqlite is faster
"""

from __future__ import annotations

from statistics import median, quantiles

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any, Optional

    from .rows import Goal, Row
    from .turns import Result

    Turns = Sequence[Optional[float]]

__all__ = ["compare", "grow", "report_row", "spread"]

# The noise that a growth from end to end is allowed.
_GROWTH_NOISE = 1.1


def spread(values: Sequence[float]) -> dict[str, float] | None:
    """The median and the quartiles.

    Returns:
        median, low (first quartile), high (third quartile); None for nothing.
    """
    if not values:
        return None
    if len(values) == 1:
        return {"median": values[0], "low": values[0], "high": values[0]}
    low, middle, high = quantiles(values, n=4, method="inclusive")
    return {"median": middle, "low": low, "high": high}


def compare(ours: Turns, theirs: Turns) -> dict[str, float] | None:
    """Divide another's figure by zmqlite's, turn by turn: neighbours saw the same machine.

    Args:
        ours: zmqlite's turns; None where one failed.
        theirs: the other's.
    """
    return spread([right / left for left, right in zip(ours, theirs) if left and right])


def _turns(result: Result, figure: str) -> list[float | None]:
    return [None if figures is None else figures.get(figure) for figures in result.figures]


def _others(result: Result, figure: str) -> dict[str, float]:
    done = [figures for figures in result.figures if figures is not None]
    names = [name for name in (done[0] if done else {}) if name != figure]
    return {name: median([figures[name] for figures in done]) for name in names}


def _report_variant(result: Result, figure: str, ours: Turns | None) -> dict[str, Any]:
    turns = _turns(result, figure)
    done = spread([value for value in turns if value is not None])
    return {
        **(done or {"median": None, "low": None, "high": None}),
        "ratio": None if ours is None else compare(ours, turns),
        "others": _others(result, figure),
        "error": result.error,
        "missing": result.missing,
        "rounds": turns,
    }


def _judge(goal: Goal, variants: dict[str, Any], best: dict[str, str]) -> dict[str, Any]:
    # pyzmq in its default, unless the row has another setting only; the others at their best.
    variant = best.get(goal.against)
    if goal.against == "pyzmq" and variants.get("pyzmq", {}).get("ratio"):
        variant = "pyzmq"
    ratio = variants[variant]["ratio"]["median"] if variant and variants[variant]["ratio"] else None
    met = None if ratio is None else ratio >= goal.factor
    return {"against": goal.against, "variant": variant, "factor": goal.factor, "ratio": ratio, "met": met}


def report_row(row: Row, results: dict[str, Result]) -> dict[str, Any]:
    """What the turns of one row say.

    Args:
        row: the workload; the first of its variants is zmqlite's.
        results: from `turns.measure`.
    """
    ours = row.variants[0]
    our_turns = _turns(results[ours], row.figure)
    variants = {
        variant: _report_variant(result, row.figure, None if variant == ours else our_turns)
        for variant, result in results.items()
    }
    best: dict[str, str] = {}
    for variant, found in variants.items():
        program = variant.partition(" ")[0]
        if found["median"] is not None:
            held = variants.get(best.get(program, ""))
            if held is None or found["median"] < held["median"]:
                best[program] = variant
    goals = [_judge(goal, variants, best) for goal in row.goals]
    met = [goal["met"] for goal in goals]
    verdict = ""
    if goals:
        verdict = "not met" if False in met else "not measured" if None in met else "met"
    return {
        "name": row.name,
        "title": row.title,
        "family": row.family,
        "settings": row.settings,
        "figure": row.figure,
        "unit": "KiB" if row.is_memory else "ns",
        "ours": ours,
        "goal": row.goal,
        "goals": goals,
        "verdict": verdict,
        "best": best,
        "variants": variants,
    }


def grow(values: Sequence[int], points: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """How the cost of each variant grows from the smallest value to the largest that it was measured at.

    Args:
        values: of the parameter.
        points: what `report_row` gave at each.

    Returns:
        factors: by variant, {"from", "to", "end", "factor"}; of_limit: zmqlite's time at the largest value in units of
        C's, which is libzmq's own; verdict: how zmqlite's time grows against that (10 % are noise): "not at all", "no
        faster", "to its level" (by a larger factor, for it begins ahead of libzmq's, but not past it), "faster"; both
        None when one of them is missing or was measured at other values.
    """
    factors: dict[str, Any] = {}
    for variant in points[0]["variants"] if points else ():
        found = [
            (value, point["variants"][variant]["median"])
            for value, point in zip(values, points)
            if point["variants"][variant]["median"]
        ]
        if len(found) > 1:
            factors[variant] = {
                "from": found[0][0],
                "to": found[-1][0],
                "end": found[-1][1],
                "factor": found[-1][1] / found[0][1],
            }
    ours = points[0]["ours"] if points else ""
    of_limit = verdict = None
    if ours in factors and "C" in factors:
        left, right = factors[ours], factors["C"]
        if (left["from"], left["to"]) == (right["from"], right["to"]):
            of_limit = left["end"] / right["end"]
            if left["factor"] <= _GROWTH_NOISE:
                verdict = "not at all"
            elif left["factor"] <= right["factor"] * _GROWTH_NOISE:
                verdict = "no faster"
            else:
                verdict = "to its level" if of_limit <= _GROWTH_NOISE else "faster"
    return {"factors": factors, "of_limit": of_limit, "verdict": verdict}
