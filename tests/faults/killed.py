"""kill -9 of one side in the middle of its traffic, and a restart: the other side is served again at once.

The survivor is this process. The victim serves five lanes at a time, is killed while all of them are busy, and a new
one takes its place at the same endpoints.
"""

from __future__ import annotations

import sys
import tempfile
import time
from typing import Any

import children
from report import Report, percentile

import zmqlite as zmq

LONG = {"rounds": 500}
SHORT = {"rounds": 5}

PROMISED_SECONDS = 1.0
# No wedge is told from a slow machine before this.
PATIENCE_SECONDS = 20.0


def serve(endpoints: list[str], token: bytes) -> None:
    """Be the victim: answer and send on every lane, always with the token, until killed."""
    context: Any = zmq.Context()
    poller = zmq.Poller()
    made = {}
    for socket_type, endpoint in zip((zmq.REP, zmq.PUB, zmq.ROUTER, zmq.PUSH, zmq.DEALER), endpoints):
        socket = made[socket_type] = context.socket(socket_type)
        if socket_type == zmq.DEALER:
            socket.routing_id = b"victim"
        if socket_type in (zmq.PUSH, zmq.DEALER):
            socket.connect(endpoint)
        else:
            socket.bind(endpoint)
        if socket_type != zmq.PUSH and socket_type != zmq.PUB:
            poller.register(socket, zmq.POLLIN)
    print("ready", time.monotonic(), flush=True)
    while True:
        for socket_type in (zmq.PUB, zmq.PUSH, zmq.DEALER):
            try:
                made[socket_type].send_multipart([token, bytes(3000)], zmq.DONTWAIT)
            except zmq.Again:
                continue  # the survivor looks at the other lanes
        for socket, _ in poller.poll(1):
            parts = socket.recv_multipart()
            if socket.type != zmq.DEALER:
                socket.send_multipart([*parts[:-1], token])


class Survivor:
    """Sockets that stay, round after round."""

    def __init__(self, folder: str) -> None:
        self.context = zmq.Context()
        kinds = (zmq.REQ, zmq.SUB, zmq.DEALER, zmq.PULL, zmq.ROUTER)
        self.sockets: list[Any] = [self.context.socket(kind) for kind in kinds]
        request, subscriber, _, pull, router = self.sockets
        request.req_relaxed = request.req_correlate = True
        subscriber.subscribe(b"")
        router.router_handover = True
        self.endpoints = [f"ipc://{folder}/rep", f"tcp://127.0.0.1:{_free_port()}", f"tcp://127.0.0.1:{_free_port()}"]
        for socket, endpoint in zip(self.sockets, self.endpoints):
            socket.connect(endpoint)
        for socket in (pull, router):
            self.endpoints.append(f"tcp://127.0.0.1:{socket.bind_to_random_port('tcp://127.0.0.1')}")

    def wait(self, token: bytes) -> dict[str, float]:
        """Talk to the victim until every lane has brought the token. Returns when, by the lane."""
        until = time.monotonic() + PATIENCE_SECONDS
        came: dict[str, float] = {}
        asked = 0.0
        while len(came) < len(self.sockets) and time.monotonic() < until:
            if time.monotonic() - asked > 0.05:
                asked = time.monotonic()
                for socket in (self.sockets[0], self.sockets[2]):
                    try:
                        socket.send(b"question", zmq.DONTWAIT)
                    except zmq.Again:
                        continue  # nobody is there yet
            for socket, _ in zmq.zmq_poll([(socket, zmq.POLLIN) for socket in self.sockets], 20):
                for _ in range(1 if socket.type == zmq.REQ else 100):
                    try:
                        parts = socket.recv_multipart(zmq.DONTWAIT)
                    except zmq.Again:
                        break
                    if token in parts:
                        came.setdefault(socket.type.name, time.monotonic())
        return came


def _free_port() -> int:
    with zmq.Context() as context, context.socket(zmq.PULL) as socket:
        return int(socket.bind_to_random_port("tcp://127.0.0.1"))


def run(report: Report, rounds: int) -> None:
    """Kill and restart the victim as many times."""
    seconds: list[float] = []
    wedged = 0
    with tempfile.TemporaryDirectory() as folder:
        survivor = Survivor(folder)
        for number in range(rounds + 1):
            token = b"round %d" % number
            code = f"import sys; sys.path[:0] = {sys.path!r}; import killed; "
            victim = children.start(code + f"killed.serve({survivor.endpoints!r}, {token!r})")
            assert victim.stdout is not None
            ready = float(victim.stdout.readline().split()[1])
            came = survivor.wait(token)
            victim.kill()
            victim.communicate()
            if len(came) < len(survivor.sockets):
                wedged += 1
                report.say(f"round {number}: only {sorted(came)} were served")
                break
            if number:  # nobody was killed before the first
                seconds.append(max(came.values()) - ready)
            if rounds >= 200 and number and number % 100 == 0:
                report.say(f"{number} rounds, at most {max(seconds):.3f} s")
        survivor.context.destroy(0)
    report.figure(f"{len(seconds)} of {rounds} rounds, wedged: {wedged}", wedged == 0 and len(seconds) == rounds)
    if seconds:
        # A busy machine makes a single round slow; the long form is for a quiet one.
        limit = PROMISED_SECONDS if rounds >= 100 else PATIENCE_SECONDS
        report.figure(
            f"all five lanes served again after at most {max(seconds):.3f} s, median {percentile(seconds, 0.5):.3f} s",
            max(seconds) < limit,
        )
