"""Multithreaded Hello World server: ROUTER for the clients, DEALER to worker threads over inproc."""

import sys
import threading
import time

import zmqlite as zmq

[endpoint] = sys.argv[1:] or ["tcp://*:5555"]


def work(context: zmq.Context, number: int) -> None:
    """Reply to requests until the context ends. A socket belongs to the thread that made it."""
    with context.socket(zmq.REP) as socket:
        socket.connect("inproc://workers")
        try:
            while True:
                # One write with its newline: lines of several threads do not mix.
                print(f"Worker {number} received request: [{socket.recv_string()}]\n", end="", flush=True)
                time.sleep(0.01)  # some "work"
                socket.send_string("World")
        except zmq.ContextTerminated:
            pass


context = zmq.Context()
try:
    with context.socket(zmq.ROUTER) as clients, context.socket(zmq.DEALER) as workers:
        clients.bind(endpoint)
        workers.bind("inproc://workers")
        for number in range(5):
            threading.Thread(target=work, args=(context, number)).start()
        zmq.proxy(clients, workers)
finally:
    context.term()  # tells the workers, and waits until they have closed their sockets
