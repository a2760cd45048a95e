"""Heartbeats, the queue: gives requests only to workers that it heard from lately, and beats to them.

libzmq has heartbeats of its own (HEARTBEAT_IVL), which close dead connections. These here tell the application.
"""

import sys
import time

import zmqlite as zmq

frontend_endpoint, backend_endpoint, interval = sys.argv[1:] or ["tcp://*:5555", "tcp://*:5556", "1.0"]
INTERVAL = float(interval)  # seconds
LIVENESS = 3  # a worker that misses so many heartbeats is dead

with zmq.Context() as context, context.socket(zmq.ROUTER) as frontend, context.socket(zmq.ROUTER) as backend:
    frontend.bind(frontend_endpoint)
    backend.bind(backend_endpoint)
    workers: dict = {}  # idle ones: address: alive until; the one that waits longest is first
    heartbeat_at = time.monotonic() + INTERVAL
    while True:
        wait_ms = max(0, heartbeat_at - time.monotonic()) * 1000
        readable = [backend, frontend] if workers else [backend]
        for socket in zmq.select(readable, [], [], wait_ms / 1000)[0]:
            if socket is backend:
                address, *message = backend.recv_multipart()
                workers.pop(address, None)
                workers[address] = time.monotonic() + INTERVAL * LIVENESS
                if message == [b"READY"]:
                    print("A worker is ready", flush=True)
                elif message != [b"HEARTBEAT"]:
                    frontend.send_multipart(message)
            elif workers:
                address = next(iter(workers))
                del workers[address]
                backend.send_multipart([address, *frontend.recv_multipart()])
        now = time.monotonic()
        for address in [address for address, until in workers.items() if until < now]:
            del workers[address]
            print("A worker is dead", flush=True)
        if now >= heartbeat_at:
            for address in workers:
                backend.send_multipart([address, b"HEARTBEAT"])
            heartbeat_at = now + INTERVAL
