"""OpenTelemetry's context travels with a message, in a frame that the application does not see."""

from __future__ import annotations

import asyncio

import pytest

import zmqlite
import zmqlite.asyncio

trace = pytest.importorskip("opentelemetry.trace", reason="zmqlite[opentelemetry]")
sdk = pytest.importorskip("opentelemetry.sdk.trace", reason="spans are made by opentelemetry-sdk")
from opentelemetry.sdk.trace.export import SimpleSpanProcessor  # noqa: E402
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter  # noqa: E402

from zmqlite import tracing  # noqa: E402


@pytest.fixture(scope="module")
def exporter():
    """Where finished spans end up; OpenTelemetry takes one provider a process."""
    made = InMemorySpanExporter()
    provider = sdk.TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(made))
    trace.set_tracer_provider(provider)
    return made


@pytest.fixture
def spans(exporter):
    """Finished spans of this test by name."""
    exporter.clear()
    return lambda: {span.name: span for span in exporter.get_finished_spans()}


@pytest.mark.parametrize("types", [("PUSH", "PULL"), ("DEALER", "ROUTER")])
def test_trace_goes_on_where_the_message_arrives(pair, spans, types):
    """The consumer's span is a child of the producer's, which is a child of the sender's; the parts are untouched."""
    sender, receiver = pair(*(getattr(zmqlite, name) for name in types), "tcp")
    receiver.rcvtimeo = 20_000
    with trace.get_tracer("test").start_as_current_span("order"):
        tracing.send(sender, [b"topic", b"job"])
    message = tracing.recv(receiver)
    assert message.parts[-2:] == [b"topic", b"job"]
    with tracing.consume(message) as span:
        assert span is trace.get_current_span()
    found = spans()
    assert found["send"].parent.span_id == found["order"].context.span_id
    assert found["process"].parent.span_id == found["send"].context.span_id
    assert len({span.context.trace_id for span in found.values()}) == 1
    assert (found["send"].kind.name, found["process"].kind.name) == ("PRODUCER", "CONSUMER")
    assert found["send"].attributes["messaging.system"] == "zeromq"


def test_trace_goes_on_in_an_event_loop(spans):
    """With the sockets of asyncio, also when the receiver has to wait; the span is current where it is consumed."""

    async def main():
        async with zmqlite.asyncio.Context() as context:
            push, pull = context.socket(zmqlite.PUSH), context.socket(zmqlite.PULL)
            push.bind("inproc://traced")
            pull.connect("inproc://traced")
            waiting = asyncio.ensure_future(tracing.recv_async(pull))
            await asyncio.sleep(0)
            await tracing.send_async(push, [b"job"])
            message = await asyncio.wait_for(waiting, 20)
            with tracing.consume(message) as span:
                assert span is trace.get_current_span()
            push.close()
            pull.close()
            return message.parts

    assert asyncio.run(main()) == [b"job"]
    found = spans()
    assert found["process"].parent.span_id == found["send"].context.span_id


def test_message_without_the_frame_is_received_as_it_is(pair, spans):
    """The other side need not know of tracing: then the span is a root."""
    push, pull = pair(zmqlite.PUSH, zmqlite.PULL)
    push.send_multipart([b"a", b"b"])
    message = tracing.recv(pull)
    assert message == ([b"a", b"b"], None)
    with tracing.consume(message):
        pass
    assert spans()["process"].parent is None


@pytest.mark.parametrize(
    "frame", [b"", b"traceparent: nonsense", b"\xff\xfe", b"no colon\n\n: ", b"traceparent: " + b"0" * 500]
)
def test_damaged_frame_harms_nobody(spans, frame):
    """What a stranger puts there is taken off, and the trace begins anew."""
    message = tracing.take_frame([b"job", tracing.MARK + frame])
    assert message.parts == [b"job"]
    with tracing.consume(message):
        pass
    assert spans()["process"].parent is None


def test_nothing_to_carry_adds_no_frame():
    """Outside of any span the message stays as it is."""
    assert tracing.add_frame([b"job"]) == [b"job"]
