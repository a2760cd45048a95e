"""Two to eight threads in one socket at once: an exception in all but one of them, and nothing else.

In each phase all threads use one socket of a type without a pause, in every way there is; what comes out is counted.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any

import children
from report import Report

import zmqlite as zmq

LONG = {"collisions": 1_000_000}
SHORT = {"collisions": 20_000}

THREADS = range(2, 9)
PHASE_SECONDS = 120.0
# What the threads may see beside SocketInUse: what one thread alone may.
USUAL = (zmq.EAGAIN, zmq.EFSM, zmq.ENOTSUP, zmq.EINVAL)


def _uses(socket: Any) -> list[Callable[[], Any]]:
    """Calls of all kinds; each returns soon by itself."""
    poller = zmq.Poller()
    poller.register(socket, zmq.POLLIN)
    buffer = bytearray(100)
    return [
        lambda: socket.recv(),
        lambda: socket.send(b"x" * 20),
        lambda: socket.recv_multipart(),
        lambda: socket.send_multipart([b"x", b"y" * 3000]),
        lambda: socket.recv_many(10, 1),
        lambda: socket.send_many([b"x"] * 10),
        lambda: socket.recv_into(buffer),
        lambda: socket.recv(copy=False),
        lambda: socket.send(bytearray(5000), copy=False),
        lambda: socket.poll(1),
        lambda: poller.poll(1),
        lambda: socket.get(zmq.EVENTS),
        lambda: socket.setsockopt(zmq.LINGER, 0),
        lambda: zmq.zmq_poll([(socket, zmq.POLLIN)], 1),
    ]


def collide(threads: int, wanted: int, collide_type: str) -> int:
    """Let threads use one socket until so many collisions were seen. Returns how many were."""
    context: Any = zmq.Context()
    socket, peer = context.socket(zmq.SocketType[collide_type]), context.socket(zmq.DEALER)
    for each in (socket, peer):
        each.linger = 0
        each.rcvtimeo = each.sndtimeo = 2
        each.bind("inproc://collide") if each is socket else each.connect("inproc://collide")
    counts = [0] * threads
    others: list[BaseException] = []
    until = time.monotonic() + PHASE_SECONDS
    share = wanted // threads + 1

    def use(place: int) -> None:
        uses = _uses(socket)
        number = place
        while sum(counts) < wanted and time.monotonic() < until and not others:
            for _ in range(min(200, share)):
                number += 1
                try:
                    uses[number % len(uses)]()
                except zmq.SocketInUse:
                    counts[place] += 1
                except zmq.ZMQError as error:
                    if error.errno not in USUAL:
                        others.append(error)
        if others:
            raise others[0]

    running = [threading.Thread(target=use, args=(place,)) for place in range(threads)]
    for thread in running:
        thread.start()
    while any(thread.is_alive() for thread in running):
        # Feeds the socket, and takes what it sends.
        for call in (lambda: peer.send(b"x", zmq.DONTWAIT), lambda: peer.recv_many(1000, 1)):
            try:
                call()
            except zmq.Again:
                continue
    context.destroy(0)
    if others:
        raise others[0]
    return sum(counts)


def run(report: Report, collisions: int) -> None:
    """Each number of threads and type of socket in a child process, together so many collisions."""
    phases = [(threads, kind) for threads in THREADS for kind in ("DEALER", "ROUTER")]
    seen = 0
    bad = []
    for threads, kind in phases if collisions >= 100_000 else phases[::5]:
        share = collisions // (len(phases) if collisions >= 100_000 else 3) + 1
        code = f"import sys; sys.path[:0] = {children.__file__.rsplit('/', 1)[:1]!r}; import children, collisions; "
        ended = children.run(code + f"print(collisions.collide({threads}, {share}, {kind!r}))", PHASE_SECONDS + 60)
        if ended.well:
            seen += int(ended.stdout)
        else:
            bad.append(f"{threads} threads, {kind}: {ended.signal or ended.code} {ended.stderr[-1500:]}")
    report.figure(
        f"{seen:,} collisions of {THREADS[0]} to {THREADS[-1]} threads in one socket: {len(bad)} processes ended by a "
        "signal, hung or saw another exception than SocketInUse",
        not bad and seen >= collisions,
    )
    for line in bad:
        report.say(line)
