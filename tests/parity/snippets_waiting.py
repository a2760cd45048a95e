"""Poller, select, zmq_poll, proxies, keys: what is around sockets."""

from __future__ import annotations

import os
import socket as system_socket
import threading
from typing import Any

from probe import Probe, snippet


def name_results(found: Any, **things: Any) -> list[tuple[str, int]]:
    """Turn what poll() returned into names."""
    names = {id(thing): name for name, thing in things.items()}
    return sorted((names.get(id(thing), repr(thing)), int(events)) for thing, events in found)


@snippet
def polling_nothing(p: Probe) -> None:
    """An empty Poller returns at once."""
    poller = p.zmq.Poller()
    p.attempt(poller.poll)
    p.attempt(poller.poll, 1000)
    p.attempt(poller.poll, None)
    p.attempt(p.zmq.zmq_poll, [], 0)
    p.attempt(p.zmq.select, [], [], [], 0)


@snippet
def registering(p: Probe) -> None:
    """register, modify, unregister, in."""
    push, pull = p.pair()
    poller = p.zmq.Poller()
    p.say(pull in poller, poller.sockets == [])
    p.attempt(poller.register, pull)
    p.say(pull in poller, [int(flags) for _, flags in poller.sockets])
    p.attempt(poller.register, pull, p.zmq.POLLIN)
    p.say(len(poller.sockets), [int(flags) for _, flags in poller.sockets])
    p.attempt(poller.modify, pull, p.zmq.POLLOUT)
    p.say([int(flags) for _, flags in poller.sockets])
    p.attempt(poller.register, push, 0)
    p.say(push in poller)
    p.attempt(poller.register, pull, 0)
    p.say(pull in poller)
    p.attempt(poller.unregister, pull)
    p.attempt(poller.modify, pull, 0)
    p.attempt(poller.modify, pull)
    p.say(pull in poller)


@snippet
def unregistering_keeps_the_others(p: Probe) -> None:
    """The order of the rest stays."""
    sockets = [p.socket("PULL") for _ in range(4)]
    poller = p.zmq.Poller()
    for socket in sockets:
        poller.register(socket, p.zmq.POLLIN)
    poller.unregister(sockets[1])
    p.say([sockets.index(socket) for socket, _ in poller.sockets])
    poller.register(sockets[1], p.zmq.POLLIN)
    p.say([sockets.index(socket) for socket, _ in poller.sockets])


@snippet
def results_of_a_poller(p: Probe) -> None:
    """Pairs of what was registered and its events."""
    push, pull = p.pair()
    poller = p.zmq.Poller()
    poller.register(push, p.zmq.POLLIN | p.zmq.POLLOUT)
    poller.register(pull, p.zmq.POLLIN)
    p.say(name_results(poller.poll(0), push=push, pull=pull))
    push.send(b"x")
    p.say(name_results(poller.poll(1000), push=push, pull=pull))
    result = poller.poll(1000)
    p.say(type(result), [type(pair) for pair in result], dict(result).get(pull) == p.zmq.POLLIN)
    pull.recv()
    p.say(name_results(poller.poll(), push=push, pull=pull))


@snippet
def raw_descriptors_in_a_poller(p: Probe) -> None:
    """A number comes back as a number, and so does an object with fileno()."""
    reader, writer = os.pipe()
    left, right = system_socket.socketpair()
    poller = p.zmq.Poller()
    poller.register(reader, p.zmq.POLLIN)
    poller.register(left, p.zmq.POLLIN)
    p.say(poller.poll(0))
    os.write(writer, b"x")
    p.say([(found == reader, type(found), int(events)) for found, events in poller.poll(100)])
    right.send(b"x")
    found = poller.poll(100)
    p.say([(what == reader, what == left.fileno(), type(what), int(events)) for what, events in found])
    p.say(reader in poller, left in poller, left.fileno() in poller)
    poller.unregister(left)
    os.close(writer)
    p.say([int(events) & p.zmq.POLLIN for _, events in poller.poll(100)])
    os.close(reader)
    left.close()
    right.close()


@snippet
def sockets_and_descriptors_together(p: Probe) -> None:
    """In one Poller."""
    push, pull = p.pair()
    reader, writer = os.pipe()
    poller = p.zmq.Poller()
    poller.register(pull, p.zmq.POLLIN)
    poller.register(reader, p.zmq.POLLIN)
    p.say(poller.poll(1))
    push.send(b"x")
    os.write(writer, b"x")
    found = dict(poller.poll(1000))
    while len(found) < 2:
        found = dict(poller.poll(1000))
    p.say(found == {pull: p.zmq.POLLIN, reader: p.zmq.POLLIN})
    os.close(reader)
    os.close(writer)


@snippet
def timeouts_of_a_poller(p: Probe) -> None:
    """Numbers, None, negative; nothing else."""
    push, pull = p.pair()
    poller = p.zmq.Poller()
    poller.register(pull, p.zmq.POLLIN)
    for timeout in (0, 1, 0.5, 1.9, False):
        p.attempt(poller.poll, timeout)
    p.attempt(poller.poll, timeout=0)
    push.send(b"x")
    for timeout in (None, -1, -5):
        p.say(len(poller.poll(timeout)))
    p.attempt(poller.poll, "x")


