"""The loops that are timed, as a user of any of the Python programs would write them."""

from __future__ import annotations

from itertools import repeat
from time import perf_counter_ns

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

__all__ = ["PythonLoops", "check_size"]


def check_size(message: Any, size: int) -> None:
    """Refuse a figure for messages that were not what was sent.

    Raises:
        ValueError: the last message received has another size.
    """
    if len(message) != size:
        raise ValueError(f"received {len(message)} bytes where {size} were sent")


class PythonLoops:
    """What every Python program can do with its sockets' send() and recv().

    Args:
        copy: False passes copy=False to every send() and recv(); None leaves the program's default.
    """

    def __init__(self, copy: bool | None = None) -> None:
        self.copy = copy

    def send(self, socket: Any, data: bytes, count: int) -> int:
        """Send one message count times."""
        send = socket.send
        if self.copy is None:
            start = perf_counter_ns()
            for _ in repeat(None, count):
                send(data)
        else:
            start = perf_counter_ns()
            for _ in repeat(None, count):
                send(data, copy=False)
        return perf_counter_ns() - start

    def recv(self, socket: Any, size: int, count: int) -> int:
        """Receive count messages, which are size bytes long."""
        recv = socket.recv
        message: Any = b""
        if self.copy is None:
            start = perf_counter_ns()
            for _ in repeat(None, count):
                message = recv()
        else:
            start = perf_counter_ns()
            for _ in repeat(None, count):
                message = recv(copy=False)
        elapsed = perf_counter_ns() - start
        check_size(message, size)
        return elapsed

    def exchange(self, sender: Any, receiver: Any, data: bytes, count: int) -> int:
        """Send a message on one socket and receive it on another, count times."""
        send, recv = sender.send, receiver.recv
        message: Any = b""
        if self.copy is None:
            start = perf_counter_ns()
            for _ in repeat(None, count):
                send(data)
                message = recv()
        else:
            start = perf_counter_ns()
            for _ in repeat(None, count):
                send(data, copy=False)
                message = recv(copy=False)
        elapsed = perf_counter_ns() - start
        check_size(message, len(data))
        return elapsed

    def send_batch(self, socket: Any, messages: list[bytes]) -> int:
        """Send a list of messages."""
        send = socket.send
        start = perf_counter_ns()
        for message in messages:
            send(message)
        return perf_counter_ns() - start

    def recv_batch(self, socket: Any, count: int, size: int) -> int:
        """Receive so many messages into a list."""
        recv = socket.recv
        start = perf_counter_ns()
        messages = [recv() for _ in repeat(None, count)]
        elapsed = perf_counter_ns() - start
        check_size(messages[-1], size)
        return elapsed

    def ask(self, socket: Any, data: bytes, count: int) -> int:
        """REQ: send a question and receive the answer, count times."""
        return self.exchange(socket, socket, data, count)

    def answer(self, socket: Any, count: int) -> int:
        """REP: receive a question and send it back, count times."""
        send, recv = socket.send, socket.recv
        start = perf_counter_ns()
        if self.copy is None:
            for _ in repeat(None, count):
                send(recv())
        else:
            for _ in repeat(None, count):
                send(recv(copy=False), copy=False)
        return perf_counter_ns() - start

    def publish(self, socket: Any, messages: list[bytes], rounds: int) -> int:
        """Send each of the messages, and all again, rounds times."""
        send = socket.send
        start = perf_counter_ns()
        for _ in repeat(None, rounds):
            for message in messages:
                send(message)
        return perf_counter_ns() - start

    def collect(self, sockets: list[Any], rounds: int, size: int) -> int:
        """Receive one message from each socket, rounds times."""
        receives = [socket.recv for socket in sockets]
        message: Any = b""
        start = perf_counter_ns()
        for _ in repeat(None, rounds):
            for recv in receives:
                message = recv()
        elapsed = perf_counter_ns() - start
        check_size(message, size)
        return elapsed

    def ask_all(self, sockets: list[Any], data: bytes, window: int, rounds: int) -> int:
        """Send window messages on each socket and then receive as many on each, rounds times."""
        sends = [socket.send for socket in sockets] * window
        receives = [socket.recv for socket in sockets] * window
        message: Any = b""
        start = perf_counter_ns()
        for _ in repeat(None, rounds):
            for send in sends:
                send(data)
            for recv in receives:
                message = recv()
        elapsed = perf_counter_ns() - start
        check_size(message, len(data))
        return elapsed
