"""HTTP over a STREAM socket: raw TCP connections, each known by a routing id."""

import sys

import zmqlite as zmq

[endpoint] = sys.argv[1:] or ["tcp://*:8080"]

BODY = b"Hello, World!\n"
REPLY = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: %d\r\nConnection: close\r\n\r\n%s"

with zmq.Context() as context, context.socket(zmq.STREAM) as socket:
    socket.bind(endpoint)
    print("Serving on", socket.last_endpoint.decode(), flush=True)
    requests: dict = {}
    while True:
        peer, data = socket.recv_multipart()
        if not data:  # connected, or disconnected
            requests.pop(peer, None)
            continue
        requests[peer] = requests.get(peer, b"") + data
        if b"\r\n\r\n" in requests[peer]:
            print(requests.pop(peer).split(b"\r\n")[0].decode(), flush=True)
            socket.send_multipart([peer, REPLY % (len(BODY), BODY)])
            socket.send_multipart([peer, b""])  # an empty frame closes the connection
