/* The docstrings of the verbs. _hotpath_cffi.py has the same words; tests/test_messages.py compares them. */
#ifndef HOTPATH_DOCS_H
#define HOTPATH_DOCS_H

#define HP_SEND_DOC                                                                                                    \
    "send($self, data, flags=0, copy=None, track=False, routing_id=None, group=None)\n--\n\n"                          \
    "Send one message part.\n\n"                                                                                       \
    "Args:\n"                                                                                                          \
    "    data: bytes-like, contiguous; or a Frame.\n"                                                                  \
    "    flags: DONTWAIT raises Again instead of waiting, SNDMORE says that another part follows.\n"                   \
    "    copy: None sends bytes of at least PASS_THRESHOLD in place and copies the rest; True always copies;\n"        \
    "        False sends any buffer of at least copy_threshold bytes in place: do not change it before the\n"          \
    "        tracker is done.\n"                                                                                       \
    "    track: return a MessageTracker that tells when libzmq is done with data.\n"                                   \
    "    routing_id: the peer, for SERVER and PEER sockets, 1 to 2**32-1 (draft).\n"                                   \
    "    group: for RADIO sockets, at most 255 bytes of UTF-8 (draft).\n\n"                                            \
    "Returns:\n"                                                                                                       \
    "    None, or with track a MessageTracker, finished already when data was copied.\n\n"                             \
    "Raises:\n"                                                                                                        \
    "    TypeError: data is not bytes-like.\n"                                                                         \
    "    BufferError: data is not contiguous.\n"                                                                       \
    "    Again: EAGAIN: no room and DONTWAIT, or SNDTIMEO is over.\n"                                                  \
    "    ContextTerminated: ETERM.\n"                                                                                  \
    "    SocketInUse: EBUSY: another thread is inside the socket.\n"                                                   \
    "    ZMQError: EFSM, not this socket's turn; EHOSTUNREACH, no such peer (ROUTER_MANDATORY); ENOTSUP, this type\n"   \
    "        cannot send; ENOTSOCK, closed.\n\n"                                                                       \
    "Source: zmq_msg_send(3), zmq_msg_init_data(3)."

#define HP_RECV_DOC                                                                                                    \
    "recv($self, flags=0, copy=True, track=False)\n--\n\n"                                                             \
    "Receive one message part.\n\n"                                                                                    \
    "Args:\n"                                                                                                          \
    "    flags: DONTWAIT raises Again instead of waiting.\n"                                                           \
    "    copy: False returns a Frame, which keeps libzmq's memory.\n"                                                  \
    "    track: give the Frame a (finished) tracker.\n\n"                                                              \
    "Returns:\n"                                                                                                       \
    "    bytes, or a Frame. Over inproc, bytes that were sent in place come back as the same object.\n\n"              \
    "Raises:\n"                                                                                                        \
    "    Again: EAGAIN: nothing there and DONTWAIT, or RCVTIMEO is over.\n"                                            \
    "    ContextTerminated: ETERM.\n"                                                                                  \
    "    SocketInUse: EBUSY: another thread is inside the socket.\n"                                                   \
    "    ZMQError: EFSM, not this socket's turn; ENOTSUP, this type cannot receive; ENOTSOCK, closed.\n\n"             \
    "Source: zmq_msg_recv(3)."

#define HP_TRY_RECV_DOC                                                                                                \
    "try_recv($self, copy=True)\n--\n\n"                                                                               \
    "Receive one message part if one is there; never wait, and raise nothing when none is.\n\n"                       \
    "Args:\n"                                                                                                          \
    "    copy: False returns a Frame, which keeps libzmq's memory.\n\n"                                               \
    "Returns:\n"                                                                                                       \
    "    bytes, or a Frame, as recv(); None when nothing is there.\n\n"                                               \
    "Raises:\n"                                                                                                        \
    "    ContextTerminated, SocketInUse, ZMQError: as recv().\n\n"                                                    \
    "Source: zmq_msg_recv(3)."

#define HP_POLL_DOC                                                                                                    \
    "poll($self, timeout=None, flags=1)\n--\n\n"                                                                      \
    "Wait until the socket is ready.\n\n"                                                                             \
    "Args:\n"                                                                                                          \
    "    timeout: milliseconds; None or negative waits for ever.\n"                                                   \
    "    flags: POLLIN, POLLOUT; with neither there is nothing to wait for and poll() returns at once.\n\n"           \
    "Returns:\n"                                                                                                       \
    "    The events that are ready; 0 when the time is over.\n\n"                                                     \
    "Raises:\n"                                                                                                        \
    "    TypeError: timeout or flags is no number.\n"                                                                 \
    "    ZMQError: ENOTSUP, the socket is closed.\n\n"                                                                \
    "Source: zmq_poll(3)."

