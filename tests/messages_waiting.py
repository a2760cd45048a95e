"""What the tests of waiting calls share: every verb, and a socket on which it has to wait."""

from __future__ import annotations

import pytest

# What each verb does on a socket with nothing to receive, or a full queue.
RECEIVERS = {
    "recv": "socket.recv()",
    "recv_frame": "socket.recv(copy=False)",
    "recv_multipart": "socket.recv_multipart()",
    "recv_many": "socket.recv_many()",
    "recv_into": "socket.recv_into(bytearray(10))",
}
SENDERS = {
    "send": "socket.send(b'x')",
    "send_large": "socket.send(bytes(200_000))",
    "send_frame": "socket.send(zmq.Frame(b'x'))",
    "send_multipart": "socket.send_multipart([b'x', b'y'])",
    "send_many": "socket.send_many([b'x'] * 10)",
    "send_many_parts": "socket.send_many([[b'x', b'y']] * 10)",
}
SETUP = """
import os, signal, sys, threading, time
import zmqlite as zmq
context = zmq.Context()
push, pull = context.socket(zmq.PUSH), context.socket(zmq.PULL)
push.sndhwm = pull.rcvhwm = 1
push.linger = pull.linger = 0
push.bind("inproc://waiting")
pull.connect("inproc://waiting")
while push.poll(0, zmq.POLLOUT):
    push.send(b"filler", zmq.DONTWAIT)
"""


def waiting_socket(verb):
    """The line that says which socket has to wait in verb."""
    return "socket = pull = context.socket(zmq.PULL)" if verb in RECEIVERS else "socket = push"


ALL = {**RECEIVERS, **SENDERS}
every_verb = pytest.mark.parametrize("verb", ALL)
