"""OpenTelemetry's context in a frame of its own, so that a trace goes on where a message arrives.

    from zmqlite import tracing

    tracing.send(socket, [b"job"])                   # one side: a PRODUCER span
    message = tracing.recv(other)                    # the other side: parts, without the frame
    with tracing.consume(message) as span:           # a CONSUMER span, child of the sender's
        work(message.parts)

In an event loop, `await tracing.send_async(socket, [b"job"])` and `await tracing.recv_async(other)`.

Opt-in on both sides: the frame comes last, behind topics and envelopes, and begins with a mark, so that a message
without one is received as it is. The extra `zmqlite[opentelemetry]` brings opentelemetry-api.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from importlib.util import find_spec
from typing import Any, NamedTuple

if find_spec("opentelemetry") is None:
    raise ModuleNotFoundError(
        "zmqlite.tracing needs opentelemetry-api: pip install 'zmqlite[opentelemetry]'", name="opentelemetry"
    )
from opentelemetry import propagate, trace
from opentelemetry.context import Context as TraceContext

from zmqlite._version import __version__

__all__ = [
    "MARK",
    "TracedMessage",
    "add_frame",
    "consume",
    "recv",
    "recv_async",
    "send",
    "send_async",
    "take_frame",
]

MARK = b"\0zmqlite-otel-1\0"
"""What the frame begins with; then come lines, `name: value`, as in HTTP headers."""

_LONGEST = 16_384


class TracedMessage(NamedTuple):
    """What recv() received."""

    parts: list[bytes]
    context: TraceContext | None
    """The sender's; None when the message had no such frame."""


def add_frame(parts: Sequence[bytes], context: TraceContext | None = None) -> list[bytes]:
    """A message with one more frame, that carries the context; the message itself when there is nothing to carry.

    Args:
        parts: of the message.
        context: of OpenTelemetry; the current one.
    """
    carrier: dict[str, str] = {}
    propagate.inject(carrier, context=context)
    if not carrier:
        return list(parts)
    lines = "\n".join(f"{name}: {value}" for name, value in carrier.items())
    return [*parts, MARK + lines.encode("utf-8")]


def take_frame(parts: Sequence[bytes]) -> TracedMessage:
    """Separate a message from the frame that add_frame() added, if it has one.

    A frame that makes no sense is taken off all the same, and carries an empty context.

    Args:
        parts: as received.
    """
    if not parts or not parts[-1].startswith(MARK) or len(parts[-1]) > _LONGEST:
        return TracedMessage(list(parts), None)
    text = parts[-1][len(MARK) :].decode("utf-8", "replace")
    carrier = dict(line.partition(": ")[::2] for line in text.split("\n"))
    return TracedMessage(list(parts[:-1]), propagate.extract(carrier))


def send(socket: Any, parts: Sequence[bytes], flags: int = 0) -> None:
    """Send a message with the context, inside a PRODUCER span.

    Args:
        socket: of zmqlite.
        parts: of the message.
        flags: as for Socket.send_multipart().

    Raises:
        ZMQError: as Socket.send_multipart().
    """
    with _produce(parts):
        socket.send_multipart(add_frame(parts), flags)


async def send_async(socket: Any, parts: Sequence[bytes], flags: int = 0) -> None:
    """Send as send() does, through a socket of zmqlite.asyncio or zmqlite.anyio; the span ends when it is sent.

    Args:
        socket: whose send_multipart() can be awaited.
        parts: of the message.
        flags: as for Socket.send_multipart().

    Raises:
        ZMQError: as Socket.send_multipart().
    """
    with _produce(parts):
        await socket.send_multipart(add_frame(parts), flags)


def recv(socket: Any, flags: int = 0) -> TracedMessage:
    """Receive a message, with the sender's context or without.

    Args:
        socket: of zmqlite.
        flags: as for Socket.recv_multipart().

    Raises:
        ZMQError: as Socket.recv_multipart().
    """
    return take_frame(socket.recv_multipart(flags))


async def recv_async(socket: Any, flags: int = 0) -> TracedMessage:
    """Receive as recv() does, through a socket of zmqlite.asyncio or zmqlite.anyio.

    Args:
        socket: whose recv_multipart() can be awaited.
        flags: as for Socket.recv_multipart().

    Raises:
        ZMQError: as Socket.recv_multipart().
    """
    return take_frame(await socket.recv_multipart(flags))


@contextmanager
def consume(message: TracedMessage) -> Iterator[trace.Span]:
    """Do something with a message inside a CONSUMER span: a child of the sender's, or a root without one."""
    attributes = _describe(message.parts)
    kind = trace.SpanKind.CONSUMER
    with _tracer().start_as_current_span("process", context=message.context, kind=kind, attributes=attributes) as span:
        yield span


def _produce(parts: Sequence[bytes]) -> AbstractContextManager[trace.Span]:
    return _tracer().start_as_current_span("send", kind=trace.SpanKind.PRODUCER, attributes=_describe(parts))


def _tracer() -> trace.Tracer:
    return trace.get_tracer("zmqlite", __version__)


def _describe(parts: Sequence[bytes]) -> dict[str, Any]:
    return {"messaging.system": "zeromq", "messaging.message.body.size": sum(map(len, parts))}