#define HP_SEND_MULTIPART_DOC                                                                                          \
    "send_multipart($self, msg_parts, flags=0, copy=None, track=False, routing_id=None, group=None)\n--\n\n"           \
    "Send a whole message of one part or more: all of it or nothing.\n\n"                                              \
    "Args:\n"                                                                                                          \
    "    msg_parts: a sequence of parts, each as for send(); every one is checked before the first is sent.\n"         \
    "    flags: as for send(), for every part; so are those that follow.\n"                                            \
    "    copy: of any part.\n"                                                                                         \
    "    track: all parts together.\n"                                                                                 \
    "    routing_id: of the message.\n"                                                                                \
    "    group: of the message.\n\n"                                                                                   \
    "Returns:\n"                                                                                                       \
    "    None, or with track one MessageTracker for all parts.\n\n"                                                    \
    "Raises:\n"                                                                                                        \
    "    TypeError: a part is not bytes-like; its index is in the message.\n"                                          \
    "    IndexError: there is no part.\n"                                                                              \
    "    Again, ContextTerminated, SocketInUse, ZMQError: as send().\n\n"                                              \
    "Source: zmq_msg_send(3)."

#define HP_RECV_MULTIPART_DOC                                                                                          \
    "recv_multipart($self, flags=0, copy=True, track=False)\n--\n\n"                                                   \
    "Receive a whole message.\n\n"                                                                                     \
    "Args:\n"                                                                                                          \
    "    flags: as for recv(), for every part.\n"                                                                      \
    "    copy: likewise.\n"                                                                                            \
    "    track: likewise.\n\n"                                                                                         \
    "Returns:\n"                                                                                                       \
    "    A list of its parts, bytes or Frames.\n\n"                                                                    \
    "Raises:\n"                                                                                                        \
    "    Again, ContextTerminated, SocketInUse, ZMQError: as recv().\n\n"                                              \
    "Source: zmq_msg_recv(3)."

#define HP_SEND_MANY_DOC                                                                                               \
    "send_many($self, messages, flags=0, copy=None)\n--\n\n"                                                           \
    "Send many messages in one call. Each is sent whole or not at all.\n\n"                                            \
    "Args:\n"                                                                                                          \
    "    messages: an iterable of messages: bytes-like for one part, a list or tuple for several.\n"                   \
    "    flags: DONTWAIT stops at the first message that finds no room.\n"                                             \
    "    copy: as for send().\n\n"                                                                                     \
    "Returns:\n"                                                                                                       \
    "    How many messages were sent: all, or fewer when DONTWAIT or SNDTIMEO stopped it.\n\n"                         \
    "Raises:\n"                                                                                                        \
    "    TypeError: a message is not bytes-like.\n"                                                                    \
    "    ContextTerminated, SocketInUse, ZMQError: as send(). Every exception, also one of a signal handler, has an\n" \
    "        attribute `sent`: how many messages were sent before it.\n\n"                                             \
    "Source: zmq_msg_send(3)."

#define HP_RECV_MANY_DOC                                                                                               \
    "recv_many($self, max=1000, timeout=None, flags=0, copy=True, multipart=None)\n--\n\n"                             \
    "Receive many messages in one call: waits for the first, then takes what is there.\n\n"                            \
    "Args:\n"                                                                                                          \
    "    max: at most so many messages, 1 or more.\n"                                                                  \
    "    timeout: milliseconds to wait for the first; -1 for ever; None as RCVTIMEO says.\n"                           \
    "    flags: DONTWAIT does not wait at all.\n"                                                                      \
    "    copy: False returns Frames.\n"                                                                                \
    "    multipart: True returns a list for every message, also for one of a single part.\n\n"                         \
    "Returns:\n"                                                                                                       \
    "    A list of messages, empty when none came in time: bytes for a message of one part, a list of parts for\n"     \
    "    others.\n\n"                                                                                                  \
    "Raises:\n"                                                                                                        \
    "    ContextTerminated, SocketInUse, ZMQError: as recv(), only while nothing was received.\n\n"                    \
    "Source: zmq_msg_recv(3)."

#define HP_RECV_INTO_DOC                                                                                               \
    "recv_into($self, buffer, /, *, nbytes=0, flags=0)\n--\n\n"                                                        \
    "Receive one message part into a writable buffer.\n\n"                                                             \
    "Args:\n"                                                                                                          \
    "    buffer: contiguous and writable, such as a bytearray.\n"                                                      \
    "    nbytes: at most so many bytes, up to the buffer's size; 0 for all of it.\n"                                   \
    "    flags: DONTWAIT raises Again instead of waiting.\n\n"                                                         \
    "Returns:\n"                                                                                                       \
    "    The size of the message in bytes: more than nbytes when the rest of it was dropped.\n\n"                      \
    "Raises:\n"                                                                                                        \
    "    ValueError: nbytes is negative or beyond the buffer.\n"                                                       \
    "    BufferError: the buffer is read-only or not contiguous.\n"                                                    \
    "    Again, ContextTerminated, SocketInUse, ZMQError: as recv().\n\n"                                              \
    "Source: zmq_recv(3)."

#endif
