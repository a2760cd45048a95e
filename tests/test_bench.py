"""`python -m zmqlite bench`: the real command with small settings, in a child process. No times are asserted."""

from __future__ import annotations

import importlib.util
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from statistics import median
from typing import Any

import pytest

import zmqlite
from zmqlite import _backend
from zmqlite.bench.report import compare_words, make_rows, make_summary
from zmqlite.bench.runner import Cell, Result, Round
from zmqlite.bench.workloads import Program, Workload, parse_size

HAS_PYZMQ = importlib.util.find_spec("zmq") is not None
needs_pyzmq = pytest.mark.skipif(not HAS_PYZMQ, reason="pyzmq is not installed")
needs_proc = pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="looks at processes in /proc")
# Turns of 10 ms: what is tested is what the command says, not what it measures.
QUICK = ("--rounds", "2", "--seconds", "0.01")
REPORT_KEYS = {"format", "date", "took_s", "machine", "plan", "programs", "in_place_from", "rows", "summary"}
ROW_KEYS = {
    *("transport", "size", "program", "setting", "batch", "high_water_mark", "error", "best", "rounds"),
    *("ns", "messages_per_s", "mb_per_s", "send_ns", "recv_ns"),
    *("zmqlite_time", "zmqlite_send_time", "zmqlite_recv_time"),
}
BENCH = (sys.executable, "-m", "zmqlite", "bench")


