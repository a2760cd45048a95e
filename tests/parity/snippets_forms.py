"""Messages that are not bytes, and frames."""

from __future__ import annotations

import copy
import decimal
import pickle
import threading

from probe import Probe, snippet


@snippet
def json_forms(p: Probe) -> None:
    """Keywords go to json; the bytes are json.dumps()'s."""
    push, pull = p.pair()
    for value in ({"a": [1, 2.5, None, True]}, "zwölf", [], 0, {"b": {}, "a": ()}):
        p.attempt(push.send_json, value)
        p.attempt(pull.recv)
    p.attempt(push.send_json, {"b": 1, "a": 2}, sort_keys=True, indent=1)
    p.attempt(pull.recv)
    p.attempt(push.send_json, "zwölf", ensure_ascii=False, separators=(",", ":"))
    p.attempt(pull.recv_json)
    p.attempt(push.send_json, object())
    p.attempt(push.send_json, object(), default=lambda value: "default")
    p.attempt(pull.recv_json)
    p.attempt(push.send_json, float("nan"))
    p.attempt(pull.recv)
    p.attempt(push.send_json, {}, p.zmq.SNDMORE)
    p.attempt(push.send_json, obj={}, flags=p.zmq.DONTWAIT)
    p.attempt(pull.recv_multipart)


@snippet
def json_received(p: Probe) -> None:
    """What is no JSON is a ValueError."""
    push, pull = p.pair()
    for data in (b"{", b"", b"\xff", b"1 2", "\ufeff1".encode(), "1".encode("utf-16")):
        push.send(data)
        p.attempt(pull.recv_json)
    push.send(b"1.5")
    p.attempt(pull.recv_json, parse_float=lambda text: f"float {text}")
    push.send(b"1.5")
    p.attempt(pull.recv_json, 0, parse_float=decimal.Decimal)
    p.attempt(pull.recv_json, p.zmq.DONTWAIT)


@snippet
def string_forms_of_messages(p: Probe) -> None:
    """Any encoding; no bytes."""
    push, pull = p.pair()
    for name in ("send_string", "send_unicode"):
        p.attempt(getattr(push, name), "zwölf")
        p.attempt(pull.recv)
    p.attempt(push.send_string, "zwölf", encoding="utf-16-le")
    p.attempt(pull.recv_string, encoding="utf-16-le")
    p.attempt(push.send_string, "zwölf", 0, True, "latin-1")
    p.attempt(pull.recv_unicode, 0, "latin-1")
    p.attempt(push.send_string, b"bytes")
    p.attempt(push.send_string, 5)
    p.attempt(push.send_string, "zwölf", encoding="ascii")
    p.attempt(push.send_string, "x", encoding="nonsense")
    p.attempt(push.send_string, "x", p.zmq.SNDMORE)
    p.attempt(push.send_string, u="y", flags=0, copy=False)
    p.attempt(pull.recv_multipart)
    push.send(b"\xff")
    p.attempt(pull.recv_string)


@snippet
def pickled_forms(p: Probe) -> None:
    """The protocol is pickle's default."""
    push, pull = p.pair()
    p.attempt(push.send_pyobj, {"a": (1, 2)})
    p.say(pull.recv() == pickle.dumps({"a": (1, 2)}))
    p.attempt(push.send_pyobj, [1], 0, 2)
    p.say(pull.recv() == pickle.dumps([1], 2))
    p.attempt(push.send_pyobj, obj=[1], protocol=-1)
    p.attempt(pull.recv_pyobj)
    p.attempt(push.send_pyobj, lambda: None)
    push.send(b"garbage")
    p.attempt(pull.recv_pyobj)
    p.attempt(pull.recv_pyobj, p.zmq.DONTWAIT)


@snippet
def serialized_forms(p: Probe) -> None:
    """A pair of functions makes parts of anything."""
    push, pull = p.pair()
    p.attempt(push.send_serialized, "a b c", lambda text: [part.encode() for part in text.split()])
    p.attempt(pull.recv_serialized, lambda parts: b"+".join(parts))
    p.attempt(push.send_serialized, [b"a"], serialize=list, flags=0, copy=True)
    p.attempt(pull.recv_serialized, deserialize=lambda frames: [type(frame) for frame in frames], copy=False)
    p.attempt(push.send_serialized, "x", lambda text: 1 / 0)
    p.attempt(push.send_serialized, "x", lambda text: [text])
    push.send_multipart([b"a", b"b"])
    push.send(b"next")
    p.attempt(pull.recv_serialized, lambda parts: 1 / 0)
    p.attempt(pull.recv)


@snippet
def making_frames(p: Probe) -> None:
    """What Frame() takes."""
    for data in (b"x", bytearray(b"x"), memoryview(b"x"), None, b""):
        frame = p.attempt(p.zmq.Frame, data)
        p.say(len(frame), frame.bytes, frame.more, frame.tracker)
    for wrong in ("text", 5, [b"x"]):
        p.attempt(p.zmq.Frame, wrong)
    frame = p.zmq.Frame(data=b"x", track=True, copy=True, copy_threshold=5)
    p.say(frame.tracker is not None and frame.tracker.done)
    p.say(p.zmq.Message is p.zmq.Frame)


@snippet
def copies_of_frames(p: Probe) -> None:
    """They share the memory."""
    frame = p.zmq.Frame(b"x" * 100)
    other = copy.copy(frame)
    p.say(bytes(other) == frame.bytes, other is frame, len(other))


