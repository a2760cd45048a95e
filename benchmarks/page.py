"""The results as a Markdown page: the goals table, what loses, how cost grows, how to measure again."""

from __future__ import annotations

from .adapters import SETTINGS
from .machine import is_busy
from .rows import say_size

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

__all__ = ["say_figure", "say_ratio", "table_lines", "write_page"]

COMMAND = "./run benchmarks"


def say_figure(value: float | None, unit: str) -> str:
    """A time in the unit that fits, or memory in MiB.

    Args:
        value: nanoseconds or KiB; None says that there is none.
        unit: "ns" or "KiB".
    """
    if value is None:
        return ""
    if unit == "KiB":
        return f"{value / 1024:.1f} MiB"
    for name, factor in (("s", 1e9), ("ms", 1e6), ("us", 1e3)):
        if value >= factor:
            return f"{value / factor:.3g} {name}" if value < 999.5 * factor else f"{value / factor:.0f} {name}"
    return f"{value:.3g} ns"


def _number(value: float) -> str:
    return f"{value:.2f}" if value < 9.995 else f"{value:.1f}" if value < 99.95 else f"{value:.0f}"


def say_ratio(ratio: dict[str, float] | None) -> str:
    """`2.81 (2.70-2.95)`: the median, and the quartiles."""
    if ratio is None:
        return ""
    return f"{_number(ratio['median'])} ({_number(ratio['low'])}-{_number(ratio['high'])})"


def _setting(variant: str) -> str:
    return variant.partition(" ")[2]


def _cell(row: dict[str, Any], program: str) -> str:
    """A program's figure at its best, and which setting that was."""
    best = row["best"].get(program)
    if best is None:
        errors = [row["variants"][name]["error"] for name in row["variants"] if name.partition(" ")[0] == program]
        missing = [row["variants"][name]["missing"] for name in row["variants"] if name.partition(" ")[0] == program]
        return "" if not errors else "not installed" if all(missing) else "failed"
    setting = f" ({_setting(best)})" if _setting(best) else ""
    return say_figure(row["variants"][best]["median"], row["unit"]) + setting


def _against(row: dict[str, Any], program: str) -> str:
    best = row["best"].get(program)
    return say_ratio(row["variants"][best]["ratio"]) if best else ""


def _against_pyzmq(row: dict[str, Any]) -> str:
    """The ratio that the goal is about, and that to pyzmq's best setting where it is another."""
    default, best = row["variants"].get("pyzmq"), row["best"].get("pyzmq")
    if not best:
        return ""
    if not default or not default["ratio"] or best == "pyzmq":
        return say_ratio(row["variants"][best]["ratio"])
    return f"{say_ratio(default['ratio'])}; {_setting(best)}: {say_ratio(row['variants'][best]['ratio'])}"


def _our_cell(row: dict[str, Any]) -> str:
    return _cell(row, "zmqlite")


def table_lines(rows: list[dict[str, Any]]) -> list[str]:
    """The goals table.

    Args:
        rows: from `figures.report_row`.
    """
    lines = [
        "| row | workload | zmqlite | pyzmq | pyomq | pynng | C | pyzmq / zmqlite | pyomq / zmqlite | zmqlite / C "
        "| goal | verdict |",
        "|---|---|--:|--:|--:|--:|--:|--:|--:|--:|---|---|",
    ]
    for row in rows:
        limit = row["best"].get("C")
        ratio = row["variants"][limit]["ratio"] if limit else None
        inverse = ratio and {
            "median": 1 / ratio["median"],
            "low": 1 / ratio["high"],
            "high": 1 / ratio["low"],
        }
        cells = [
            f"`{row['name']}`",
            row["title"],
            _our_cell(row),
            *(_cell(row, program) for program in ("pyzmq", "pyomq", "pynng", "C")),
            _against_pyzmq(row),
            _against(row, "pyomq"),
            say_ratio(inverse),
            row["goal"],
            "**not met**" if row["verdict"] == "not met" else row["verdict"],
        ]
        lines.append(f"| {' | '.join(cells)} |")
    return lines


def _missed(row: dict[str, Any]) -> str:
    said = []
    for goal in row["goals"]:
        if goal["met"] is False:
            if goal["against"] == "C":
                said.append(f"takes {_number(1 / goal['ratio'])} times C's time, {_number(1 / goal['factor'])} wanted")
            else:
                said.append(f"{_number(goal['ratio'])} against {goal['variant']}, {_number(goal['factor'])} wanted")
    return "; ".join(said)


def _short_lines(rows: list[dict[str, Any]]) -> list[str]:
    """What does not meet its goal, and where zmqlite is slower than somebody."""
    judged = [row for row in rows if row["verdict"] in ("met", "not met")]
    missed = [row for row in judged if row["verdict"] == "not met"]
    lines = [f"{len(judged) - len(missed)} of {len(judged)} goals are met."]
    if missed:
        lines += ["", "Short:", "", *(f"- `{row['name']}`: {_missed(row)}" for row in missed)]
    slower = []
    for row in rows:
        for variant, found in row["variants"].items():
            if not variant.startswith("C") and found["ratio"] and found["ratio"]["median"] < 1:
                slower.append(f"- `{row['name']}`: {variant} takes {found['ratio']['median']:.2f} of zmqlite's figure")
    if slower:
        lines += ["", "Somebody is ahead of zmqlite in:", "", *slower]
    failed = [
        f"- `{row['name']}`, {variant}: {found['error']}"
        for row in rows
        for variant, found in row["variants"].items()
        if found["error"] and not found["missing"]
    ]
    if failed:
        lines += ["", "Failed:", "", *failed]
    return lines


