"""What the sequences are made of: strategies for calls, legal ones most of the time."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

Call = list[Any]

TYPES = ["PAIR", "PUB", "SUB", "REQ", "REP", "DEALER", "ROUTER", "PULL", "PUSH", "XPUB", "XSUB", "STREAM"]
PAIRS = [
    ("PUSH", "PULL"),
    ("PAIR", "PAIR"),
    ("PUB", "SUB"),
    ("XPUB", "XSUB"),
    ("XPUB", "SUB"),
    ("REQ", "REP"),
    ("DEALER", "ROUTER"),
    ("DEALER", "REP"),
    ("REQ", "ROUTER"),
    ("DEALER", "DEALER"),
    ("ROUTER", "ROUTER"),
]
# What does not depend on the machine or on the build of libzmq.
NUMBERS = [
    "SNDHWM",
    "RCVHWM",
    "AFFINITY",
    "RATE",
    "RECOVERY_IVL",
    "SNDBUF",
    "RCVBUF",
    "RECONNECT_IVL",
    "RECONNECT_IVL_MAX",
    "BACKLOG",
    "MAXMSGSIZE",
    "MULTICAST_HOPS",
    "IPV6",
    "IMMEDIATE",
    "ROUTER_MANDATORY",
    "ROUTER_HANDOVER",
    "ROUTER_RAW",
    "PROBE_ROUTER",
    "XPUB_VERBOSE",
    "XPUB_VERBOSER",
    "XPUB_NODROP",
    "XPUB_MANUAL",
    "REQ_CORRELATE",
    "REQ_RELAXED",
    "CONFLATE",
    "TCP_KEEPALIVE",
    "TCP_KEEPALIVE_CNT",
    "TCP_KEEPALIVE_IDLE",
    "TCP_KEEPALIVE_INTVL",
    "TOS",
    "HANDSHAKE_IVL",
    "HEARTBEAT_IVL",
    "HEARTBEAT_TTL",
    "HEARTBEAT_TIMEOUT",
    "CONNECT_TIMEOUT",
    "INVERT_MATCHING",
    "STREAM_NOTIFY",
    "PLAIN_SERVER",
    "CURVE_SERVER",
    "IPV4ONLY",
    "TCP_MAXRT",
    "MULTICAST_MAXTPDU",
    "HWM",
]
READ_ONLY = ["TYPE", "RCVMORE", "EVENTS", "MECHANISM", "LAST_ENDPOINT", "FD", "THREAD_SAFE", "METADATA"]
TEXTS = [
    "ROUTING_ID",
    "PLAIN_USERNAME",
    "PLAIN_PASSWORD",
    "ZAP_DOMAIN",
    "SOCKS_PROXY",
    "XPUB_WELCOME_MSG",
    "CONNECT_ROUTING_ID",
    "SUBSCRIBE",
    "UNSUBSCRIBE",
    "CURVE_PUBLICKEY",
    "CURVE_SECRETKEY",
    "CURVE_SERVERKEY",
]
TIMES = ["LINGER", "RCVTIMEO", "SNDTIMEO"]
CONTEXT_OPTIONS = ["IO_THREADS", "MAX_SOCKETS", "SOCKET_LIMIT", "IPV6", "BLOCKY", "MAX_MSGSZ", "MSG_T_SIZE"]
KEY = "rq:rM>}U?@Lns47E1%kR.o@n%FcmmsL/@{H8]yf7"


def constant(*names: str) -> st.SearchStrategy[list[Any]]:
    """A constant by its name."""
    return st.sampled_from(names).map(lambda name: ["constant", name])


def mostly(legal: st.SearchStrategy[Any], other: st.SearchStrategy[Any], often: int = 9) -> st.SearchStrategy[Any]:
    """Legal ones, and one in ten of the others."""
    return st.integers(0, often).flatmap(lambda number: other if number == 0 else legal)


index = st.integers(0, 11)
small = st.integers(0, 3)
wrong = st.sampled_from(
    [
        ["none", 0],
        ["text", "x"],
        ["text", ""],
        ["object", 0],
        ["list", []],
        ["int", -1],
        ["int", 2**31],
        ["int", 2**70],
        ["raw", "00"],
        ["bool", 1],
        ["dict", 1],
    ]
)
data = mostly(
    st.sampled_from(
        [
            ["bytes", 0],
            ["bytes", 1],
            ["bytes", 40],
            ["bytes", 3000],
            ["raw", "4100ff"],
            ["raw", "01"],
            ["raw", "00"],
            ["bytearray", 5],
            ["memoryview", 7],
            ["memoryview", 2000],
            ["old frame", 0],
            ["old frame", 1],
            ["frame", 3],
            ["frame", 3000],
        ]
    ),
    st.sampled_from([["text", "x"], ["none", 0], ["int", 5], ["list", []], ["strided", 8], ["object", 0]]),
    often=14,
)
flags = mostly(
    st.sampled_from([["int", 0], ["constant", "NOBLOCK"], ["constant", "DONTWAIT"]]),
    st.sampled_from([["constant", "SNDMORE"], ["int", 3], ["text", "x"], ["none", 0]]),
    often=14,
)
endpoints = mostly(
    st.sampled_from(
        [["endpoint", f"inproc://{name}"] for name in "abc"] * 4
        + [["text", "tcp://127.0.0.1:*"], ["text", "tcp://127.0.0.1:9"]]
    ),
    st.sampled_from(
        [
            ["text", text]
            for text in (
                "",
                "inproc://",
                "tcp://",
                "foo://x",
                "tcp://127.0.0.1",
                "tcp://127.0.0.1:x",
                "tcp://nosuchhost.invalid:1",
                "a",
                "ipc://",
                "://",
                "tcp://*:*",
                "udp://127.0.0.1:5",
                "pgm://x",
                "inproc://" + 300 * "x",
                "tcp://256.0.0.1:5",
            )
        ]
        + [["none", 0], ["int", 5], ["raw", b"inproc://bytes".hex()], ["object", 0]]
    ),
)
numbers = mostly(
    st.sampled_from([0, 1, 2, 10, 1000]).map(lambda number: ["int", number]),
    st.one_of(wrong, st.sampled_from([-2, 2**31 - 1, 65536]).map(lambda number: ["int", number])),
    often=6,
)
times = mostly(st.sampled_from([["int", 0], ["int", 1]]), st.sampled_from([["text", "x"], ["none", 0], ["raw", "00"]]))
texts = mostly(
    st.sampled_from(
        [["raw", b"peer".hex()], ["raw", b"x".hex()], ["raw", ""], ["raw", KEY.encode().hex()], ["bytes", 32]]
    ),
    st.one_of(wrong, st.just(["bytes", 300])),
    often=6,
)
option_and_value = st.one_of(
    st.tuples(constant(*NUMBERS), numbers),
    st.tuples(constant(*TEXTS), texts),
    st.tuples(constant(*TIMES), times),
    st.tuples(constant(*READ_ONLY), numbers),
    st.tuples(st.sampled_from([["int", 9999], ["int", -1], ["text", "x"], ["none", 0]]), numbers),
)
names = st.one_of(
    st.sampled_from([*NUMBERS, *TEXTS, *TIMES, *READ_ONLY]).map(str.lower),
    st.sampled_from(
        [*NUMBERS, *TEXTS, *TIMES, *READ_ONLY, "TCP", "Q", "NOPE", "closed", "underlyingly", "subscribers"]
    ),
)


def tupled(*parts: Any) -> st.SearchStrategy[Call]:
    """A call of strategies and of words."""
    return st.tuples(*(part if isinstance(part, st.SearchStrategy) else st.just(part) for part in parts)).map(list)


def method(
    name: str, *arguments: st.SearchStrategy[Any], **keywords: st.SearchStrategy[Any]
) -> st.SearchStrategy[Call]:
    """A method of a socket, with some of the keywords."""
    optional = st.fixed_dictionaries({}, optional=keywords)
    return tupled("call", index, name, st.tuples(*arguments).map(list), optional)


truth = st.sampled_from([["bool", 0], ["bool", 1]])
parts = mostly(
    st.lists(data, min_size=1, max_size=3).map(lambda made: ["list", made]),
    st.sampled_from([["list", []], ["tuple", [["bytes", 1]]], ["bytes", 2], ["text", "ab"], ["none", 0], ["int", 1]]),
    often=14,
)
create = tupled("new_socket", small, mostly(constant(*TYPES), st.one_of(wrong, st.just(["int", 99])), often=30))
attach = tupled("attach", st.sampled_from(["bind", "connect", "connect", "unbind", "disconnect"]), index, endpoints)
detach = st.one_of(
    tupled("detach_last", st.sampled_from(["unbind", "disconnect"]), index),
    tupled("with_bind", index, endpoints),
    tupled("random_port", index, mostly(st.just(["text", "tcp://127.0.0.1"]), endpoints, often=3)),
    tupled("close", index, mostly(st.just(["none", 0]), st.sampled_from([["int", 0], ["int", -2], ["text", "x"]]), 3)),
)
send = st.one_of(
    method("send", data, flags=flags, copy=truth, track=truth),
    method("send", data),
    method("send_multipart", parts, flags=flags, copy=truth),
    method("send_string", mostly(st.just(["text", "text"]), data, often=5), flags=flags),
    method("send_json", st.sampled_from([["dict", 1], ["list", []], ["object", 0]]), flags=flags),
    method("send_pyobj", st.sampled_from([["dict", 1], ["none", 0]]), flags=flags),
)
receive = st.one_of(
    method("recv", flags=flags, copy=truth, track=truth),
    method("recv"),
    method("recv_multipart", flags=flags, copy=truth),
    method("recv_string", flags=flags),
    method("recv_json", flags=flags),
    tupled(
        "recv_into",
        index,
        mostly(
            st.sampled_from([["bytearray", 5], ["bytearray", 3000]]),
            st.sampled_from([["bytes", 5], ["text", "x"], ["none", 0]]),
        ),
        st.sampled_from([["int", 0], ["int", 2], ["int", -1], ["int", 9999]]),
        flags,
    ),
    tupled("serialized", index, st.lists(data, min_size=1, max_size=2), flags),
)
options = st.one_of(
    option_and_value.flatmap(lambda pair: tupled("set", index, st.just(pair[0]), st.just(pair[1]))),
    option_and_value.flatmap(lambda pair: tupled("get", index, st.just(pair[0]))),
    tupled("getattr", index, names),
    tupled("setattr", index, names.filter(lambda name: name.upper() not in TIMES), st.one_of(numbers, texts)),
    method("subscribe", mostly(st.sampled_from([["raw", ""], ["text", "A"], ["raw", "41"]]), wrong)),
    method("unsubscribe", mostly(st.sampled_from([["raw", ""], ["text", "A"], ["raw", "41"]]), wrong)),
    method("set_hwm", numbers),
    method("get_hwm"),
    method("set_string", constant(*TEXTS), mostly(st.just(["text", "text"]), wrong)),
    method("get_string", constant(*TEXTS, "SNDHWM", "LAST_ENDPOINT")),
)
frames = st.one_of(
    tupled("new_frame", data, st.fixed_dictionaries({}, optional={"track": truth, "copy": truth})),
    tupled(
        "frame",
        small,
        st.sampled_from(["bytes", "buffer", "len", "bool", "str", "more", "tracker", "nonsense"]),
        st.just([]),
    ),
    tupled(
        "frame",
        small,
        "get",
        st.sampled_from([["constant", "MORE"], ["int", 99], ["text", "Socket-Type"], ["text", "x"], ["none", 0]]).map(
            lambda one: [one]
        ),
    ),
    tupled("frame", small, "set", st.tuples(mostly(st.just(["int", 99]), st.just(["text", "x"])), numbers).map(list)),
)
polls = st.one_of(
    method(
        "poll",
        st.sampled_from([["int", 0], ["float", 0.5], ["int", 1]]),
        flags=st.sampled_from([["constant", "POLLIN"], ["constant", "POLLOUT"], ["int", 3], ["int", 0], ["text", "x"]]),
    ),
    st.just(["new_poller"]),
    tupled(
        "poller",
        small,
        st.sampled_from(["register", "register", "modify", "unregister", "in"]),
        index,
        st.sampled_from([["constant", "POLLIN"], ["constant", "POLLOUT"], ["int", 3], ["int", 0]]),
    ),
    tupled("poller_poll", small, st.sampled_from([["int", 0], ["int", 1], ["float", 0.5]])),
    tupled("zmq_poll", st.lists(index, max_size=3), st.sampled_from([["int", 1], ["int", 2], ["int", 3]])),
)
contexts = st.one_of(
    tupled(
        "new_context",
        mostly(st.sampled_from([["int", 1], ["int", 0], ["int", 2]]), wrong.filter(lambda one: one[0] != "bool")),
    ),
    tupled("context_get", small, mostly(constant(*CONTEXT_OPTIONS), wrong)),
    tupled("context_set", small, mostly(constant(*CONTEXT_OPTIONS), wrong), numbers),
    tupled(
        "context_getattr",
        small,
        st.sampled_from(["closed", "io_threads", "IO_THREADS", "max_sockets", "sndhwm", "nope"]),
    ),
    tupled(
        "context_setattr",
        small,
        st.sampled_from(["sndhwm", "RCVHWM", "max_sockets", "routing_id", "subscribe", "nope"]),
        st.one_of(numbers, texts),
    ),
    tupled("destroy", small, st.sampled_from([["none", 0], ["int", 0], ["int", 1], ["text", "x"]])),
    tupled("term", small),
)
functions = st.one_of(
    tupled("function", "strerror", st.sampled_from([11, 22, 156384765, 0, -1]).map(lambda number: [["int", number]])),
    tupled("function", "has", st.sampled_from([["text", "ipc"], ["text", "nope"], ["int", 1]]).map(lambda one: [one])),
    tupled("function", "curve_public", st.one_of(texts, wrong).map(lambda one: [one])),
    tupled("function", "proxy", st.lists(wrong, min_size=2, max_size=2)),
    tupled(
        "function",
        "zmq_poll",
        st.sampled_from([["list", []], ["none", 0], ["int", 1]]).map(lambda one: [one, ["int", 0]]),
    ),
)
