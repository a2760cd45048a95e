"""What runs in a child process of the benchmark: one program's side of one workload.

Run as a file, not as a module, so that pyzmq is measured in a process without zmqlite in it. Commands come on
stdin and answers go to stdout, one JSON object a line:

    {"path"}                                     first, no answer: where to import from
    {"do": "describe", "program"}                -> {"version", "libzmq", "backend"}
    {"do": "open", "program", "setting", "side", "endpoint", "size", "high_water_mark"} -> {"endpoint"}
    {"do": "batches", "seconds", "batch"}        -> {"messages", "send_ns", "recv_ns"}
    {"do": "send", "count"}                      -> {"ns"}
    {"do": "recv", "count"}                      -> {"ns"}: count - 1 messages, from the arrival of the first
    {"do": "close"}                              -> {}

Each has a "deadline" in seconds. An answer {"error"} says what failed, {"missing"} that the program is not
installed; both end the process. The end of stdin, which is the end of the parent, ends it at once, whatever it is
doing.
"""

from __future__ import annotations

import faulthandler
import importlib
import json
import os
import sys
import threading
import time
from itertools import repeat
from queue import SimpleQueue

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, BinaryIO

__all__ = ["main"]


class MissingError(Exception):
    """The program that was to be measured is not installed."""


class PythonSide:
    """zmqlite or pyzmq: the same calls, as a program makes them.

    Args:
        zmq: the module.
        copy: False passes copy=False to every send() and recv(); None leaves the default.
    """

    def __init__(self, zmq: Any, copy: bool | None) -> None:
        self.zmq = zmq
        self.copy = copy
        self.context = zmq.Context()
        self.sender: Any = None
        self.receiver: Any = None

    def open_receiver(self, endpoint: str, high_water_mark: int) -> str:
        self.receiver = self.context.socket(self.zmq.PULL)
        self.receiver.rcvhwm = high_water_mark
        self.receiver.bind(endpoint)
        return str(self.receiver.getsockopt(self.zmq.LAST_ENDPOINT).rstrip(b"\0").decode())

    def open_sender(self, endpoint: str, high_water_mark: int, data: bytes) -> None:
        self.data = data
        self.sender = self.context.socket(self.zmq.PUSH)
        self.sender.sndhwm = high_water_mark
        self.sender.connect(endpoint)

    def send(self, count: int) -> int:
        send, data = self.sender.send, self.data
        if self.copy is None:
            start = time.perf_counter_ns()
            for _ in repeat(None, count):
                send(data)
        else:
            start = time.perf_counter_ns()
            for _ in repeat(None, count):
                send(data, copy=False)
        return time.perf_counter_ns() - start

    def recv(self, count: int, size: int) -> int:
        recv = self.receiver.recv
        message: Any = b""
        if self.copy is None:
            start = time.perf_counter_ns()
            for _ in repeat(None, count):
                message = recv()
        else:
            start = time.perf_counter_ns()
            for _ in repeat(None, count):
                message = recv(copy=False)
        elapsed = time.perf_counter_ns() - start
        if len(message) != size:
            raise ValueError(f"received {len(message)} bytes where {size} were sent")
        return elapsed

    def close(self) -> None:
        for socket in (self.sender, self.receiver):
            if socket is not None:
                socket.close(linger=0)
        self.context.term()


class NativeSide:
    """C on the libzmq that zmqlite is linked with: one call a batch, whose loop and clock are in C.

    Args:
        no_copy: hand libzmq the buffer itself in place of a copy.
    """

    def __init__(self, no_copy: bool) -> None:
        from zmqlite._native import ffi, lib

        self.ffi, self.lib = ffi, lib
        self.how = lib.ZL_BENCH_NO_COPY if no_copy else lib.ZL_BENCH_COPY
        self.context = self.check(lib.zmq_ctx_new(), "zmq_ctx_new")
        self.sender = self.receiver = ffi.NULL

    def check(self, result: Any, call: str) -> Any:
        """The result of a call, unless it is the one that means failure."""
        if (result == self.ffi.NULL) if isinstance(result, self.ffi.CData) else (result < 0):
            number = self.lib.zmq_errno()
            raise OSError(number, f"{call}: {self.ffi.string(self.lib.zmq_strerror(number)).decode()}")
        return result

    def socket(self, kind: int, option: int, high_water_mark: int) -> Any:
        socket = self.check(self.lib.zmq_socket(self.context, kind), "zmq_socket")
        value = self.ffi.new("int *", high_water_mark)
        self.check(self.lib.zmq_setsockopt(socket, option, value, self.ffi.sizeof("int")), "zmq_setsockopt")
        return socket

    def open_receiver(self, endpoint: str, high_water_mark: int) -> str:
        lib, ffi = self.lib, self.ffi
        self.receiver = self.socket(lib.ZMQ_PULL, lib.ZMQ_RCVHWM, high_water_mark)
        self.check(lib.zmq_bind(self.receiver, endpoint.encode()), "zmq_bind")
        text, size = ffi.new("char[]", 1024), ffi.new("size_t *", 1024)
        self.check(lib.zmq_getsockopt(self.receiver, lib.ZMQ_LAST_ENDPOINT, text, size), "zmq_getsockopt")
        return str(ffi.string(text).decode())

    def open_sender(self, endpoint: str, high_water_mark: int, data: bytes) -> None:
        self.data = data
        self.buffer = self.ffi.from_buffer(data)
        self.sender = self.socket(self.lib.ZMQ_PUSH, self.lib.ZMQ_SNDHWM, high_water_mark)
        self.check(self.lib.zmq_connect(self.sender, endpoint.encode()), "zmq_connect")

    def send(self, count: int) -> int:
        elapsed = self.lib.zl_bench_send(self.sender, self.buffer, len(self.data), count, self.how)
        return int(self.check(elapsed, "zmq_msg_send"))

    def recv(self, count: int, size: int) -> int:
        return int(self.check(self.lib.zl_bench_recv(self.receiver, size, count), "zmq_msg_recv"))

    def close(self) -> None:
        linger = self.ffi.new("int *", 0)
        for socket in (self.sender, self.receiver):
            if socket != self.ffi.NULL:
                self.lib.zmq_setsockopt(socket, self.lib.ZMQ_LINGER, linger, self.ffi.sizeof("int"))
                self.lib.zmq_close(socket)
        self.lib.zmq_ctx_term(self.context)


