"""Weather proxy: bridges two networks, or transports. SUB on the inside, PUB on the outside."""

import sys

import zmqlite as zmq

inside_endpoint, outside_endpoint = sys.argv[1:] or ["tcp://localhost:5556", "tcp://*:8100"]

with zmq.Context() as context, context.socket(zmq.SUB) as frontend, context.socket(zmq.PUB) as backend:
    frontend.connect(inside_endpoint)
    frontend.subscribe("")
    backend.bind(outside_endpoint)
    print(f"Bridging {inside_endpoint} to {backend.last_endpoint.decode()}", flush=True)
    while True:
        backend.send_multipart(frontend.recv_multipart())
