"""Pub-sub envelope publisher: the key is a frame of its own, so a prefix never matches data."""

import sys
import time

import zmqlite as zmq

[endpoint] = sys.argv[1:] or ["tcp://*:5563"]

with zmq.Context() as context, context.socket(zmq.PUB) as publisher:
    publisher.bind(endpoint)
    while True:
        publisher.send_multipart([b"A", b"We don't want to see this"])
        publisher.send_multipart([b"B", b"We would like to see this"])
        time.sleep(0.01)
