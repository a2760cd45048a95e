"""Lazy Pirate server: an echo that misbehaves: it ignores one request, and then ends as if it had crashed."""

import sys

import zmqlite as zmq

[endpoint, *ignored] = sys.argv[1:] or ["tcp://*:5555", "2"]

with zmq.Context() as context, context.socket(zmq.ROUTER) as server:
    server.bind(endpoint)
    while True:
        *envelope, request = server.recv_multipart()
        if request.decode() in ignored:
            ignored.remove(request.decode())
            print(f"Ignoring request {request.decode()}", flush=True)
            continue
        print(f"Normal request {request.decode()}", flush=True)
        server.send_multipart([*envelope, request])
