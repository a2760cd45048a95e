"""What a type checker makes of a program that uses zmqlite: `./run test -s types` runs mypy --strict on it."""

from __future__ import annotations

from typing import Any, Optional

from typing_extensions import assert_type

import zmqlite as zmq


def talk() -> None:
    """Contexts, sockets, options and the forms of messages have the types that README.md shows."""
    with zmq.Context() as context, context.socket(zmq.PUSH) as push:
        assert_type(context, zmq.Context[zmq.Socket[bytes]])
        assert_type(push, zmq.Socket[bytes])
        assert_type(push.linger, int)
        assert_type(push.last_endpoint, bytes)
        push.sndhwm = 10
        assert_type(push.bind_to_random_port("tcp://127.0.0.1"), int)
        assert_type(push.send(b"x"), Optional[zmq.MessageTracker])
        assert_type(push.send_many([b"x", [b"y", b"z"]]), int)
        assert_type(push.poll(0), int)
    with zmq.Context.instance() as shared, shared.socket(zmq.PULL) as pull:
        assert_type(pull.recv(), bytes)
        assert_type(pull.recv(copy=False), zmq.Frame)
        assert_type(pull.recv_multipart(), list[bytes])
        assert_type(pull.recv_string(), str)


def wait(poller: zmq.Poller) -> int | None:
    """Polling, errors and constants."""
    try:
        found = poller.poll(100)
        assert_type(found, list[tuple[Any, int]])
    except zmq.Again as error:
        assert_type(error, zmq.Again)
        return error.errno
    assert_type(zmq.KeyPair.generate().public, bytes)
    assert_type(zmq.zmq_version_info(), tuple[int, int, int])
    assert_type(zmq.has("curve"), bool)
    return zmq.POLLIN
