"""Request-reply client: connects REQ to a broker, sends ten requests."""

import sys

import zmqlite as zmq

[endpoint] = sys.argv[1:] or ["tcp://localhost:5559"]

with zmq.Context() as context, context.socket(zmq.REQ) as requester:
    requester.connect(endpoint)
    for number in range(10):
        requester.send_string("Hello")
        print(f"Received reply {number} [{requester.recv_string()}]")
