"""The benchmark suite: the smallest run of every family, and the command. No times are asserted."""

from __future__ import annotations

import importlib.util
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import zmqlite

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))
limit = pytest.importorskip("benchmarks.limit", reason="the benchmarks are not part of what is tested here")

from benchmarks.adapters import PROGRAMS, SETTINGS, parse_variant  # noqa: E402
from benchmarks.families import soak  # noqa: E402
from benchmarks.goals import ROWS, SERIES  # noqa: E402
from benchmarks.soak import share_out  # noqa: E402
from benchmarks.turns import Plan, TurnError, take_turn  # noqa: E402

sys.path.remove(str(ROOT))

HAS_PYZMQ = importlib.util.find_spec("zmq") is not None
# What is tested is that a turn gives its figures, not what they are.
PLAN = Plan(rounds=1, seconds=0.001, deadline=40)
# One of each family, as small as it gets.
SMALLEST: dict[str, tuple[str, dict[str, Any], set[str]]] = {
    "batches": ("calls", {"what": "batches", "size": 16}, {"ns", "send_ns", "recv_ns"}),
    "lists": ("calls", {"what": "lists", "size": 16}, {"ns", "send_ns", "recv_ns"}),
    "parts": ("calls", {"what": "parts", "size": 16}, {"ns", "send_ns", "recv_ns"}),
    "exchange": ("calls", {"what": "exchange", "size": 16}, {"ns"}),
    "busy": ("calls", {"what": "busy", "size": 16}, {"ns"}),
    "threads": ("threads", {"size": 16, "senders": 2}, {"ns", "rss_kib"}),
    "tcp": ("streams", {"transport": "tcp", "size": 16, "connections": 2}, {"ns", "rss_kib", "sender_rss_kib"}),
    "ipc": ("streams", {"transport": "ipc", "size": 100_000}, {"ns", "rss_kib", "sender_rss_kib"}),
    "curve": ("streams", {"transport": "tcp", "size": 16, "curve": True}, {"ns", "rss_kib", "sender_rss_kib"}),
    "roundtrip": ("roundtrip", {"transport": "tcp", "size": 16}, {"ns"}),
    "roundtrip-inproc": ("roundtrip", {"transport": "inproc", "size": 16}, {"ns"}),
    "poller": ("polling", {"what": "poller", "items": 3}, {"ns"}),
    "poll_socket": ("polling", {"what": "poll_socket"}, {"ns"}),
    "try_raising": ("polling", {"what": "try_raising"}, {"ns"}),
    "try_quietly": ("polling", {"what": "try_quietly"}, {"ns"}),
    "set_and_get": ("polling", {"what": "set_and_get"}, {"ns"}),
    "fanout": ("fanout", {"subscribers": 3, "size": 100}, {"ns"}),
    "echo": ("echo", {"clients": 3, "size": 16, "window": 2}, {"ns"}),
    "proxies": ("proxies", {"transport": "tcp", "size": 16}, {"ns"}),
    "sockets": ("starting", {"what": "sockets", "sockets": 3}, {"rss_kib", "sockets"}),
}
# Where a program's own verbs or settings are used, or another program is the measured one.
OTHERS = [
    *(("zmqlite throughput", "tcp"), ("zmqlite copy=False", "exchange"), ("C throughput, no copy", "tcp")),
    *(("pyzmq", "lists"), ("pyzmq copy=False", "exchange"), ("pyzmq hwm", "tcp"), ("pyzmq EVENTS", "try_quietly")),
    *(("pyzmq", "fanout"), ("pyzmq", "echo"), ("pyzmq", "proxies"), ("pyzmq", "curve")),
]
# One of each kind of awaiting, as small as it gets.
LOOPS: dict[str, tuple[dict[str, Any], set[str]]] = {
    "exchange_ready": ({}, {"ns"}),
    "exchange_waiting": ({}, {"ns"}),
    "ask_inside": ({}, {"ns"}),
    "ask_all_inside": ({"sockets": 3}, {"ns"}),
    "waiting": ({"sockets": 500, "receives": 2}, {"rss_kib", "receives_kib"}),
}


