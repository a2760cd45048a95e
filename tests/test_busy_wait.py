"""Waits stay awake for a moment: what that saves, and that it costs nothing where nothing comes."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from exit_children import child_code

import zmqlite
from zmqlite.info import collect_info

LINUX = sys.platform == "linux"
BUNDLED = collect_info()["libzmq"]["origin"] == "bundled"

ROUND_TRIPS = """
    import resource, subprocess
    zmq.set_busy_wait(MICROSECONDS)
    answerer = subprocess.Popen([sys.executable, "-c", ANSWERER], stdout=subprocess.PIPE)
    context = zmq.Context()
    asker = context.socket(zmq.REQ)
    asker.connect(answerer.stdout.readline().decode().strip())

    def ask(count):
        for number in range(count):
            asker.send(b"%d" % number)
            assert asker.recv() == b"%d" % number

    def sleeps():
        return resource.getrusage(getattr(resource, WHO)).ru_nvcsw

    ask(50)
    before = sleeps()
    ask(1000)
    print(sleeps() - before)
    asker.send(b"")
    asker.close()
    context.term()
    answerer.wait()
"""
ANSWERER = """
import zmqlite as zmq
with zmq.Context() as context, context.socket(zmq.REP) as socket:
    socket.bind("tcp://127.0.0.1:*")
    print(socket.last_endpoint.decode().rstrip("\\0"), flush=True)
    while request := socket.recv():
        socket.send(request)
"""


@pytest.fixture
def as_before() -> Iterator[int]:
    """The busy wait is for the whole process: put it back."""
    before = zmqlite.get_busy_wait()
    yield before
    zmqlite.set_busy_wait(before)


@pytest.mark.parametrize("microseconds", [0, 1, 10_000, True])
def test_what_is_set_is_told(microseconds: int, as_before: int) -> None:
    """By the function and by what the command line prints."""
    zmqlite.set_busy_wait(microseconds)
    assert zmqlite.get_busy_wait() == microseconds
    assert collect_info()["thresholds"]["busy_wait_us"] == microseconds


@pytest.mark.parametrize(
    ("value", "error"),
    [(-1, ValueError), (10_001, ValueError), (2**40, ValueError), (1.5, TypeError), ("1", TypeError)],
)
def test_bad_values_change_nothing(value: Any, error: type[Exception], as_before: int) -> None:
    """And the error names the call."""
    with pytest.raises(error, match=r"set_busy_wait\(\) takes"):
        zmqlite.set_busy_wait(value)
    assert zmqlite.get_busy_wait() == as_before


@pytest.mark.parametrize(("value", "microseconds"), [("0", 0), ("250", 250), ("", 100)])
def test_environment_sets_it(value: str, microseconds: int, run_child: Callable[..., Any]) -> None:
    """Before the program has said anything; empty is the default."""
    child = run_child("import zmqlite; print(zmqlite.get_busy_wait())", ZMQLITE_BUSY_WAIT=value)
    assert child.stdout.strip() == str(microseconds)


@pytest.mark.parametrize("value", ["-1", "10001", "soon"])
def test_bad_environment_is_an_import_error(value: str, run_child: Callable[..., Any]) -> None:
    """Which names the variable, its value and what it takes."""
    code = """
        try:
            import zmqlite
        except ImportError as error:
            print(error)
    """
    child = run_child(code, ZMQLITE_BUSY_WAIT=value)
    assert child.stdout.strip() == (
        f"ZMQLITE_BUSY_WAIT is {value!r}: set it to 0 to 10000 microseconds, or unset it"
    )


# The I/O threads of a system's libzmq sleep as ever.
@pytest.mark.skipif(not LINUX, reason="counts a thread's sleeps, as Linux tells them")
@pytest.mark.parametrize("who", ["RUSAGE_THREAD", *(["RUSAGE_SELF"] if BUNDLED else [])])
def test_round_trips_are_waited_for_awake(who: str, run_child: Callable[..., Any]) -> None:
    """By the thread that receives; and by all of the process, with the libzmq that zmqlite carries."""

    def sleeps(microseconds: int) -> int:
        code = child_code(ROUND_TRIPS, ANSWERER=ANSWERER, MICROSECONDS=microseconds, WHO=who)
        child = run_child(code, timeout=60)
        assert child.exit_code == 0, child.stderr
        return int(child.stdout)

    asleep, awake = sleeps(0), sleeps(10_000)
    assert asleep > 500
    assert awake < asleep * 0.5


WAITS = {
    "recv": "socket.recv(0)",
    "poll": "socket.poll(2)",
    "Poller": "poller.poll(2)",
}


@pytest.mark.parametrize("wait", WAITS)
def test_waits_for_nothing_sleep(wait: str, run_child: Callable[..., Any]) -> None:
    """After some that were for nothing, however long a wait would stay awake."""
    code = f"""
        zmq.set_busy_wait(10_000)
        context = zmq.Context()
        socket = context.socket(zmq.PULL)
        socket.rcvtimeo = 2
        poller = zmq.Poller()
        poller.register(socket, zmq.POLLIN)
        began, used = time.monotonic(), time.process_time()
        for _ in range(500):
            try:
                {WAITS[wait]}
            except zmq.Again:
                pass
        print((time.process_time() - used) / (time.monotonic() - began))
        socket.close()
        context.term()
    """
    child = run_child(child_code(code))
    assert child.exit_code == 0, child.stderr
    assert float(child.stdout) < 0.5
