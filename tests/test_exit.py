"""A process ends within two seconds of wanting to, by itself, whatever state its sockets are in."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import pytest
from exit_children import child_code
from exit_states import RAISING, STATES
from exit_states_busy import BUSY_STATES

# Promised are two seconds; the third is for a machine with other things to do.
LIMIT_SECONDS = 3.0
# Most of the time a child waits for its linger: several do so at once.
AT_ONCE = 6

Ended = tuple[Any, float]


@pytest.fixture(scope="module")
def pool() -> Iterator[tuple[ThreadPoolExecutor, dict[str, Future[Ended]]]]:
    """Where the children of this module run, and what became of them by the name of their state."""
    with ThreadPoolExecutor(AT_ONCE) as executor:
        futures: dict[str, Future[Ended]] = {}
        yield executor, futures
        for future in futures.values():
            future.cancel()


@pytest.fixture
def leave_state(pool: Any, run_child: Any, request: pytest.FixtureRequest) -> Callable[[str], Ended]:
    """Tell how the child left in a state ended, and when. The first call starts all that were selected."""
    executor, futures = pool

    def run(code: str) -> Ended:
        child = run_child(child_code(code), timeout=15)
        return child, time.monotonic()

    if not futures:
        states = {**STATES, **BUSY_STATES, **RAISING}
        for item in request.session.items:
            name = getattr(item, "callspec", None) and item.callspec.params.get("state")
            if name in states:
                futures[name] = executor.submit(run, states[name])
    return lambda name: futures[name].result()


def check_exit(ended: Ended) -> None:
    """The child ended within the limit of saying that it would, by no signal."""
    child, at = ended
    assert child.signal is None, child.stderr
    said = re.search(r"about to exit ([\d.]+)", child.stdout)
    assert said, child
    seconds = at - float(said[1])
    print(f"ended after {seconds:.2f} s")
    assert seconds < LIMIT_SECONDS, child


@pytest.mark.parametrize("state", [*STATES, *BUSY_STATES])
def test_a_process_left_in_any_state_ends(state: str, leave_state: Callable[[str], Ended]) -> None:
    """It ends by itself with code 0, and nobody has to kill it."""
    child, at = leave_state(state)
    check_exit((child, at))
    assert child.exit_code == 0, child
    assert "Traceback" not in child.stderr or "Exception ignored" in child.stderr, child.stderr


@pytest.mark.parametrize("state", RAISING)
def test_a_process_that_raises_ends_with_its_traceback(state: str, leave_state: Callable[[str], Ended]) -> None:
    """The exception is what ends it, with code 1, and not something of ours."""
    child, at = leave_state(state)
    check_exit((child, at))
    assert child.exit_code == 1, child
    assert "RuntimeError: intended" in child.stderr
