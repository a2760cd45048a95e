"""Takes the turns: A B C, A B C, each program in child processes of its own."""

from __future__ import annotations

import math
import tempfile
import time
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from queue import SimpleQueue

from .process import Child, ChildError, ProgramMissingError, wait_for_answers
from .workloads import Program, Workload, programs_for

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from .process import Answers

__all__ = ["Cell", "Plan", "Result", "Round", "describe_programs", "measure_cell"]

_START_DEADLINE = 20.0
# Two-process warm-up: this many messages first, then more and more until it takes this part of a round.
_FIRST_COUNT = 8
_GROWTH = 8
_WARM_PART = 0.2
_MOST_MESSAGES = 50_000_000


@dataclass(frozen=True)
class Plan:
    """How to measure.

    Attributes:
        rounds: turns that count; one more before them warms up and does not.
        seconds: what one turn of one program should take.
        deadline: seconds after which a turn that has not ended is given up.
        started: time.monotonic() from which `Round.at_s` counts.
    """

    rounds: int
    seconds: float
    deadline: float
    started: float = field(default_factory=time.monotonic)


@dataclass(frozen=True)
class Round:
    """One turn of one program.

    Attributes:
        at_s: seconds from the start of the benchmark to the start of the turn.
        messages: how many were timed.
        ns: nanoseconds they took: inproc, sending and receiving; else from the first arrival to the last.
        send_ns: the sending part, in the sender. Other than inproc it includes waiting for the receiver.
        recv_ns: the receiving part; only inproc tells it apart.
    """

    at_s: float
    messages: int
    ns: int
    send_ns: int
    recv_ns: int | None = None


@dataclass
class Result:
    """What came of one program in one cell: rounds, and an error when it could not finish them."""

    program: Program
    rounds: list[Round] = field(default_factory=list)
    error: str | None = None


@dataclass
class Cell:
    """One workload, measured with every program."""

    workload: Workload
    results: list[Result]


def describe_programs(names: tuple[str, ...]) -> dict[str, dict[str, Any]]:
    """Ask every program for its versions, each in a process of its own.

    Returns:
        By name: {"version", "libzmq", "backend"} as far as it applies, {"missing": why} when it is not
        installed, or {"error": why}.
    """
    described: dict[str, dict[str, Any]] = {}
    for name in names:
        with Child(name) as child:
            try:
                described[name] = child.call("describe", _START_DEADLINE, program=name)
            except ProgramMissingError as error:
                described[name] = {"missing": str(error)}
            except ChildError as error:
                described[name] = {"error": str(error)}
    return described


class _Runner:
    """One program of one cell and its child processes: one for inproc, else a receiver and a sender."""

    def __init__(
        self, program: Program, workload: Workload, endpoint: str, plan: Plan, stack: ExitStack
    ) -> None:
        self.result = Result(program)
        self._workload = workload
        self._endpoint = endpoint
        self._plan = plan
        self._count = 0
        self._sides = ("both",) if workload.transport == "inproc" else ("receiver", "sender")
        names = [f"{program}, the {side}" if side != "both" else str(program) for side in self._sides]
        answers: Answers = SimpleQueue()
        self._children = [stack.enter_context(Child(name, answers)) for name in names]

    def open(self) -> None:
        """Open the sockets: the receiver binds, the sender connects to what that gave."""
        program, workload, endpoint = self.result.program, self._workload, self._endpoint
        for child, side in zip(self._children, self._sides):
            answer = child.call(
                "open",
                _START_DEADLINE,
                program=program.name,
                setting=program.setting,
                side=side,
                endpoint=endpoint,
                size=workload.size,
                high_water_mark=workload.high_water_mark,
            )
            endpoint = answer["endpoint"]

    def warm_up(self) -> None:
        """Wait for the connection, fill caches, and find how many messages fill a turn."""
        if self._workload.transport == "inproc":
            self._batches(self._plan.seconds * _WARM_PART)
            return
        count = _FIRST_COUNT
        wanted = self._plan.seconds * 1e9
        while True:
            done = self._stream(count)
            if done.ns >= wanted * _WARM_PART or count >= _MOST_MESSAGES:
                break
            # Short ones are uncertain: grow by steps, never straight to the goal.
            count *= _GROWTH
        self._count = min(_MOST_MESSAGES, max(2, math.ceil(wanted / (done.ns / done.messages))))

    def measure(self) -> None:
        """One turn."""
        inproc = self._workload.transport == "inproc"
        self.result.rounds.append(self._batches(self._plan.seconds) if inproc else self._stream(self._count))

    def _now(self) -> float:
        return round(time.monotonic() - self._plan.started, 6)

    def attempt(self, step: Callable[[], None]) -> None:
        """Take a step unless an earlier one failed; a failure is the result, and ends the children."""
        if self.result.error is None:
            try:
                step()
            except ChildError as error:
                self.result.error = str(error)
                for child in self._children:
                    child.kill()

    def _batches(self, seconds: float) -> Round:
        at_s = self._now()
        answer = self._children[0].call(
            "batches", self._plan.deadline, seconds=seconds, batch=self._workload.batch
        )
        total = answer["send_ns"] + answer["recv_ns"]
        return Round(at_s, answer["messages"], total, answer["send_ns"], answer["recv_ns"])

    def _stream(self, count: int) -> Round:
        receiver, sender = self._children
        at_s = self._now()
        receiver.ask("recv", self._plan.deadline, count=count)
        sender.ask("send", self._plan.deadline, count=count)
        received, sent = wait_for_answers(self._children)
        return Round(at_s, count - 1, max(1, received["ns"]), sent["ns"])


def _endpoint(workload: Workload, folder: str, number: int) -> str:
    if workload.transport == "tcp":
        return "tcp://127.0.0.1:*"
    if workload.transport == "ipc":
        return f"ipc://{Path(folder, f'{number}.socket').as_posix()}"
    return "inproc://bench"


def measure_cell(
    workload: Workload, names: tuple[str, ...], plan: Plan, progress: Callable[[str], None]
) -> Cell:
    """Measure one workload with every program, in turns.

    Args:
        workload: transport and size.
        names: the programs that are installed, of `workloads.PROGRAMS`.
        plan: how often and how long.
        progress: told in a few words what is going on.

    Returns:
        A result for each program and setting. One that fails keeps its error, and the others go on.
    """
    with ExitStack() as stack:
        # A path of a Unix socket has at most 107 bytes: a short prefix.
        folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="zl"))
        progress("starting")
        runners = [
            _Runner(program, workload, _endpoint(workload, folder, number), plan, stack)
            for number, program in enumerate(programs_for(workload.size, names))
        ]
        for runner in runners:
            runner.attempt(runner.open)
        progress("warming up")
        for runner in runners:
            runner.attempt(runner.warm_up)
        for number in range(plan.rounds):
            progress(f"round {number + 1} of {plan.rounds}")
            for runner in runners:
                runner.attempt(runner.measure)
        return Cell(workload, [runner.result for runner in runners])