def needs(variant: str, name: str) -> None:
    """Skip what this machine or this libzmq has not got."""
    if variant.startswith("pyzmq") and not HAS_PYZMQ:
        pytest.skip("pyzmq is not installed")
    if "throughput" in variant and not zmqlite.has("draft"):
        pytest.skip("this libzmq has no batch sizes")
    if (name == "ipc" and not zmqlite.has("ipc")) or (name == "curve" and not zmqlite.has("curve")):
        pytest.skip(f"this libzmq has no {name}")
    if variant.startswith("C") or name == "proxies":
        try:
            limit.compile_limit()
        except limit.NoCompilerError as error:
            pytest.skip(str(error))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Where ipc sockets go: a path that is short enough for one."""
    return str(tmp_path_factory.getbasetemp())


@pytest.mark.parametrize(
    ("variant", "name"), [*((variant, name) for name in SMALLEST for variant in ("zmqlite", "C")), *OTHERS]
)
def test_turn_gives_every_figure_of_its_family(variant: str, name: str, folder: str) -> None:
    """Each workload runs to its end in the programs that can do it, and its figures are above nothing."""
    needs(variant, name)
    family, settings, figures = SMALLEST[name]
    found = take_turn(variant, family, settings, PLAN, folder)
    assert set(found) == figures
    assert all(value > 0 for value in found.values())


@pytest.mark.parametrize("loop", ["asyncio", "uvloop"])
@pytest.mark.parametrize(("variant", "what"), [(variant, what) for what in LOOPS for variant in ("zmqlite", "pyzmq")])
def test_event_loops_turn_gives_its_figures(variant: str, what: str, loop: str, folder: str) -> None:
    """Each kind of awaiting runs to its end in asyncio's loop and in uvloop."""
    needs(variant, what)
    if loop == "uvloop" and importlib.util.find_spec("uvloop") is None:
        pytest.skip("uvloop is not installed")
    settings, figures = LOOPS[what]
    found = take_turn(variant, "loops", {"what": what, "loop": loop, **settings}, PLAN, folder)
    assert set(found) == figures
    assert all(value > 0 for value in found.values())


@pytest.mark.skipif(importlib.util.find_spec("uvloop") is not None, reason="uvloop is installed")
def test_event_loop_that_is_missing_is_no_failure(folder: str) -> None:
    """A row of uvloop says what is not installed, as one of a program does."""
    found = take_turn("zmqlite", "loops", {"what": "exchange_ready", "loop": "uvloop"}, PLAN, folder)
    assert found["missing"].startswith("uvloop is not installed")


@pytest.mark.parametrize(
    "program", ["zmqlite", pytest.param("pyzmq", marks=pytest.mark.skipif(not HAS_PYZMQ, reason="no pyzmq"))]
)
def test_import_is_measured_in_an_interpreter_of_its_own(program: str, folder: str) -> None:
    """Time and memory come from a process that has imported nothing else."""
    found = take_turn(program, "starting", {"what": "import"}, PLAN, folder)
    assert set(found) == {"ns", "rss_kib"}
    assert 1000 < found["rss_kib"] < 1_000_000


def test_every_row_is_of_a_family_and_of_known_programs() -> None:
    """Rows and series name what there is, zmqlite first, and no name is used twice."""
    names = [one.name for one in (*ROWS, *SERIES)]
    assert len(names) == len(set(names))
    for one in (*ROWS, *SERIES):
        assert importlib.util.find_spec(f"benchmarks.families.{one.family}") is not None, one.name
        programs = [parse_variant(variant)[0] for variant in one.variants]
        assert programs[0] == "zmqlite"
        assert set(programs) <= set(PROGRAMS)
        for variant in one.variants:
            assert variant.partition(" ")[2] in ("", *SETTINGS)


