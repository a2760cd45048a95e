"""The state machine: random sequences of calls, carried out by pyzmq and by zmqlite in a process each, and compared."""

from __future__ import annotations

import collections
import json
import select
import subprocess
import sys
from pathlib import Path
from typing import Any

import calls
from differences import explain, parts_ways
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule

STAGE = str(Path(__file__).with_name("stage.py"))
DEADLINE_S = 12
# How long to give libzmq's own threads, in seconds: from try to try.
PATIENCE_S = (0.02, 0.05, 0.2, 0.6, *[0.02] * 12)


def outcomes(found: str) -> tuple[tuple[int, str], tuple[int, str]]:
    """Where Duel.find() found a difference, with what pyzmq told there, and with what zmqlite did."""
    *steps, theirs, ours = found.splitlines()
    return (len(steps), theirs.partition(":")[2].strip()), (len(steps), ours.partition(":")[2].strip())


class Ended(Exception):  # noqa: N818 - what happened, not what is wrong
    """A process died, or stopped to answer."""


def explain_end(theirs: str, ours: str) -> str | None:
    """What to say when pyzmq's process ended; None when zmqlite's did, too, and docs/differences.md does not say so."""
    said = theirs.partition(":")[2].strip()
    if ours.startswith("ended: "):
        return "libzmq aborts in both: pipe.cpp" if "src/pipe.cpp" in ours and "src/pipe.cpp" in theirs else None
    return f"pyzmq ends: {said.splitlines()[0][:60]}"


class Player:
    """A process with one library on stage; it is started again when it ends."""

    def __init__(self, library: str) -> None:
        self.library = library
        self.process: subprocess.Popen[bytes] | None = None
        self.buffer = b""

    def play(self, sequence: list[Any], patience_s: float = 0) -> list[str]:
        """What came of each call; the last is how the process ended if it did."""
        if self.process is None:
            command = [sys.executable, "-X", "faulthandler", STAGE, self.library]
            self.process = subprocess.Popen(
                command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, bufsize=0
            )
        assert self.process.stdin is not None
        results: list[str] = []
        try:
            self.process.stdin.write(json.dumps([patience_s, sequence]).encode() + b"\n")
            for _ in sequence:
                results.append(self.read_line())
            self.read_line()
        except (Ended, BrokenPipeError) as error:
            results.append(f"ended: {error}")
            self.stop()
        return results

    def read_line(self) -> Any:
        """One line of JSON."""
        assert self.process is not None
        assert self.process.stdout is not None
        while b"\n" not in self.buffer:
            if not select.select([self.process.stdout], [], [], DEADLINE_S)[0]:
                raise Ended("hangs")
            chunk = self.process.stdout.read(65536)
            if not chunk:
                assert self.process.stderr is not None
                said = self.process.stderr.read().decode("utf-8", "replace")
                raise Ended(f"exit code {self.process.wait()}: {said[:2000]}")
            self.buffer += chunk
        line, _, self.buffer = self.buffer.partition(b"\n")
        return json.loads(line)

    def stop(self) -> None:
        """End the process."""
        process, self.process, self.buffer = self.process, None, b""
        if process is not None:
            process.kill()
            process.communicate()


