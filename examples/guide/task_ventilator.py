"""Task ventilator: binds PUSH, waits for its workers, tells the sink, then pushes a hundred tasks.

Without that wait the first worker to connect would get them all. The monitor tells when one has connected.
"""

import random
import sys

import zmqlite as zmq

tasks_endpoint, sink_endpoint, workers, longest_ms = sys.argv[1:] or [
    "tcp://*:5557",
    "tcp://localhost:5558",
    "1",
    "100",
]

with zmq.Context() as context, context.socket(zmq.PUSH) as sender, context.socket(zmq.PUSH) as sink:
    monitor = sender.get_monitor_socket(zmq.EVENT_HANDSHAKE_SUCCEEDED)
    sender.bind(tasks_endpoint)
    sink.connect(sink_endpoint)
    print(f"Waiting for {workers} workers")
    for _ in range(int(workers)):
        zmq.recv_monitor_message(monitor)
    sink.send(b"0")  # the start of the batch
    workloads = [random.randint(1, int(longest_ms)) for _ in range(100)]
    sender.send_many(str(workload).encode() for workload in workloads)
    print(f"Total expected cost: {sum(workloads)} msec")
    sender.disable_monitor()
