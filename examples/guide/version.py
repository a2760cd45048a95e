"""Which zmqlite and which libzmq this is."""

import zmqlite as zmq

print(f"zmqlite {zmq.__version__}, libzmq {zmq.zmq_version()}")
