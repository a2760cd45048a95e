"""Heartbeats, a worker: beats to the queue, and connects anew when the queue is silent."""

import sys
import time

import zmqlite as zmq

endpoint, interval = sys.argv[1:] or ["tcp://localhost:5556", "1.0"]
INTERVAL = float(interval)  # seconds
LIVENESS = 3


def connect(context: zmq.Context) -> zmq.Socket:
    """Connect, and tell that we are ready."""
    socket = context.socket(zmq.DEALER)
    socket.linger = 0
    socket.connect(endpoint)
    socket.send(b"READY")
    return socket


with zmq.Context() as context:
    queue = connect(context)
    alive_until = time.monotonic() + INTERVAL * LIVENESS
    heartbeat_at = time.monotonic() + INTERVAL
    while True:
        if queue.poll(max(0, heartbeat_at - time.monotonic()) * 1000):
            message = queue.recv_multipart()
            alive_until = time.monotonic() + INTERVAL * LIVENESS
            if message != [b"HEARTBEAT"]:
                print(f"Normal reply to {message[-1].decode()}", flush=True)
                queue.send_multipart(message)
        elif time.monotonic() > alive_until:
            print("The queue is silent, connecting anew", flush=True)
            queue.close()
            queue = connect(context)
            alive_until = time.monotonic() + INTERVAL * LIVENESS
        if time.monotonic() >= heartbeat_at:
            queue.send(b"HEARTBEAT")
            heartbeat_at = time.monotonic() + INTERVAL
