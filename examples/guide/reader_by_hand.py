"""Reading two sockets by hand: try each without waiting, sleep a little when neither had anything.

It works, and every first message comes up to a millisecond late: see reader_poll.py for the right way.
"""

import sys
import time

import zmqlite as zmq

tasks_endpoint, weather_endpoint, wanted = sys.argv[1:] or ["tcp://localhost:5557", "tcp://localhost:5556", "100"]

with zmq.Context() as context, context.socket(zmq.PULL) as receiver, context.socket(zmq.SUB) as subscriber:
    subscriber.subscribe("")
    subscriber.connect(weather_endpoint)
    receiver.connect(tasks_endpoint)
    tasks = updates = 0
    while tasks < int(wanted) or not updates:
        try:
            while True:  # tasks first
                receiver.recv(zmq.NOBLOCK)
                tasks += 1
        except zmq.Again:
            pass
        try:
            subscriber.recv(zmq.NOBLOCK)
            updates += 1
        except zmq.Again:
            time.sleep(0.001)
    print(f"{tasks} tasks and at least one weather update")
