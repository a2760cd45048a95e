"""Task sink: binds PULL, waits for the start of a batch, counts a hundred results, prints how long they took."""

import sys
import time

import zmqlite as zmq

[endpoint] = sys.argv[1:] or ["tcp://*:5558"]

with zmq.Context() as context, context.socket(zmq.PULL) as receiver:
    receiver.bind(endpoint)
    receiver.recv()  # the start of the batch
    began = time.monotonic()
    for number in range(100):
        receiver.recv()
        print(":" if number % 10 == 0 else ".", end="", flush=True)
    print(f"\nTotal elapsed time: {1000 * (time.monotonic() - began):.0f} msec")