def run_bench(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run the command in a process of its own. Returns its exit code, stdout and stderr."""
    return subprocess.run(
        [*BENCH, *arguments],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=50,
        env={**os.environ, **environment},
        check=False,
    )


def fake_pyzmq(folder: Path, send: str) -> str:
    """A package zmq whose send() does this. Returns a PYTHONPATH that has it before the real one."""
    (folder / "zmq").mkdir()
    (folder / "zmq" / "__init__.py").write_text(
        f"""
import os, time
PULL = PUSH = LAST_ENDPOINT = 0
zmq_version = pyzmq_version = lambda: "0"
class Context:
    def socket(self, kind): return Socket()
    def term(self): pass
class Socket:
    def bind(self, endpoint): pass
    def connect(self, endpoint): pass
    def getsockopt(self, option): return b"nowhere"
    def close(self, linger): pass
    def send(self, data): {send}
    def recv(self): time.sleep(1000)
"""
    )
    return path_with(folder)


def path_with(folder: Path) -> str:
    """A PYTHONPATH with folder first."""
    return os.pathsep.join([str(folder), *filter(None, [os.environ.get("PYTHONPATH")])])


def test_table_has_a_row_for_each_program_size_and_transport() -> None:
    """Nothing that was measured is left out of the table, which fits a terminal."""
    done = run_bench(*QUICK, "--sizes", "16,64KiB")
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    programs = ["zmqlite", *(["pyzmq"] if HAS_PYZMQ else []), "C"]
    wanted = []
    for transport in ("inproc", "ipc", "tcp") if zmqlite.has("ipc") else ("inproc", "tcp"):
        wanted += [f"{transport}:", *(f"16 B {name}" for name in programs)]
        wanted += [f"64 KiB {name}" for name in [*programs, "C no copy"]]
    found, size = [], ""
    for line in lines[lines.index("-" * 100) + 1 :]:
        if line.startswith("---"):
            break
        size = line[:8].strip() or size
        # pyzmq's setting depends on which was faster.
        program = line[8:24].strip().replace(" copy=False", "")
        found.append(size if ":" in size else f"{size} {program}")
    assert [entry.partition(":")[0] for entry in found] == [entry.partition(":")[0] for entry in wanted]
    assert max(map(len, lines)) <= 100


@needs_pyzmq
def test_last_line_says_what_the_result_means() -> None:
    """Who reads one line only knows how zmqlite stands to both."""
    done = run_bench(*QUICK, "--sizes", "16", "--transports", "inproc")
    assert done.stdout.splitlines()[-1].startswith("zmqlite ")
    assert " pyzmq" in done.stdout.splitlines()[-1]
    assert " C" in done.stdout.splitlines()[-1]


def test_progress_goes_to_stderr_and_counts_the_workloads() -> None:
    """A file that takes stdout has the table and nothing else."""
    done = run_bench(*QUICK, "--sizes", "16", "--transports", "inproc,tcp", "--programs", "C")
    assert "[1/2] inproc 16 B" in done.stderr
    assert "[2/2] tcp 16 B" in done.stderr


@needs_pyzmq
def test_json_has_the_documented_keys_and_every_raw_round() -> None:
    """The figures can be worked out again from the rounds."""
    done = run_bench(*QUICK, "--sizes", "64KiB", "--transports", "inproc,tcp", "--json")
    report = json.loads(done.stdout)
    assert set(report) == REPORT_KEYS
    assert report["programs"]["zmqlite"]["backend"] == _backend.BACKEND
    assert report["programs"]["C"]["libzmq"] == zmqlite.zmq_version()
    names = [(row["transport"], f"{row['program']} {row['setting']}".strip()) for row in report["rows"]]
    programs = ["zmqlite", "pyzmq", "pyzmq copy=False", "C", "C no copy"]
    assert names == [(transport, program) for transport in ("inproc", "tcp") for program in programs]
    for row in report["rows"]:
        assert set(row) == ROW_KEYS
        assert [set(done) for done in row["rounds"]] == [{"at_s", "messages", "ns", "send_ns", "recv_ns"}] * 2
        times = [done["ns"] / done["messages"] for done in row["rounds"]]
        assert row["ns"] == pytest.approx(median(times))
        assert row["messages_per_s"] == pytest.approx(1e9 / row["ns"])
        assert row["mb_per_s"] == pytest.approx(row["messages_per_s"] * 65536 / 1e6)
        inproc = row["transport"] == "inproc"
        assert (row["send_ns"] is not None) == (row["recv_ns"] is not None) == inproc
        assert (row["zmqlite_time"] is None) == (row["program"] == "zmqlite")


@needs_pyzmq
def test_programs_take_turns() -> None:
    """A B C A B C: what the machine does meanwhile meets all alike."""
    done = run_bench(
        "--rounds", "3", "--seconds", "0.01", "--sizes", "16", "--transports", "inproc", "--json"
    )
    rows = json.loads(done.stdout)["rows"]
    turns = sorted((turn["at_s"], row["program"]) for row in rows for turn in row["rounds"])
    assert [program for _, program in turns] == ["zmqlite", "pyzmq", "C"] * 3


def test_missing_pyzmq_is_said_and_is_no_failure(tmp_path: Path) -> None:
    """pyzmq is optional: its rows are missing, and the others are there."""
    (tmp_path / "zmq.py").write_text("raise ModuleNotFoundError('No module named zmq, says the test')")
    done = run_bench(*QUICK, "--sizes", "16", "--transports", "inproc", PYTHONPATH=path_with(tmp_path))
    assert done.returncode == 0
    assert "pyzmq is not installed (No module named zmq, says the test)" in done.stdout
    assert "\n        pyzmq " not in done.stdout
    assert "\n        C " in done.stdout


def test_zmqlites_own_module_zmq_is_not_taken_for_pyzmq(tmp_path: Path) -> None:
    """A module zmq that is zmqlite would be compared with itself."""
    (tmp_path / "zmq.py").write_text("from zmqlite import *")
    done = run_bench(*QUICK, "--sizes", "16", "--transports", "inproc", PYTHONPATH=path_with(tmp_path))
    assert "the module zmq here is zmqlite's own" in done.stdout


@pytest.mark.parametrize("transport", ["inproc", "tcp"])
def test_program_that_crashes_is_a_row_that_says_why(tmp_path: Path, transport: str) -> None:
    """The row names the signal and the call, and the next program is measured."""
    path = fake_pyzmq(tmp_path, "os.abort()")
    done = run_bench(*QUICK, "--sizes", "16", "--transports", transport, PYTHONPATH=path)
    assert done.returncode == 1
    row = done.stdout[done.stdout.index("failed:") :]
    assert "Fatal Python error: Aborted, in send() at __init__.py" in " ".join(row.split())
    assert "\n        C " in row


@pytest.mark.parametrize("transport", ["inproc", "tcp"])
def test_program_that_hangs_is_a_row_that_says_where(tmp_path: Path, transport: str) -> None:
    """The deadline ends it, and the row has the line where it hung."""
    path = fake_pyzmq(tmp_path, "time.sleep(1000)")
    done = run_bench(
        *QUICK, "--sizes", "16", "--transports", transport, "--deadline", "1", "--json", PYTHONPATH=path
    )
    assert done.returncode == 1
    errors = {row["program"]: row["error"] for row in json.loads(done.stdout)["rows"]}
    assert "Timeout (0:00:01)" in errors["pyzmq"]
    assert " at __init__.py:" in errors["pyzmq"]
    assert errors["C"] is None


def test_program_that_raises_is_a_row_that_says_so(tmp_path: Path) -> None:
    """The row has the exception, and which of the two processes raised it."""
    path = fake_pyzmq(tmp_path, "raise ValueError('no such luck')")
    done = run_bench(*QUICK, "--sizes", "16", "--transports", "tcp", PYTHONPATH=path)
    assert done.returncode == 1
    assert "failed: pyzmq, the sender: ValueError: no such luck" in done.stdout


def processor_time(process: int) -> float | None:
    """Clock ticks that a process has used; None when it is gone, or waits to be reaped."""
    try:
        fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return None
    return None if fields[0] in "ZX" else float(fields[11]) + float(fields[12])


def children_of(process: int) -> list[int]:
    """Direct children, from /proc."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                fields = (entry / "stat").read_text().rpartition(")")[2].split()
            except (FileNotFoundError, ProcessLookupError):
                continue
            if int(fields[1]) == process:
                found.append(int(entry.name))
    return found


