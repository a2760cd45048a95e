"""Request-reply broker: shuttles messages between a ROUTER, for clients, and a DEALER, for workers."""

import sys

import zmqlite as zmq

frontend_endpoint, backend_endpoint = sys.argv[1:] or ["tcp://*:5559", "tcp://*:5560"]

with zmq.Context() as context, context.socket(zmq.ROUTER) as frontend, context.socket(zmq.DEALER) as backend:
    frontend.bind(frontend_endpoint)
    backend.bind(backend_endpoint)
    poller = zmq.Poller()
    poller.register(frontend, zmq.POLLIN)
    poller.register(backend, zmq.POLLIN)
    while True:
        ready = dict(poller.poll())
        if frontend in ready:
            backend.send_multipart(frontend.recv_multipart())
        if backend in ready:
            frontend.send_multipart(backend.recv_multipart())
