"""Subscriber of the last-value cache: comes late, and still gets the latest value of its topic."""

import sys

import zmqlite as zmq

endpoint, topic = sys.argv[1:] or ["tcp://localhost:5558", "042"]

with zmq.Context() as context, context.socket(zmq.SUB) as subscriber:
    subscriber.subscribe(topic)
    subscriber.connect(endpoint)
    topic_frame, value = subscriber.recv_multipart()
    print(f"Topic {topic_frame.decode()}: {value.decode()}")
