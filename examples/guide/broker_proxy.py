"""Message queue: the request-reply broker again, with zmqlite's proxy doing the work."""

import sys

import zmqlite as zmq

frontend_endpoint, backend_endpoint = sys.argv[1:] or ["tcp://*:5559", "tcp://*:5560"]

with zmq.Context() as context, context.socket(zmq.ROUTER) as frontend, context.socket(zmq.DEALER) as backend:
    frontend.bind(frontend_endpoint)
    backend.bind(backend_endpoint)
    zmq.proxy(frontend, backend)
