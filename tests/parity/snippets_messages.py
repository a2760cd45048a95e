"""Messages: what can be sent and what comes back, and trackers."""

from __future__ import annotations

import array
from typing import Any, ClassVar

from probe import Probe, snippet


@snippet
def sending_buffers(p: Probe) -> None:
    """Anything with a contiguous buffer, and no text."""
    push, pull = p.pair()
    for data in (
        b"bytes",
        b"",
        bytearray(b"bytearray"),
        memoryview(b"memoryview"),
        memoryview(b"0123456789")[2:5],
        array.array("i", [1, 2, 3]),
        memoryview(array.array("H", [1, 2, 3])),
    ):
        p.attempt(push.send, data)
        p.attempt(pull.recv)
    for wrong in ("text", 5, None, [b"x"], object()):
        p.attempt(push.send, wrong)
    p.attempt(pull.recv, p.zmq.DONTWAIT)


@snippet
def sending_strided_buffers(p: Probe) -> None:
    """What is not contiguous cannot be sent."""
    push, pull = p.pair()
    p.attempt(push.send, memoryview(b"0123456789")[::2])
    p.attempt(push.send_multipart, [memoryview(b"0123456789")[::2]])
    p.attempt(pull.recv, p.zmq.DONTWAIT)


@snippet
def sending_buffers_of_two_dimensions(p: Probe) -> None:
    """A matrix goes as its bytes."""
    push, pull = p.pair()
    p.attempt(push.send, memoryview(bytes(range(12))).cast("B", [3, 4]))
    p.attempt(pull.recv)
    p.attempt(push.send, memoryview(bytes(range(12))).cast("B", [3, 4]), copy=False)
    p.attempt(pull.recv)


@snippet
def arguments_of_send(p: Probe) -> None:
    """By position and by name."""
    push, pull = p.pair()
    p.attempt(push.send, b"a", p.zmq.SNDMORE, True, False)
    p.attempt(push.send, data=b"b", flags=0, copy=True, track=False)
    p.attempt(pull.recv_multipart)
    p.attempt(push.send, b"a", p.zmq.Flag.SNDMORE)
    p.attempt(push.send, b"b", flags=p.zmq.Flag.DONTWAIT)
    p.attempt(pull.recv_multipart)
    p.attempt(push.send)
    p.attempt(push.send, b"x", bogus=1)
    p.attempt(push.send, b"x", flags="x")
    p.attempt(push.send, b"x", flags=None)
    p.attempt(pull.recv, bogus=1)


@snippet
def send_without_copy_returns_a_tracker(p: Probe) -> None:
    """Small messages are copied all the same, and done at once."""
    push, pull = p.pair()
    small, large = b"small", b"x" * 100_000
    for data in (small, large):
        for track in (False, True):
            tracker = p.attempt(push.send, data, copy=False, track=track)
            p.say(pull.recv() == data, tracker is p.zmq._FINISHED_TRACKER)
            if tracker is not None:
                p.attempt(tracker.wait, 5)
                p.say(tracker.done)


@snippet
def send_with_copy_returns_none(p: Probe) -> None:
    """There is nothing to track."""
    push, pull = p.pair()
    for data in (b"small", b"x" * 100_000):
        p.attempt(push.send, data, copy=True)
        p.attempt(push.send, data, copy=True, track=True)
        p.say(pull.recv() == data, pull.recv() == data)


@snippet
def send_by_default_returns_none(p: Probe) -> None:
    """As with copy=True."""
    push, pull = p.pair()
    for data in (b"small", b"x" * 100_000):
        p.attempt(push.send, data)
        p.say(pull.recv() == data)


@snippet
def tracking_by_default(p: Probe) -> None:
    """track=True without copy."""
    push, pull = p.pair()
    p.attempt(push.send, b"x" * 100_000, track=True)
    p.say(pull.recv() == b"x" * 100_000)


@snippet
def trackers_watch_the_message(p: Probe) -> None:
    """done is False while the message is queued."""
    push, pull = p.pair()
    tracker = push.send(b"x" * 100_000, copy=False, track=True)
    p.say(tracker.done)
    p.attempt(tracker.wait, 0.01)
    p.attempt(tracker.wait, timeout=0)
    frame = pull.recv(copy=False)
    p.say(len(frame))
    del frame
    p.attempt(tracker.wait, 5)
    p.say(tracker.done)


@snippet
def sending_frames(p: Probe) -> None:
    """A frame can be sent again and again."""
    push, pull = p.pair()
    for frame in (p.zmq.Frame(b"small"), p.zmq.Frame(b"x" * 100_000), p.zmq.Frame(), p.zmq.Frame(b"", track=True)):
        for _ in range(2):
            p.attempt(push.send, frame)
            p.attempt(push.send, frame, copy=False)
            p.say(pull.recv() == frame.bytes, pull.recv() == frame.bytes)


