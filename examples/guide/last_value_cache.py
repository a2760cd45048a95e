"""Last-value cache: a proxy that sends a new subscriber the latest value of its topic at once."""

import sys

import zmqlite as zmq

publisher_endpoint, subscribers_endpoint = sys.argv[1:] or ["tcp://localhost:5557", "tcp://*:5558"]

with zmq.Context() as context, context.socket(zmq.SUB) as frontend, context.socket(zmq.XPUB) as backend:
    frontend.connect(publisher_endpoint)
    frontend.subscribe("")
    backend.xpub_verbose = True  # tell of every subscription, not of the first to a topic only
    backend.bind(subscribers_endpoint)
    cache: dict = {}
    while True:
        for socket in zmq.select([frontend, backend], [], [])[0]:
            if socket is frontend:
                topic, value = frontend.recv_multipart()
                cache[topic] = value
                backend.send_multipart([topic, value])
            else:
                event = backend.recv()
                topic = event[1:]
                if event[0] == 1 and topic in cache:  # 1 is a subscription, 0 is the end of one
                    print(f"Sending cached topic {topic.decode()}", flush=True)
                    backend.send_multipart([topic, cache[topic]])
