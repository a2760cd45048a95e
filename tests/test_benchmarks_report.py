"""The benchmark suite's statistics, goals and page: from turns that are made up to what is written."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))
figures = pytest.importorskip("benchmarks.figures", reason="the benchmarks are not part of what is tested here")

from benchmarks.goals import ROWS  # noqa: E402
from benchmarks.page import say_figure, table_lines, write_page  # noqa: E402
from benchmarks.rows import Goal, Row, parse_goal, say_size  # noqa: E402
from benchmarks.turns import Result, share  # noqa: E402

sys.path.remove(str(ROOT))


def result(*values: float, error: str | None = None, missing: bool = False) -> Result:
    """Turns of one figure."""
    return Result([{"ns": value} for value in values], error, missing)


def row(goal: str = "x2", **variants: Result) -> dict[str, Any]:
    """A row of these variants; copy_false stands for the setting."""
    results = {name.replace("_copy", " copy=False"): turns for name, turns in variants.items()}
    made = Row("a-row", "some work", "calls", {"what": "batches"}, tuple(results), goal)
    return figures.report_row(made, results)


def test_ratio_is_the_median_over_neighbouring_turns() -> None:
    """A slow moment meets both: the ratio of the medians would be 1."""
    ratio = figures.compare([10, 100, 20], [20, 200, 20])
    assert ratio["median"] == 2.0


def test_spread_is_the_quartiles() -> None:
    """Half of the turns lie between low and high."""
    assert figures.spread([1, 2, 3, 4, 5]) == {"median": 3, "low": 2, "high": 4}
    assert figures.spread([7.0]) == {"median": 7.0, "low": 7.0, "high": 7.0}
    assert figures.spread([]) is None


def test_turns_that_failed_are_left_out_of_the_ratio() -> None:
    """A turn without a neighbour is compared with nobody."""
    assert figures.compare([10, None, 10], [20, 50, None])["median"] == 2.0


@pytest.mark.parametrize(
    ("text", "goals"),
    [
        ("", []),
        ("x1.5", [Goal("pyzmq", 1.5)]),
        ("x4, at most 2x C", [Goal("pyzmq", 4.0), Goal("C", 0.5)]),
        ("x2, never behind pyomq", [Goal("pyzmq", 2.0), Goal("pyomq", 1.0)]),
    ],
)
def test_goal_is_read(text: str, goals: list[Goal]) -> None:
    """The words of the table are what is checked."""
    assert parse_goal(text) == goals


@pytest.mark.parametrize("text", ["4", "x", "faster", "at most 2 C", "x4 at most 2x C"])
def test_what_is_no_goal_is_refused(text: str) -> None:
    """A goal that is not understood would never be missed."""
    with pytest.raises(ValueError, match="is not a goal"):
        parse_goal(text)


def test_every_row_has_a_goal_that_can_be_read() -> None:
    """The whole table."""
    assert all(one.goals for one in ROWS)


def test_goal_is_met_from_its_factor_on() -> None:
    """Exactly twice as fast is twice as fast."""
    assert row(zmqlite=result(10, 10), pyzmq=result(20, 20))["verdict"] == "met"
    assert row(zmqlite=result(10, 10), pyzmq=result(19, 19))["verdict"] == "not met"


def test_one_condition_that_fails_fails_the_row() -> None:
    """Ahead of pyzmq, and too far from C."""
    found = row("x2, at most 2x C", zmqlite=result(10), pyzmq=result(90), C=result(4))
    assert [goal["met"] for goal in found["goals"]] == [True, False]
    assert found["verdict"] == "not met"


def test_goal_against_a_missing_program_is_not_measured() -> None:
    """It is neither met nor missed; a goal that is missed outweighs it."""
    gone = result(error="pyomq is not installed", missing=True)
    goal = "x2, never behind pyomq"
    assert row(goal, zmqlite=result(10), pyzmq=result(90), pyomq=gone)["verdict"] == "not measured"
    assert row(goal, zmqlite=result(10), pyzmq=result(11), pyomq=gone)["verdict"] == "not met"


def test_goal_is_about_the_default_setting_and_the_best_is_shown() -> None:
    """pyzmq's faster setting is in the table with its own ratio."""
    found = row(zmqlite=result(10), pyzmq=result(30), pyzmq_copy=result(15))
    assert found["best"]["pyzmq"] == "pyzmq copy=False"
    assert found["verdict"] == "met"
    line = table_lines([found])[2]
    assert "| 15 ns (copy=False) |" in line
    assert "| 3.00 (3.00-3.00); copy=False: 1.50 (1.50-1.50) |" in line


def test_row_that_loses_stays_in_the_table() -> None:
    """It is there with its verdict, and among what is short."""
    lost, won = row(zmqlite=result(30), pyzmq=result(10)), row(zmqlite=result(1), pyzmq=result(10))
    page = write_page(report([lost, won]), {})
    assert "1 of 2 goals are met." in page
    assert "- `a-row`: 0.33 against pyzmq, 2.00 wanted" in page
    assert "- `a-row`: pyzmq takes 0.33 of zmqlite's figure" in page
    assert "| x2 | **not met** |" in page
    assert "| x2 | met |" in page


def test_page_of_a_busy_machine_says_so() -> None:
    """More than half a load for each CPU, before anything is measured, is somebody else's."""
    made = report([])
    assert "busy" not in write_page(made, {})
    made["machine"]["load"] = [1.1, 0.0, 0.0]
    assert "**The machine was busy with other work" in write_page(made, {})


