"""Request-reply worker: connects REP to a broker, replies "World"."""

import sys

import zmqlite as zmq

[endpoint] = sys.argv[1:] or ["tcp://localhost:5560"]

with zmq.Context() as context, context.socket(zmq.REP) as responder:
    responder.connect(endpoint)
    while True:
        print(f"Received request: [{responder.recv_string()}]", flush=True)
        responder.send_string("World")
