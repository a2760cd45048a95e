"""What waiting costs: the CPU of sockets that nobody sends to, and how late a timer is beside a flood of messages.

`python tests/loops_idle.py` awaits a message on each of 1000 sockets, all connected over tcp, for 10 s, and then has
a timer of 1 ms for 10 s beside a receiver that another process floods; on asyncio. `--uvloop` and `--trio` do so
there. It ends with 1 when the idle sockets take 0.1 % of a CPU or more, or the loop has worked for 10 ms or more from
ring to ring. What else runs on the machine is in how late the timer is, and not in how long the loop has worked; so
it also prints the figures of the same timer with nothing beside it, before and after.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from typing import Any

import zmqlite
import zmqlite.asyncio

SOCKETS = 1000
SECONDS = 10
_FLOOD = """
import sys, zmqlite
push = zmqlite.Context().socket(zmqlite.PUSH)
push.connect(sys.argv[1])
while True:
    push.send(b"x")
"""


def cpu_seconds() -> float:
    """What this process has used until now, its I/O threads included."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


async def idle(context: Any, begin: Callable[[Any], Any], sleep: Callable[[float], Any]) -> bool:
    """Await messages that never come; whether that cost next to nothing."""
    router = context.socket(zmqlite.ROUTER)
    port = router.bind_to_random_port("tcp://127.0.0.1")
    dealers = [context.socket(zmqlite.DEALER) for _ in range(SOCKETS)]
    for dealer in dealers:
        dealer.connect(f"tcp://127.0.0.1:{port}")
        await dealer.send(b"connected")
        await router.send_multipart(await router.recv_multipart())
        await dealer.recv()
        begin(dealer)
    await sleep(2)
    before, since = cpu_seconds(), time.monotonic()
    await sleep(SECONDS)
    used, passed = cpu_seconds() - before, time.monotonic() - since
    print(f"{SOCKETS} idle sockets for {passed:.1f} s: {used * 1000:.1f} ms of CPU, {used / passed:.3%}", flush=True)
    for socket in (router, *dealers):
        socket.close(0)
    return used / passed < 0.001


async def timer(what: str, sleep: Callable[[float], Any]) -> bool:
    """Ring every millisecond, and print how late that was; whether the loop alone never made it 10 ms."""
    late, worked = [], 0.0
    end = time.monotonic() + SECONDS
    while (now := time.monotonic()) < end:
        before = time.thread_time()
        await sleep(0.001)
        worked = max(worked, (time.thread_time() - before) * 1000)
        late.append((time.monotonic() - now - 0.001) * 1000)
    late.sort()
    print(
        f"1 ms timer {what}: {len(late)} times, late by {late[len(late) // 2]:.2f} ms (median), "
        f"{late[len(late) * 99 // 100]:.2f} ms (99 %), {late[len(late) * 999 // 1000]:.2f} ms (99.9 %), "
        f"{late[-1]:.2f} ms (most); the loop itself worked for {worked:.2f} ms at most from ring to ring",
        flush=True,
    )
    return worked < 10


async def flood(context: Any, begin: Callable[[Any], Any], sleep: Callable[[float], Any]) -> bool:
    """Ring beside a receiver that always has a message."""
    await timer("alone", sleep)
    pull = context.socket(zmqlite.PULL)
    port = pull.bind_to_random_port("tcp://127.0.0.1")
    sender = subprocess.Popen([sys.executable, "-c", _FLOOD, f"tcp://127.0.0.1:{port}"])
    got = [0]

    async def receive() -> None:
        while True:
            await pull.recv()
            got[0] += 1

    try:
        await pull.recv()
        begin(receive)
        before, since = got[0], time.monotonic()
        prompt = await timer("beside a flooded socket", sleep)
        print(f"meanwhile {(got[0] - before) / (time.monotonic() - since):,.0f} messages a second", flush=True)
    finally:
        sender.kill()
        sender.wait()
        pull.close(0)
    await timer("alone", sleep)
    return prompt


def make_context(kind: type[Any]) -> Any:
    """A context for so many sockets."""
    context = kind()
    context.set(zmqlite.MAX_SOCKETS, SOCKETS + 100)
    return context


async def on_asyncio() -> bool:
    """Both, on asyncio or uvloop."""
    tasks = []

    def begin(one: Any) -> None:
        tasks.append(asyncio.ensure_future(one.recv() if isinstance(one, zmqlite.Socket) else one()))

    context = make_context(zmqlite.asyncio.Context)
    cheap = await idle(context, begin, asyncio.sleep)
    await asyncio.gather(*tasks, return_exceptions=True)
    tasks.clear()
    prompt = await flood(context, begin, asyncio.sleep)
    await asyncio.gather(*tasks, return_exceptions=True)
    context.destroy(0)
    return cheap and prompt


async def on_trio() -> bool:
    """Both, on trio."""
    import anyio
    import trio

    import zmqlite.anyio

    context = make_context(zmqlite.anyio.Context)
    async with trio.open_nursery() as nursery:

        async def until_closed(one: Any) -> None:
            with contextlib.suppress(anyio.ClosedResourceError, zmqlite.ZMQError):
                await (one.recv() if isinstance(one, zmqlite.Socket) else one())

        def begin(one: Any) -> None:
            nursery.start_soon(until_closed, one)

        cheap = await idle(context, begin, trio.sleep)
        prompt = await flood(context, begin, trio.sleep)
    context.destroy(0)
    return cheap and prompt


def main() -> None:
    """Run both in one kind of loop."""
    print(f"{sys.version.split()[0]}, load {os.getloadavg()[0]:.2f}, {' '.join(sys.argv[1:]) or 'asyncio'}", flush=True)
    if "--trio" in sys.argv:
        import trio

        sys.exit(not trio.run(on_trio))
    if "--uvloop" in sys.argv:
        import uvloop

        asyncio.set_event_loop_policy(uvloop.EventLoopPolicy())
    sys.exit(not asyncio.run(on_asyncio()))


if __name__ == "__main__":
    main()