def _version_lines(programs: dict[str, dict[str, Any]]) -> list[str]:
    lines = ["| program | version | engine |", "|---|---|---|"]
    for name, found in programs.items():
        if "missing" in found or "error" in found:
            lines.append(f"| {name} | {found.get('missing') or found.get('error')} | |")
        else:
            engine = found.get("libzmq", "")
            engine = f"libzmq {engine}" if engine[:1].isdigit() else engine
            backend = f", {found['backend']} backend" if found.get("backend") else ""
            version = found.get("version") or "zmqlite's own"
            lines.append(f"| {name} | {version}{backend} | {engine} |")
    return lines


def _setting_lines(rows: list[dict[str, Any]]) -> list[str]:
    used = {_setting(variant) for row in rows for variant in row["variants"]} - {""}
    lines = [f"- *{name}*: {said}" for name, (_, said) in SETTINGS.items() if name in used]
    return ["Settings other than the default:", "", *lines, ""] if lines else []


_GROWS = {
    "not at all": "it does not grow",
    "no faster": "it grows no faster than libzmq's own",
    "to its level": "it begins ahead of libzmq's own, and does not grow past it",
    "faster": "it grows faster than libzmq's own",
    None: "not comparable",
}


def _growth_lines(series: list[dict[str, Any]]) -> list[str]:
    names = list(dict.fromkeys(name for one in series for point in one["points"] for name in point["variants"]))
    lines = []
    for one in series:
        used = [name for name in names if any(name in point["variants"] for point in one["points"])]
        lines += ["", f"### {one['title']}", ""]
        lines += [f"| {one['axis']} | {' | '.join(used)} |", f"|--:|{'--:|' * len(used)}"]
        for value, point in zip(one["values"], one["points"]):
            cells = []
            for name in used:
                found = point["variants"][name]
                memory = sum(found["others"].get(key, 0) for key in ("rss_kib", "sender_rss_kib"))
                said = say_figure(found["median"], "ns") or ("failed" if not found["missing"] else "not installed")
                cells.append(f"{said}, {memory / 1024:.0f} MiB" if memory else said)
            shown = say_size(value) if one["parameter"] == "size" else f"{value:,}"
            lines.append(f"| {shown} | {' | '.join(cells)} |")
        growth = one["growth"]
        factors = growth["factors"]
        if one["ours"] in factors and "C" in factors:
            ours, limit = factors[one["ours"]], factors["C"]
            said = f"From {ours['from']:,} to {ours['to']:,} zmqlite's time is multiplied by {ours['factor']:.3g}, "
            said += f"C's by {limit['factor']:.3g}: {_GROWS[growth['verdict']]}."
            if growth["verdict"]:
                said += f" At the end it is {growth['of_limit']:.2f} times C's."
            lines += ["", said]
    return lines


def write_page(report: dict[str, Any], plots: dict[str, str]) -> str:
    """The page.

    Args:
        report: what results.json holds.
        plots: title of each picture, and its path from the page.
    """
    machine, plan = report["machine"], report["plan"]
    load = ", ".join(f"{value:.2f}" for value in machine["load"] or ())
    lines = [
        "# Performance",
        "",
        f"Written by `{COMMAND}`, which sets up what it needs and measures all of this again. Every figure here comes",
        "from one run, and is in [results.json](performance/results.json) with every turn.",
        "",
        f"{report['date']}, revision {machine['revision'] or 'unknown'}. {machine['processor']},",
        f"{machine['cpus']} CPUs, {machine['memory']}, {machine['system']}, {machine['python']}.",
        f"Load when it began: {load}. {plan['rounds']} rounds of {plan['seconds']:g} s, {plan['series_rounds']} for",
        f"the curves; it took {report['took_s'] / 60:.0f} minutes.",
        "",
        *(
            ["**The machine was busy with other work: these figures say little. Measure again on a quiet one.**", ""]
            if is_busy(machine)
            else []
        ),
        *_version_lines(report["programs"]),
        "",
        "## How it is measured",
        "",
        "A turn is one program's measurement of one workload, in fresh processes; programs take turns, A B C A B C. A",
        "ratio is the median over neighbouring turns, with its quartiles; above 1, zmqlite is the faster one. Only the",
        "last ratio is zmqlite's time in units of C's: a C loop on the very libzmq that zmqlite uses. Figures are of",
        "each program's fastest setting, which is named. Goals are about pyzmq's default setting, and where they name",
        "pyomq or C, about their fastest. C runs with that libzmq's mends, and its I/O threads too stay awake for a",
        "moment before they sleep; its own receives sleep at once, as zmq_msg_recv does.",
        "",
        "Rows of event loops are about pyzmq alone: C has no such loop, and what pyomq's recv() returns begins to",
        "receive when it is awaited, so that a receive that must wait is other work there.",
        "",
        "On two CPUs, rows of two processes or threads differ between runs by more than their quartiles say: which of",
        "four threads share a core is chance. `threads-16`, `reqrep-tcp`, `pubsub-50`, `proxy-16` and `proxy-1k` are",
        "near their goals or a peer, and fall on either side.",
        "",
        *_setting_lines(report["rows"]),
        "## Goals",
        "",
        *_short_lines(report["rows"]),
        "",
        *table_lines(report["rows"]),
        "",
    ]
    if report["series"]:
        lines += ["## How cost grows", ""]
        for title, path in plots.items():
            lines += [f"![{title}]({path})", ""]
        lines += [
            "Time of one message, and where it says MiB, the memory of the processes that take part. C's are Python",
            "processes too, with zmqlite in them. Below each table is how zmqlite's time grows against C's, which is",
            "libzmq's own; 10 % are noise.",
        ]
        lines += [*_growth_lines(report["series"]), ""]
    return "\n".join(lines)
