"""The options of a socket, but for those of one transport or of security, and the options of a context.

Ranges are what makes sense, which is at times less than what libzmq takes: a comment says so where they differ.

Sources: zmq_setsockopt(3), zmq_getsockopt(3), zmq_ctx_set(3), options.cpp, ctx.cpp and xsetsockopt of each socket type
in libzmq 4.3.4 and 4.3.5.
"""

from __future__ import annotations

from .option_codec import INT_MAX, INT_MIN, Bytes, Number, Option, ThreadNamePrefix

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def _flag(name: str, number: int, doc: str, default: int | None = 0, **more: Any) -> Number:
    return Number(name, number, 0, 1, doc, kind="bool", size=4, default=default, **more)


def _int(name: str, number: int, lowest: int, highest: int, doc: str, **more: Any) -> Number:
    return Number(name, number, lowest, highest, doc, kind="int", size=4, **more)


def _ms(name: str, number: int, lowest: int, default: int, doc: str, highest: int = INT_MAX, **more: Any) -> Number:
    return Number(name, number, lowest, highest, doc, kind="int", size=4, unit="ms", default=default, **more)


def _check_routing_id(data: bytes) -> str:
    # A ROUTER gives ids of this form itself. One that it then gives twice is a failed assertion: it aborts.
    if len(data) == 5 and data[0] == 0:
        return "5 bytes that begin with a zero byte are the ids that ROUTER gives to peers without one"
    return ""


def _check_metadata(data: bytes) -> str:
    name, colon, value = data.partition(b":")
    if not colon or not value or not name.startswith(b"X-") or len(name) > 255:
        return "it must be b'X-name:value', with a name of at most 255 bytes"
    if len(data) == 4:
        return "libzmq takes 4 bytes for a number: make the name or the value longer"
    return ""


_ROUTING = ("ROUTER", "STREAM", "SERVER", "PEER")

