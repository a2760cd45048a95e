"""pyomq: ZMTP in Rust, without libzmq."""

import sys
import time

import pyomq

role, endpoint, *keys = sys.argv[1:]
context = pyomq.Context()
socket = context.socket(getattr(pyomq, role.upper()))
if keys:
    names = (pyomq.CURVE_SERVERKEY, pyomq.CURVE_PUBLICKEY, pyomq.CURVE_SECRETKEY)
    for name, key in zip(names, keys):
        socket.setsockopt(name, key.encode())
if role == "dealer":
    socket.setsockopt(pyomq.IDENTITY, b"peer")
if role == "sub":
    socket.setsockopt(pyomq.SUBSCRIBE, b"news")
socket.connect(endpoint)
if role == "req":
    socket.send_multipart([b"hello", b"world"])
    print(b"|".join(socket.recv_multipart()).decode())
elif role == "rep":
    while True:
        socket.send_multipart([b"echo", *socket.recv_multipart()])
elif role == "dealer":
    socket.send_multipart([b"a", b"", b"b"])
    print(b"|".join(socket.recv_multipart()).decode())
elif role == "sub":
    print(b"|".join(socket.recv_multipart()).decode())
else:
    while True:
        socket.send_multipart([b"olds", b"-"])
        socket.send_multipart([b"news", b"hello"])
        time.sleep(0.01)
socket.close()
context.term()
