"""Forwarder: publishers connect to its XSUB, subscribers to its XPUB; subscriptions pass through it.

What nobody has subscribed to is dropped by the publishers themselves, and costs no network.
"""

import sys

import zmqlite as zmq

publishers_endpoint, subscribers_endpoint = sys.argv[1:] or ["tcp://*:5561", "tcp://*:5562"]

with zmq.Context() as context, context.socket(zmq.XSUB) as frontend, context.socket(zmq.XPUB) as backend:
    frontend.bind(publishers_endpoint)
    backend.bind(subscribers_endpoint)
    zmq.proxy(frontend, backend)
