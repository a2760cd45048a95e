"""From rounds to ratios, medians and the one line that says what they mean.

The keys of `--json`:

    format      1; another number means other keys
    date        when it began, ISO 8601, UTC
    took_s      seconds that it took
    machine     system, processor, cpus, python
    plan        rounds, seconds (of one turn)
    programs    by name: version, libzmq, backend (zmqlite); missing or error say why there are no rows
    in_place_from   zmqlite sends bytes of at least this size without a copy
    rows        one for each transport, size, program and setting:
        transport, size, program, setting   setting "" is the program's default
        batch               inproc: messages sent, then received; else null
        high_water_mark     ZMQ_SNDHWM and ZMQ_RCVHWM
        error               null, or why the rounds are not complete
        best                true for the faster setting of that program
        ns, messages_per_s, mb_per_s        medians over the rounds; MB are 10**6 bytes
        send_ns, recv_ns    inproc: the two parts of ns; else null
        zmqlite_time, zmqlite_send_time, zmqlite_recv_time
                            zmqlite's time divided by this row's, each round with its neighbour:
                            median, low, high; null where there is nothing to compare
        rounds              at_s (when the turn began), messages, ns, send_ns, recv_ns, as measured: for ipc and tcp
                            ns is the receiver's time from the first arrival to the last, and send_ns the sender's
                            for all it sent
    summary     text, and for "pyzmq" and "C" zmqlite_time over all rows: median, low, high, rows
"""

from __future__ import annotations

from dataclasses import asdict
from statistics import median

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any, Optional

    from .runner import Cell, Result, Round

    Part = Callable[[Round], Optional[float]]

__all__ = ["compare_words", "make_rows", "make_summary"]


def _whole(done: Round) -> float:
    return done.ns / done.messages


def _send(done: Round) -> float | None:
    return None if done.recv_ns is None else done.send_ns / done.messages


def _recv(done: Round) -> float | None:
    return None if done.recv_ns is None else done.recv_ns / done.messages


def _median(rounds: Sequence[Round], part: Part) -> float | None:
    times = [time for time in map(part, rounds) if time is not None]
    return median(times) if times else None


def _spread(ratios: list[float]) -> dict[str, float] | None:
    return {"median": median(ratios), "low": min(ratios), "high": max(ratios)} if ratios else None


def _compare(ours: Result | None, theirs: Result, part: Part) -> dict[str, float] | None:
    """Divide zmqlite's time by another's, round by round: neighbours saw the same machine."""
    if ours is None or ours is theirs:
        return None
    pairs = [(part(left), part(right)) for left, right in zip(ours.rounds, theirs.rounds)]
    return _spread([left / right for left, right in pairs if left is not None and right])


def make_rows(cell: Cell) -> list[dict[str, Any]]:
    """The rows of one cell, as `--json` has them."""
    workload = cell.workload
    inproc = workload.transport == "inproc"
    ours = next((result for result in cell.results if result.program.name == "zmqlite"), None)
    fastest: dict[str, float] = {}
    for result in cell.results:
        time = _median(result.rounds, _whole)
        if time is not None:
            name = result.program.name
            fastest[name] = min(time, fastest.get(name, time))
    rows = []
    for result in cell.results:
        time = _median(result.rounds, _whole)
        rows.append(
            {
                "transport": workload.transport,
                "size": workload.size,
                "program": result.program.name,
                "setting": result.program.setting,
                "batch": workload.batch if inproc else None,
                "high_water_mark": workload.high_water_mark,
                "error": result.error,
                "best": time is not None and time == fastest[result.program.name],
                "ns": time,
                "messages_per_s": None if time is None else 1e9 / time,
                "mb_per_s": None if time is None else workload.size * 1e3 / time,
                "send_ns": _median(result.rounds, _send),
                "recv_ns": _median(result.rounds, _recv),
                "zmqlite_time": _compare(ours, result, _whole),
                "zmqlite_send_time": _compare(ours, result, _send),
                "zmqlite_recv_time": _compare(ours, result, _recv),
                "rounds": [asdict(done) for done in result.rounds],
            }
        )
    return rows


def _number(value: float) -> str:
    return f"{value:.2f}" if value < 9.995 else f"{value:,.0f}"


def compare_words(times: dict[str, float]) -> str:
    """Say a ratio in words: `2.81x as fast (2.70-2.95)`, or `2.61x as long (2.55-2.70)`.

    Args:
        times: zmqlite's time divided by another's: median, low, high.
    """
    if times["median"] <= 1:
        low, middle, high = (1 / times[key] for key in ("high", "median", "low"))
        return f"{_number(middle)}x as fast ({_number(low)}-{_number(high)})"
    low, middle, high = (times[key] for key in ("low", "median", "high"))
    return f"{_number(middle)}x as long ({_number(low)}-{_number(high)})"


def _sentence(name: str, times: dict[str, Any]) -> str:
    if times["median"] <= 1:
        return f"is {_number(1 / times['median'])} times as fast as {name}"
    return f"takes {_number(times['median'])} times {name}'s time"


def make_summary(rows: list[dict[str, Any]]) -> dict[str, Any]:
    """What all rows say together. A program in two settings counts with the faster one.

    Args:
        rows: of every cell, from `make_rows`.
    """
    summary: dict[str, Any] = {}
    said = []
    for name in ("pyzmq", "C"):
        ratios = [
            row["zmqlite_time"]["median"]
            for row in rows
            if row["program"] == name and row["best"] and row["zmqlite_time"]
        ]
        spread = _spread(ratios)
        summary[name] = None if spread is None else {**spread, "rows": len(ratios)}
        if spread is not None:
            said.append(_sentence(name, spread))
    if said:
        count = max(summary[name]["rows"] for name in ("pyzmq", "C") if summary[name])
        summary["text"] = f"zmqlite {' and '.join(said)} ({_over(count)})."
    else:
        summary["text"] = "Nothing to compare: zmqlite and one more program have to be measured."
    return summary


def _over(count: int) -> str:
    return f"median over {count} workloads" if count > 1 else "1 workload"
