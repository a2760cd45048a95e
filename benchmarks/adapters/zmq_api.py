"""Sockets and loops of the programs that have pyzmq's names: zmqlite, pyzmq and pyomq."""

from __future__ import annotations

from itertools import repeat
from time import perf_counter_ns

from .coroutines import Coroutines
from .loops import PythonLoops, check_size

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

__all__ = ["HIGH_WATER_MARK", "ZmqApi"]

# Of the throughput setting, for programs that have no name for such a setting.
HIGH_WATER_MARK = 100_000


class ZmqApi(Coroutines, PythonLoops):
    """A program with pyzmq's names.

    Args:
        zmq: the module.
        copy: see PythonLoops.
        tuning: "throughput" raises the high-water marks.
        events: look at EVENTS before receiving what may not be there.
    """

    def __init__(self, zmq: Any, copy: bool | None = None, tuning: str | None = None, events: bool = False) -> None:
        super().__init__(copy)
        self.zmq = zmq
        self.tuning = tuning
        self.events = events
        self.context = self.make_context()

    def make_context(self) -> Any:
        """A context in the wanted setting."""
        return self.zmq.Context()

    def describe(self) -> dict[str, Any]:
        """Versions of the program and of its libzmq."""
        return {"version": self.zmq.pyzmq_version(), "libzmq": self.zmq.zmq_version()}

    def socket(self, kind: str, **options: Any) -> Any:
        """Make a socket.

        Args:
            kind: "PUSH", "SUB", ...
            options: by their small names; hwm is sndhwm and rcvhwm.
        """
        socket = self.context.socket(getattr(self.zmq, kind))
        if self.tuning:
            self.tune(socket)
        hwm = options.pop("hwm", None)
        if hwm is not None:
            options.update(sndhwm=hwm, rcvhwm=hwm)
        for name, value in options.items():
            if name == "subscribe":
                socket.setsockopt(self.zmq.SUBSCRIBE, value)
            else:
                setattr(socket, name, value)
        return socket

    def tune(self, socket: Any) -> None:
        """Give a socket the throughput setting."""
        socket.sndhwm = socket.rcvhwm = HIGH_WATER_MARK

    def bind(self, socket: Any, endpoint: str) -> str:
        """Bind, to a free port if it ends in :*. Returns the endpoint to connect to."""
        socket.bind(endpoint)
        if endpoint.startswith("inproc:"):
            return endpoint
        return str(socket.getsockopt(self.zmq.LAST_ENDPOINT).rstrip(b"\0").decode())

    def connect(self, socket: Any, endpoint: str) -> None:
        """Connect."""
        socket.connect(endpoint)

    def close(self, sockets: list[Any]) -> None:
        """Close without a linger."""
        for socket in sockets:
            socket.close(linger=0)

    def make_keys(self) -> tuple[bytes, bytes]:
        """A CURVE key pair: public and secret."""
        public, secret = self.zmq.curve_keypair()
        return bytes(public), bytes(secret)

    def serve_curve(self, socket: Any, keys: tuple[bytes, bytes]) -> None:
        """Make a socket a CURVE server that takes every client."""
        socket.curve_server = 1
        socket.curve_publickey, socket.curve_secretkey = keys

    def join_curve(self, socket: Any, keys: tuple[bytes, bytes], server_key: bytes) -> None:
        """Make a socket a CURVE client."""
        socket.curve_publickey, socket.curve_secretkey = keys
        socket.curve_serverkey = server_key

    # ---- loops ----

    def send_parts(self, socket: Any, parts: list[bytes], count: int) -> int:
        """Send one multipart message count times."""
        send = socket.send_multipart
        start = perf_counter_ns()
        for _ in repeat(None, count):
            send(parts)
        return perf_counter_ns() - start

    def recv_parts(self, socket: Any, parts: int, count: int) -> int:
        """Receive count multipart messages of so many parts."""
        recv = socket.recv_multipart
        message: Any = b""
        start = perf_counter_ns()
        for _ in repeat(None, count):
            message = recv()
        elapsed = perf_counter_ns() - start
        check_size(message, parts)
        return elapsed

    def answer_parts(self, socket: Any, count: int) -> int:
        """ROUTER: receive a multipart message and send it back, count times."""
        send, recv = socket.send_multipart, socket.recv_multipart
        start = perf_counter_ns()
        for _ in repeat(None, count):
            send(recv())
        return perf_counter_ns() - start

    def make_poller(self, sockets: list[Any]) -> Any:
        """A poller that waits for input on all of them."""
        poller = self.zmq.Poller()
        for socket in sockets:
            poller.register(socket, self.zmq.POLLIN)
        return poller

    def poll(self, poller: Any, ready: int, count: int) -> int:
        """Poll count times, when so many are ready."""
        poll = poller.poll
        events: Any = ()
        start = perf_counter_ns()
        for _ in repeat(None, count):
            events = poll(1000)
        elapsed = perf_counter_ns() - start
        check_size(events, ready)
        return elapsed

    def poll_socket(self, socket: Any, count: int) -> int:
        """Ask a socket without a message whether there is one, count times."""
        poll = socket.poll
        start = perf_counter_ns()
        for _ in repeat(None, count):
            poll(0)
        return perf_counter_ns() - start

    def try_raising(self, socket: Any, count: int) -> int:
        """Receive from an empty socket with NOBLOCK, catch Again, count times."""
        recv, again, noblock = socket.recv, self.zmq.Again, self.zmq.NOBLOCK
        start = perf_counter_ns()
        for _ in repeat(None, count):
            try:  # noqa: SIM105 - suppress() would be measured too
                recv(noblock)
            except again:
                pass
        return perf_counter_ns() - start

    def try_quietly(self, socket: Any, count: int) -> int:
        """Learn that a socket is empty in the cheapest way that the program has, count times."""
        if not self.events:
            return self.try_raising(socket, count)
        get_option, events, pollin = socket.getsockopt, self.zmq.EVENTS, self.zmq.POLLIN
        start = perf_counter_ns()
        for _ in repeat(None, count):
            if get_option(events) & pollin:
                raise ValueError("a message where there is none")
        return perf_counter_ns() - start

    def set_and_get(self, socket: Any, count: int) -> int:
        """Set the linger and get RCVMORE, count times."""
        set_option, get_option = socket.setsockopt, socket.getsockopt
        linger, more = self.zmq.LINGER, self.zmq.RCVMORE
        start = perf_counter_ns()
        for _ in repeat(None, count):
            set_option(linger, 0)
            get_option(more)
        return perf_counter_ns() - start

    def proxy(self, frontend: Any, backend: Any) -> None:
        """Pass messages on until the process ends."""
        self.zmq.proxy(frontend, backend)