# One row is one or a few lines; the formatter would make it ten.
# fmt: off
SOCKET_ROWS: tuple[Option, ...] = (
    # Queues and waiting.
    _int(
        "SNDHWM", 23, 0, INT_MAX, "messages queued for each peer to be sent; 0 is no limit", unit="messages",
        default=1000, at_once=True,
    ),
    _int(
        "RCVHWM", 24, 0, INT_MAX, "messages queued of each peer to be received; 0 is no limit",
        unit="messages", default=1000, at_once=True,
    ),
    _int(
        "HWM", 1, 0, INT_MAX, "SNDHWM and RCVHWM at once, an option of zmqlite; reading it gives SNDHWM",
        unit="messages", default=1000, at_once=True,
    ),
    _ms(
        "LINGER", 17, -1, -1,
        "ms that unsent messages are kept after close() or disconnect(); -1 is for ever, 0 drops them",
        at_once=True,
    ),
    _ms(
        "SNDTIMEO", 28, -1, -1,
        "ms that send() waits before it raises Again; -1 is for ever, 0 is not at all", at_once=True,
    ),
    _ms(
        "RCVTIMEO", 27, -1, -1,
        "ms that recv() waits before it raises Again; -1 is for ever, 0 is not at all", at_once=True,
    ),
    # libzmq takes every negative number for no limit.
    Number(
        "MAXMSGSIZE", 22, -1, 2**63 - 1,
        "bytes of the largest message taken: a peer that sends more is disconnected; -1 is no limit",
        kind="int64", size=8, unit="bytes", default=-1,
    ),
    _flag(
        "CONFLATE", 54, "keep only the newest message, of one part",
        types=("PULL", "PUSH", "SUB", "PUB", "DEALER"),
    ),
    _flag(
        "IMMEDIATE", 39, "queue messages only for peers that are connected",
        aliases=("DELAY_ATTACH_ON_CONNECT",),
    ),
    Number(
        "AFFINITY", 4, 0, 2**64 - 1,
        "the I/O threads that handle new connections, as a bit mask; 0 is all of them", kind="uint64", size=8,
        default=0,
    ),
    _int(
        "BACKLOG", 19, 0, INT_MAX, "connections that may wait to be accepted", unit="connections",
        default=100,
    ),
    _int(
        "SNDBUF", 11, -1, INT_MAX,
        "bytes of the system's send buffer; -1 leaves it as it is, over ipc 1 MiB with the bundled libzmq",
        unit="bytes", default=-1,
    ),
    _int(
        "RCVBUF", 12, -1, INT_MAX, "bytes of the system's receive buffer; -1 leaves it as it is",
        unit="bytes", default=-1,
    ),
    # libzmq takes 1, which is a failed assertion at the first message. It allocates this much for each connection,
    # and aborts when it cannot.
    _int(
        "IN_BATCH_SIZE", 101, 2, 2**30, "bytes read from the system at once", unit="bytes", default=8192,
        draft="4.3.3",
    ),
    _int(
        "OUT_BATCH_SIZE", 102, 1, 2**30, "bytes written to the system at once; libzmq's own default is 8192",
        unit="bytes", default=540672,
        draft="4.3.3",
    ),
    # What the socket is doing.
    _int("TYPE", 16, 0, INT_MAX, "the socket type, a SocketType", access="r"),
    Number(
        "FD", 14, INT_MIN, INT_MAX,
        "a file descriptor that becomes readable when EVENTS may have changed: it is edge-triggered, so "
        "read EVENTS after every send and recv", kind="fd", size=4, access="r",
    ),
    _int("EVENTS", 15, 0, 3, "what can be done now without waiting, POLLIN and POLLOUT", access="r"),
    _flag("RCVMORE", 13, "whether the part last received has more after it", None, access="r"),
    Bytes(
        "LAST_ENDPOINT", 32, 0, 1023, "the endpoint last bound or connected, wildcards resolved",
        kind="string", access="r",
    ),
    _int("MECHANISM", 43, 0, 3, "the security in use, a SecurityMechanism", default=0, access="r"),
    _flag(
        "THREAD_SAFE", 81, "whether libzmq locks this socket type (CLIENT and the other drafts)", None,
        access="r",
    ),
    _int(
        "TOPICS_COUNT", 116, 0, INT_MAX,
        "distinct topics subscribed: of all peers on PUB and XPUB, its own on SUB and XSUB", unit="topics",
        access="r", types=("PUB", "XPUB", "SUB", "XSUB"), draft="4.3.5",
    ),
    # Connections.
    _ms("HANDSHAKE_IVL", 66, 0, 30000, "ms that a new connection may take to shake hands; 0 is no limit"),
    _ms("CONNECT_TIMEOUT", 79, 0, 0, "ms that one attempt to connect may take; 0 leaves it to the system"),
    _ms("RECONNECT_IVL", 18, -1, 100, "ms between attempts to connect again; -1 does not try"),
    _ms(
        "RECONNECT_IVL_MAX", 21, 0, 0,
        "ms that the growing RECONNECT_IVL may reach; 0 is that it does not grow",
    ),
    # libzmq takes any int. In 4.3.4 AFTER_DISCONNECT is 3, which is the other two together.
    _int(
        "RECONNECT_STOP", 109, 0, 7, "when to give up connecting again, ReconnectStop flags", default=0,
        draft="4.3.3",
    ),
    _ms("HEARTBEAT_IVL", 75, 0, 0, "ms between pings to each peer; 0 sends none"),
    # libzmq takes -99 to -1 for 0.
    _ms(
        "HEARTBEAT_TTL", 76, 0, 0, "ms of silence after which the peer drops us, in steps of 100; 0 is never",
        highest=6553599,
    ),
    _ms(
        "HEARTBEAT_TIMEOUT", 77, 0, -1,
        "ms that an answer to a ping may take; -1, not to be set, is as HEARTBEAT_IVL",
    ),
    Bytes(
        "METADATA", 95, 4, INT_MAX,
        "a property that peers see in the frames' metadata, b'X-name:value'; set it once for each",
        kind="string", access="w", draft="4.3.0", check=_check_metadata,
    ),
    # ROUTER, STREAM, REQ.
    Bytes(
        "ROUTING_ID", 5, 1, 255, "the name by which a ROUTER peer knows this socket", kind="bytes",
        default=b"", aliases=("IDENTITY",), check=_check_routing_id,
    ),
    Bytes(
        "CONNECT_ROUTING_ID", 61, 1, 255,
        "the routing id that the peer of the next connect() gets, which no peer may have yet", kind="bytes",
        access="w", types=_ROUTING, aliases=("CONNECT_RID",), check=_check_routing_id,
    ),
    # libzmq takes any positive number for 1, here and for the other flags of a socket type.
    _flag(
        "ROUTER_MANDATORY", 33,
        "raise EHOSTUNREACH for a peer that is not there, instead of dropping the message", access="w",
        at_once=True, types=("ROUTER",), aliases=("FAIL_UNROUTABLE", "ROUTER_BEHAVIOR"),
    ),
    _flag(
        "ROUTER_HANDOVER", 56,
        "a new peer takes a routing id over from the one that has it, instead of being refused", access="w",
        at_once=True, types=("ROUTER",),
    ),
    _flag(
        "ROUTER_RAW", 41, "speak plain TCP; once 1 it stays", access="w", types=("ROUTER",),
        deprecated="use a STREAM socket",
    ),
    _int(
        "ROUTER_NOTIFY", 97, 0, 3,
        "deliver an empty message when a peer connects or disconnects, RouterNotify flags", default=0,
        types=("ROUTER",), draft="4.3.0",
    ),
    _flag(
        "PROBE_ROUTER", 51,
        "send an empty message on every new connection, so that a ROUTER peer learns of this socket",
        access="w", at_once=True, types=("ROUTER", "DEALER", "REQ"),
    ),
    _flag(
        "REQ_CORRELATE", 52, "number the requests, and drop replies to another one", access="w", at_once=True,
        types=("REQ",),
    ),
    _flag(
        "REQ_RELAXED", 53, "send() may be called again before the reply came; set REQ_CORRELATE too",
        access="w", at_once=True, types=("REQ",),
    ),
    _flag(
        "STREAM_NOTIFY", 73, "deliver an empty message when a peer connects or disconnects", 1, access="w",
        types=("STREAM",),
    ),
    # Publish and subscribe.
    Bytes(
        "SUBSCRIBE", 6, 0, INT_MAX, "receive messages that begin with this; empty is all of them",
        kind="bytes", access="w", at_once=True, types=("SUB", "XPUB"),
    ),
    Bytes(
        "UNSUBSCRIBE", 7, 0, INT_MAX, "take back one SUBSCRIBE of the same bytes", kind="bytes", access="w",
        at_once=True, types=("SUB", "XPUB"),
    ),
    _flag(
        "INVERT_MATCHING", 74, "pass what is not subscribed; peers must do the same", at_once=True,
        types=("PUB", "XPUB", "SUB"),
    ),
    _flag(
        "XPUB_VERBOSE", 40, "deliver every subscription, not only the first of each topic", access="w",
        at_once=True, types=("XPUB",),
    ),
    _flag(
        "XPUB_VERBOSER", 78, "deliver every subscription and every unsubscription", access="w", at_once=True,
        types=("XPUB",),
    ),
    _flag(
        "XPUB_MANUAL", 71, "subscriptions count only when set with SUBSCRIBE, after recv() delivered them",
        access="w", at_once=True, types=("XPUB",),
    ),
    _flag(
        "XPUB_MANUAL_LAST_VALUE", 98,
        "as XPUB_MANUAL, and the next message goes to the newest subscriber only", access="w", at_once=True,
        types=("XPUB",), draft="4.3.2",
    ),
    _flag(
        "XPUB_NODROP", 69, "send() waits or raises Again at SNDHWM, instead of dropping the message",
        access="w", at_once=True, types=("XPUB", "PUB", "RADIO"),
    ),
    Bytes(
        "XPUB_WELCOME_MSG", 72, 0, INT_MAX, "a message for every new subscriber; empty is none", kind="bytes",
        access="w", clears=True, types=("XPUB",),
    ),
    _flag(
        "XSUB_VERBOSE_UNSUBSCRIBE", 115, "pass every unsubscription on, not only the last of each topic",
        access="w", at_once=True, types=("XSUB",), draft="4.3.5",
    ),
    _flag(
        "ONLY_FIRST_SUBSCRIBE", 108, "only the first part of a message can be a subscription", access="w",
        at_once=True, types=("XSUB", "XPUB"), draft="4.3.3",
    ),
    # Messages that libzmq sends or delivers by itself.
    Bytes(
        "HELLO_MSG", 110, 0, INT_MAX, "a message sent on every new connection; empty is none", kind="bytes",
        access="w", clears=True, types=("ROUTER", "DEALER", "CLIENT", "SERVER", "PEER"), draft="4.3.3",
    ),
    Bytes(
        "DISCONNECT_MSG", 111, 0, INT_MAX,
        "a message delivered when an accepted peer disconnects; empty is none", kind="bytes", access="w",
        clears=True, types=("ROUTER", "SERVER", "PEER"), draft="4.3.3",
    ),
    Bytes(
        "HICCUP_MSG", 114, 0, INT_MAX,
        "a message delivered when a connected peer is lost for a time; empty is none", kind="bytes",
        access="w", clears=True, types=("DEALER", "CLIENT", "PEER"), draft="4.3.5",
    ),
)
# fmt: on

