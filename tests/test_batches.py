"""How much is read and written at once: what a stream of messages of all sizes arrives as."""

from __future__ import annotations

import random
import socket as system
from typing import Any

import pytest
from conftest import bind_wildcard

import zmqlite as zmq

# Around what libzmq reads at once: at first, and at most once much has come.
EDGES = (0, 1, 33, 34, 8183, 8192, 8193, 16384, 32759, 32768, 40951, 40960, 65527, 65536, 135159, 135168, 270_336)
EDGES += (405495, 405504, 405505, 540672, 700_000)
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
    whole = bytes(chance.randrange(256) for _ in range(1000)) * 701
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


@pytest.mark.parametrize("transport", ["tcp", "ipc"])
@pytest.mark.parametrize("high_water_mark", [1, 5, 1000])
def test_what_was_read_with_the_end_of_a_long_message_is_not_lost(
    transport: str, high_water_mark: int, context: Any
) -> None:
    """Long ones in a row and short ones behind them, also where the receiver's queue is full in between."""
    lengths = (65_536, 40_000, 32_768, 32_767, 5, 65_536, 300, 0, 8200, 131_072, 40_951, *[20] * 50, *[100_000] * 8)
    sizes = [lengths[(number + number // len(lengths)) % len(lengths)] for number in range(10 * len(lengths))]
    with context.socket(zmq.PULL) as receiver, context.socket(zmq.PUSH) as sender:
        receiver.rcvhwm, sender.sndhwm = high_water_mark, 0
        receiver.rcvtimeo = 20_000
        sender.connect(bind_wildcard(receiver, transport))
        messages = [bytes([number % 251]) * size for number, size in enumerate(sizes)]
        for message in messages:
            sender.send(message)
        assert [receiver.recv() for _ in messages] == messages


@pytest.mark.parametrize("transport", ["tcp", "ipc"])
def test_what_has_no_room_is_written_in_pieces(transport: str, context: Any) -> None:
    """Short parts are copied and long ones are not: a write ends anywhere, and the next goes on there."""
    parts = [[b"%d" % i, b"a" * 20_000, b"b" * (i % 300), b"c" * (15_000 + i * 100)] for i in range(100)]
    with context.socket(zmq.PULL) as receiver, context.socket(zmq.PUSH) as sender:
        receiver.rcvbuf = sender.sndbuf = 8192
        sender.connect(bind_wildcard(receiver, transport))
        sender.sndtimeo = receiver.rcvtimeo = 20_000
        sender.send_many(parts)
        assert [receiver.recv_multipart() for _ in parts] == parts


@pytest.mark.parametrize("transport", ["tcp", "ipc"])
def test_each_peer_gets_the_message_that_they_share(transport: str, context: Any) -> None:
    """Of a publisher, from where it is; it is let go of when it was written to all."""
    with context.socket(zmq.XPUB) as publisher:
        publisher.sndhwm, publisher.xpub_verbose, publisher.copy_threshold = 0, True, 0
        endpoint = bind_wildcard(publisher, transport)
        publisher.rcvtimeo = 20_000
        subscribers = []
        for _ in range(3):
            subscribers.append(context.socket(zmq.SUB))
            subscribers[-1].rcvhwm, subscribers[-1].rcvtimeo = 0, 20_000
            subscribers[-1].subscribe(b"")
            subscribers[-1].connect(endpoint)
            publisher.recv()
        data = [b"%d" % number * 20_000 for number in range(100)]
        trackers = [publisher.send(one, copy=False, track=True) for one in data]
        for subscriber in subscribers:
            assert [subscriber.recv() for _ in data] == data
        for tracker in trackers:
            tracker.wait(20)


@pytest.mark.parametrize("transport", ["tcp", "ipc"])
def test_messages_are_let_go_of_when_the_peer_goes_in_the_middle(transport: str, context: Any) -> None:
    """With some written, one half written, and some that wait; after that nobody has the memory."""
    with context.socket(zmq.PULL) as receiver, context.socket(zmq.PUSH) as sender:
        receiver.rcvhwm, receiver.rcvbuf, receiver.rcvtimeo = 1, 8192, 20_000
        sender.sndhwm, sender.sndbuf, sender.linger, sender.copy_threshold = 0, 8192, 0, 0
        sender.connect(bind_wildcard(receiver, transport))
        trackers = [sender.send(b"%d" % number * 20_000, copy=False, track=True) for number in range(100)]
        assert receiver.recv() == b"0" * 20_000
        receiver.close(linger=0)
        sender.close()
        for tracker in trackers:
            tracker.wait(20)


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
