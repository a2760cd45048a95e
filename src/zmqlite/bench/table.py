"""The report as plain text, at most 100 columns wide."""

from __future__ import annotations

import textwrap

from .report import compare_words
from .workloads import Program, Workload

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

__all__ = ["cell_lines", "closing_lines", "head_lines", "opening_lines"]

WIDTH = 100
_SECTIONS = {
    "inproc": "inproc: one thread sends a batch, then receives it",
    "ipc": "ipc: one process sends, another receives",
    "tcp": "tcp: one process sends, another receives, over 127.0.0.1",
}


def _columns(
    size: str, program: str, ns: str, send: str, recv: str, messages: str, megabytes: str, compared: str
) -> str:
    line = (
        f"{size:<7} {program:<16} {ns:>9} {send:>7} {recv:>7} {messages:>10} {megabytes:>11}  {compared:<25}"
    )
    return line.rstrip()


def _figure(value: float | None) -> str:
    if value is None:
        return ""
    return f"{value:,.0f}" if value >= 99.95 else f"{value:.1f}"


def opening_lines(
    programs: dict[str, dict[str, Any]], machine: dict[str, Any], plan: dict[str, Any]
) -> list[str]:
    """What is measured on what."""
    said = []
    for name, program in programs.items():
        if "missing" in program:
            reason = program["missing"]
            said.append(f"{name} is not installed ({reason}): no rows for it; pip install {name} adds them")
        elif "error" in program:
            said.append(f"{name} does not start: {program['error']}")
        elif name == "C":
            said.append(f"C, on zmqlite's libzmq {program['libzmq']}")
        else:
            backend = f", {program['backend']} backend" if program.get("backend") else ""
            said.append(f"{name} {program['version']}{backend}, libzmq {program['libzmq']}")
    rounds = f"{plan['rounds']} round{'' if plan['rounds'] == 1 else 's'}"
    turns = f"{rounds} of {plan['seconds']:g} s each, in turns"
    said.append(f"{machine['python']}, {machine['cpus']} CPUs, {machine['processor']}; {turns}")
    return [part for line in said for part in _wrap(line)]


def head_lines() -> list[str]:
    """The heads of the columns."""
    return [
        _columns("", "", "ns a", "send", "recv", "messages", "MB", "zmqlite's speed or time"),
        _columns("size", "program", "message", "ns", "ns", "a second", "a second", "against it (low-high)"),
        "-" * WIDTH,
    ]


def cell_lines(rows: list[dict[str, Any]], first: bool) -> list[str]:
    """The lines of one workload. Of pyzmq's two settings only the faster one is shown.

    Args:
        rows: what `report.make_rows` gave for it.
        first: whether it is the first of its transport, and has the transport's line above it.
    """
    workload = Workload(rows[0]["transport"], rows[0]["size"])
    lines = [_SECTIONS[workload.transport]] if first else []
    size = workload.size_text
    for row in rows:
        if row["program"] == "pyzmq" and not row["best"] and not row["error"]:
            continue
        program = str(Program(row["program"], row["setting"]))
        if row["error"]:
            lines.extend(_wrap(f"{size:<7} {program:<16} failed: {row['error']}", indent=24))
        else:
            compared = compare_words(row["zmqlite_time"]) if row["zmqlite_time"] else ""
            lines.append(
                _columns(
                    size,
                    program,
                    _figure(row["ns"]),
                    _figure(row["send_ns"]),
                    _figure(row["recv_ns"]),
                    f"{row['messages_per_s']:,.0f}",
                    _figure(row["mb_per_s"]),
                    compared,
                )
            )
        size = ""
    return lines


def _wrap(line: str, indent: int = 2) -> list[str]:
    return textwrap.wrap(line, WIDTH, subsequent_indent=" " * indent, break_on_hyphens=False)


def closing_lines(rows: list[dict[str, Any]], summary: dict[str, Any], in_place_from: int) -> list[str]:
    """How to read the table, and the line that says what it means."""
    lines = ["-" * WIDTH]
    if any(row["setting"] == "no copy" for row in rows):
        lines.append("C copies each message into libzmq's memory; 'C no copy' hands over its own buffer.")
    if any(row["size"] >= in_place_from for row in rows):
        size = Workload("", in_place_from).size_text
        said = (
            f"zmqlite: send(data) and recv() as they are; from {size} on that passes the bytes in place, and"
        )
        lines.extend(_wrap(f"{said} inproc can hand the receiver the very object that was sent."))
    if any(row["setting"] == "copy=False" and row["best"] for row in rows):
        lines.append("pyzmq: send(data) and recv(), or both with copy=False where that was faster.")
    lines.extend(_inproc_lines(rows))
    lines.extend(_slower_lines(rows))
    lines.append(summary["text"])
    return lines


def _inproc_lines(rows: list[dict[str, Any]]) -> list[str]:
    """Tell send and recv apart, for the smallest inproc messages: what a call costs."""
    inproc = [row for row in rows if row["transport"] == "inproc" and row["zmqlite_send_time"]]
    smallest = min((row["size"] for row in inproc), default=0)
    lines = []
    for row in inproc:
        if row["size"] == smallest and row["best"]:
            send, recv = (compare_words(row[f"zmqlite_{part}_time"]) for part in ("send", "recv"))
            workload = Workload("inproc", smallest)
            lines.append(f"{workload}, zmqlite against {row['program']}: send {send}, recv {recv}")
    return lines


def _slower_lines(rows: list[dict[str, Any]]) -> list[str]:
    against = [row for row in rows if row["program"] == "pyzmq" and row["best"] and row["zmqlite_time"]]
    slower = [
        f"{Workload(row['transport'], row['size'])} ({compare_words(row['zmqlite_time'])})"
        for row in against
        if row["zmqlite_time"]["median"] > 1
    ]
    return _wrap(f"zmqlite is slower than pyzmq in: {', '.join(slower)}") if slower else []