@snippet
def sending_untracked_frames_with_track(p: Probe) -> None:
    """ValueError."""
    push, _ = p.pair()
    p.attempt(push.send, p.zmq.Frame(b"x"), track=True)
    p.attempt(push.send, p.zmq.Frame(b"x"), track=True, copy=False)
    p.attempt(push.send, p.zmq.Frame(b"x", track=True), track=True)
    p.attempt(push.send, p.zmq.Frame(b"x", track=True))


@snippet
def copy_threshold_of_a_socket(p: Probe) -> None:
    """From there on copy=False shares the buffer."""
    push, pull = p.pair()
    p.say(push.copy_threshold)
    push.copy_threshold = 100
    buffer = bytearray(b"0123456789" * 10)
    push.send(buffer, copy=False)
    buffer[0:1] = b"X"
    p.attempt(pull.recv)
    push.copy_threshold = 101
    push.send(buffer, copy=False)
    buffer[0:1] = b"Y"
    p.attempt(pull.recv)
    push.copy_threshold = 0
    push.send(buffer, copy=False)
    buffer[0:1] = b"Z"
    p.attempt(pull.recv)


@snippet
def multipart_messages(p: Probe) -> None:
    """Parts come as they went."""
    push, pull = p.pair()
    for parts in ([b"a"], [b"a", b""], (b"a", bytearray(b"b"), memoryview(b"c")), [b"", b"", b""], [p.zmq.Frame(b"f")]):
        p.attempt(push.send_multipart, parts)
        p.attempt(pull.recv_multipart)
    p.attempt(push.send_multipart, [b"a"], p.zmq.SNDMORE)
    p.attempt(push.send_multipart, msg_parts=[b"b"], flags=0, copy=True, track=False)
    p.attempt(pull.recv_multipart)


@snippet
def multipart_is_checked_before_it_is_sent(p: Probe) -> None:
    """One bad part, and nothing goes."""
    push, pull = p.pair()
    for parts in (["text"], [b"a", "text"], [b"a", 5], [b"a", None, b"b"], [None], "text", b"bytes", 5, None):
        p.attempt(push.send_multipart, parts)
    p.attempt(pull.recv, p.zmq.DONTWAIT)
    p.attempt(push.send, b"whole")
    p.attempt(pull.recv_multipart)


@snippet
def multipart_of_nothing(p: Probe) -> None:
    """An empty list is an error."""
    push, pull = p.pair()
    p.attempt(push.send_multipart, [])
    p.attempt(push.send_multipart, ())
    p.attempt(pull.recv, p.zmq.DONTWAIT)


@snippet
def multipart_from_a_generator(p: Probe) -> None:
    """A sequence is asked for."""
    push, _ = p.pair()
    p.attempt(push.send_multipart, (part for part in [b"a", b"b"]))


@snippet
def multipart_trackers(p: Probe) -> None:
    """What send_multipart() returns."""
    push, pull = p.pair()
    p.attempt(push.send_multipart, [b"a", b"b"])
    tracker = p.attempt(push.send_multipart, [b"a", b"x" * 100_000], copy=False, track=True)
    p.attempt(push.send_multipart, [b"a", b"b"], copy=False, track=True)
    for _ in range(3):
        pull.recv_multipart()
    p.attempt(tracker.wait, 5)


@snippet
def multipart_without_copy_and_track(p: Probe) -> None:
    """What send_multipart(copy=False) of short parts returns."""
    push, _ = p.pair()
    p.attempt(push.send_multipart, [b"a", b"b"], copy=False)
    p.attempt(push.send_multipart, [b"a", b"b" * 100_000], copy=False)
    p.attempt(push.send_multipart, [b"a", bytearray(5)], copy=False)
    for track in (False, True):
        p.attempt(push.send_multipart, [b"a", p.zmq.Frame(b"b", track=track)])
        p.attempt(push.send_multipart, [p.zmq.Frame(b"b", track=track), b"a"])


@snippet
def rcvmore_tells_of_another_part(p: Probe) -> None:
    """After each recv()."""
    push, pull = p.pair()
    push.send_multipart([b"a", b"b"])
    p.say(pull.rcvmore, pull.recv(), pull.rcvmore, pull.getsockopt(p.zmq.RCVMORE), pull.recv(), pull.rcvmore)


@snippet
def rest_of_a_multipart_message(p: Probe) -> None:
    """recv_multipart() after recv() gives the parts that are left."""
    push, pull = p.pair()
    push.send_multipart([b"a", b"b", b"c"])
    p.say(pull.recv(), pull.recv_multipart())


