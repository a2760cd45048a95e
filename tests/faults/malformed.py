"""Hostile peers write malformed ZMTP to every kind of server and client: nothing dies, honest peers are served.

One process has the sockets, this one is the hostile peers and the honest ones, which are served again after each batch.
"""

from __future__ import annotations

import errno
import random
import select
import socket as system_socket
import struct
import sys
import threading
import time
from collections import Counter
from typing import Any

import children
from hostile_streams import Streams
from report import Report

import zmqlite as zmq

LONG = {"streams": 100_000, "seed": 1}
SHORT = {"streams": 1500, "seed": 1}

SERVERS = ("PULL", "ROUTER", "REP", "XPUB", "STREAM", "CURVE")
CLIENTS = ("SUB", "REQ", "DEALER", "PUSH", "CURVE client")
BATCH = 200
DRAIN_SECONDS = 0.1
HANDSHAKE_SECONDS = 0.02
PATIENCE_SECONDS = 10
# A public key of somebody else; any will do.
KEY = b"rq:rM>}U?@Lns47E1%kR.o@n%FcmmsL/@{H8]yf7"


def reconnect(clients: dict[Any, str]) -> None:
    """Connect again: libzmq gives an endpoint up for good when its server breaks the protocol."""
    for socket, endpoint in clients.items():
        try:
            socket.disconnect(endpoint)
        except zmq.ZMQError as error:
            if error.errno != errno.ENOENT:
                raise
        socket.connect(endpoint)


def serve() -> None:
    """The process under test: prints its endpoints, then takes from every socket until stdin ends."""
    context: Any = zmq.Context()
    hostile = sys.stdin.readline().split()
    poller = zmq.Poller()
    names = {}
    for name in SERVERS:
        if name == "CURVE" and not zmq.has("curve"):
            print("-", end=" ")
            continue
        socket = context.socket(zmq.PULL if name == "CURVE" else zmq.SocketType[name])
        if name == "CURVE":
            keys = zmq.KeyPair.generate()
            socket.curve_secretkey, socket.curve_server = keys.secret, True
        print(f"tcp://127.0.0.1:{socket.bind_to_random_port('tcp://127.0.0.1')}", end=" ")
        names[socket] = name
        poller.register(socket, zmq.POLLIN)
    print(keys.public.decode() if zmq.has("curve") else "-", flush=True)
    clients = {}
    for name in CLIENTS:
        socket = context.socket(zmq.PUSH if name == "CURVE client" else zmq.SocketType[name])
        socket.reconnect_ivl = 1
        socket.sndtimeo = 0
        if name == "SUB":
            socket.subscribe(b"")
        if name == "CURVE client" and zmq.has("curve"):
            zmq.set_curve_client(socket, KEY)
        clients[socket] = f"tcp://127.0.0.1:{hostile[CLIENTS.index(name)]}"
        socket.connect(clients[socket])
        if name not in ("PUSH", "CURVE client"):
            poller.register(socket, zmq.POLLIN)
        names[socket] = name
    acknowledge = context.socket(zmq.PUSH)
    acknowledge.connect(f"tcp://127.0.0.1:{hostile[-1]}")
    ended = threading.Event()
    threading.Thread(target=lambda: (sys.stdin.read(), ended.set())).start()
    while not ended.is_set():
        for socket, _ in poller.poll(100):
            name = names[socket]
            try:
                # A REP with nothing but requests without a delimiter is told to be ready, and then has none.
                parts = socket.recv_multipart(zmq.DONTWAIT)
            except zmq.Again:
                continue
            if name == "REP" or (name == "ROUTER" and len(parts) > 1):
                socket.send_multipart(parts)
            elif name == "STREAM" and parts[1]:
                try:
                    # libzmq takes a peer that has gone for one that is full until all that it wrote is read: a send
                    # that waits, waits for ever.
                    socket.send_multipart(parts, zmq.DONTWAIT)
                except zmq.Again:
                    pass
                except zmq.ZMQError as error:
                    if error.errno != zmq.EHOSTUNREACH:
                        raise
            elif name == "XPUB":
                socket.send(b"".join(parts)[1:])
            if any(b"good" in part for part in parts):
                acknowledge.send_multipart([name.encode(), parts[-1]])
                if name == "PULL":
                    reconnect(clients)
    context.destroy(0)


