"""Binding, connecting, and taking it back."""

from __future__ import annotations

import os

from probe import Probe, snippet


@snippet
def bad_endpoints(p: Probe) -> None:
    """What libzmq refuses, with which errno."""
    for endpoint in (
        "nonsense",
        "",
        "tcp://",
        "tcp://127.0.0.1",
        "tcp://127.0.0.1:",
        "tcp://127.0.0.1:x",
        "tcp://nohost.invalid:*",
        "foo://x",
        "udp://127.0.0.1:5555",
        "ipc:///nonexistent/dir/socket",
        "inproc://" + "x" * 300,
        b"inproc://bytes",
        5,
        None,
    ):
        p.say(str(endpoint)[:30])
        p.attempt(p.socket("PUSH").bind, endpoint)
    for endpoint in ("nonsense", "", "tcp://127.0.0.1", "tcp://127.0.0.1:x", "foo://x", "udp://127.0.0.1:5555", 5):
        p.say(str(endpoint)[:30])
        p.attempt(p.socket("PUSH").connect, endpoint)
    for name in ("unbind", "disconnect"):
        for endpoint in ("inproc://x", "tcp://127.0.0.1:5999", "nonsense", 5):
            p.attempt(getattr(p.socket("PUSH"), name), endpoint)


@snippet
def errors_name_the_address(p: Probe) -> None:
    """The message of a failed bind or connect has the address."""
    for name in ("bind", "connect"):
        try:
            getattr(p.socket("PUSH"), name)("foo://the-address")
        except p.zmq.ZMQError as error:
            p.say("foo://the-address" in str(error), error.errno, isinstance(error.strerror, str))


@snippet
def too_long_ipc_path(p: Probe) -> None:
    """The message says so."""
    path = "/tmp/" + "x" * 150
    try:
        p.socket("PUSH").bind(f"ipc://{path}")
    except p.zmq.ZMQError as error:
        p.say(path in str(error), str(p.zmq.IPC_PATH_MAX_LEN) in str(error))
    p.say(p.zmq.IPC_PATH_MAX_LEN)


@snippet
def address_in_use(p: Probe) -> None:
    """EADDRINUSE over tcp and inproc."""
    first, second = p.socket("PUSH"), p.socket("PUSH")
    for endpoint in ("tcp://127.0.0.1:*", "inproc://x"):
        first.bind(endpoint)
        p.attempt(second.bind, first.last_endpoint.decode())


@snippet
def last_endpoint_is_resolved(p: Probe) -> None:
    """Wildcards are gone, and it is bytes."""
    socket = p.socket("PUSH")
    p.say(socket.last_endpoint)
    socket.bind("tcp://127.0.0.1:*")
    endpoint = socket.last_endpoint
    p.say(type(endpoint), endpoint.startswith(b"tcp://127.0.0.1:"), b"*" in endpoint)
    socket.bind("inproc://y")
    p.say(socket.last_endpoint)
    socket.connect("inproc://z")
    p.say(socket.last_endpoint, socket.LAST_ENDPOINT, socket.get_string(p.zmq.LAST_ENDPOINT))


@snippet
def bind_and_unbind(p: Probe) -> None:
    """Twice is ENOENT."""
    for endpoint in ("tcp://127.0.0.1:*", "ipc://*", "inproc://x"):
        socket = p.socket("PUSH")
        p.attempt(socket.bind, endpoint)
        p.attempt(socket.unbind, socket.last_endpoint.decode())
        p.attempt(socket.unbind, socket.last_endpoint)
    socket = p.socket("PUSH")
    p.attempt(socket.connect, "tcp://127.0.0.1:5999")
    p.attempt(socket.disconnect, "tcp://127.0.0.1:5999")
    p.attempt(socket.disconnect, "tcp://127.0.0.1:5999")


@snippet
def bind_as_a_context_manager(p: Probe) -> None:
    """It unbinds at the end, wildcards included."""
    socket, other = p.socket("PULL"), p.socket("PULL")
    with socket.bind("tcp://127.0.0.1:0") as bound:
        p.say(bound is socket)
        endpoint = socket.last_endpoint.decode()
        p.attempt(other.bind, endpoint)
    p.attempt(other.unbind, endpoint)
    p.attempt(socket.unbind, endpoint)
    with socket.bind("inproc://x"):
        socket.close()


@snippet
def connect_as_a_context_manager(p: Probe) -> None:
    """It disconnects at the end."""
    push, pull = p.socket("PUSH"), p.socket("PULL")
    pull.bind("tcp://127.0.0.1:*")
    endpoint = pull.last_endpoint.decode()
    with push.connect(endpoint) as connected:
        p.say(connected is push)
        push.send(b"x")
        p.attempt(pull.recv)
    p.attempt(push.disconnect, endpoint)
    manager = push.connect("inproc://x")
    p.say(repr(manager).endswith("SocketContext(connect='inproc://x')>"), manager.addr, manager.kind)
    p.say(manager.socket is push)


@snippet
def binding_to_a_random_port(p: Probe) -> None:
    """A port, or ZMQBindError."""
    socket = p.socket("PUSH")
    port = socket.bind_to_random_port("tcp://127.0.0.1")
    p.say(type(port), socket.last_endpoint == f"tcp://127.0.0.1:{port}".encode())
    other = p.socket("PUSH")
    p.attempt(other.bind_to_random_port, "tcp://127.0.0.1", min_port=port, max_port=port + 1, max_tries=3)
    p.attempt(other.bind_to_random_port, "tcp://127.0.0.1", port, port + 1, 0)
    p.attempt(other.bind_to_random_port, "tcp://127.0.0.1", 9, 5)
    p.attempt(other.bind_to_random_port, "nonsense", 20000, 20001)
    p.attempt(other.bind_to_random_port, "nonsense")
    p.say(issubclass(p.zmq.ZMQBindError, p.zmq.ZMQError), issubclass(p.zmq.ZMQBindError, p.zmq.ZMQBaseError))


@snippet
def file_descriptor(p: Probe) -> None:
    """fileno() is an open descriptor."""
    socket = p.socket("PUSH")
    p.say(socket.fileno() == socket.FD, os.fstat(socket.fileno()) is not None)


@snippet
def ports_that_are_none(p: Probe) -> None:
    """Beyond 65535, and negative."""
    for port in ("99999", "-1", "65536"):
        p.attempt(p.socket("PUSH").connect, f"tcp://127.0.0.1:{port}")


@snippet
def endpoints_with_a_nul(p: Probe) -> None:
    """C ends there."""
    p.attempt(p.socket("PUSH").bind, "inproc://a\0b")


@snippet
def text_of_an_error(p: Probe) -> None:
    """What str() says of a failed bind()."""
    try:
        p.socket("PUSH").bind("foo://x")
    except p.zmq.ZMQError as error:
        p.say(str(error))
