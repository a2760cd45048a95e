"""libzmq called from C: the limit. The loops and their clocks are in C, one call a loop."""

from __future__ import annotations

from benchmarks.limit import NoCompilerError, load_limit
from zmqlite._native import ffi, lib

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

__all__ = ["Adapter"]

# As zmqlite's tuning="throughput".
_IN_BATCH_SIZE, _OUT_BATCH_SIZE = 405_504, 540_672


class Adapter:
    """C on the libzmq that zmqlite is linked with.

    Args:
        copy: False hands libzmq the buffer itself in place of a copy.
        tuning: "throughput" raises the batch sizes.

    Raises:
        ImportError: there is no C compiler, or libzmq has no batch sizes.
    """

    def __init__(self, copy: bool | None = None, tuning: str | None = None) -> None:
        try:
            self.limit = load_limit()
        except NoCompilerError as error:
            raise ImportError(str(error)) from error
        if tuning and not lib.zmq_has(b"draft"):
            raise ImportError("this libzmq has no drafts, and so no batch sizes")
        self.in_place = int(copy is False)
        self.tuning = tuning
        self.context = self.check(lib.zmq_ctx_new(), "zmq_ctx_new")
        # What C reads in place, and the arrays that it is given.
        self.kept: list[Any] = []

    def check(self, result: Any, call: str) -> Any:
        """The result of a call, unless it is the one that means failure."""
        if (result == ffi.NULL) if isinstance(result, ffi.CData) else (result < 0):
            number = lib.zmq_errno()
            raise OSError(number, f"{call}: {ffi.string(lib.zmq_strerror(number)).decode()}")
        return result

    def describe(self) -> dict[str, Any]:
        """The libzmq."""
        return {"version": "", "libzmq": "{}.{}.{}".format(*_libzmq_version())}

    def socket(self, kind: str, **options: Any) -> Any:
        """Make a socket; options as for the Python programs."""
        socket = self.check(lib.zmq_socket(self.context, getattr(lib, f"ZMQ_{kind}")), "zmq_socket")
        if self.tuning:
            options.update(in_batch_size=_IN_BATCH_SIZE, out_batch_size=_OUT_BATCH_SIZE)
        hwm = options.pop("hwm", None)
        if hwm is not None:
            options.update(sndhwm=hwm, rcvhwm=hwm)
        for name, value in options.items():
            self.set_option(socket, name, value)
        return socket

    def set_option(self, socket: Any, name: str, value: Any) -> None:
        """Set an option by its small name."""
        pointer = ffi.new("int *", value) if isinstance(value, int) else ffi.from_buffer(value)
        size = ffi.sizeof("int") if isinstance(value, int) else len(value)
        number = getattr(lib, f"ZMQ_{name.upper()}")
        self.check(lib.zmq_setsockopt(socket, number, pointer, size), f"zmq_setsockopt({name})")

    def bind(self, socket: Any, endpoint: str) -> str:
        """Bind; the endpoint to connect to."""
        self.check(lib.zmq_bind(socket, endpoint.encode()), "zmq_bind")
        text, size = ffi.new("char[]", 1024), ffi.new("size_t *", 1024)
        self.check(lib.zmq_getsockopt(socket, lib.ZMQ_LAST_ENDPOINT, text, size), "zmq_getsockopt")
        return str(ffi.string(text).decode())

    def connect(self, socket: Any, endpoint: str) -> None:
        """Connect."""
        self.check(lib.zmq_connect(socket, endpoint.encode()), "zmq_connect")

    def close(self, sockets: list[Any]) -> None:
        """Close without a linger."""
        for socket in sockets:
            self.set_option(socket, "linger", 0)
            self.check(lib.zmq_close(socket), "zmq_close")

    def make_keys(self) -> tuple[bytes, bytes]:
        """A CURVE key pair: public and secret."""
        public, secret = ffi.new("char[41]"), ffi.new("char[41]")
        self.check(lib.zmq_curve_keypair(public, secret), "zmq_curve_keypair")
        return bytes(ffi.string(public)), bytes(ffi.string(secret))

    def serve_curve(self, socket: Any, keys: tuple[bytes, bytes]) -> None:
        """Make a socket a CURVE server that takes every client."""
        self.set_option(socket, "curve_server", 1)
        self.set_keys(socket, keys)

    def join_curve(self, socket: Any, keys: tuple[bytes, bytes], server_key: bytes) -> None:
        """Make a socket a CURVE client."""
        self.set_keys(socket, keys)
        self.set_option(socket, "curve_serverkey", server_key)

    def set_keys(self, socket: Any, keys: tuple[bytes, bytes]) -> None:
        """Give a socket its key pair."""
        for name, key in zip(("curve_publickey", "curve_secretkey"), keys):
            self.set_option(socket, name, key)

    def keep(self, data: bytes) -> Any:
        """Keep a buffer as long as the process lives: libzmq may read it in place."""
        self.kept.append(ffi.from_buffer(data))
        return self.kept[-1]

    def array(self, pointers: list[Any]) -> Any:
        """An array of pointers for C."""
        self.kept.append(ffi.new("void *[]", pointers))
        return self.kept[-1]

    # ---- loops: as those of loops.py and zmq_api.py ----

    def send(self, socket: Any, data: bytes, count: int) -> int:
        """Send one message count times."""
        how = lib.ZL_BENCH_NO_COPY if self.in_place else lib.ZL_BENCH_COPY
        return int(self.check(lib.zl_bench_send(socket, self.keep(data), len(data), count, how), "zmq_msg_send"))

    def recv(self, socket: Any, size: int, count: int) -> int:
        """Receive count messages, which are size bytes long."""
        return int(self.check(lib.zl_bench_recv(socket, size, count), "zmq_msg_recv"))

    def run(self, name: str, *arguments: Any) -> int:
        """Call a function of limit.c."""
        return int(self.check(getattr(self.limit, f"limit_{name}")(*arguments), name))

    def exchange(self, sender: Any, receiver: Any, data: bytes, count: int) -> int:
        """Send a message on one socket and receive it on another, count times."""
        return self.run("exchange", sender, receiver, self.keep(data), len(data), self.in_place, count)

    def send_batch(self, socket: Any, messages: list[bytes]) -> int:
        """Send so many messages."""
        return self.send(socket, messages[0], len(messages))

    def recv_batch(self, socket: Any, count: int, size: int) -> int:
        """Receive so many messages."""
        return self.recv(socket, size, count)

    def ask(self, socket: Any, data: bytes, count: int) -> int:
        """REQ: send a question and receive the answer, count times."""
        return self.exchange(socket, socket, data, count)

    def answer(self, socket: Any, count: int) -> int:
        """REP: receive a question and send it back, count times."""
        return self.run("answer", socket, count)

    def answer_parts(self, socket: Any, count: int) -> int:
        """ROUTER: receive a multipart message and send it back, count times."""
        return self.run("answer", socket, count)

    def publish(self, socket: Any, messages: list[bytes], rounds: int) -> int:
        """Send each of the messages, and all again, rounds times."""
        buffers = self.array([self.keep(message) for message in messages])
        return self.run("publish", socket, buffers, len(messages), len(messages[0]), rounds)

    def collect(self, sockets: list[Any], rounds: int, size: int) -> int:
        """Receive one message from each socket, rounds times."""
        return self.run("collect", self.array(sockets), len(sockets), rounds)

    def ask_all(self, sockets: list[Any], data: bytes, window: int, rounds: int) -> int:
        """Send window messages on each socket and then receive as many on each, rounds times."""
        return self.run("ask_all", self.array(sockets), len(sockets), window, self.keep(data), len(data), rounds)

    def send_parts(self, socket: Any, parts: list[bytes], count: int) -> int:
        """Send one multipart message count times."""
        data = parts[0]
        return self.run("send_parts", socket, self.keep(data), len(data), len(parts), count)

    def recv_parts(self, socket: Any, parts: int, count: int) -> int:
        """Receive count multipart messages."""
        return self.run("recv_parts", socket, count)

    def make_poller(self, sockets: list[Any]) -> Any:
        """What zmq_poll() is given."""
        return self.array(sockets), len(sockets)

    def poll(self, poller: Any, ready: int, count: int) -> int:
        """Poll count times, when so many are ready."""
        sockets, used = poller
        return self.run("poll", sockets, used, ready, 1000, count)

    def poll_socket(self, socket: Any, count: int) -> int:
        """Ask a socket without a message whether there is one, count times."""
        return self.run("poll", self.array([socket]), 1, 0, 0, count)

    def try_raising(self, socket: Any, count: int) -> int:
        """Receive from an empty socket with ZMQ_DONTWAIT, count times."""
        return self.run("try", socket, count)

    def try_quietly(self, socket: Any, count: int) -> int:
        """The same: C does not raise."""
        return self.run("try", socket, count)

    def set_and_get(self, socket: Any, count: int) -> int:
        """Set the linger and get RCVMORE, count times."""
        return self.run("options", socket, count)

    def proxy(self, frontend: Any, backend: Any) -> None:
        """Pass messages on until the process ends."""
        self.check(lib.zmq_proxy(frontend, backend, ffi.NULL), "zmq_proxy")


def _libzmq_version() -> list[int]:
    numbers = [ffi.new("int *") for _ in range(3)]
    lib.zmq_version(*numbers)
    return [number[0] for number in numbers]