# One row is one or a few lines; the formatter would make it ten.
# fmt: off
CONTEXT_ROWS: tuple[Option, ...] = (
    # libzmq takes any number, and aborts when the system does not give it the threads.
    _int(
        "IO_THREADS", 1, 0, 1024,
        "threads that do the I/O; 0 is for inproc:// alone; set it before the first socket", unit="threads",
        default=1, at_once=True,
    ),
    # libzmq takes any positive number; it keeps 12 bytes for each, and 2**31 - 1 ends in an uncaught C++ exception.
    _int(
        "MAX_SOCKETS", 2, 1, 2**24, "sockets that may be open; set it before the first socket",
        unit="sockets", default=1023, at_once=True,
    ),
    _int(
        "SOCKET_LIMIT", 3, 1, INT_MAX, "the largest MAX_SOCKETS that libzmq promises", unit="sockets",
        access="r",
    ),
    _int(
        "THREAD_PRIORITY", 3, 0, 99,
        "priority of the I/O threads; with a policy other than FIFO and RR it sets nice -20; set it before "
        "the first socket", access="w", at_once=True,
    ),
    _int(
        "THREAD_SCHED_POLICY", 4, 0, 7,
        "scheduling policy of the I/O threads, os.SCHED_FIFO for example; set it before the first socket",
        default=-1, at_once=True,
    ),
    _int(
        "MAX_MSGSZ", 5, 0, INT_MAX, "bytes of the largest message that may be sent", unit="bytes",
        default=INT_MAX, at_once=True,
    ),
    _int("MSG_T_SIZE", 6, 0, INT_MAX, "bytes of a zmq_msg_t", unit="bytes", default=64, access="r"),
    _int(
        "THREAD_AFFINITY_CPU_ADD", 7, 0, 1023,
        "a CPU that the I/O threads may run on; set it before the first socket", access="w", at_once=True,
    ),
    _int(
        "THREAD_AFFINITY_CPU_REMOVE", 8, 0, 1023, "a CPU added before to be taken out again", access="w",
        at_once=True,
    ),
    ThreadNamePrefix(
        "THREAD_NAME_PREFIX", 9, 0, INT_MAX,
        "what the names of the I/O threads begin with; bytes need a libzmq with drafts; set it before the "
        "first socket", kind="int", size=4, at_once=True,
    ),
    _flag(
        "ZERO_COPY_RECV", 10, "messages received refer to libzmq's read buffer instead of copying", 1,
        at_once=True, draft="4.3.0",
    ),
    _flag("IPV6", 42, "IPV6 of new sockets", at_once=True),
    _flag("BLOCKY", 70, "new sockets have LINGER -1; 0 is LINGER 0", 1, at_once=True),
)
# fmt: on
