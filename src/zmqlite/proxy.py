"""Forwarding between two sockets until somebody ends it.

The loop is native and never waits inside libzmq, so that a signal, a TERMINATE or the end of the context stops it
between two messages: libzmq's own loop loses the message in its hands.
"""

from __future__ import annotations

import threading
from errno import EAGAIN, EINTR
from warnings import warn

from ._backend import SocketBase
from ._native import ffi, lib
from .errors import error_from_errno
from .waiting import SLICE_MS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from .socket import Socket

__all__ = ["device", "monitored_queue", "proxy", "proxy_steerable"]

# Where no signal handler runs there is nothing to look for: the end of the context wakes the loop by itself.
_THREAD_SLICE_MS = 1000


def _native_of(call: str, name: str, socket: Any) -> Any:
    if not isinstance(socket, SocketBase):
        raise TypeError(f"{call} takes a Socket as {name}, got {type(socket).__name__}")
    return socket._native


def _forward(call: str, native: Any) -> int:
    """Run a zl_proxy to its end, and free it."""
    main = threading.current_thread() is threading.main_thread()
    slice_ms = SLICE_MS if main else _THREAD_SLICE_MS
    try:
        while (errno := -lib.zl_proxy_run(native, slice_ms)) != 0:
            if errno not in (EAGAIN, EINTR):
                raise error_from_errno(errno, call)
    finally:
        lost = lib.zl_proxy_free(native)
        if lost:
            warn(
                f"{call} ended with {lost} message(s) received and not sent on, because nobody had room for "
                "them: they are lost",
                ResourceWarning,
                stacklevel=3,
            )
    return 0


def _make(call: str, frontend: Any, backend: Any, capture: Any, control: Any) -> Any:
    natives = [_native_of(call, "frontend", frontend), _native_of(call, "backend", backend)]
    for name, socket in (("capture", capture), ("control", control)):
        natives.append(ffi.NULL if socket is None else _native_of(call, name, socket))
    native = lib.zl_proxy_new(*natives)
    if not native:
        raise error_from_errno(ffi.errno, call)
    return native


def proxy(frontend: Socket[Any], backend: Socket[Any], capture: Socket[Any] | None = None) -> int:
    """Forward messages both ways between two sockets, until the context ends.

    While one side has no room nothing is read for it, and the other direction goes on. A signal handler that raises
    (Ctrl-C) ends it within 200 ms.

    Args:
        frontend: ROUTER, XSUB, PULL, ...: the side of the clients.
        backend: DEALER, XPUB, PUSH, ...: the side of the services; the frontend itself reflects messages.
        capture: PUB, DEALER, PUSH or PAIR: gets a copy of every message. A full PUB drops; a full DEALER, PUSH or PAIR,
            or one without a peer, holds both directions up.

    Raises:
        ContextTerminated: ETERM, the context ended. This is how a proxy ends.
        ZMQError: ENOTSOCK, a socket is closed; EHOSTUNREACH, a ROUTER with ROUTER_MANDATORY has no such peer.
        SocketInUse: another thread is inside one of the sockets.

    Warns:
        ResourceWarning: it ended while it held a message that nobody had room for, not in the next 50 ms either.

    Source: zmq_proxy(3).
    """
    return _forward("proxy()", _make("proxy()", frontend, backend, capture, None))


def proxy_steerable(
    frontend: Socket[Any],
    backend: Socket[Any],
    capture: Socket[Any] | None = None,
    control: Socket[Any] | None = None,
) -> int:
    """Forward as proxy() does, and obey a control socket.

    Args:
        frontend: as for proxy().
        backend: as for proxy().
        capture: as for proxy(); it gets a copy of every command too, when it has room.
        control: PAIR, SUB, PULL, REP, ...: receives `PAUSE`, `RESUME`, `STATISTICS` and `TERMINATE`, one frame each.
            `STATISTICS` is answered by 8 frames, each a uint64 in native byte order: messages received, bytes
            received, messages sent, bytes sent, of the frontend and then of the backend. A REP gets an empty answer to
            the others. What is no command is ignored, and so is an answer that the control socket cannot send.

    Returns:
        0 after `TERMINATE`. A message already read waits up to 1 s for room first.

    Raises:
        ContextTerminated: ETERM, the context ended.
        ZMQError: as proxy().

    Source: zmq_proxy_steerable(3).
    """
    return _forward("proxy_steerable()", _make("proxy_steerable()", frontend, backend, capture, control))


def monitored_queue(
    in_socket: Socket[Any],
    out_socket: Socket[Any],
    mon_socket: Socket[Any],
    in_prefix: bytes = b"in",
    out_prefix: bytes = b"out",
) -> int:
    """Forward as proxy() does, and tell the directions apart in what is captured.

    Between two ROUTERs the first two frames change places, so that a client reaches the peer it names.

    Args:
        in_socket: one side; copies of its messages begin with in_prefix.
        out_socket: the other side; copies of its messages begin with out_prefix.
        mon_socket: gets the copies: see capture of proxy().
        in_prefix: the first frame of the copies, bytes-like.
        out_prefix: likewise.

    Raises:
        ContextTerminated: ETERM, the context ended.
        ZMQError: as proxy().
    """
    prefixes = []
    given: tuple[Any, Any] = (in_prefix, out_prefix)
    for prefix in given:
        if isinstance(prefix, str):
            raise TypeError("monitored_queue() takes bytes-like prefixes, got str: encode them")
        prefixes.append(bytes(memoryview(prefix)))
    native = _make("monitored_queue()", in_socket, out_socket, mon_socket, None)
    if lib.zl_proxy_set_prefix(native, prefixes[0], len(prefixes[0]), prefixes[1], len(prefixes[1])) != 0:
        errno = ffi.errno
        lib.zl_proxy_free(native)
        raise error_from_errno(errno, "monitored_queue()")
    return _forward("monitored_queue()", native)


def device(device_type: int, frontend: Socket[Any], backend: Socket[Any]) -> int:
    """Forward as proxy() does: its old name.

    Args:
        device_type: QUEUE, FORWARDER or STREAMER; makes no difference.
        frontend: as for proxy().
        backend: as for proxy().

    Raises:
        ContextTerminated: ETERM, the context ended.
    """
    return proxy(frontend, backend)