@snippet
def wrong_things_in_a_poller(p: Probe) -> None:
    """What is no socket and has no descriptor."""
    for wrong in ("x", None, 1.5, object()):
        poller = p.zmq.Poller()
        p.attempt(poller.register, wrong, p.zmq.POLLIN)
        p.attempt(poller.poll, 0)


@snippet
def closed_socket_in_a_poller(p: Probe) -> None:
    """poll() says so."""
    poller = p.zmq.Poller()
    socket = p.socket("PULL")
    poller.register(socket, p.zmq.POLLIN)
    socket.close()
    p.attempt(poller.poll, 0)
    p.attempt(poller.unregister, socket)


@snippet
def selecting(p: Probe) -> None:
    """Seconds, and three lists."""
    push, pull = p.pair()
    reader, writer = os.pipe()
    names = {id(push): "push", id(pull): "pull"}

    def select(*arguments: Any) -> None:
        lists = p.zmq.select(*arguments)
        p.say(type(lists), [{names.get(id(each), each == reader) for each in found} for found in lists])

    select([pull], [push], [pull], 0)
    select([pull, reader], [], [], 0.001)
    push.send(b"x")
    os.write(writer, b"x")
    select([pull], [push], [])
    select([pull, reader], [push], [], None)
    p.attempt(p.zmq.select, ["x"], [], [], 0)
    os.close(reader)
    os.close(writer)


@snippet
def polling_a_list(p: Probe) -> None:
    """zmq_poll() takes pairs."""
    push, pull = p.pair()
    p.say(name_results(p.zmq.zmq_poll([(push, p.zmq.POLLOUT), (pull, p.zmq.POLLIN)], 0), push=push, pull=pull))
    push.send(b"x")
    p.say(name_results(p.zmq.zmq_poll([(pull, p.zmq.POLLIN)], timeout=1000), pull=pull))
    p.attempt(p.zmq.zmq_poll, [("x", 1)], 0)


@snippet
def proxy_ends_with_its_context(p: Probe) -> None:
    """ContextTerminated; messages go both ways until then."""
    raised: list[Any] = []
    client, server = p.socket("DEALER"), p.socket("DEALER")
    client.bind("inproc://client")
    server.bind("inproc://server")

    context = p.zmq.Context.shadow(p.context)

    def run() -> None:
        front, back = context.socket(p.zmq.DEALER), context.socket(p.zmq.DEALER)
        front.linger = back.linger = 0
        front.connect("inproc://client")
        back.connect("inproc://server")
        try:
            p.zmq.proxy(front, back)
        except p.zmq.ZMQError as error:
            raised.append(error)
        front.close()
        back.close()

    thread = threading.Thread(target=run)
    thread.start()
    client.send_multipart([b"to", b"server"])
    p.say(server.recv_multipart())
    server.send(b"to client")
    p.say(client.recv())
    p.context.destroy(linger=0)
    thread.join()
    p.say(raised)


@snippet
def steerable_proxy_is_terminated(p: Probe) -> None:
    """TERMINATE on the control socket; it returns."""
    front, back, control, steer = p.socket("PULL"), p.socket("PUSH"), p.socket("PAIR"), p.socket("PAIR")
    steer.bind("inproc://control")
    control.connect("inproc://control")
    front.bind("inproc://front")
    back.bind("inproc://back")
    steer.send(b"TERMINATE")
    p.attempt(p.zmq.proxy_steerable, front, back, None, control)


@snippet
def curve_keys_are_made(p: Probe) -> None:
    """Z85, and the public key of a secret one."""
    public, secret = p.zmq.curve_keypair()
    p.say(type(public), len(public), len(secret), p.zmq.curve_public(secret) == public)
    p.say(p.zmq.curve_public(b"JTKVSB%%)wK0E.X)V>+}o?pNmC{O&4W4b!Ni{Lh6"))
    p.attempt(p.zmq.curve_public, b"short")
    p.attempt(p.zmq.curve_public, 5)
    p.say(p.zmq.curve_public(secret.decode()) == public)


@snippet
def kinds_of_names(p: Probe) -> None:
    """Enums, flags, aliases."""
    zmq = p.zmq
    p.say(zmq.PUSH, zmq.SNDMORE | zmq.DONTWAIT, zmq.POLLIN | zmq.POLLOUT, zmq.EVENT_ALL, zmq.EAGAIN, zmq.HWM)
    p.say(zmq.SocketType.PUSH == 8, isinstance(zmq.PUSH, int), zmq.NOBLOCK is zmq.DONTWAIT, zmq.XREQ is zmq.DEALER)
    p.say(zmq.Event.ALL, zmq.PLAIN, zmq.SecurityMechanism.CURVE, zmq.QUEUE, zmq.DRAFT_API in (True, False))