class Honest:
    """Honest clients of every server, served again and again."""

    def __init__(self, context: Any, endpoints: dict[str, str], public: bytes) -> None:
        self._acknowledged = context.socket(zmq.PULL)
        self.port = self._acknowledged.bind_to_random_port("tcp://127.0.0.1")
        self._context = context
        self._clients: dict[str, Any] = {}
        self.rounds = 0
        self.missing: list[str] = []
        self.asked_again = 0

    def connect(self, endpoints: dict[str, str], public: bytes) -> None:
        """Make a client for each endpoint."""
        kinds = {"PULL": zmq.PUSH, "ROUTER": zmq.DEALER, "REP": zmq.REQ, "XPUB": zmq.SUB, "CURVE": zmq.PUSH}
        for name, endpoint in endpoints.items():
            if name == "STREAM":
                port = int(endpoint.rpartition(":")[2])
                self._clients[name] = system_socket.create_connection(("127.0.0.1", port))
                continue
            client = self._clients[name] = self._context.socket(kinds[name])
            if name == "CURVE":
                zmq.set_curve_client(client, public)
            if name == "REP":
                client.req_relaxed = client.req_correlate = True
            client.connect(endpoint)

    def are_served(self) -> bool:
        """Each sends once and has its answer."""
        self.rounds += 1
        text = b"good %d" % self.rounds
        for name, client in self._clients.items():
            if name == "STREAM":
                client.sendall(text)
            elif name == "XPUB":
                client.subscribe(text)  # the server publishes what it is asked for
            else:
                client.send(text)
        missing = set(self._clients)
        until = time.monotonic() + PATIENCE_SECONDS
        while missing and time.monotonic() < until:
            if self._acknowledged.poll(1000):
                name, said = self._acknowledged.recv_multipart()
                if text in said:
                    missing.discard(name.decode())
        for name in {"ROUTER", "REP", "XPUB"} & set(self._clients) - missing:
            client = self._clients[name]
            while name == "REP" and not client.poll(200) and time.monotonic() < until:
                self.asked_again += 1
                client.send(text)
            client.rcvtimeo = 1000 * PATIENCE_SECONDS
            if client.recv() != text:
                missing.add(f"{name} (reply)")
        self.missing = sorted(missing)
        return not missing


def record(endpoint: str, socket_type: int, public: bytes | None) -> bytes:
    """What an honest client writes to a server: through a relay, until a message has gone."""
    port = int(endpoint.rpartition(":")[2])
    out = []
    with system_socket.create_server(("127.0.0.1", 0)) as listener, zmq.Context() as context:
        client: Any = context.socket(socket_type)
        if public:
            zmq.set_curve_client(client, public)
        client.connect(f"tcp://127.0.0.1:{listener.getsockname()[1]}")
        if socket_type == zmq.SUB:
            client.subscribe(b"recorded")
        else:
            client.send(b"recorded")
        one = listener.accept()[0]
        with one, system_socket.create_connection(("127.0.0.1", port)) as two:
            two.settimeout(0.05)
            one.settimeout(0.05)
            quiet = 0
            while quiet < 4:
                for source, target in ((one, two), (two, one)):
                    try:
                        data = source.recv(1 << 16)
                    except TimeoutError:
                        quiet += 1
                        continue
                    except system_socket.timeout:  # another class before CPython 3.10
                        quiet += 1
                        continue
                    quiet = 0
                    target.sendall(data)
                    if source is one:
                        out.append(data)
        client.close(0)
    return b"".join(out)


