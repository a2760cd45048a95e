"""Monitor messages: both versions of them parsed, and what is none refused."""

from __future__ import annotations

import asyncio
import struct

import pytest

import zmqlite as zmq
from zmqlite.monitor import parse_monitor_message, recv_monitor_message

Event = zmq.Event


def test_parse_version_1() -> None:
    """Two frames become a dict with an Event, the value and the endpoint."""
    message = [struct.pack("=Hi", 0x0020, 17), b"tcp://127.0.0.1:5555"]
    parsed = parse_monitor_message(message)
    assert parsed == {"event": Event.ACCEPTED, "value": 17, "endpoint": b"tcp://127.0.0.1:5555"}
    assert isinstance(parsed["event"], Event)


def test_parse_reads_the_highest_event_as_a_positive_number() -> None:
    """The event is unsigned: bit 15 is no sign."""
    assert parse_monitor_message([struct.pack("=Hi", 0x8000, 0), b""])["event"] == 0x8000


def test_parse_names_the_protocol_error() -> None:
    """With HANDSHAKE_FAILED_PROTOCOL the value is an Event too."""
    value = int(Event.PROTOCOL_ERROR_ZMTP_MECHANISM_MISMATCH)
    parsed = parse_monitor_message([struct.pack("=Hi", int(Event.HANDSHAKE_FAILED_PROTOCOL), value), b""])
    assert isinstance(parsed["value"], Event)
    assert parsed["value"] == Event.PROTOCOL_ERROR_ZMTP_MECHANISM_MISMATCH


def test_parse_version_2() -> None:
    """Numbers of 64 bits, as many values as the second frame says, and both ends."""
    numbers = [struct.pack("=Q", number) for number in (int(Event.ACCEPTED), 2, 7, 8)]
    parsed = parse_monitor_message([*numbers, b"tcp://127.0.0.1:1", b"tcp://127.0.0.1:2"])
    assert parsed == {
        "event": Event.ACCEPTED,
        "value": 7,
        "values": [7, 8],
        "endpoint": b"tcp://127.0.0.1:1",
        "local": b"tcp://127.0.0.1:1",
        "remote": b"tcp://127.0.0.1:2",
    }


@pytest.mark.parametrize(
    "message",
    [
        [],
        [b""],
        [b"123456"],
        [b"12345", b"tcp://x"],
        [b"123456", b"tcp://x", b"more"],
        [bytes(8), bytes(8), b"a"],
        [bytes(8), struct.pack("=Q", 2), bytes(8), b"a", b"b"],
        [bytes(8), bytes(4), b"a", b"b"],
    ],
)
def test_parse_refuses_what_is_no_event(message: list[bytes]) -> None:
    """RuntimeError, as pyzmq."""
    with pytest.raises(RuntimeError, match="Invalid event message format"):
        parse_monitor_message(message)


def test_recv_monitor_message_awaits_what_an_asyncio_socket_gives() -> None:
    """A socket whose recv_multipart() gives an awaitable gives an awaitable event."""

    class AsyncSocket:
        async def recv_multipart(self, flags: int) -> list[bytes]:
            return [struct.pack("=Hi", 8, flags), b"tcp://x"]

    assert asyncio.run(recv_monitor_message(AsyncSocket(), 5)) == {
        "event": Event.LISTENING,
        "value": 5,
        "endpoint": b"tcp://x",
    }
