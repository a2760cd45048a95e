"""Hello World client: connects REQ, sends "Hello" ten times and waits for each reply."""

import sys

import zmqlite as zmq

[endpoint] = sys.argv[1:] or ["tcp://localhost:5555"]

with zmq.Context() as context, context.socket(zmq.REQ) as socket:
    socket.connect(endpoint)
    for number in range(10):
        print(f"Sending Hello {number} ...")
        socket.send_string("Hello")
        print(f"Received {socket.recv_string()} {number}")
