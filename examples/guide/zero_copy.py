"""Zero-copy: libzmq sends from a buffer of ours, and tells when it has let go of it."""

import zmqlite as zmq

with zmq.Context() as context, context.socket(zmq.PUSH) as push, context.socket(zmq.PULL) as pull:
    push.bind("inproc://pictures")
    pull.connect("inproc://pictures")

    picture = bytearray(1_000_000)
    tracker = push.send(picture, copy=False, track=True)
    print("Sent, still in use:", not tracker.done)
    frame = pull.recv(copy=False)
    view = frame.buffer  # the message where libzmq has it
    picture[0] = 255  # never do this: it shows that nothing was copied
    print("The receiver sees the sender's memory:", view[0] == 255)
    del view, frame
    tracker.wait(timeout=10)
    print("Let go:", tracker.done)

    text = b"x" * 1_000_000  # bytes cannot change: they are always sent in place
    push.send(text)
    print("The very same object arrives:", pull.recv() is text)
