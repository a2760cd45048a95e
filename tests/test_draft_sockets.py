"""The draft sockets beyond their messages: descriptors, PEER, CHANNEL, SCATTER and GATHER, groups, UDP."""

from __future__ import annotations

import errno
import os
import select
import socket as system_socket
import warnings
from typing import Any

import pytest
from conftest import bind_wildcard

import zmqlite
from zmqlite.errors import ZMQError

pytestmark = pytest.mark.skipif(not zmqlite.has("draft"), reason="needs a libzmq with drafts")
THREAD_SAFE = ("CLIENT", "SERVER", "RADIO", "DISH", "SCATTER", "GATHER", "PEER", "CHANNEL")


def make(context: Any, *types: str) -> list[Any]:
    """Make sockets that give up after ten seconds."""
    made = [context.socket(zmqlite.SocketType[name]) for name in types]
    for socket in made:
        socket.linger = 0
        socket.rcvtimeo = socket.sndtimeo = 10000
    return made


def find_udp_port() -> int:
    """A UDP port that was free a moment ago."""
    with system_socket.socket(system_socket.AF_INET, system_socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


# ---- descriptors ----


@pytest.mark.parametrize("name", THREAD_SAFE)
def test_thread_safe_socket_lends_a_descriptor(context: zmqlite.Context[Any], name: str) -> None:
    """The same one each time; the first use warns."""
    (socket,) = make(context, name)
    assert socket.thread_safe == 1
    with pytest.warns(zmqlite.DraftFDWarning, match="lends it one of a poller") as caught:
        descriptor = socket.fileno()
    assert caught[0].filename == __file__
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert socket.fd == socket.get(zmqlite.FD) == socket.fileno() == descriptor
    os.fstat(descriptor)
    socket.close()
    with pytest.raises(ZMQError) as closed:
        socket.fileno()
    assert closed.value.errno == errno.ENOTSOCK


@pytest.mark.filterwarnings("ignore::zmqlite.DraftFDWarning")
def test_descriptor_moves_when_a_message_comes(context: zmqlite.Context[Any]) -> None:
    """And rests again once `events` was read, so that an event loop does not spin."""
    server, client = make(context, "SERVER", "CLIENT")
    client.connect(bind_wildcard(server))
    descriptor = server.fileno()
    server.events  # noqa: B018 - reading is what matters
    assert select.select([descriptor], [], [], 0)[0] == []
    for number in range(3):
        client.send(b"%d" % number)
        assert select.select([descriptor], [], [], 10)[0] == [descriptor]
        assert server.events & zmqlite.POLLIN
        assert server.recv() == b"%d" % number
        assert not server.events & zmqlite.POLLIN
        assert select.select([descriptor], [], [], 0)[0] == []


@pytest.mark.skipif(not os.path.isdir("/dev/fd"), reason="descriptors cannot be counted here")
@pytest.mark.filterwarnings("ignore::zmqlite.DraftFDWarning")
@pytest.mark.parametrize("end", ["close", "destroy", "drop"])
def test_descriptors_go_with_their_sockets(end: str) -> None:
    """However these end."""
    before = len(os.listdir("/dev/fd"))
    for _ in range(3):
        context = zmqlite.Context()
        sockets = make(context, *THREAD_SAFE)
        assert len({socket.fileno() for socket in sockets}) == len(THREAD_SAFE)
        if end == "close":
            for socket in sockets:
                socket.close()
            context.term()
        elif end == "destroy":
            context.destroy(linger=0)
        else:
            with pytest.warns(ResourceWarning, match="Unclosed socket"):
                sockets.clear()
            context.term()
    assert len(os.listdir("/dev/fd")) == before


def test_poll_of_a_thread_safe_socket(context: zmqlite.Context[Any]) -> None:
    """By itself and in a Poller."""
    server, client = make(context, "SERVER", "CLIENT")
    client.connect(bind_wildcard(server))
    poller = zmqlite.Poller()
    poller.register(server, zmqlite.POLLIN)
    assert (server.poll(0), poller.poll(0)) == (0, [])
    assert client.poll(1000, zmqlite.POLLOUT) == zmqlite.POLLOUT
    client.send(b"x")
    assert server.poll(10000) == zmqlite.POLLIN
    assert poller.poll(0) == [(server, zmqlite.POLLIN)]


# ---- types ----


@pytest.mark.parametrize("transport", ["inproc", "tcp"])
def test_connect_peer_returns_the_routing_id(context: zmqlite.Context[Any], transport: str) -> None:
    """Messages go there at once, and the answer comes back by the id of the message."""
    server, client = make(context, "PEER", "PEER")
    routing_id = client.connect_peer(bind_wildcard(server, transport))
    assert 1 <= routing_id < 2**32
    client.send(b"question", routing_id=routing_id)
    question = server.recv(copy=False)
    assert question.bytes == b"question"
    server.send(b"answer", routing_id=question.routing_id)
    assert client.recv() == b"answer"


def test_connect_peer_refuses_what_connect_refuses(context: zmqlite.Context[Any]) -> None:
    """And sockets of other types."""
    peer, push = make(context, "PEER", "PUSH")
    for socket, endpoint, code in (
        (push, "inproc://x", zmqlite.ENOTSUP),
        (peer, "nonsense", errno.EINVAL),
        (peer, "tcp://127.0.0.1", errno.EINVAL),
        (peer, "foo://x", errno.EPROTONOSUPPORT),
    ):
        with pytest.raises(ZMQError, match=rf"connect_peer\('{endpoint}'\)") as caught:
            socket.connect_peer(endpoint)
        assert caught.value.errno == code
    with pytest.raises(TypeError, match="takes an endpoint"):
        peer.connect_peer(5)
    peer.close()
    with pytest.raises(ZMQError, match="the socket is closed"):
        peer.connect_peer("inproc://x")


@pytest.mark.parametrize("transport", ["inproc", "tcp", "ipc"])
def test_channel_goes_both_ways(context: zmqlite.Context[Any], transport: str) -> None:
    """A PAIR for threads."""
    first, second = make(context, "CHANNEL", "CHANNEL")
    second.connect(bind_wildcard(first, transport))
    for size in (0, 10, 100_000):
        second.send(b"x" * size)
        assert first.recv() == b"x" * size
        first.send(b"y" * size)
        assert second.recv() == b"y" * size


@pytest.mark.parametrize("transport", ["inproc", "tcp", "ipc"])
def test_gather_gets_what_scatter_sends(context: zmqlite.Context[Any], transport: str) -> None:
    """A PUSH and a PULL for threads: one after the other to all that gather."""
    scatter, *gathers = make(context, "SCATTER", "GATHER", "GATHER")
    for gather in gathers:
        scatter.connect(bind_wildcard(gather, transport))
    for number in range(4):
        scatter.send(b"%d" % number)
    got = {tuple(gather.recv() for _ in range(2)) for gather in gathers}
    assert got == {(b"0", b"2"), (b"1", b"3")}


# ---- groups ----


def test_group_is_joined_and_left_once(context: zmqlite.Context[Any]) -> None:
    """As text or bytes; twice is EINVAL; up to 255 bytes."""
    (dish,) = make(context, "DISH")
    for group in ("group", b"bytes", "zwölf", "x" * 255):
        dish.join(group)
        with pytest.raises(ZMQError, match="join") as caught:
            dish.join(group)
        assert caught.value.errno == errno.EINVAL
        dish.leave(group)
        with pytest.raises(ZMQError, match="leave") as caught:
            dish.leave(group)
        assert caught.value.errno == errno.EINVAL
    for wrong in ("x" * 256, "a\0b"):
        with pytest.raises(ZMQError, match="at most 255 bytes without NUL"):
            dish.join(wrong)
    for nothing in (5, None):
        with pytest.raises(TypeError, match="takes a group as str or bytes"):
            dish.join(nothing)


def test_only_a_dish_joins_groups(context: zmqlite.Context[Any]) -> None:
    """ENOTSUP that says so."""
    for socket in make(context, "RADIO", "SUB"):
        for call in (socket.join, socket.leave):
            with pytest.raises(ZMQError, match="only a DISH socket") as caught:
                call("group")
            assert caught.value.errno == zmqlite.ENOTSUP


@pytest.mark.parametrize("transport", ["inproc", "tcp", "udp"])
def test_dish_hears_its_groups_only(context: zmqlite.Context[Any], transport: str) -> None:
    """Until it leaves them."""
    radio, dish = make(context, "RADIO", "DISH")
    dish.join("mine")
    if transport == "udp":
        endpoint = f"udp://127.0.0.1:{find_udp_port()}"
        dish.bind(endpoint)
    else:
        endpoint = bind_wildcard(dish, transport)
    radio.connect(endpoint)
    # Who is not there yet hears nothing.
    while not dish.poll(5):
        radio.send(b"not for us", group="other")
        radio.send(b"hello", group="mine")
    frame = dish.recv(copy=False)
    assert (frame.bytes, frame.group) == (b"hello", "mine")
    radio.send(b"last", group="mine")
    got = dish.recv(copy=False)
    while got.bytes == b"hello":
        got = dish.recv(copy=False)
    assert (got.bytes, got.group) == (b"last", "mine")
    dish.leave("mine")


# ---- datagrams ----


def test_dgram_talks_to_a_plain_udp_socket(context: zmqlite.Context[Any]) -> None:
    """Messages of two parts: the address, and the datagram."""
    (dgram,) = make(context, "DGRAM")
    port = find_udp_port()
    dgram.bind(f"udp://127.0.0.1:{port}")
    with system_socket.socket(system_socket.AF_INET, system_socket.SOCK_DGRAM) as plain:
        plain.bind(("127.0.0.1", 0))
        plain.settimeout(10)
        # What comes before the I/O thread has bound is lost.
        while not dgram.poll(5):
            plain.sendto(b"question", ("127.0.0.1", port))
        address, data = dgram.recv_multipart()
        assert data == b"question"
        assert address.rstrip(b"\0").decode() == f"127.0.0.1:{plain.getsockname()[1]}"
        dgram.send_multipart([address, b"answer"])
        assert plain.recvfrom(100) == (b"answer", ("127.0.0.1", port))


def test_dgram_takes_two_parts_only(context: zmqlite.Context[Any]) -> None:
    """EINVAL for one or three, and the next message goes all the same."""
    (dgram,) = make(context, "DGRAM")
    dgram.bind(f"udp://127.0.0.1:{find_udp_port()}")
    with pytest.raises(ZMQError) as caught:
        dgram.send(b"no address")
    assert caught.value.errno == errno.EINVAL
    with pytest.raises(ZMQError) as caught:
        dgram.send_multipart([b"127.0.0.1:9", b"data", b"more"])
    assert caught.value.errno == errno.EINVAL
