"""Asynchronous client/server: N DEALER clients, one ROUTER server with worker threads; envelopes lead back.

A client sends requests without waiting for replies. The server's proxy hands each request, with its client's routing
id in front, to a worker; a worker sends up to four replies to each.
"""

import contextlib
import sys
import threading

import zmqlite as zmq

endpoint, clients, requests = sys.argv[1:] or ["tcp://127.0.0.1:5570", "3", "5"]
REPLIES = 2


def client(context: zmq.Context, number: int) -> None:
    """Send all requests, then collect all replies."""
    with context.socket(zmq.DEALER) as socket:
        socket.routing_id = f"client-{number}".encode()
        socket.connect(endpoint)
        for request in range(int(requests)):
            socket.send_string(f"request {request} of client-{number}")
        replies = [socket.recv_string() for _ in range(int(requests) * REPLIES)]
    mine = all(reply.endswith(f"client-{number}") for reply in replies)
    # One write with its newline: lines of several threads do not mix.
    print(f"client-{number}: {len(replies)} replies, {'all mine' if mine else 'some are not mine'}\n", end="")


def worker(context: zmq.Context) -> None:
    """Reply to the client that the envelope names."""
    with context.socket(zmq.DEALER) as socket:
        socket.connect("inproc://backend")
        try:
            while True:
                identity, request = socket.recv_multipart()
                for _ in range(REPLIES):
                    socket.send_multipart([identity, request])
        except zmq.ContextTerminated:
            pass


def server(context: zmq.Context, ready: threading.Event) -> None:
    """Share the requests among the workers."""
    with context.socket(zmq.ROUTER) as frontend, context.socket(zmq.DEALER) as backend:
        frontend.bind(endpoint)
        backend.bind("inproc://backend")
        ready.set()
        with contextlib.suppress(zmq.ContextTerminated):
            zmq.proxy(frontend, backend)


with zmq.Context() as context:
    ready = threading.Event()
    threading.Thread(target=server, args=(context, ready)).start()
    ready.wait()
    for _ in range(5):
        threading.Thread(target=worker, args=(context,)).start()
    started = [threading.Thread(target=client, args=(context, number)) for number in range(int(clients))]
    for thread in started:
        thread.start()
    for thread in started:
        thread.join()
    context.term()  # ends the server and the workers
