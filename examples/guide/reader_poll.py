"""Reading two sockets with poll(): waits for whichever has something, and costs nothing meanwhile."""

import sys

import zmqlite as zmq

tasks_endpoint, weather_endpoint, wanted = sys.argv[1:] or ["tcp://localhost:5557", "tcp://localhost:5556", "100"]

with zmq.Context() as context, context.socket(zmq.PULL) as receiver, context.socket(zmq.SUB) as subscriber:
    subscriber.subscribe("")
    subscriber.connect(weather_endpoint)
    receiver.connect(tasks_endpoint)
    poller = zmq.Poller()
    poller.register(receiver, zmq.POLLIN)
    poller.register(subscriber, zmq.POLLIN)
    tasks = updates = 0
    while tasks < int(wanted) or not updates:
        ready = dict(poller.poll())
        if receiver in ready:
            receiver.recv()
            tasks += 1
        if subscriber in ready:
            subscriber.recv()
            updates += 1
    print(f"{tasks} tasks and at least one weather update")
