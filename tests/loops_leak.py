"""Cancels receives, opens and closes loops, and counts what stays: no socket, Future, reader, timer or descriptor.

`python tests/loops_leak.py` does so 10 000 and 1000 times, in some seconds; `python tests/loops_leak.py 100 10` is
shorter; `--uvloop` takes that loop. It prints what was there before and after, and ends with 1 if anything stayed. The
short form is in test_asyncio_loop.py.
"""

from __future__ import annotations

import asyncio
import gc
import os
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable
from typing import Any

import zmqlite
import zmqlite.asyncio
from zmqlite.asyncio.drivers import LoopDriver

# A receive that waits, by its number: in every form, cancelled by its Future, by its task or by a time limit.
FORMS: tuple[Callable[[Any], Any], ...] = (
    lambda socket: socket.recv(),
    lambda socket: socket.recv(copy=False),
    lambda socket: socket.recv_multipart(),
    lambda socket: socket.recv_string(),
    lambda socket: socket.recv_many(3),
    lambda socket: socket.recv_into(bytearray(8)),
    lambda socket: socket.poll(),
    lambda socket: socket.poll(60_000),
)
KINDS = {"sockets": zmqlite.Socket, "futures": asyncio.Future, "readers": LoopDriver, "timers": asyncio.TimerHandle}


def count() -> dict[str, int]:
    """How many of each kind there are in the process; a Future that runs this is not counted."""
    for _ in range(3):  # what a finaliser lets go of may wait for the next
        gc.collect()
    found = Counter({**dict.fromkeys(KINDS, 0), "loops": 0})
    for one in gc.get_objects():
        for name, kind in KINDS.items():
            found[name] += isinstance(one, kind) and not isinstance(one, asyncio.Task)
        found["loops"] += isinstance(one, asyncio.AbstractEventLoop) and not one.is_closed()
    return {**found, "descriptors": len(os.listdir("/proc/self/fd")), "threads": threading.active_count()}


def count_after(before: dict[str, int], seconds: float = 20) -> dict[str, int]:
    """The same, when libzmq's own thread has closed what it is to close: on a busy machine it comes to that late."""
    until = time.monotonic() + seconds
    while (found := count())["descriptors"] > before["descriptors"] and time.monotonic() < until:
        time.sleep(0.05)
    return found


async def cancel_one(socket: Any, number: int) -> None:
    """Begin to receive, and cancel that."""
    future = FORMS[number // 3 % len(FORMS)](socket)
    if number % 3 == 0:
        future.cancel()
    elif number % 3 == 1:
        task = asyncio.ensure_future(wait_for(future))
        await asyncio.sleep(0)
        task.cancel()
        await asyncio.wait([task])
    else:
        try:
            await asyncio.wait_for(future, 0.0001)
        except asyncio.TimeoutError:
            return
        raise RuntimeError(f"there was no message, and {future} came back")


async def wait_for(future: Any) -> Any:
    """Await a Future in a task."""
    return await future


async def cancel_many(cancels: int, report: Callable[[str, dict[str, int]], None]) -> None:
    """Cancel so many receives of one socket, and report what there is before and after."""
    with zmqlite.asyncio.Context() as context, context.socket(zmqlite.PULL) as pull:
        pull.bind("inproc://leak")
        for number in range(3 * len(FORMS)):
            await cancel_one(pull, number)  # what is made once is there
        await asyncio.sleep(0)
        before = count()
        report(f"before {cancels} cancelled receives", before)
        for number in range(cancels):
            await cancel_one(pull, number)
        await asyncio.sleep(0)
        report("after", count_after(before))


async def use(context: Any, kept: Any, number: int) -> None:
    """Receive in a loop that is new: from a socket of its own, and from one that other loops have used."""
    with context.socket(zmqlite.PUSH) as push, context.socket(zmqlite.PULL) as pull:
        push.bind(f"inproc://loop-{number}")  # libzmq frees a name some time after its socket is closed
        pull.connect(f"inproc://loop-{number}")
        waiting = pull.recv()
        left = kept.recv(), kept.poll(60_000)  # in the middle of which the loop ends
        await push.send(b"message")
        if await waiting != b"message" or any(one.done() for one in left):
            raise RuntimeError("that is not what was sent")
        await push.send(b"nobody takes it")
        pull.recv()


def open_many(
    loops: int, make: Callable[[], asyncio.AbstractEventLoop], report: Callable[[str, dict[str, int]], None]
) -> None:
    """Open and close so many loops, and report what there is before and after."""
    with zmqlite.asyncio.Context() as context, context.socket(zmqlite.PULL) as kept:
        kept.bind("inproc://kept")
        for number in range(loops + 2):
            if number == 2:
                before = count_after({"descriptors": 0}, 1)
                report(f"before {loops} loops opened and closed", before)
            loop = make()
            loop.run_until_complete(use(context, kept, number))
            loop.close()
            del loop
        report("after", count_after(before))


def main() -> None:
    """Run both, and say whether anything stayed."""
    numbers = [int(one) for one in sys.argv[1:] if one != "--uvloop"]
    cancels, loops = numbers or (10_000, 1000)
    make: Callable[[], asyncio.AbstractEventLoop] = asyncio.SelectorEventLoop
    if "--uvloop" in sys.argv:
        import uvloop

        make = uvloop.new_event_loop
    reports = []

    def report(when: str, found: dict[str, int]) -> None:
        print(f"{when}: {', '.join(f'{number} {name}' for name, number in found.items())}", flush=True)
        reports.append(found)

    loop = make()
    loop.run_until_complete(cancel_many(cancels, report))
    loop.close()
    del loop
    open_many(loops, make, report)
    stayed = [
        f"{after[name] - before[name]} {name}"
        for before, after in zip(reports[::2], reports[1::2])
        for name in before
        if after[name] > before[name]
    ]
    print(f"left behind: {', '.join(stayed) or 'nothing'}")
    sys.exit(bool(stayed))


if __name__ == "__main__":
    main()