def write_all(connections: list[tuple[Any, list[bytes], bool]]) -> None:
    """Write the pieces of all streams in turns, then end the connections, some of them abruptly."""
    longest = max(len(pieces) for _, pieces, _ in connections)
    for turn in range(longest):
        for connection, pieces, _ in connections:
            if turn < len(pieces):
                try:
                    connection.send(pieces[turn])
                except OSError:
                    pieces.clear()  # the server has had enough
        if turn == 0:
            select.select([], [], [], HANDSHAKE_SECONDS)  # no state tells a hostile peer that the server has read
    for connection, _, abrupt in connections:
        try:
            if abrupt:
                connection.setsockopt(system_socket.SOL_SOCKET, system_socket.SO_LINGER, struct.pack("ii", 1, 0))
                connection.close()
            else:
                connection.shutdown(system_socket.SHUT_WR)
        except OSError:
            connection.close()
    # Reading to the end lets the server read everything, too. A STREAM server does not end.
    until = time.monotonic() + DRAIN_SECONDS
    waiting = {connection.fileno(): connection for connection, _, _ in connections if connection.fileno() >= 0}
    poller = select.poll()
    for descriptor in waiting:
        poller.register(descriptor, select.POLLIN)
    while waiting and time.monotonic() < until:
        for descriptor, _ in poller.poll(20):
            try:
                ended = not waiting[descriptor].recv(1 << 16)
            except OSError:
                ended = True
            if ended:
                poller.unregister(descriptor)
                waiting.pop(descriptor).close()
    for connection in waiting.values():
        connection.close()


def run(report: Report, streams: int, seed: int) -> None:
    """Write as many streams, the kinds of which the seed chooses."""
    choose = random.Random(seed)
    context: Any = zmq.Context()
    honest = Honest(context, {}, b"")
    listeners = [system_socket.create_server(("127.0.0.1", 0), backlog=50) for _ in CLIENTS]
    ports = " ".join(str(listener.getsockname()[1]) for listener in listeners)
    child = children.start(f"import sys; sys.path[:0] = {sys.path!r}; import malformed; malformed.serve()")
    assert child.stdin is not None
    assert child.stdout is not None
    child.stdin.write(f"{ports} {honest.port}\n")
    child.stdin.flush()
    said = child.stdout.readline().split()
    endpoints = {name: endpoint for name, endpoint in zip(SERVERS, said) if endpoint != "-"}
    public = said[-1].encode()
    honest.connect(endpoints, public)
    kinds: Counter[str] = Counter()
    served = honest.are_served()
    recorded = [
        record(endpoints["PULL"], zmq.PUSH, None),
        record(endpoints["XPUB"], zmq.SUB, None),
        record(endpoints["ROUTER"], zmq.DEALER, None),
    ]
    if "CURVE" in endpoints:
        recorded += [record(endpoints["CURVE"], zmq.PUSH, public)] * 2
    make = Streams(seed, recorded)
    for listener in listeners:
        listener.settimeout(0.1)
    done = 0
    while done < streams and served and child.poll() is None:
        connections = []
        for listener in listeners:
            try:
                connections.append((listener.accept()[0], "to a client"))
            except OSError:
                continue  # that client still has its last connection
        while len(connections) < min(BATCH, streams - done):
            port = int(choose.choice(list(endpoints.values())).rpartition(":")[2])
            connections.append((system_socket.create_connection(("127.0.0.1", port)), "to a server"))
        writing = []
        for connection, target in connections:
            kind, pieces = make.next()
            kinds[f"{kind} {target}"] += 1
            connection.settimeout(1)
            writing.append((connection, pieces, choose.random() < 0.4))
        write_all(writing)
        done += len(connections)
        served = honest.are_served()
        if streams >= 20_000 and done // 10_000 != (done - len(connections)) // 10_000:
            report.say(f"{done:,} streams, the honest clients served {honest.rounds} times")
    alive = child.poll() is None
    ended = children.finish(child, PATIENCE_SECONDS)
    for connection in listeners:
        connection.close()
    context.destroy(0)
    report.figure(f"{done:,} streams of {len(kinds)} kinds, seed {seed}: the process lives: {alive}", alive)
    report.figure(f"honest clients of {', '.join(endpoints)} served {honest.rounds} times: {served}", served)
    # A request without a delimiter, read when its peer has gone, makes libzmq drop the next reply, whoever's it is.
    report.say(f"requests to REP that were sent again after 0.2 s: {honest.asked_again}")
    if not served:
        report.say(f"not served: {', '.join(honest.missing)}")
    report.figure(f"the process then ended with code {ended.code} {ended.signal or ''}".rstrip(), ended.well)
    if not ended.well:
        report.say(ended.stderr[-3000:])
