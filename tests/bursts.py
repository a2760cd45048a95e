"""Random bursts of 50 peers on a ROUTER: every message is seen, and how late. Not a test by itself.

`python tests/bursts.py 1000000` takes minutes; `--uvloop` runs it there. The peers send from a thread of their own,
the time in each message, some 15 000 a second: less than the receiver can take, or the queue would be what is
measured. It ends with 1 if a message was seen late.
"""

from __future__ import annotations

import asyncio
import random
import struct
import sys
import threading
import time

import zmqlite
import zmqlite.asyncio

PEERS = 50


def send_bursts(port: int, total: int, seen: threading.Event) -> None:
    """Send total messages, in bursts, of any peer.

    The peers close when all was seen: of one that closes with answers unread, TCP drops what is under way.
    """
    chooser = random.Random(1)
    with zmqlite.Context() as context:
        peers = [context.socket(zmqlite.DEALER) for _ in range(PEERS)]
        for peer in peers:
            peer.linger = 10_000
            peer.connect(f"tcp://127.0.0.1:{port}")
        left = total
        while left:
            count = min(left, chooser.choice((1, 1, 1, 2, 5, 20, 200)))
            peer = chooser.choice(peers)
            for _ in range(count):
                peer.send(struct.pack("d", time.monotonic()))
            left -= count
            if chooser.random() < 0.5:
                time.sleep(chooser.random() * 0.008)
        seen.wait()
        for peer in peers:
            peer.close(0)


async def main(total: int) -> int:
    """Receive them all, and answer some; how many were late."""
    with zmqlite.asyncio.Context() as context, context.socket(zmqlite.ROUTER) as router:
        router.linger = 0
        port = router.bind_to_random_port("tcp://127.0.0.1")
        over = threading.Event()
        thread = threading.Thread(target=send_bursts, args=(port, total, over))
        thread.start()
        seen, longest, late, oldest = 0, 0.0, 0, 0.0
        try:
            while seen < total:
                began = time.monotonic()
                name, stamp = await asyncio.wait_for(router.recv_multipart(), 10)
                now, sent_at = time.monotonic(), struct.unpack("d", stamp)[0]
                # On a busy machine messages queue up. A missed edge is another thing: a receiver that waits, and a
                # message that is there.
                delay, oldest, seen = now - max(began, sent_at), max(oldest, now - sent_at), seen + 1
                longest, late = max(longest, delay), late + (delay > 0.1)
                if seen % 7 == 0:
                    await router.send_multipart([name, b"seen"], zmqlite.DONTWAIT)
        finally:
            over.set()
            print(f"{seen} of {total} seen. While the receiver waited, each was seen within {longest * 1000:.1f} ms,")
            print(f"{late} after more than 100 ms. The longest in a queue was there for {oldest * 1000:.1f} ms.")
        thread.join()
    return late


if __name__ == "__main__":
    if "--uvloop" in sys.argv:
        import uvloop

        asyncio.set_event_loop_policy(uvloop.EventLoopPolicy())
    sys.exit(asyncio.run(main(int(sys.argv[1]))) > 0)