def test_program_that_failed_is_said_to_have_failed() -> None:
    """An error is not an empty cell."""
    page = write_page(report([row(zmqlite=result(1), pyzmq=result(error="was ended by SIGABRT"))]), {})
    assert "| failed |" in page
    assert "- `a-row`, pyzmq: was ended by SIGABRT" in page


def test_table_has_as_many_cells_in_every_line() -> None:
    """Markdown would drop what is too much."""
    found = row("x2, at most 2x C", zmqlite=result(10), pyzmq=result(90), C=result(4))
    assert len({line.count("|") for line in table_lines([found])}) == 1


@pytest.mark.parametrize(
    ("ours", "limit", "verdict"),
    [
        ((10, 21), (5, 10), "no faster"),
        ((10, 23), (5, 10), "faster"),
        ((10, 10.9), (10, 5), "not at all"),
        ((10, 11.1), (10, 5), "faster"),
        ((2, 10), (5, 10), "to its level"),
        ((2, 11.1), (5, 10), "faster"),
    ],
)
def test_growth_is_held_against_libzmqs_own(
    ours: tuple[float, float], limit: tuple[float, float], verdict: str
) -> None:
    """From the smallest value to the largest, 10 % are noise; who begins ahead may be level in the end."""
    points = [row(zmqlite=result(ours[at]), C=result(limit[at])) for at in (0, 1)]
    found = figures.grow([1, 1000], points)
    assert found["factors"]["zmqlite"] == {"from": 1, "to": 1000, "end": ours[1], "factor": ours[1] / ours[0]}
    assert found["verdict"] == verdict
    assert found["of_limit"] == ours[1] / limit[1]


def test_growth_without_c_is_not_judged() -> None:
    """There is nothing to hold it against."""
    points = [row(zmqlite=result(10), pyzmq=result(5)), row(zmqlite=result(20), pyzmq=result(9))]
    assert figures.grow([1, 10], points)["verdict"] is None


def test_page_shows_the_growth_and_its_pictures() -> None:
    """One table a series, with memory where it was measured."""
    made = Result([{"ns": 5.0, "rss_kib": 2048.0, "sender_rss_kib": 1024.0}])
    points = [row("", zmqlite=made, C=made), row("", zmqlite=made, C=made)]
    series = {
        "name": "size-tcp",
        "title": "tcp",
        "parameter": "size",
        "axis": "size, bytes",
        "ours": "zmqlite",
        "values": [16, 65536],
        "points": points,
        "growth": figures.grow([16, 65536], points),
    }
    page = write_page({**report([]), "series": [series]}, {"Over tcp": "performance/tcp.svg"})
    assert "![Over tcp](performance/tcp.svg)" in page
    assert "| 64 KiB | 5 ns, 3 MiB | 5 ns, 3 MiB |" in page
    assert "it does not grow. At the end it is 1.00 times C's." in page


def test_rows_of_the_same_turns_are_measured_once() -> None:
    """send and recv are two figures of one workload."""
    groups = [[one.name for one in group] for group in share(ROWS).values()]
    assert ["send-16", "recv-16"] in groups


@pytest.mark.parametrize(
    ("value", "unit", "said"),
    [
        (31.4, "ns", "31.4 ns"),
        (1500, "ns", "1.5 us"),
        (2e7, "ns", "20 ms"),
        (3e9, "ns", "3 s"),
        (2048, "KiB", "2.0 MiB"),
    ],
)
def test_figures_are_said_in_the_unit_that_fits(value: float, unit: str, said: str) -> None:
    """Nobody counts zeros."""
    assert say_figure(value, unit) == said


@pytest.mark.parametrize(("size", "said"), [(16, "16 B"), (65536, "64 KiB"), (1_000_000, "1 MB"), (100_000, "100 KB")])
def test_sizes_are_said_as_people_say_them(size: int, said: str) -> None:
    """In the largest unit that leaves a whole number."""
    assert say_size(size) == said


def test_pictures_are_drawn_for_each_transport(tmp_path: Path) -> None:
    """Each is an SVG that names every program it shows."""
    pytest.importorskip("matplotlib", reason="pictures need matplotlib")
    from benchmarks.plots import draw

    points = [row("", zmqlite=result(10), pyzmq=result(20), C=result(5)) for _ in range(2)]
    series = [
        {
            "name": name,
            "title": name,
            "parameter": "size",
            "axis": "size",
            "ours": "zmqlite",
            "values": [16, 1024],
            "points": points,
            "growth": {},
        }
        for name in ("size-tcp", "latency-tcp", "threads")
    ]
    drawn = draw({**report([]), "series": series}, tmp_path)
    assert sorted(drawn.values()) == ["growth.svg", "tcp.svg"]
    for name in drawn.values():
        assert "<svg" in (tmp_path / name).read_text(encoding="utf-8")


def report(rows: list[dict[str, Any]]) -> dict[str, Any]:
    """A report of these rows."""
    machine = {"processor": "a processor", "cpus": 2, "memory": "1 kB", "system": "Linux", "python": "CPython"}
    return {
        "date": "2026-01-01T00:00:00Z",
        "took_s": 60,
        "rows": rows,
        "series": [],
        "machine": {**machine, "load": [0.0, 0.0, 0.0], "revision": "abc"},
        "plan": {"rounds": 1, "seconds": 1, "series_rounds": 1},
        "programs": {"zmqlite": {"version": "1", "libzmq": "4.3.4", "backend": "c"}, "pynng": {"missing": "it is not"}},
    }
