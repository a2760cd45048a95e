"""Task worker: pulls tasks, each a number of milliseconds to sleep, and pushes a result to the sink."""

import sys
import time

import zmqlite as zmq

tasks_endpoint, sink_endpoint = sys.argv[1:] or ["tcp://localhost:5557", "tcp://localhost:5558"]

with zmq.Context() as context, context.socket(zmq.PULL) as receiver, context.socket(zmq.PUSH) as sender:
    sender.connect(sink_endpoint)
    receiver.connect(tasks_endpoint)
    while True:
        time.sleep(int(receiver.recv()) / 1000)
        sender.send(b"")
        print(".", end="", flush=True)