@snippet
def fast_copies_of_frames(p: Probe) -> None:
    """fast_copy() by hand."""
    p.attempt(lambda: p.zmq.Frame(b"x").fast_copy())


@snippet
def properties_of_frames(p: Probe) -> None:
    """By number, by name, as items and as attributes."""
    frame = p.zmq.Frame(b"x")
    p.attempt(frame.get, p.zmq.MORE)
    p.attempt(frame.get, p.zmq.SHARED)
    p.attempt(frame.get, 999)
    p.attempt(frame.get, "Nonsense")
    p.attempt(frame.get, b"Nonsense")
    p.attempt(frame.get, 1.5)
    p.attempt(lambda: frame[p.zmq.MORE])
    p.attempt(lambda: frame["Socket-Type"])
    p.attempt(frame.set, p.zmq.MORE, 1)
    p.attempt_get(frame, "MORE", "more", "nonsense", "linger")
    p.attempt_set(frame, nonsense=1)


@snippet
def metadata_of_a_connection(p: Probe) -> None:
    """What the peer said of itself."""
    push, pull = p.pair(transport="tcp")
    push.send(b"x")
    frame = pull.recv(copy=False)
    for name in ("Socket-Type", "Peer-Address", "Identity", "User-Id", "Routing-Id"):
        p.attempt(frame.get, name)
    p.attempt(frame.get, b"Socket-Type")


@snippet
def text_of_frames(p: Probe) -> None:
    """repr() and str() show the beginning."""
    p.say(str(p.zmq.Frame(b"short")).replace(p.zmq.__name__, "zmq"))
    p.say(repr(p.zmq.Frame(b"short")).replace(p.zmq.__name__, "zmq"))
    p.say("bytes" not in repr(p.zmq.Frame(b"0123456789" * 5)) or len(repr(p.zmq.Frame(b"x" * 500))) < 80)


@snippet
def frames_are_compared_by_identity(p: Probe) -> None:
    """Two frames of the same bytes differ."""
    frame = p.zmq.Frame(b"x")
    p.say(frame == p.zmq.Frame(b"x"), frame == frame, len({frame, p.zmq.Frame(b"x")}))


@snippet
def frames_shared_with_their_maker(p: Probe) -> None:
    """copy=False shares memory below the threshold too."""
    buffer = bytearray(b"x" * 40)
    frame = p.zmq.Frame(buffer, copy=False)
    buffer[0:1] = b"Y"
    p.say(bytes(frame.buffer))
    frame = p.zmq.Frame(buffer, copy=True)
    buffer[0:1] = b"Z"
    p.say(bytes(frame.buffer))


@snippet
def frames_of_large_buffers_by_default(p: Probe) -> None:
    """With copy left alone, from 64 KiB on the memory is shared."""
    for size in (65535, 65536):
        buffer = bytearray(b"x" * size)
        frame = p.zmq.Frame(buffer)
        buffer[0:1] = b"Y"
        p.say(bytes(frame.buffer)[:1])


@snippet
def frames_with_a_copy_threshold(p: Probe) -> None:
    """From there on the memory is shared."""
    buffer = bytearray(b"x" * 100)
    for threshold in (0, 100, 101):
        frame = p.zmq.Frame(buffer, copy_threshold=threshold)
        buffer[0:1] = b"Y"
        p.say(bytes(frame.buffer)[:1])
        buffer[0:1] = b"x"


@snippet
def frames_of_tiny_buffers(p: Probe) -> None:
    """copy=False of at most 32 bytes."""
    buffer = bytearray(b"x" * 32)
    frame = p.zmq.Frame(buffer, copy=False, track=True)
    buffer[0:1] = b"Y"
    p.say(bytes(frame.buffer)[:1], frame.tracker.done)


@snippet
def frames_of_frames(p: Probe) -> None:
    """Tracked when they are to be."""
    for made_of in (p.zmq.Frame(b"x"), p.zmq.Frame(b"x", track=True), p.zmq.Frame()):
        for track in (False, True):
            frame = p.zmq.Frame(made_of, track=track)
            p.say(frame.bytes, frame.tracker, frame.tracker and frame.tracker.done)


@snippet
def writing_into_frames(p: Probe) -> None:
    """Whether the memory of a frame can be written."""
    push, pull = p.pair()
    push.send(b"x" * 10)
    p.say(pull.recv(copy=False).buffer.readonly)
    p.say(p.zmq.Frame(b"x" * 10).buffer.readonly)


@snippet
def message_trackers(p: Probe) -> None:
    """What they can watch."""
    event = threading.Event()
    zmq = p.zmq
    tracker = zmq.MessageTracker(event)
    p.say(tracker.done, zmq.MessageTracker().done, zmq.MessageTracker(tracker, zmq.MessageTracker()).done)
    p.attempt(tracker.wait, 0.001)
    p.attempt(zmq.MessageTracker(tracker).wait, timeout=0)
    p.say(tracker.events == {event}, tracker.peers == set(), zmq.MessageTracker(tracker).peers == {tracker})
    event.set()
    p.say(tracker.done)
    p.attempt(tracker.wait)
    p.attempt(zmq.MessageTracker, "x")
    p.attempt(zmq.MessageTracker, zmq.Frame(b"x"))
    p.attempt(zmq.MessageTracker, zmq.Frame(b"x", track=True))
    p.say(issubclass(zmq.NotDone, zmq.ZMQBaseError), zmq._FINISHED_TRACKER.done)
