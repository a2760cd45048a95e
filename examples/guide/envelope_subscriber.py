"""Pub-sub envelope subscriber: receives whole messages of type B only."""

import sys

import zmqlite as zmq

endpoint, count = sys.argv[1:] or ["tcp://localhost:5563", "3"]

with zmq.Context() as context, context.socket(zmq.SUB) as subscriber:
    subscriber.connect(endpoint)
    subscriber.subscribe("B")
    for _ in range(int(count)):
        address, contents = subscriber.recv_multipart()
        print(f"[{address.decode()}] {contents.decode()}")
