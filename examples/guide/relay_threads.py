"""Multithreaded relay: three threads signal each other through PAIR sockets, without locks or sleeps."""

import threading

import zmqlite as zmq


def step1(context: zmq.Context) -> None:
    """Signal step 2."""
    with context.socket(zmq.PAIR) as sender:
        sender.connect("inproc://step2")
        print("Step 1 ready, signaling step 2")
        sender.send(b"")


def step2(context: zmq.Context) -> None:
    """Start step 1, wait for its signal, signal step 3."""
    with context.socket(zmq.PAIR) as receiver, context.socket(zmq.PAIR) as sender:
        receiver.bind("inproc://step2")
        threading.Thread(target=step1, args=(context,)).start()
        receiver.recv()
        sender.connect("inproc://step3")
        print("Step 2 ready, signaling step 3")
        sender.send(b"")


context = zmq.Context()
with context.socket(zmq.PAIR) as receiver:
    receiver.bind("inproc://step3")
    threading.Thread(target=step2, args=(context,)).start()
    receiver.recv()
context.term()  # waits until the threads have closed their sockets
print("Test successful!")