def test_program_that_fails_says_why(folder: str) -> None:
    """A turn that cannot be done is an error with its reason, not a figure."""
    with pytest.raises(TurnError, match="has no attribute 'try_nothing'"):
        take_turn("zmqlite", "polling", {"what": "try_nothing"}, PLAN, folder)


def test_program_that_hangs_is_given_up_with_its_partner(folder: str) -> None:
    """The deadline ends the turn."""
    with pytest.raises(TurnError, match=r"Timeout \(0:00:01\)!?, in \w+\(\) at "):
        take_turn("zmqlite", "roundtrip", {"transport": "tcp", "size": 16}, Plan(1, 3600, 1), folder)


@pytest.mark.parametrize("case", list(soak.CASES))
def test_soak_arrives_whole_and_in_order(case: str, folder: str) -> None:
    """Numbered, checksummed messages of mixed sizes, in every pattern and number of threads."""
    if " ipc" in case and not zmqlite.has("ipc"):
        pytest.skip("this libzmq has no ipc")
    found = take_turn("zmqlite", "soak", {"case": case, "count": 800}, PLAN, folder)
    assert found["messages"] == 800


def message(number: int, body: bytes = b"body") -> bytes:
    """What sender 0 sends."""
    return soak.make_head(0, number, body) + body


@pytest.mark.parametrize(
    ("messages", "said"),
    [
        ([message(0), message(2)], "message 2 of sender 0 came where 1 was due"),
        ([message(0), message(0)], "message 0 of sender 0 came where 1 was due"),
        ([message(0), message(1)[:-1] + b"?"], "message 1 of sender 0 is damaged"),
        ([message(0, b"")[:-1] + b"\1"], "of sender 0 is damaged"),
    ],
)
def test_soak_finds_what_is_lost_repeated_or_damaged(messages: list[bytes], said: str) -> None:
    """A check that passes everything would show nothing."""
    check = soak.Check(1)
    with pytest.raises(soak.SoakError, match=said):
        list(map(check.take_whole, messages))


def test_soak_shares_the_messages_out() -> None:
    """Every case gets some, and together they are as many as was asked for."""
    shares = share_out(10_000_000)
    assert set(shares) == set(soak.CASES)
    assert sum(shares.values()) == pytest.approx(10_000_000, rel=1e-5)
    assert min(share_out(1).values()) == 1


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the command. Returns its exit code, stdout and stderr."""
    return subprocess.run(
        [sys.executable, "-m", "benchmarks", *arguments],
        cwd=str(ROOT),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=50,
        check=False,
    )


def test_command_writes_page_results_and_table(tmp_path: Path) -> None:
    """One row and one point of a series: what was measured is in all three."""
    done = run("--quick", "--rounds", "1", "--seconds", "0.001", "--output", str(tmp_path), "poll-0", "import")
    assert done.returncode == 0, done.stderr
    assert "| `poll-0` | Socket.poll(0) |" in done.stdout
    assert "[2/2] import" in done.stderr
    report = json.loads((tmp_path / "performance" / "results.json").read_text(encoding="utf-8"))
    assert [row["name"] for row in report["rows"]] == ["poll-0", "import"]
    assert len(report["rows"][0]["variants"]["zmqlite"]["rounds"]) == 1
    assert report["programs"]["zmqlite"]["version"] == zmqlite.__version__
    assert "| `import` | import time |" in (tmp_path / "performance.md").read_text(encoding="utf-8")


def test_unknown_row_is_refused() -> None:
    """A name that is no row says so, and says how to find those that are."""
    done = run("no-such-row")
    assert done.returncode == 1
    assert "no row 'no-such-row': --list shows them" in done.stderr


def test_list_names_every_row_and_its_goal() -> None:
    """What can be chosen can be read first."""
    lines = run("--list").stdout.splitlines()
    assert [line.split()[0] for line in lines] == [one.name for one in (*ROWS, *SERIES)]
    assert lines[0].endswith(": x4, at most 2x C")
