"""Least-recently-used load balancing: a request goes to the worker that has been idle for longest.

Workers are REQ sockets that ask for work ("READY"); the broker gives a request only to one that has asked.
"""

import collections
import sys
import threading

import zmqlite as zmq

clients, workers, requests = (int(argument) for argument in sys.argv[1:] or ["10", "3", "3"])


def client(context: zmq.Context, number: int) -> None:
    """Send requests, one at a time."""
    with context.socket(zmq.REQ) as socket:
        socket.connect("inproc://frontend")
        for _ in range(requests):
            socket.send_string(f"hello from {number}")
            if socket.recv_string() != f"ok {number}":
                raise ValueError("a reply to somebody else")


def worker(context: zmq.Context, counts: "collections.Counter[int]", number: int) -> None:
    """Ask for work, do it, and ask again with the reply."""
    with context.socket(zmq.REQ) as socket:
        socket.connect("inproc://backend")
        socket.send(b"READY")
        try:
            while True:
                address, _, request = socket.recv_multipart()
                counts[number] += 1
                socket.send_multipart([address, b"", b"ok " + request.rpartition(b" ")[2]])
        except zmq.ContextTerminated:
            pass


context = zmq.Context()
with context.socket(zmq.ROUTER) as frontend, context.socket(zmq.ROUTER) as backend:
    frontend.bind("inproc://frontend")
    backend.bind("inproc://backend")
    counts: "collections.Counter[int]" = collections.Counter()
    for number in range(workers):
        threading.Thread(target=worker, args=(context, counts, number)).start()
    threads = [threading.Thread(target=client, args=(context, number)) for number in range(clients)]
    for thread in threads:
        thread.start()

    idle: "collections.deque[bytes]" = collections.deque()  # the worker that has waited longest is first
    known = set()
    left = clients * requests
    while left:
        # Requests wait in the frontend until every worker has asked for work, and while none is idle.
        readable = [backend, frontend] if idle and len(known) == workers else [backend]
        for socket in zmq.select(readable, [], [])[0]:
            if socket is backend:
                address, _, *reply = backend.recv_multipart()
                idle.append(address)
                known.add(address)
                if reply != [b"READY"]:
                    frontend.send_multipart(reply)
                    left -= 1
            else:
                request = frontend.recv_multipart()
                backend.send_multipart([idle.popleft(), b"", *request])
    for thread in threads:
        thread.join()
context.term()  # tells the workers, and waits until they have closed their sockets
print(f"{sum(counts.values())} requests, {len(counts)} workers took part")
