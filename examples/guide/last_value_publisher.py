"""Publisher for the last-value cache: one value for each of a thousand topics, and then nothing for a long time."""

import sys

import zmqlite as zmq

[endpoint] = sys.argv[1:] or ["tcp://*:5557"]

with zmq.Context() as context, context.socket(zmq.XPUB) as publisher:
    publisher.bind(endpoint)
    publisher.recv()  # the cache has subscribed
    for topic in range(1000):
        publisher.send_multipart([b"%03d" % topic, b"Save Roger"])
    print("Published", flush=True)
    publisher.recv()  # the cache is gone
