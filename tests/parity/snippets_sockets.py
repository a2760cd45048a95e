"""Sockets: making, sharing, closing."""

from __future__ import annotations

import copy
import gc
from typing import Any

from probe import Probe, snippet

CLOSED_CALLS = (
    ("send", (b"x",)),
    ("send_multipart", ([b"x"],)),
    ("send_string", ("x",)),
    ("send_json", (1,)),
    ("recv", ()),
    ("recv_multipart", ()),
    ("recv_string", ()),
    ("recv_into", (bytearray(1),)),
    ("get", (17,)),
    ("set", (17, 0)),
    ("bind", ("inproc://x",)),
    ("connect", ("inproc://x",)),
    ("unbind", ("inproc://x",)),
    ("disconnect", ("inproc://x",)),
    ("subscribe", (b"",)),
    ("fileno", ()),
    ("poll", (0,)),
    ("monitor", ("inproc://m",)),
    ("get_monitor_socket", ()),
    ("bind_to_random_port", ("tcp://127.0.0.1",)),
    ("get_hwm", ()),
    ("close", ()),
)


@snippet
def making_a_socket(p: Probe) -> None:
    """What Context.socket() and Socket() take."""
    for wrong in (999, "PUSH", None):
        p.attempt(p.context.socket, wrong)
    p.attempt(p.zmq.Socket)
    p.attempt(p.zmq.Socket, "context", 1)
    p.attempt(p.zmq.Socket, p.context)
    p.attempt(p.context.socket, 8).close()
    p.attempt(p.context.socket, socket_type=8).close()
    p.attempt(p.context.socket, 8, bogus=1)
    p.attempt(p.context.socket, 8, copy_threshold=5).close()


@snippet
def negative_socket_type(p: Probe) -> None:
    """socket(-1)."""
    p.attempt(p.context.socket, -1)


@snippet
def socket_class_of_a_call(p: Probe) -> None:
    """Any callable that takes the context, the type and the keywords."""

    class Child(p.zmq.Socket):  # type: ignore[misc, name-defined]
        extra: Any = None

        def __init__(self, *args: Any, extra: Any = None, **kwargs: Any) -> None:
            super().__init__(*args, **kwargs)
            self.extra = extra

    p.context.linger = 3
    socket = p.context.socket(p.zmq.PUSH, socket_class=Child, extra=5)
    p.say(type(socket), socket.extra, socket.linger, socket.context is p.context)
    socket.close()

    class Made(p.zmq.Context):  # type: ignore[misc, name-defined]
        _socket_class = Child

    with Made() as context:
        socket = context.socket(p.zmq.PUSH, extra=7)
        p.say(type(socket), socket.extra)
        socket.close()


@snippet
def every_type(p: Probe) -> None:
    """Each stable socket type."""
    names = "PAIR PUB SUB REQ REP DEALER ROUTER XREQ XREP PULL PUSH XPUB XSUB STREAM"
    for name in names.split():
        socket = p.socket(name)
        p.say(socket.type, int(socket.type))
        socket.close()


@snippet
def closing_a_socket(p: Probe) -> None:
    """close() twice, with linger, closed, with."""
    socket = p.context.socket(p.zmq.PUSH)
    p.say(socket.closed)
    p.attempt(socket.close, linger=0)
    p.say(socket.closed, socket.underlying, socket.type)
    p.attempt(socket.close)
    with p.context.socket(p.zmq.PUSH) as socket:
        p.say(socket.closed)
    p.say(socket.closed)
    p.attempt(p.context.socket(p.zmq.PUSH).close, linger="x")


@snippet
def calls_on_a_closed_socket(p: Probe) -> None:
    """ENOTSOCK, and ENOTSUP from poll()."""
    socket = p.socket("SUB")
    socket.close()
    for name, arguments in CLOSED_CALLS:
        p.say(name)
        p.attempt(getattr(socket, name), *arguments)


@snippet
def disable_monitor_of_a_closed_socket(p: Probe) -> None:
    """There is none."""
    socket = p.socket("PUSH")
    socket.close()
    p.attempt(socket.disable_monitor)


@snippet
def attributes_of_a_closed_socket(p: Probe) -> None:
    """ENOTSOCK too."""
    socket = p.socket("SUB")
    socket.close()
    p.attempt_get(socket, "linger", "last_endpoint", "hwm", "fd", "nonsense")
    p.attempt_set(socket, linger=0, subscribe=b"", hwm=1)
    p.say(socket.context is p.context)


@snippet
def socket_shadows(p: Probe) -> None:
    """A shadow is the same libzmq socket."""
    socket = p.socket("PUSH")
    for shadow in (
        p.zmq.Socket.shadow(socket.underlying),
        p.zmq.Socket.shadow(socket),
        p.zmq.Socket(socket),
        p.zmq.Socket(shadow=socket),
        copy.copy(socket),
        copy.deepcopy(socket),
    ):
        p.say(shadow.underlying == socket.underlying, shadow is socket, shadow.type, shadow.closed)
    shadow = p.zmq.Socket(socket)
    p.say(shadow.context is p.context)
    del shadow
    gc.collect()
    p.say(socket.closed)


@snippet
def sockets_as_keys(p: Probe) -> None:
    """A socket is equal to itself only, and can be a key."""
    first, second = p.socket("PUSH"), p.socket("PUSH")
    shadow = p.zmq.Socket(first)
    p.say(first == first, first == second, first == shadow, len({first, second, shadow}))
    p.say(bool(first))


@snippet
def generic_classes(p: Probe) -> None:
    """Socket[bytes] and Context[Socket] work at run time."""
    p.attempt(lambda: p.zmq.Socket[bytes] is not None)
    p.attempt(lambda: p.zmq.Context[p.zmq.Socket] is not None)
    p.say(p.zmq.SyncSocket is not None, p.zmq.SyncContext is not None)


@snippet
def deprecated_socket_type(p: Probe) -> None:
    """socket_type warns."""
    socket = p.socket("PUSH")
    p.say(p.warned(lambda: int(socket.socket_type)))
