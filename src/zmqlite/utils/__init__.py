"""The modules that pyzmq's programs import as `zmq.utils`: thin, and most of them other names for what is elsewhere."""
