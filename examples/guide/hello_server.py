"""Hello World server: binds REP, expects "Hello", replies "World"."""

import sys
import time

import zmqlite as zmq

[endpoint] = sys.argv[1:] or ["tcp://*:5555"]

with zmq.Context() as context, context.socket(zmq.REP) as socket:
    socket.bind(endpoint)
    while True:
        print("Received", socket.recv_string(), flush=True)
        time.sleep(0.01)  # some "work"
        socket.send_string("World")
