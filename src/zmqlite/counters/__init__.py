"""Counters a socket: messages and bytes each way, refusals, connections, retries.

    from zmqlite.counters import CountingSocket

    socket = context.socket(zmq.PUSH, socket_class=CountingSocket)
    ...
    print(socket.counters.read())

`counters.asyncio` and `counters.anyio` have the same for event loops. `counters.prometheus` exports them all (extra
`zmqlite[prometheus]`). A counting socket counts in Python: each call costs some 200 ns more. What a PUB or a ROUTER
drops, libzmq tells nobody: it is not in here.
"""

from __future__ import annotations

import threading
from typing import Any

from zmqlite.constants import Event, Flag
from zmqlite.errors import Again
from zmqlite.monitor import recv_monitor_message
from zmqlite.socket import Socket

__all__ = ["Counters", "CountingSocket", "Tally", "size_of", "size_of_message"]

_WATCHED = (
    Event.HANDSHAKE_SUCCEEDED
    | Event.HANDSHAKE_FAILED_NO_DETAIL
    | Event.HANDSHAKE_FAILED_PROTOCOL
    | Event.HANDSHAKE_FAILED_AUTH
    | Event.DISCONNECTED
    | Event.CONNECT_RETRIED
    | Event.ACCEPT_FAILED
)
_FROM_EVENT = {
    Event.HANDSHAKE_SUCCEEDED: "connections",
    Event.HANDSHAKE_FAILED_NO_DETAIL: "handshakes_failed",
    Event.HANDSHAKE_FAILED_PROTOCOL: "handshakes_failed",
    Event.HANDSHAKE_FAILED_AUTH: "handshakes_failed",
    Event.DISCONNECTED: "disconnections",
    Event.CONNECT_RETRIED: "connect_retries",
    Event.ACCEPT_FAILED: "accepts_failed",
}


class Counters:
    """The counters of one socket; they only grow.

    Attributes:
        messages_sent: messages that libzmq took; a multipart message is one.
        bytes_sent: of all their parts.
        messages_received: messages that were handed out.
        bytes_received: of all their parts.
        sends_refused: sends that found no room, or nobody there: Again, or a send_many() that sent less.
        connections: handshakes that succeeded, on either side.
        disconnections: connections that were lost.
        connect_retries: attempts to connect that failed and were put off.
        handshakes_failed: peers that were refused, or refused us.
        accepts_failed: connections that the system could not accept.
        events_dropped: events that came faster than read() was called, and are in no counter.
    """

    def __init__(self, socket: Socket[Any]) -> None:
        # Read here, from any thread: also of a socket whose calls are an event loop's.
        monitor = Socket.get_monitor_socket(socket, _WATCHED)
        self._monitor = monitor if type(monitor) is Socket else Socket(shadow=monitor)
        self._socket = socket
        self._reading = threading.Lock()
        self.messages_sent = 0
        self.bytes_sent = 0
        self.messages_received = 0
        self.bytes_received = 0
        self.sends_refused = 0
        self.connections = 0
        self.disconnections = 0
        self.connect_retries = 0
        self.handshakes_failed = 0
        self.accepts_failed = 0
        self.events_dropped = 0

    def read(self) -> dict[str, int]:
        """All counters by name, with what happened to connections until now. Any thread may call it."""
        with self._reading:
            while not self._monitor.closed and self._monitor.poll(0):
                name = _FROM_EVENT.get(Event(recv_monitor_message(self._monitor)["event"]))
                if name is not None:
                    setattr(self, name, getattr(self, name) + 1)
            self.events_dropped = self._socket.monitor_dropped
            return {name: value for name, value in vars(self).items() if not name.startswith("_")}


class Tally(Socket[Any]):
    """What sockets that count have in common: their counters, until after they are closed.

    Attributes:
        counters: its Counters.
    """

    counters: Counters

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.counters = Counters(self)

    def close(self, linger: int | None = None) -> None:
        """Close the socket, as Socket.close(); its counters can still be read."""
        if not self.closed:
            self.counters.read()
        super().close(linger)

    def _sent(self, messages: int, size: int) -> None:
        self.counters.messages_sent += messages
        self.counters.bytes_sent += size

    def _received(self, messages: int, size: int) -> None:
        self.counters.messages_received += messages
        self.counters.bytes_received += size

    def _count_batch(self, batch: list[Any], sent: int) -> None:
        self._sent(sent, sum(map(size_of_message, batch[:sent])))


class CountingSocket(Tally):
    """A Socket that counts: `context.socket(zmq.PUSH, socket_class=CountingSocket)`.

    Its monitor is taken.

    Attributes:
        counters: its Counters.
    """

    def send(self, data: Any, flags: int = 0, *arguments: Any, **options: Any) -> Any:
        """As Socket.send()."""
        try:
            result = super().send(data, flags, *arguments, **options)
        except Again:
            self.counters.sends_refused += 1
            raise
        self._sent(0 if flags & Flag.SNDMORE else 1, size_of(data))
        return result

    def send_multipart(self, msg_parts: Any, flags: int = 0, *arguments: Any, **options: Any) -> Any:
        """As Socket.send_multipart()."""
        parts = list(msg_parts)
        try:
            result = super().send_multipart(parts, flags, *arguments, **options)
        except Again:
            self.counters.sends_refused += 1
            raise
        self._sent(0 if flags & Flag.SNDMORE else 1, sum(map(size_of, parts)))
        return result

    def send_many(self, messages: Any, *arguments: Any, **options: Any) -> int:
        """As Socket.send_many()."""
        batch = list(messages)
        try:
            sent = super().send_many(batch, *arguments, **options)
        except BaseException as error:  # whatever ends it, `sent` says how many libzmq has taken
            self._count_batch(batch, getattr(error, "sent", 0))
            raise
        self._count_batch(batch, sent)
        self.counters.sends_refused += sent < len(batch)
        return sent

    def recv(self, *arguments: Any, **options: Any) -> Any:
        """As Socket.recv()."""
        part = super().recv(*arguments, **options)
        self._received(0 if self.rcvmore else 1, len(part))
        return part

    def try_recv(self, *arguments: Any, **options: Any) -> Any:
        """As Socket.try_recv()."""
        part = super().try_recv(*arguments, **options)
        if part is not None:
            self._received(0 if self.rcvmore else 1, len(part))
        return part

    def recv_multipart(self, *arguments: Any, **options: Any) -> Any:
        """As Socket.recv_multipart()."""
        parts = super().recv_multipart(*arguments, **options)
        self._received(1, sum(map(len, parts)))
        return parts

    def recv_many(self, *arguments: Any, **options: Any) -> list[Any]:
        """As Socket.recv_many()."""
        batch = super().recv_many(*arguments, **options)
        self._received(len(batch), sum(map(size_of_message, batch)))
        return batch

    def recv_into(self, *arguments: Any, **options: Any) -> int:
        """As Socket.recv_into(): bytes beyond the buffer are counted, too."""
        size = super().recv_into(*arguments, **options)
        self._received(0 if self.rcvmore else 1, size)
        return size


def size_of(data: Any) -> int:
    """Bytes of a part: bytes, a Frame, or a buffer."""
    if isinstance(data, (bytes, bytearray)):
        return len(data)
    return len(data) if hasattr(data, "more") else memoryview(data).nbytes


def size_of_message(message: Any) -> int:
    """Bytes of a message as send_many() takes it: one part, or a list of them."""
    return sum(map(size_of, message)) if isinstance(message, (list, tuple)) else size_of(message)