def start_busy_bench(folder: Path, program: str) -> tuple[subprocess.Popen[bytes], list[int]]:
    """A bench in the middle of a turn of minutes, which inproc takes as one command. Returns it and its child."""
    bench = subprocess.Popen(
        [*BENCH, "--seconds", "600", "--programs", program, "--transports", "inproc", "--sizes", "16"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        env={**os.environ, "TMPDIR": str(folder)},
    )
    ticks = os.sysconf("SC_CLK_TCK")
    while True:
        assert bench.poll() is None, "it ended by itself"
        children = children_of(bench.pid)
        if len(children) == 1 and all((processor_time(child) or 0) > ticks for child in children):
            return bench, children
        time.sleep(0.05)  # between two looks


def wait_until_gone(processes: list[int]) -> None:
    """Wait, within the time that the test has."""
    while any(processor_time(process) is not None for process in processes):
        time.sleep(0.02)  # between two looks


@needs_proc
@pytest.mark.timeout(30)
@pytest.mark.parametrize("program", ["zmqlite", "C"])
def test_children_die_with_a_killed_bench(tmp_path: Path, program: str) -> None:
    """Nothing can tell the children, and they are in the middle of a turn."""
    bench, children = start_busy_bench(tmp_path, program)
    bench.kill()
    bench.communicate()
    wait_until_gone(children)


@needs_proc
@pytest.mark.timeout(30)
@pytest.mark.parametrize(("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_signal_ends_bench_and_children_and_leaves_no_files(
    tmp_path: Path, number: signal.Signals, status: int
) -> None:
    """Ctrl-C and SIGTERM clear away the children and the folder of the ipc sockets."""
    bench, children = start_busy_bench(tmp_path, "C")
    assert list(tmp_path.iterdir()), "the folder for ipc sockets is expected here"
    bench.send_signal(number)
    _, messages = bench.communicate()
    assert bench.returncode == status
    assert b"Traceback" not in messages
    wait_until_gone(children)
    assert not list(tmp_path.iterdir())


def turn(ns: int, send_ns: int = 1, recv_ns: int | None = None) -> Round:
    """A round of one message."""
    return Round(at_s=0.0, messages=1, ns=ns, send_ns=send_ns, recv_ns=recv_ns)


def row_of(rows: list[dict[str, Any]], program: str, setting: str = "") -> dict[str, Any]:
    """The row of a program."""
    return next(row for row in rows if (row["program"], row["setting"]) == (program, setting))


def test_ratio_is_the_median_over_neighbouring_rounds() -> None:
    """Each round is compared with its neighbour: a slow moment meets both."""
    ours = Result(Program("zmqlite"), [turn(10), turn(100), turn(30)])
    theirs = Result(Program("C"), [turn(5), turn(50), turn(10)])
    rows = make_rows(Cell(Workload("tcp", 16), [ours, theirs]))
    # The ratio of the medians would be 3.
    assert row_of(rows, "C")["zmqlite_time"] == {"median": 2.0, "low": 2.0, "high": 3.0}


def test_send_and_recv_are_compared_apart_for_inproc() -> None:
    """What a send and what a recv costs can be read from the rows."""
    ours = Result(Program("zmqlite"), [turn(10, 6, 4)])
    theirs = Result(Program("C"), [turn(4, 2, 2)])
    row = row_of(make_rows(Cell(Workload("inproc", 16), [ours, theirs])), "C")
    assert row["zmqlite_send_time"]["median"] == 3.0
    assert row["zmqlite_recv_time"]["median"] == 2.0


def test_summary_counts_the_faster_setting_of_a_program() -> None:
    """The others are taken at their best."""
    ours = Result(Program("zmqlite"), [turn(10)])
    slow = Result(Program("pyzmq"), [turn(80)])
    fast = Result(Program("pyzmq", "copy=False"), [turn(20)])
    limit = Result(Program("C"), [turn(4)])
    rows = make_rows(Cell(Workload("tcp", 65536), [ours, slow, fast, limit]))
    assert [row["best"] for row in rows] == [True, False, True, True]
    summary = make_summary(rows)
    assert (
        summary["text"]
        == "zmqlite is 2.00 times as fast as pyzmq and takes 2.50 times C's time (1 workload)."
    )


def test_summary_of_one_program_says_that_there_is_nothing_to_compare() -> None:
    """There is a last line in any case."""
    rows = make_rows(Cell(Workload("tcp", 16), [Result(Program("C"), [turn(4)])]))
    assert make_summary(rows)["text"].startswith("Nothing to compare")


def test_incomplete_rounds_are_compared_as_far_as_they_go() -> None:
    """A program that died later was measured before."""
    ours = Result(Program("zmqlite"), [turn(10), turn(10)])
    theirs = Result(Program("pyzmq"), [turn(5)], error="it died")
    row = row_of(make_rows(Cell(Workload("tcp", 16), [ours, theirs])), "pyzmq")
    assert row["error"] == "it died"
    assert row["zmqlite_time"]["median"] == 2.0


@pytest.mark.parametrize(
    ("times", "words"),
    [
        ({"median": 0.5, "low": 0.4, "high": 0.8}, "2.00x as fast (1.25-2.50)"),
        ({"median": 2.5, "low": 2.0, "high": 30.0}, "2.50x as long (2.00-30)"),
    ],
)
def test_ratio_in_words_says_faster_or_longer(times: dict[str, float], words: str) -> None:
    """Nobody has to know which way the ratio goes; the spread turns with it."""
    assert compare_words(times) == words


@pytest.mark.parametrize(
    ("text", "size"), [("16", 16), ("1k", 1024), ("64KiB", 65536), ("1 MB", 1_000_000), ("1MiB", 2**20)]
)
def test_sizes_are_read_with_units(text: str, size: int) -> None:
    """The sizes of the table can be typed as they are shown."""
    assert parse_size(text) == size


@pytest.mark.parametrize("text", ["", "0", "-1", "1.5", "1GB", "65MiB", "many"])
def test_what_is_no_size_is_refused(text: str) -> None:
    """And what would fill the memory."""
    with pytest.raises(ValueError, match="is not a size"):
        parse_size(text)


@pytest.mark.parametrize(
    ("size", "text"),
    [(16, "16 B"), (1024, "1 KiB"), (65536, "64 KiB"), (1_000_000, "1 MB"), (1500, "1500 B")],
)
def test_sizes_are_written_in_the_unit_that_fits(size: int, text: str) -> None:
    """Sizes are shown as people say them."""
    assert Workload("tcp", size).size_text == text


@pytest.mark.parametrize("size", [1, 65536, 1_000_000, 64 * 2**20])
def test_inproc_batch_fits_below_the_high_water_mark(size: int) -> None:
    """One thread sends and receives: a send that blocks would block for ever."""
    workload = Workload("inproc", size)
    assert 1 <= workload.batch <= workload.high_water_mark <= 1000
