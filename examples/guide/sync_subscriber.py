"""Synchronized subscriber: says that it is ready, counts the updates until the end, and says that it has them."""

import sys

import zmqlite as zmq

endpoint, sync_endpoint = sys.argv[1:] or ["tcp://localhost:5561", "tcp://localhost:5562"]

with zmq.Context() as context, context.socket(zmq.SUB) as subscriber, context.socket(zmq.REQ) as sync:
    subscriber.subscribe("")
    subscriber.connect(endpoint)
    sync.connect(sync_endpoint)
    sync.send(b"")
    sync.recv()
    count = 0
    while True:
        updates = subscriber.recv_many(10_000)  # what is there, at most so many
        count += len(updates)
        if updates[-1] == b"END":
            break
    sync.send(b"")
    sync.recv()
    print(f"Received {count - 1} updates")
