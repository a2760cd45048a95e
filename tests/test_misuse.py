"""Misuse raises, in a process that goes on and ends by itself: libzmq on its own aborts or hangs over much of this."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from exit_children import child_code

import zmqlite

JOIN_OF_A_PULL = "ZMQError ENOTSUP" if zmqlite.has("draft") else "ZMQVersionError"  # whose errno is None

# name: (code of a child, what it prints). tell(call) prints the exception that the call raised.
MISUSES = {
    "use after close": (
        """
        socket = zmq.Context().socket(zmq.DEALER)
        socket.close()
        socket.close()
        print(socket.closed)
        for call in (
            lambda: socket.send(b"x"), lambda: socket.send(bytes(5000)), lambda: socket.send_multipart([b"x", b"y"]),
            lambda: socket.send_many([b"x"]), socket.recv, lambda: socket.recv(copy=False), socket.recv_multipart,
            socket.recv_many, lambda: socket.recv_into(bytearray(1)), lambda: socket.bind("inproc://x"),
            lambda: socket.connect("inproc://x"), lambda: socket.unbind("inproc://x"),
            lambda: socket.disconnect("inproc://x"), lambda: socket.get(zmq.LINGER), lambda: socket.set(zmq.LINGER, 0),
            lambda: socket.get(zmq.LAST_ENDPOINT), lambda: socket.linger, lambda: socket.fileno(),
            lambda: socket.monitor("inproc://x"), lambda: zmq.zmq_poll([(socket, zmq.POLLIN)], 0),
            lambda: zmq.proxy(socket, socket),
        ):
            tell(call)
        tell(socket.poll, 0)
        """,
        # A closed socket is never ready: poll() leaves it out, as pyzmq does.
        ["True", *19 * ["ZMQError ENOTSOCK"], "returned []", "ZMQError ENOTSOCK", "ZMQError ENOTSUP"],
    ),
    "use after term": (
        """
        context = zmq.Context()
        context.term()
        context.term()
        context.destroy()
        print(context.closed)
        tell(context.socket, zmq.PULL)
        tell(context.get, zmq.IO_THREADS)
        tell(context.set, zmq.IO_THREADS, 2)
        """,
        ["True", "ZMQError ENOTSUP", "ContextTerminated ETERM", "ContextTerminated ETERM"],
    ),
    "a socket that outlives its context": (
        """
        context = zmq.Context()
        socket, busy = context.socket(zmq.PULL), context.socket(zmq.PULL)
        context.destroy()
        tell(socket.recv)
        tell(socket.bind, "inproc://x")
        socket.close()
        print(socket.closed)
        """,
        ["ZMQError ENOTSOCK", "ZMQError ENOTSOCK", "True"],
    ),
    "a socket whose context is being terminated": (
        """
        context = zmq.Context()
        socket = context.socket(zmq.PULL)
        tell(context.term, timeout=1)
        for call in (socket.recv, socket.recv_multipart, socket.recv_many, lambda: socket.poll(1000), socket.events):
            tell(call)
        """.replace("socket.events)", "lambda: socket.events)"),
        ["Again EAGAIN"] + 5 * ["ContextTerminated ETERM"],
    ),
    "the wrong verb for the type": (
        """
        context = zmq.Context()
        pull, push, req = context.socket(zmq.PULL), context.socket(zmq.PUSH), context.socket(zmq.REQ)
        tell(pull.send, b"x")
        tell(pull.send_many, [b"x"])
        tell(push.recv)
        tell(push.recv_many)
        tell(req.recv)
        tell(pull.subscribe, b"")
        tell(pull.join, "group")
        """,
        4 * ["ZMQError ENOTSUP"] + ["ZMQError EFSM", "ZMQError EINVAL", JOIN_OF_A_PULL],
    ),
    "surrogates": (
        """
        socket = zmq.Context().socket(zmq.DISH)
        tell(socket.bind, "inproc://\\udcff")
        tell(socket.connect, "inproc://\\ud800")
        tell(socket.send_string, "\\ud800")
        tell(socket.set_string, zmq.ROUTING_ID, "\\ud800")
        tell(lambda: socket.send(b"x", group="\\ud800"))
        """,
        ["returned <SocketContext(bind='inproc://\\udcff')>"] + 4 * ["UnicodeEncodeError"],
    ),
    "messages too long for udp": (
        """
        if not zmq.has("draft"):
            print(9 * "ZMQError EMSGSIZE\\n" + "b'fits'\\nb'fits'")
            sys.exit()
        context = zmq.Context()
        dish, radio, dgram = (context.socket(kind) for kind in (zmq.DISH, zmq.RADIO, zmq.DGRAM))
        port = system_socket.socket(type=system_socket.SOCK_DGRAM)
        port.bind(("127.0.0.1", 0))
        port = port.getsockname()[1]
        radio.connect(f"udp://127.0.0.1:{port}")
        dgram.bind("udp://127.0.0.1:*")
        address = b"127.0.0.1:%d" % port
        frame = zmq.Frame(bytes(9000))
        frame.group = "group"
        for call in (
            lambda: radio.send(bytes(8000), group="group"), lambda: radio.send(bytes(100000), group="group"),
            lambda: radio.send(bytearray(100000), group="group", copy=False), lambda: radio.send(frame),
            lambda: dgram.send_multipart([address, bytes(8193)]), lambda: dgram.send_many([[address, bytes(8193)]]),
            lambda: dgram.send_multipart([address, bytes(100000)], copy=False),
        ):
            tell(call)
        other = context.socket(zmq.DGRAM)
        other.bind("udp://127.0.0.1:*")
        for size in (8193, 100000):
            other.send(address, zmq.SNDMORE)
            tell(other.send, bytes(size))
            other.send(b"fits")
        peer = system_socket.socket(type=system_socket.SOCK_DGRAM)
        peer.bind(("127.0.0.1", 0))
        to_peer = b"127.0.0.1:%d" % peer.getsockname()[1]
        other.send_multipart([to_peer, b"fits"])
        print(peer.recv(10))
        other.send_multipart([to_peer, bytes(8192)])
        print(b"fits" if len(peer.recv(10000)) == 8192 else b"lost")
        """,
        9 * ["ZMQError EMSGSIZE"] + ["b'fits'", "b'fits'"],
    ),
    "numbers out of range": (
        """
        context = zmq.Context()
        socket = context.socket(zmq.DEALER)
        tell(zmq.Context, -1)
        tell(zmq.Context, 1 << 80)
        tell(zmq.Context, 1.5)
        tell(context.socket, -1)
        tell(context.socket, 99)
        tell(context.socket, 1 << 80)
        tell(context.socket, "PULL")
        for option, value in (
            (zmq.MAXMSGSIZE, -2), (zmq.LINGER, -2), (zmq.SNDHWM, -1), (zmq.RCVHWM, 1 << 31), (zmq.BACKLOG, -1),
            (zmq.SNDTIMEO, -2), (zmq.IMMEDIATE, 2), (zmq.RECONNECT_IVL, -2), (zmq.ROUTING_ID, b""),
            (zmq.ROUTING_ID, bytes(256)), (zmq.CURVE_SERVERKEY, b"short"), (zmq.TYPE, 1), (9999, 1), (-1, 1),
        ):
            tell(socket.set, option, value)
        tell(socket.set, zmq.LINGER, "1")
        tell(socket.set, zmq.ROUTING_ID, 1)
        tell(socket.get, 9999)
        tell(socket.poll, 1 << 40)
        tell(socket.recv, 1 << 40)
        tell(lambda: socket.send(b"x", routing_id=1 << 40))
        tell(lambda: socket.send(b"x", routing_id=-1))
        tell(lambda: socket.recv_many(0))
        tell(lambda: socket.recv_many(timeout=-2))
        tell(lambda: socket.recv_into(bytearray(3), nbytes=4))
        tell(lambda: socket.recv_into(b"123"))
        tell(lambda: socket.bind_to_random_port("tcp://127.0.0.1", 5, 4))
        tell(lambda: zmq.set_exit_linger(-2))
        tell(lambda: zmq.set_exit_linger("1"))
        """,
        ["ZMQError EINVAL", "OverflowError", "TypeError"]
        + ["ZMQError EINVAL", "ZMQError EINVAL", "OverflowError", "TypeError"]
        + 3 * ["ZMQError EINVAL"] + ["OverflowError"] + 10 * ["ZMQError EINVAL"]
        + ["TypeError", "TypeError", "ZMQError EINVAL"]
        + 4 * ["OverflowError"]
        + ["ValueError", "ValueError", "ValueError", "BufferError", "ValueError", "ValueError", "TypeError"],
    ),
}

# What bind() and connect() say to it.
ENDPOINTS: dict[Any, tuple[str, str]] = {
    "": ("EINVAL", "EINVAL"),
    "tcp": ("EINVAL", "EINVAL"),
    "tcp://": ("EINVAL", "EINVAL"),
    "tcp://*": ("EINVAL", "EINVAL"),
    "tcp://*:": ("EINVAL", "EINVAL"),
    "tcp://*:99999": ("EINVAL", "EINVAL"),
    "tcp://*:-1": ("EINVAL", "EINVAL"),
    "tcp://*:1.5": ("EINVAL", "EINVAL"),
    "tcp://*:http": ("EINVAL", "EINVAL"),
    "tcp://127.0.0.1:80\0": ("EINVAL", "EINVAL"),
    b"tcp://127.0.0.1:80\0": ("EINVAL", "EINVAL"),
    "tcp://127.0.0.1:" + "9" * 5000: ("EINVAL", "EINVAL"),
    "tcp://[::1": ("EINVAL", "EINVAL"),
    "tcp://:::": ("EINVAL", "EINVAL"),
    "tcp:/127.0.0.1:1": ("EINVAL", "EINVAL"),
    "://": ("EINVAL", "EINVAL"),
    "nothing://x": ("EPROTONOSUPPORT", "EPROTONOSUPPORT"),
    "x" * 100000: ("EINVAL", "EINVAL"),
    "inproc://": ("EINVAL", "EINVAL"),
    "ipc://": ("EINVAL", "EINVAL"),
    "ipc:///tmp/" + "x" * 300: ("ENAMETOOLONG", "ENAMETOOLONG"),
    "udp://127.0.0.1:5555": ("ENOCOMPATPROTO", "ENOCOMPATPROTO"),
    "pgm://127.0.0.1:5555": ("ENOCOMPATPROTO" if zmqlite.has("pgm") else "EPROTONOSUPPORT",) * 2,
}


@pytest.mark.parametrize("name", MISUSES)
def test_misuse_raises_and_the_process_goes_on(name: str, run_child: Callable[..., Any]) -> None:
    """Each call raises what it should, and the process ends by itself with code 0."""
    code, expected = MISUSES[name]
    child = run_child(child_code(code))
    assert (child.exit_code, child.signal) == (0, None), child.stderr
    assert child.stdout.splitlines() == expected


def test_nonsense_endpoints_are_refused(run_child: Callable[..., Any]) -> None:
    """libzmq takes some of these and aborts over others."""
    code = """
        for endpoint in ENDPOINTS:
            with zmq.Context() as context, context.socket(zmq.PULL) as bound, context.socket(zmq.PULL) as connected:
                tell(bound.bind, endpoint)
                tell(connected.connect, endpoint)
        socket = zmq.Context().socket(zmq.PULL)
        tell(socket.bind, "ipc:///no/such/folder/x")
        tell(socket.bind, "tcp://192.0.2.1:*")
        tell(socket.bind, "tcp://no-such-interface:*")
        tell(socket.connect, "tcp://*:5555")
        tell(socket.unbind, "tcp://127.0.0.1:1")
        tell(socket.disconnect, "tcp://127.0.0.1:1")
        for endpoint in (None, 5, object(), ["tcp://*:*"]):
            tell(socket.bind, endpoint)
            tell(socket.connect, endpoint)
    """
    child = run_child(child_code(code, ENDPOINTS=list(ENDPOINTS)))
    assert (child.exit_code, child.signal) == (0, None), child.stderr
    lines = iter(child.stdout.splitlines())
    said = {endpoint: (next(lines), next(lines)) for endpoint in ENDPOINTS}
    assert said == {endpoint: tuple(f"ZMQError {name}" for name in names) for endpoint, names in ENDPOINTS.items()}
    assert [line.removeprefix("ZMQError ") for line in lines] == [
        *("ENOENT", "EADDRNOTAVAIL", "ENODEV", "EINVAL", "ENOENT", "ENOENT"),
        *(8 * ["TypeError"]),
    ]
