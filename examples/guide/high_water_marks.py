"""High-water marks: what happens when nobody reads. PUSH and DEALER block, PUB and ROUTER drop: shown by counting."""

import zmqlite as zmq


def fill(sender_type: int, receiver_type: int, prefix: list) -> None:
    """Send until it would block, at most a hundred messages; then count what arrives."""
    with zmq.Context() as context, context.socket(sender_type) as sender, context.socket(receiver_type) as receiver:
        # Over inproc both sides share a queue of the sum of their marks; over tcp there are the system's buffers too.
        sender.sndhwm = receiver.rcvhwm = 5
        if receiver_type == zmq.SUB:
            receiver.subscribe("")
        receiver.routing_id = b"reader"
        sender.bind("inproc://queue")
        receiver.connect("inproc://queue")
        if sender_type == zmq.ROUTER:
            receiver.send(b"ready")
            sender.recv_multipart()  # now the router knows its peer
        sent = 0
        try:
            while sent < 100:
                sender.send_multipart([*prefix, b"message"], zmq.NOBLOCK)
                sent += 1
        except zmq.Again:
            pass
        received = len(receiver.recv_many(1000, timeout=1000))
        verdict = "blocks" if sent < 100 else "drops"
        name = zmq.SocketType(sender_type).name
        print(f"{name} {verdict}: {sent} sent, {received} received, {sent - received} lost")


fill(zmq.PUSH, zmq.PULL, [])
fill(zmq.DEALER, zmq.DEALER, [])
fill(zmq.PUB, zmq.SUB, [])
fill(zmq.ROUTER, zmq.DEALER, [b"reader"])
