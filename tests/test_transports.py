"""Each transport that the linked libzmq has carries messages. vmci:// needs a virtual machine: not tested."""

from __future__ import annotations

import socket

import pytest

import zmqlite

# What could abort runs in a process of its own.
PUBLISH = """
import zmqlite as zmq

with zmq.Context() as context, context.socket(zmq.PUB) as publisher, context.socket(zmq.SUB) as subscriber:
    publisher.linger = subscriber.linger = 0
    publisher.rate = subscriber.rate = 100_000
    subscriber.subscribe("")
    subscriber.connect({connect!r})
    publisher.bind({bind!r})
    number = 0
    while not subscriber.poll(20):
        publisher.send_multipart([b"%d" % number, b"part"])
        number += 1
    print(subscriber.recv_multipart()[1:])
"""


def find_udp_port() -> int:
    """A port that is free now."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def test_epgm_multicasts(run_child):
    """PUB and SUB over encapsulated PGM, on the loopback interface."""
    if not zmqlite.has("pgm"):
        pytest.skip("this libzmq has no pgm")
    endpoint = f"epgm://127.0.0.1;239.192.77.1:{find_udp_port()}"
    done = run_child(PUBLISH.format(bind=endpoint, connect=endpoint), timeout=30)
    assert (done.exit_code, done.stdout.splitlines()[-1:]) == (0, ["[b'part']"]), done.stderr


def test_norm_multicasts(run_child):
    """PUB and SUB over NORM; each node has an id of its own."""
    if not zmqlite.has("norm"):
        pytest.skip("this libzmq has no norm")
    group = f"127.0.0.1;224.77.2.3:{find_udp_port()}"
    done = run_child(PUBLISH.format(bind=f"norm://1,{group}", connect=f"norm://2,{group}"), timeout=30)
    assert (done.exit_code, done.stdout.splitlines()[-1:]) == (0, ["[b'part']"]), done.stderr


def test_tipc_carries_requests(context):
    """On a kernel that has the module."""
    if not zmqlite.has("tipc"):
        pytest.skip("this libzmq has no tipc")
    try:
        socket.socket(getattr(socket, "AF_TIPC", -1), socket.SOCK_SEQPACKET).close()
    except OSError:
        pytest.skip("this kernel has no tipc")
    rep, req = context.socket(zmqlite.REP), context.socket(zmqlite.REQ)
    rep.bind("tipc://{5560,0,0}")
    req.connect("tipc://{5560,0}@0.0.0")
    req.rcvtimeo = rep.rcvtimeo = 20_000
    req.send(b"ping")
    rep.send(rep.recv())
    assert req.recv() == b"ping"


def test_websockets_carry_requests(context):
    """REQ and REP over ws://, also a large message."""
    if not zmqlite.has("WS"):
        pytest.skip("this libzmq has no ws://")
    rep, req = context.socket(zmqlite.REP), context.socket(zmqlite.REQ)
    req.rcvtimeo = rep.rcvtimeo = 20_000
    rep.bind("ws://127.0.0.1:*")
    req.connect(rep.last_endpoint.decode())
    for size in (0, 125, 126, 65_536, 1_000_000):
        req.send_multipart([b"x" * size, b"part"])
        rep.send_multipart(rep.recv_multipart())
        assert req.recv_multipart() == [b"x" * size, b"part"]



def test_interfaces_of_multicast_need_no_port():
    """Of `epgm://interface;group:port` only the group has one; without it the endpoint is refused."""
    if not zmqlite.has("pgm"):
        pytest.skip("this libzmq has no pgm")
    with zmqlite.Context() as context, context.socket(zmqlite.SUB) as subscriber:
        for wrong in ("epgm://lo;239.192.77.1", "pgm://127.0.0.1;239.192.77.1:99999"):
            with pytest.raises(zmqlite.ZMQError, match="port"):
                subscriber.connect(wrong)
