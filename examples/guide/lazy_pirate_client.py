"""Lazy Pirate client: a reliable request: wait, and try again; give up after a few tries.

REQ_RELAXED lets a REQ send again without the reply, REQ_CORRELATE drops a reply to an earlier try.
"""

import sys

import zmqlite as zmq

endpoint, count, timeout_ms, tries = sys.argv[1:] or ["tcp://localhost:5555", "5", "2500", "3"]


def ask(client: zmq.Socket, request: str) -> str:
    """Send a request until it is answered."""
    for left in reversed(range(int(tries))):
        client.send_string(request)
        if client.poll(int(timeout_ms)):
            return client.recv_string()
        print(f"No response to {request}, {f'{left} tries left' if left else 'giving up'}", flush=True)
    raise TimeoutError(f"{endpoint} seems to be offline")


with zmq.Context() as context, context.socket(zmq.REQ) as client:
    client.req_relaxed = client.req_correlate = True
    client.linger = 0  # what nobody takes is not waited for
    client.connect(endpoint)
    try:
        for number in range(1, int(count) + 1):
            print(f"Server replied OK ({ask(client, str(number))})", flush=True)
    except TimeoutError as error:
        sys.exit(str(error))
