"""Interrupt: Ctrl-C and SIGTERM end a server that waits in recv(), cleanly and at once."""

import signal
import sys

import zmqlite as zmq

[endpoint] = sys.argv[1:] or ["tcp://*:5555"]


def interrupt(number: int, _frame: object) -> None:
    """A signal handler may raise: recv() ends with that."""
    raise InterruptedError(signal.Signals(number).name)


signal.signal(signal.SIGINT, interrupt)
signal.signal(signal.SIGTERM, interrupt)

with zmq.Context() as context, context.socket(zmq.REP) as socket:
    socket.bind(endpoint)
    try:
        print("Waiting", flush=True)
        socket.recv()
    except InterruptedError as error:
        print(f"Interrupted by {error}, cleaning up")
print("Done")