def import_pyzmq() -> Any:
    """The module zmq, if it is pyzmq's.

    Raises:
        MissingError: there is none, it does not load, or it is another package of that name.
    """
    try:
        zmq = importlib.import_module("zmq")
    except ImportError as error:
        raise MissingError(str(error)) from error
    if "zmqlite" in sys.modules:
        raise MissingError("the module zmq here is zmqlite's own")
    return zmq


def make_side(program: str, setting: str) -> PythonSide | NativeSide:
    """One program, ready to open sockets."""
    if program == "C":
        return NativeSide(setting == "no copy")
    copy = False if setting == "copy=False" else None
    if program == "pyzmq":
        return PythonSide(import_pyzmq(), copy)
    import zmqlite

    return PythonSide(zmqlite, copy)


def describe(program: str) -> dict[str, Any]:
    """Versions of a program and of the libzmq that it uses."""
    if program == "pyzmq":
        zmq = import_pyzmq()
        return {"version": zmq.pyzmq_version(), "libzmq": zmq.zmq_version()}
    from zmqlite.info import collect_info

    info = collect_info()
    described: dict[str, Any] = {"libzmq": info["libzmq"]["version"]}
    if program == "zmqlite":
        described.update(version=info["zmqlite"], backend=info["backend"])
    return described


class Work:
    """Does the commands."""

    def __init__(self) -> None:
        self.side: Any = None
        self.size = 0

    def describe(self, program: str) -> dict[str, Any]:
        return describe(program)

    def open(
        self, program: str, setting: str, side: str, endpoint: str, size: int, high_water_mark: int
    ) -> dict[str, Any]:
        """side: "receiver" binds, "sender" connects, "both" does both in this process."""
        self.size = size
        self.side = make_side(program, setting)
        if side != "sender":
            endpoint = self.side.open_receiver(endpoint, high_water_mark)
        if side != "receiver":
            self.side.open_sender(endpoint, high_water_mark, b"x" * size)
        return {"endpoint": endpoint}

    def batches(self, seconds: float, batch: int) -> dict[str, Any]:
        """Send a batch, receive it, and again, until both together took long enough."""
        messages = send_ns = recv_ns = 0
        while send_ns + recv_ns < seconds * 1e9:
            send_ns += self.side.send(batch)
            recv_ns += self.side.recv(batch, self.size)
            messages += batch
        return {"messages": messages, "send_ns": send_ns, "recv_ns": recv_ns}

    def send(self, count: int) -> dict[str, Any]:
        return {"ns": self.side.send(count)}

    def recv(self, count: int) -> dict[str, Any]:
        self.side.recv(1, self.size)
        return {"ns": self.side.recv(count - 1, self.size)}

    def close(self) -> dict[str, Any]:
        if self.side is not None:
            self.side.close()
        return {}


def keep_memory() -> None:
    """Free one large block, so that malloc keeps what is freed later.

    glibc gives memory at the top of the heap back to the system and gets it back page by page, at 25 us for a
    message of 64 KiB, until it has seen a large block come and go. Whether a program has done that before is luck;
    here all have. It helps most who copies.
    """
    bytearray(31 * 1024 * 1024)  # 32 MiB is the largest that counts


def read_commands(stream: BinaryIO, commands: SimpleQueue[bytes]) -> None:
    """Queue what comes on stdin; without a parent there is nothing left to do."""
    for line in stream:
        commands.put(line)
    os._exit(3)


def main() -> None:
    """Do the commands on stdin until "close", an error or the end of stdin."""
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # what a measured library prints is no answer
    faulthandler.enable()
    commands: SimpleQueue[bytes] = SimpleQueue()
    threading.Thread(target=read_commands, args=(os.fdopen(0, "rb", 0), commands), daemon=True).start()
    keep_memory()
    sys.path[:] = json.loads(commands.get())["path"]
    work = Work()
    status = 0
    while status == 0:
        command = json.loads(commands.get())
        name = command.pop("do")
        # The parent has the same deadline and is the one who tells: this one also says where it hung.
        faulthandler.dump_traceback_later(command.pop("deadline"), exit=True)
        try:
            answer = getattr(work, name)(**command)
        except MissingError as error:
            answer, status = {"missing": str(error)}, 1
        except Exception as error:  # whatever a measured library raises is the answer
            answer, status = {"error": f"{type(error).__name__}: {error}"}, 1
        faulthandler.cancel_dump_traceback_later()
        answers.write(json.dumps(answer) + "\n")
        answers.flush()
        if name == "close":
            break
    # Not through the interpreter's own exit: a thread of it still reads stdin.
    os._exit(status)


if __name__ == "__main__":
    main()
