"""Named settings: `tuning="throughput"` on contexts and sockets."""

from __future__ import annotations

import pytest

import zmqlite as zmq

needs_drafts = pytest.mark.skipif(not zmq.has("draft"), reason="this libzmq has no drafts")
IN_BATCH, OUT_BATCH = 405504, 540672


@needs_drafts
def test_tuning_of_a_context_is_for_the_sockets_it_makes():
    """Those made before keep what they have; what it sets are defaults like others."""
    with zmq.Context(tuning="throughput") as context, context.socket(zmq.PULL) as socket:
        assert (context.tuning, socket.tuning) == ("throughput", "throughput")
        assert (socket.in_batch_size, socket.out_batch_size) == (IN_BATCH, OUT_BATCH)
        context.linger = 0
        context.tuning = None
        assert (context.tuning, context.sockopts) == (None, {zmq.LINGER: 0})
        assert socket.tuning == "throughput"
        with context.socket(zmq.PULL) as other:
            assert (other.tuning, other.in_batch_size) == (None, 8192)


@needs_drafts
def test_tuning_of_a_socket_is_set_and_taken_back(context):
    """And is told by the options, whoever set them."""
    socket = context.socket(zmq.PUSH)
    assert socket.tuning is None
    socket.tuning = "throughput"
    assert (socket.tuning, socket.in_batch_size, socket.out_batch_size) == ("throughput", IN_BATCH, OUT_BATCH)
    socket.tuning = None
    assert (socket.tuning, socket.in_batch_size, socket.out_batch_size) == (None, 8192, 540672)
    socket.in_batch_size = IN_BATCH
    assert socket.tuning == "throughput"
    socket.in_batch_size = 1000
    assert socket.tuning is None


@pytest.mark.parametrize("name", ["fast", "", "THROUGHPUT", 1])
def test_unknown_tuning_raises(context, name):
    """With the names there are; nothing is changed."""
    socket = context.socket(zmq.PUSH)
    for owner in (context, socket):
        with pytest.raises(ValueError, match="'throughput'"):
            owner.tuning = name
        assert owner.tuning is None
    with pytest.raises(ValueError, match="'throughput'"):
        zmq.Context(tuning=name)


@pytest.mark.skipif(zmq.has("draft"), reason="this libzmq has drafts")
def test_tuning_without_drafts_raises(context):
    """It says what is lacking, also where None would do nothing."""
    for owner in (context, context.socket(zmq.PUSH)):
        with pytest.raises(zmq.ZMQVersionError, match=r"tuning='throughput' requires libzmq .* drafts"):
            owner.tuning = "throughput"
        owner.tuning = None
        assert owner.tuning is None


@needs_drafts
@pytest.mark.parametrize("tuned", ["both", "sender", "receiver"])
def test_messages_of_all_sizes_cross_with_tuning(context, transport, tuned):
    """Around both batch sizes, long after short: complete and in order, whoever is tuned."""
    from conftest import bind_wildcard

    push, pull = context.socket(zmq.PUSH), context.socket(zmq.PULL)
    if tuned != "receiver":
        push.tuning = "throughput"
    if tuned != "sender":
        pull.tuning = "throughput"
    push.connect(bind_wildcard(pull, transport))
    pull.rcvtimeo = 20_000
    edges = (batch + step for batch in (IN_BATCH, OUT_BATCH) for step in (-10, -9, -1, 0, 1))
    sizes = [0, 1, 255, 256, 8191, 8192, 8193, *edges, 2 * OUT_BATCH] * 3
    sizes += [1024] * 400
    for number, size in enumerate(sizes):
        push.send(number.to_bytes(2, "big") + bytes(size))
    received = [pull.recv() for _ in sizes]
    assert [len(message) - 2 for message in received] == sizes
    assert [int.from_bytes(message[:2], "big") for message in received] == list(range(len(sizes)))
