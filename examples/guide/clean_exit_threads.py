"""Clean exit with threads: terminating the context ends whatever waits in another thread."""

import threading

import zmqlite as zmq


def wait(context: zmq.Context, ready: threading.Barrier, ended: list) -> None:
    """Wait for a message that never comes; close the socket when the context ends."""
    with context.socket(zmq.PULL) as socket:
        socket.bind(f"inproc://{threading.current_thread().name}")
        ready.wait()
        try:
            socket.recv()
        except zmq.ContextTerminated:
            ended.append(threading.current_thread().name)


context = zmq.Context()
ready = threading.Barrier(4)
ended: list = []
threads = [threading.Thread(target=wait, args=(context, ready, ended)) for _ in range(3)]
for thread in threads:
    thread.start()
ready.wait()
context.term()  # returns when every socket is closed
for thread in threads:
    thread.join()
print(f"{len(ended)} threads were told to end, and did: a clean exit")
