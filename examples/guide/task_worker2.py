"""Task worker, design 2: also listens to a controller, and ends when it is told to."""

import sys
import time

import zmqlite as zmq

tasks_endpoint, sink_endpoint, control_endpoint = sys.argv[1:] or [
    "tcp://localhost:5557",
    "tcp://localhost:5558",
    "tcp://localhost:5559",
]

with zmq.Context() as context, context.socket(zmq.PULL) as receiver, context.socket(zmq.PUSH) as sender:
    with context.socket(zmq.SUB) as controller:
        controller.subscribe("")
        controller.connect(control_endpoint)
        sender.connect(sink_endpoint)
        receiver.connect(tasks_endpoint)
        poller = zmq.Poller()
        poller.register(receiver, zmq.POLLIN)
        poller.register(controller, zmq.POLLIN)
        while True:
            ready = dict(poller.poll())
            if receiver in ready:
                time.sleep(int(receiver.recv()) / 1000)
                sender.send(b"")
                print(".", end="", flush=True)
            if controller in ready:
                print(f"\n{controller.recv_string()}")
                break
