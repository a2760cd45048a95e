"""Synchronized publisher: waits until every subscriber is there, publishes, and waits until each has it all.

XPUB_NODROP makes a publisher wait for a slow subscriber instead of dropping what does not fit its queue.
"""

import sys

import zmqlite as zmq

endpoint, sync_endpoint, subscribers, updates = sys.argv[1:] or ["tcp://*:5561", "tcp://*:5562", "10", "1000000"]

with zmq.Context() as context, context.socket(zmq.XPUB) as publisher, context.socket(zmq.REP) as sync:
    publisher.xpub_verbose = True
    publisher.xpub_nodrop = True
    publisher.bind(endpoint)
    sync.bind(sync_endpoint)
    print("Waiting for subscribers")
    for _ in range(int(subscribers)):
        publisher.recv()  # a subscription has arrived: from here on that subscriber misses nothing
        sync.recv()
        sync.send(b"")
    print("Broadcasting messages")
    left = int(updates)
    while left:
        left -= publisher.send_many([b"Rhubarb"] * min(left, 10_000))
    publisher.send(b"END")
    for _ in range(int(subscribers)):
        sync.recv()  # a subscriber has everything
        sync.send(b"")
