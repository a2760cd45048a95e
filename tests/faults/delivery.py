"""Everything that was accepted before an ordinary exit arrives at a peer that lives, copied and in place.

Each way to end of tests/test_exit_delivery.py, over tcp and ipc: 2000 short messages, and 16 of 1 MiB that libzmq
reads in place while Python shuts down.
"""

from __future__ import annotations

import tempfile
import time
from pathlib import Path
from typing import Any

import children
from exit_children import everything
from report import Report
from test_exit_delivery import EXITS

import zmqlite as zmq

LONG = {"rounds": 50}
SHORT = {"rounds": 1}

DEADLINE_SECONDS = 30.0


def receive(context: Any, way: str, transport: str, folder: Path) -> tuple[int, int, str | None]:
    """Let a child send and end. Returns how many messages came as sent, how many should have, and what ended it."""
    expected = everything()
    with context.socket(zmq.PULL) as receiver:
        receiver.rcvhwm = 1
        receiver.rcvbuf = 1 << 16
        sent = folder / "sent"
        sent.unlink(missing_ok=True)
        receiver.bind("tcp://127.0.0.1:*" if transport == "tcp" else f"ipc://{folder}/socket")
        endpoint = receiver.get_string(zmq.LAST_ENDPOINT)
        child = children.start(children.child_code(EXITS[way], SENDING=(endpoint, str(sent))))
        until = time.monotonic() + DEADLINE_SECONDS
        while not sent.exists() and child.poll() is None and time.monotonic() < until:
            receiver.poll(0)
            time.sleep(0.001)
        came: list[bytes] = []
        while len(came) < len(expected) and time.monotonic() < until:
            if receiver.poll(1000):
                came += receiver.recv_many(timeout=0)
            elif child.poll() is not None:
                break
        ended = children.finish(child, DEADLINE_SECONDS)
    return sum(one == other for one, other in zip(came, expected)), len(expected), ended.signal


def run(report: Report, rounds: int) -> None:
    """Go each way so often, in turns over tcp and ipc."""
    came = wanted = exits = 0
    bad: list[str] = []
    with zmq.Context() as context, tempfile.TemporaryDirectory() as folder:
        for number in range(rounds):
            ways = list(EXITS) if rounds > 1 else list(EXITS)[::5]
            for place, way in enumerate(ways):
                transport = ("tcp", "ipc")[(place + number) % 2]
                got, expected, signal = receive(context, way, transport, Path(folder))
                came, wanted, exits = came + got, wanted + expected, exits + 1
                if got != expected or signal:
                    bad.append(f"{way} over {transport}: {got} of {expected} {signal or ''}")
            if rounds >= 10 and number % 10 == 9:
                report.say(f"{number + 1} rounds, {came:,} of {wanted:,} arrived")
    report.figure(
        f"{exits} exits, {len(EXITS)} ways: {came:,} of {wanted:,} messages arrived ({100 * came / wanted:.4f} %)",
        not bad,
    )
    for line in bad[:10]:
        report.say(line)