@snippet
def envelopes(p: Probe) -> None:
    """REQ to ROUTER and back, DEALER to REP and back."""
    request, router = p.pair("REQ", "ROUTER", "tcp")
    request.send(b"question")
    peer, *rest = router.recv_multipart()
    p.say(len(peer), rest)
    router.send_multipart([peer, b"", b"answer"])
    p.attempt(request.recv)
    dealer, reply = p.pair("DEALER", "REP", "ipc")
    dealer.send_multipart([b"", b"question"])
    p.attempt(reply.recv)
    reply.send(b"answer")
    p.attempt(dealer.recv_multipart)


@snippet
def publishing(p: Probe) -> None:
    """XPUB sees subscriptions; topics are prefixes."""
    subscriber, publisher = p.pair("SUB", "XPUB", "tcp")
    subscriber.subscribe("a")
    p.attempt(publisher.recv)
    publisher.send(b"b nobody")
    publisher.send_multipart([b"ab", b"somebody"])
    p.attempt(subscriber.recv_multipart)
    subscriber.unsubscribe(b"a")
    p.attempt(publisher.recv)


@snippet
def arguments_of_recv(p: Probe) -> None:
    """By position and by name."""
    push, pull = p.pair()
    for _ in range(4):
        push.send(b"x")
    p.attempt(pull.recv, 0, True, False)
    p.attempt(pull.recv, flags=0, copy=True, track=False)
    p.attempt(pull.recv, copy=False)
    p.attempt(pull.recv_multipart, 0, False, True)
    push.send(b"x")
    p.say(pull.recv(copy=False, track=True).tracker is p.zmq._FINISHED_TRACKER)


@snippet
def received_frames(p: Probe) -> None:
    """Bytes, buffer, more, length."""
    push, pull = p.pair()
    push.send_multipart([b"first", b"x" * 1000, b""])
    for frame in pull.recv_multipart(copy=False):
        p.say(type(frame), frame.more, len(frame), frame.bytes[:10], bytes(frame)[:10], bytes(frame.buffer)[:10])
        p.say(type(frame.buffer), frame.buffer.format, frame.tracker, isinstance(frame, p.zmq.Frame))
        p.say(frame.bytes is frame.bytes)


@snippet
def receiving_into_buffers(p: Probe) -> None:
    """The size of the frame comes back, the rest is cut off."""
    push, pull = p.pair()
    buffer = bytearray(b"-" * 8)
    for data, arguments in (
        (b"abc", {}),
        (b"0123456789", {}),
        (b"abcdef", {"nbytes": 2}),
        (b"", {}),
        (b"abc", {"nbytes": 0}),
        (b"abc", {"flags": p.zmq.DONTWAIT}),
    ):
        push.send(data)
        p.attempt(pull.recv_into, buffer, **arguments)
        p.say(bytes(buffer))
    push.send(b"x")
    p.attempt(pull.recv_into, bytearray())
    push.send(b"x")
    for wrong in (b"readonly", "text", 5):
        p.attempt(pull.recv_into, wrong)
    for nbytes in (9, -1):
        p.attempt(pull.recv_into, buffer, nbytes=nbytes)
    p.attempt(pull.recv_into, memoryview(bytearray(8))[::2])
    numbers = array.array("H", [0, 0])
    p.attempt(pull.recv_into, numbers)
    p.say(list(numbers))


@snippet
def forms_call_send_and_recv(p: Probe) -> None:
    """A subclass that overrides send() and recv() is asked by the forms."""

    class Child(p.zmq.Socket):  # type: ignore[misc, name-defined]
        calls: ClassVar[list[str]] = []

        def send(self, data: Any, *args: Any, **kwargs: Any) -> Any:
            self.calls.append("send")
            return super().send(data, *args, **kwargs)

        def recv(self, *args: Any, **kwargs: Any) -> Any:
            self.calls.append("recv")
            return super().recv(*args, **kwargs)

    push, pull = (p.context.socket(getattr(p.zmq, name), socket_class=Child) for name in ("PUSH", "PULL"))
    pull.bind("inproc://x")
    push.connect("inproc://x")
    push.send_string("x")
    push.send_json("x")
    push.send_pyobj("x")
    p.say(pull.recv_string(), pull.recv_json(), pull.recv_pyobj(), Child.calls)


@snippet
def multipart_calls_send_and_recv(p: Probe) -> None:
    """Whether send_multipart() and recv_multipart() go through send() and recv()."""

    class Child(p.zmq.Socket):  # type: ignore[misc, name-defined]
        calls: ClassVar[list[str]] = []

        def send(self, data: Any, *args: Any, **kwargs: Any) -> Any:
            self.calls.append("send")
            return super().send(data, *args, **kwargs)

    push, pull = p.context.socket(p.zmq.PUSH, socket_class=Child), p.socket("PULL")
    pull.bind("inproc://x")
    push.connect("inproc://x")
    push.send_multipart([b"a", b"b"])
    p.say(pull.recv_multipart(), Child.calls)
    push.close()
