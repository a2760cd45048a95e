"""Links between network namespaces are cut and healed: seen within the heartbeat's limit, and everything goes on.

Two namespaces with an address each, joined by a pair of virtual interfaces. A cut takes one of them down: packets
vanish, nothing is told to either side. Needs root and `ip`.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import children
from report import Report, percentile

import zmqlite as zmq

LONG = {"cuts": 100}
SHORT = {"cuts": 2}

INTERVAL_MS = 100
TIMEOUT_MS = 300
# A ping goes out every interval; libzmq gives up a timeout after one that nobody answered.
LIMIT_SECONDS = (2 * INTERVAL_MS + TIMEOUT_MS) / 1000
PATIENCE_SECONDS = 20.0
ADDRESSES = ("10.213.7.1", "10.213.7.2")


def missing() -> str | None:
    """Why this row cannot run here; None when it can."""
    if not sys.platform.startswith("linux") or not shutil.which("ip"):
        return "needs Linux and iproute2's ip"
    if os.geteuid() != 0:
        return "needs root, to make network namespaces"
    name = f"zl{os.getpid()}t"
    if subprocess.run(["ip", "netns", "add", name], capture_output=True, check=False).returncode != 0:
        return "this machine makes no network namespaces (ip netns add failed)"
    subprocess.run(["ip", "netns", "delete", name], capture_output=True, check=False)
    return None


def _ip(*arguments: str) -> None:
    subprocess.run(["ip", *arguments], check=True, capture_output=True)


@contextmanager
def _namespaces() -> Iterator[tuple[str, str]]:
    """Two namespaces, each with an interface `wire` that leads to the other."""
    names = (f"zl{os.getpid()}a", f"zl{os.getpid()}b")
    try:
        for name in names:
            _ip("netns", "add", name)
        _ip("-n", names[0], "link", "add", "wire", "type", "veth", "peer", "name", "wire", "netns", names[1])
        for name, address in zip(names, ADDRESSES):
            _ip("-n", name, "addr", "add", f"{address}/24", "dev", "wire")
            _ip("-n", name, "link", "set", "lo", "up")
            _ip("-n", name, "link", "set", "wire", "up")
        yield names
    finally:
        for name in names:
            subprocess.run(["ip", "netns", "delete", name], capture_output=True, check=False)


def _open(context: Any, kind: int) -> Any:
    socket = context.socket(kind)
    socket.heartbeat_ivl, socket.heartbeat_timeout = INTERVAL_MS, TIMEOUT_MS
    socket.connect_timeout = 200
    socket.reconnect_ivl = 50
    socket.linger = 0
    return socket


def _tell_disconnects(socket: Any) -> None:
    """Print when connections of a socket end, from a thread."""
    monitor = socket.get_monitor_socket(zmq.EVENT_DISCONNECTED)

    def watch() -> None:
        while True:
            zmq.recv_monitor_message(monitor)
            print("disconnected", time.monotonic(), flush=True)

    threading.Thread(target=watch, daemon=True).start()


def serve() -> None:
    """The side with the addresses: takes numbers and answers requests. Prints what it sees."""
    context: Any = zmq.Context()
    pull, reply = _open(context, zmq.PULL), _open(context, zmq.REP)
    _tell_disconnects(pull)
    for socket, port in ((pull, 5001), (reply, 5002)):
        socket.bind(f"tcp://{ADDRESSES[0]}:{port}")
    expected = lost = wrong = 0
    told = time.monotonic()
    while True:
        for socket, _ in zmq.zmq_poll([(pull, zmq.POLLIN), (reply, zmq.POLLIN)], 1000):
            message = socket.recv()
            if socket is reply:
                reply.send(message)
                continue
            number = int(message)
            lost += max(0, number - expected)
            wrong += number < expected
            expected = max(expected, number + 1)
            if time.monotonic() - told > 0.02:
                told = time.monotonic()
                print("pulled", told, expected, lost, wrong, flush=True)


def ask() -> None:
    """The other side: sends numbers all the time, and repeats each request until it is answered."""
    context: Any = zmq.Context()
    push, request = _open(context, zmq.PUSH), _open(context, zmq.REQ)
    request.req_relaxed = request.req_correlate = True
    push.sndhwm = 100
    _tell_disconnects(push)
    for socket, port in ((push, 5001), (request, 5002)):
        socket.connect(f"tcp://{ADDRESSES[0]}:{port}")
    number = asked = 0
    while True:
        request.send(b"%d" % asked)
        until = time.monotonic() + 0.2
        while time.monotonic() < until:
            if push.poll(2, zmq.POLLOUT):
                push.send(b"%d" % number)
                number += 1
            try:
                # Not recv(): a REQ is ready with the answer to an earlier request, and then drops it.
                if request.poll(2) and int(request.recv(zmq.DONTWAIT)) == asked:
                    asked += 1
                    print("answered", time.monotonic(), asked, flush=True)
                    break
            except zmq.Again:
                continue


class Side:
    """A process in a namespace, and what it prints."""

    def __init__(self, namespace: str, function: str) -> None:
        code = f"import sys; sys.path[:0] = {sys.path!r}; import links; links.{function}()"
        arguments = ["ip", "netns", "exec", namespace, *children.command(code)]
        self.process = subprocess.Popen(arguments, stdout=subprocess.PIPE, text=True)
        self.lines: list[list[str]] = []
        self._changed = threading.Condition()
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            with self._changed:
                self.lines.append(line.split())
                self._changed.notify_all()

    def wait(self, what: str, after: float) -> float | None:
        """When it first said so after a time; None when it did not within the patience."""
        until = time.monotonic() + PATIENCE_SECONDS
        with self._changed:
            while True:
                for line in self.lines:
                    if line[0] == what and float(line[1]) > after:
                        return float(line[1])
                if time.monotonic() > until:
                    return None
                self._changed.wait(0.1)

    def last(self, what: str) -> list[str]:
        """The last line of a kind."""
        return next(line for line in reversed(self.lines) if line[0] == what)


def run(report: Report, cuts: int) -> None:
    """Cut and heal the link as many times."""
    why = missing()
    if why:
        report.figure(why, False)
        return
    seen: list[float] = []
    healed: list[float] = []
    with _namespaces() as names:
        sides = [Side(names[0], "serve"), Side(names[1], "ask")]
        try:
            for number in range(cuts):
                sides[0].wait("pulled", time.monotonic())
                sides[1].wait("answered", time.monotonic())
                cut = time.monotonic()
                which = names[number % 2]
                _ip("-n", which, "link", "set", "wire", "down")
                times = [side.wait("disconnected", cut) for side in sides]
                _ip("-n", which, "link", "set", "wire", "up")
                heal = time.monotonic()
                times += [sides[0].wait("pulled", heal), sides[1].wait("answered", heal)]
                if None in times:
                    report.figure(f"cut {number}: not all came to pass: {times}", False)
                    break
                seen += [at - cut for at in times[:2] if at]
                healed += [at - heal for at in times[2:] if at]
                for side in sides:
                    del side.lines[:-50]
            _, _, count, lost, wrong = sides[0].last("pulled")
            answered = sides[1].last("answered")[2]
        finally:
            for side in sides:
                side.process.kill()
                side.process.wait()
    done = len(seen) // 2
    # On a machine with other things to do a process may run late; the long form is for a quiet one.
    limit = LIMIT_SECONDS + (0.1 if cuts >= 50 else PATIENCE_SECONDS)
    report.figure(
        f"{done} cuts, heartbeat every {INTERVAL_MS} ms, timeout {TIMEOUT_MS} ms: seen by both sides after at most "
        f"{max(seen):.2f} s, median {percentile(seen, 0.5):.2f} s",
        done == cuts and max(seen) < limit,
    )
    report.figure(
        f"healed: messages flow again after at most {max(healed):.2f} s, median {percentile(healed, 0.5):.2f} s",
        max(healed) < PATIENCE_SECONDS,
    )
    report.figure(f"PUSH-PULL: {count} numbers, {lost} lost in the cuts, {wrong} doubled or out of order", wrong == "0")
    report.figure(f"REQ-REP, asked again after 0.2 s: {answered} requests, each answered", int(answered) > done)
