"""Messages as text, JSON, pickles, and what a pair of functions makes of them."""

from __future__ import annotations

import decimal
import json
import pickle
from collections.abc import Callable
from typing import Any

import pytest

import zmqlite

Pair = Callable[..., tuple[Any, Any]]


@pytest.fixture
def sockets(pair: Pair) -> tuple[Any, Any]:
    """A PUSH and a PULL."""
    return pair(zmqlite.PUSH, zmqlite.PULL, rcvtimeo=10000, sndtimeo=10000)


# ---- text ----


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "latin-1", "utf-32-be"])
@pytest.mark.parametrize("text", ["", "zwölf", "x" * 10000])
def test_string_arrives_as_it_was(sockets: tuple[Any, Any], text: str, encoding: str) -> None:
    """In any encoding; UTF-8 by default."""
    push, pull = sockets
    push.send_string(text, encoding=encoding)
    assert pull.recv_string(encoding=encoding) == text
    push.send_unicode(text)
    assert pull.recv() == text.encode("utf-8")
    push.send(text.encode("utf-8"))
    assert pull.recv_unicode() == text


def test_string_of_a_wrong_type_or_encoding(sockets: tuple[Any, Any]) -> None:
    """Nothing is sent; what cannot be decoded is in the exception."""
    push, pull = sockets
    for wrong in (b"bytes", 5, None):
        with pytest.raises(TypeError, match="takes str"):
            push.send_string(wrong)
    with pytest.raises(UnicodeEncodeError):
        push.send_string("zwölf", encoding="ascii")
    with pytest.raises(LookupError):
        push.send_string("x", encoding="nonsense")
    assert pull.poll(0) == 0
    push.send(b"\xff")
    with pytest.raises(UnicodeDecodeError) as caught:
        pull.recv_string()
    assert caught.value.object == b"\xff"


# ---- JSON ----


@pytest.mark.parametrize("value", [None, 0, "zwölf", [1, 2.5, None, True], {"a": {"b": []}}, "x" * 10000])
def test_json_is_what_json_dumps_makes(sockets: tuple[Any, Any], value: Any) -> None:
    """Byte by byte, as pyzmq sends it, so that signatures fit."""
    push, pull = sockets
    push.send_json(value)
    assert pull.recv() == json.dumps(value).encode()
    push.send_json(value)
    assert pull.recv_json() == value


def test_json_passes_keywords_on(sockets: tuple[Any, Any]) -> None:
    """To json.dumps() and json.loads()."""
    push, pull = sockets
    push.send_json({"b": 1, "a": 2}, sort_keys=True, separators=(",", ":"))
    assert pull.recv() == b'{"a":2,"b":1}'
    push.send_json(object(), default=lambda value: "default")
    assert pull.recv_json() == "default"
    push.send(b"1.50")
    assert pull.recv_json(parse_float=decimal.Decimal) == decimal.Decimal("1.50")
    with pytest.raises(TypeError):
        push.send_json(1, bogus=1)


def test_json_that_is_none(sockets: tuple[Any, Any]) -> None:
    """What cannot be encoded is not sent; what is no JSON in UTF-8 is a ValueError."""
    push, pull = sockets
    with pytest.raises(TypeError):
        push.send_json(object())
    assert pull.poll(0) == 0
    for data in (b"", b"{", b"1 2", b"\xff", "1".encode("utf-16")):
        push.send(data)
        with pytest.raises(ValueError):  # noqa: PT011 - JSONDecodeError or UnicodeDecodeError
            pull.recv_json()


# ---- pickles ----


def test_pyobj_is_a_pickle(sockets: tuple[Any, Any]) -> None:
    """Of the default protocol, which older peers read; another one when it is asked for."""
    push, pull = sockets
    value = {"a": (1, {2}), "b": b"bytes"}
    push.send_pyobj(value)
    assert pull.recv() == pickle.dumps(value)
    for protocol in (0, 2, -1):
        push.send_pyobj(value, protocol=protocol)
        assert pull.recv() == pickle.dumps(value, protocol)
    push.send_pyobj(value)
    assert pull.recv_pyobj() == value
    with pytest.raises((pickle.PicklingError, AttributeError)):
        push.send_pyobj(lambda: None)
    assert pull.poll(0) == 0
    push.send(b"garbage")
    with pytest.raises(pickle.UnpicklingError):
        pull.recv_pyobj()


# ---- a pair of functions ----


def test_serialized_messages_are_multipart(sockets: tuple[Any, Any]) -> None:
    """One function makes the parts, the other takes them as bytes or Frames."""
    push, pull = sockets
    push.send_serialized("a b", lambda text: [part.encode() for part in text.split()])
    assert pull.recv_serialized(b"+".join) == b"a+b"
    push.send_serialized([b"x"], serialize=list)
    assert [type(frame) for frame in pull.recv_serialized(list, copy=False)] == [zmqlite.Frame]


def test_serializer_that_fails_sends_nothing(sockets: tuple[Any, Any]) -> None:
    """And one that fails to read has taken the whole message."""
    push, pull = sockets
    with pytest.raises(ZeroDivisionError):
        push.send_serialized("x", lambda text: 1 / 0)
    with pytest.raises(TypeError):
        push.send_serialized("x", lambda text: [text])
    assert pull.poll(0) == 0
    push.send_multipart([b"a", b"b"])
    push.send(b"next")
    with pytest.raises(ZeroDivisionError):
        pull.recv_serialized(lambda parts: 1 / 0)
    assert pull.recv() == b"next"


# ---- all of them ----


@pytest.mark.parametrize("name", ["string", "json", "pyobj"])
def test_forms_pass_flags_on(sockets: tuple[Any, Any], name: str) -> None:
    """SNDMORE joins parts, DONTWAIT raises Again; by position and by name."""
    push, pull = sockets
    send, recv = getattr(push, f"send_{name}"), getattr(pull, f"recv_{name}")
    with pytest.raises(zmqlite.Again):
        recv(zmqlite.DONTWAIT)
    with pytest.raises(zmqlite.Again):
        recv(flags=zmqlite.NOBLOCK)
    send("a", zmqlite.SNDMORE)
    send("b", flags=0)
    assert recv() == "a"
    assert pull.rcvmore == 1
    assert recv(zmqlite.DONTWAIT) == "b"


def test_forms_of_a_subclass_go_through_its_verbs(context: zmqlite.Context[Any]) -> None:
    """Overriding send() and recv() is enough to see every text, JSON and pickle."""

    class Child(zmqlite.Socket[bytes]):
        calls = 0

        def send(self, data: Any, *args: Any, **kwargs: Any) -> Any:
            Child.calls += 1
            return super().send(data, *args, **kwargs)

        def recv(self, *args: Any, **kwargs: Any) -> Any:
            Child.calls += 1
            return super().recv(*args, **kwargs)

    push, pull = (context.socket(kind, socket_class=Child) for kind in (zmqlite.PUSH, zmqlite.PULL))
    pull.bind("inproc://forms")
    push.connect("inproc://forms")
    for name in ("string", "json", "pyobj"):
        getattr(push, f"send_{name}")("x")
        assert getattr(pull, f"recv_{name}")() == "x"
    assert Child.calls == 6
