"""Weather server: binds PUB, publishes random updates "zipcode temperature humidity" for ever."""

import random
import sys

import zmqlite as zmq

[endpoint] = sys.argv[1:] or ["tcp://*:5556"]

with zmq.Context() as context, context.socket(zmq.PUB) as publisher:
    publisher.bind(endpoint)
    while True:
        updates = [
            f"{random.randrange(100_000):05d} {random.randrange(-80, 135)} {random.randrange(10, 60)}".encode()
            for _ in range(1000)
        ]
        publisher.send_many(updates)  # a thousand messages in one call