class Duel:
    """Both libraries, and the count of what was seen."""

    def __init__(self) -> None:
        self.theirs, self.ours = Player("zmq"), Player("zmqlite")
        self.seen: collections.Counter[str] = collections.Counter()
        # What differs without a reason; None when that is to be raised.
        self.survey: dict[tuple[str, ...], list[str]] | None = None

    def compare(self, sequence: list[Any]) -> None:
        """Carry out a sequence on both.

        Raises:
            AssertionError: they differ in a way that differences.py does not explain.
        """
        self.seen["sequences"] += 1
        self.seen["calls"] += len(sequence)
        found = self.find(sequence)
        if found is None:
            return
        told = [outcomes(found)]
        for patience_s in PATIENCE_S:
            # libzmq's own threads may have been late in one of them: only what stays is a difference.
            again = self.find(sequence, patience_s)
            if again is None:
                self.seen["settled when given time"] += 1
                return
            found = again
            told.append(outcomes(found))
            # What each of them tells now and then is up to libzmq's threads, in either.
            if {theirs for theirs, _ in told} & {ours for _, ours in told}:
                self.seen["either result in either library"] += 1
                return
        if self.survey is None:
            raise AssertionError(found)
        self.survey.setdefault(tuple(found.splitlines()[-3:]), []).append(found)

    def find(self, sequence: list[Any], patience_s: float = 0) -> str | None:
        """The first difference without a reason, in words."""
        theirs, ours = self.theirs.play(sequence, patience_s), self.ours.play(sequence, patience_s)
        for number, mine in enumerate(ours):
            its = theirs[number] if number < len(theirs) else "nothing"
            if its == mine:
                if number < len(sequence) and parts_ways(sequence[number], mine):
                    return None
                continue
            call = sequence[number] if number < len(sequence) else ["end"]
            reason = explain_end(its, mine) if its.startswith("ended: ") else explain(call, its, mine)
            if reason is None:
                steps = "\n".join(f"  {json.dumps(one)}  ->  {result}" for one, result in zip(sequence[:number], ours))
                return f"after\n{steps}\n{json.dumps(call)}\n  pyzmq:   {its}\n  zmqlite: {mine}"
            self.seen[reason] += 1
            return None
        return None

    def stop(self) -> None:
        """End both processes."""
        self.theirs.stop()
        self.ours.stop()


class Machine(RuleBasedStateMachine):
    """Collects calls; the end of a sequence carries them out and compares."""

    duel: Duel

    def __init__(self) -> None:
        super().__init__()
        self.sequence: list[Any] = []
        self.names = 0

    @initialize(pairs=st.lists(st.sampled_from(calls.PAIRS), min_size=1, max_size=2), data=st.data())
    def make_pairs(self, pairs: list[tuple[str, str]], data: st.DataObject) -> None:
        """Connected sockets to begin with: what is random seldom gets to messages."""
        for number, kinds in enumerate(pairs):
            binder, connector = 2 * number, 2 * number + 1
            for kind in kinds:
                self.sequence.append(["new_socket", 0, ["constant", kind]])
            if kinds[1] == "SUB":
                self.sequence.append(["call", connector, "subscribe", [["raw", ""]], {}])
            name = ["text", f"inproc://pair-{number}"]
            self.sequence.append(["attach", "bind", binder, name])
            self.sequence.append(["attach", "connect", connector, name])

    @rule(call=calls.create)
    def make(self, call: Any) -> None:
        """A socket."""
        self.sequence.append(call)

    @rule(call=calls.attach)
    def attach(self, call: Any) -> None:
        """Endpoints."""
        self.sequence.append(call)

    @rule(call=calls.detach)
    def detach(self, call: Any) -> None:
        """Ends."""
        self.sequence.append(call)

    @rule(call=calls.send)
    def send(self, call: Any) -> None:
        """Messages out."""
        self.sequence.append(call)

    @rule(call=calls.send)
    def send_more_often(self, call: Any) -> None:
        """Messages out."""
        self.sequence.append(call)

    @rule(call=calls.receive)
    def receive(self, call: Any) -> None:
        """Messages in."""
        self.sequence.append(call)

    @rule(call=calls.receive)
    def receive_more_often(self, call: Any) -> None:
        """Messages in."""
        self.sequence.append(call)

    @rule(call=calls.options)
    def option(self, call: Any) -> None:
        """Options of sockets."""
        self.sequence.append(call)

    @rule(call=calls.frames)
    def frame(self, call: Any) -> None:
        """Frames."""
        self.sequence.append(call)

    @rule(call=calls.polls)
    def poll(self, call: Any) -> None:
        """Polling."""
        self.sequence.append(call)

    @rule(call=calls.contexts)
    def context(self, call: Any) -> None:
        """Contexts."""
        self.sequence.append(call)

    @rule(call=calls.functions)
    def function(self, call: Any) -> None:
        """Functions of the module."""
        self.sequence.append(call)

    def teardown(self) -> None:
        """Carry out and compare."""
        self.duel.compare(self.sequence)
