"""Task sink, design 2: when the batch is done it tells every worker to end."""

import sys
import time

import zmqlite as zmq

endpoint, control_endpoint, workers = sys.argv[1:] or ["tcp://*:5558", "tcp://*:5559", "1"]

# XPUB is a PUB that also receives the subscriptions: so the sink knows when the workers listen.
with zmq.Context() as context, context.socket(zmq.PULL) as receiver, context.socket(zmq.XPUB) as controller:
    controller.xpub_verbose = True  # every worker's subscription, though all are the same
    controller.bind(control_endpoint)
    receiver.bind(endpoint)
    for _ in range(int(workers)):
        controller.recv()
    receiver.recv()  # the start of the batch
    began = time.monotonic()
    for number in range(100):
        receiver.recv()
        print(":" if number % 10 == 0 else ".", end="", flush=True)
    print(f"\nTotal elapsed time: {1000 * (time.monotonic() - began):.0f} msec")
    controller.send_string("KILL")
