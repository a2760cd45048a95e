"""How much is read and written at once: what a stream of messages of all sizes arrives as."""

from __future__ import annotations

import random
import socket as system
from typing import Any

import pytest
from conftest import bind_wildcard

import zmqlite as zmq

# Around what libzmq reads at once: at first, and at most once much has come.
EDGES = (0, 1, 33, 34, 8183, 8192, 8193, 16384, 65527, 65536, 135159, 135168, 135169, 300_000)
COUNT = 3000


@pytest.mark.parametrize("transport", ["tcp", "ipc"])
@pytest.mark.parametrize("copy", [True, False])
def test_messages_of_all_sizes_arrive_whole_and_in_order(transport: str, copy: bool, context: Any) -> None:
    """Bursts of short ones, which let the buffers grow, and long ones among them, which let them shrink."""
    chance = random.Random(7)
    sizes = [
        chance.choice(EDGES) if chance.random() < 0.1 else chance.randrange(chance.choice((50, 2000, 20_000)))
        for _ in range(COUNT)
    ]
    whole = bytes(chance.randrange(256) for _ in range(1000)) * 301
    with context.socket(zmq.PULL) as receiver, context.socket(zmq.PUSH) as sender:
        sender.connect(bind_wildcard(receiver, transport))
        sender.sndtimeo = receiver.rcvtimeo = 20_000
        sent = received = 0
        kept = []  # in place: what they were read into is not written to again
        while received < COUNT:
            while sent < COUNT and sent - received < 500:
                sender.send(memoryview(whole)[sent % 1000 : sent % 1000 + sizes[sent]])
                sent += 1
            for _ in range(300 if sent < COUNT else COUNT - received):
                message = receiver.recv(copy=copy)
                if received % 10 == 0:
                    kept.append((received, message))
                assert bytes(message) == whole[received % 1000 : received % 1000 + sizes[received]]
                received += 1
        for number, message in kept:
            assert bytes(message) == whole[number % 1000 : number % 1000 + sizes[number]]


def test_stream_sockets_read_no_more_at_once(context: Any) -> None:
    """A message of a STREAM socket is what one read gave, so the batch is its limit, however much comes."""
    with context.socket(zmq.STREAM) as receiver, system.socket() as sender:
        receiver.rcvtimeo, receiver.rcvhwm = 20_000, 0
        sender.connect(("127.0.0.1", int(bind_wildcard(receiver, "tcp").rpartition(":")[2])))
        assert receiver.recv_multipart()[1] == b""  # connected
        for _ in range(20):
            sender.sendall(b"x" * 100_000)
        total = 0
        while total < 2_000_000:
            data = receiver.recv_multipart()[1]
            assert len(data) <= 8192
            total += len(data)
