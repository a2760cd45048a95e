"""The table: every row with its goal, and the series that show how cost grows. Only data.

A goal is the time of pyzmq divided by the time of zmqlite, both in their default settings unless the row names another;
rows.py says how it is written.
"""

from __future__ import annotations

from dataclasses import replace

from .rows import Row, Series

__all__ = ["ROWS", "SERIES"]

_KIB = 1024
_CALLS = ("zmqlite", "pyzmq", "pyomq", "C")
_PAIR = ("zmqlite", "pyzmq", "C")


def _stream_rows() -> list[Row]:
    """Two processes over tcp and ipc: default settings, and the throughput setting."""
    rows = []
    sizes = {16: ("16", "x2"), _KIB: ("1k", "x1.5"), 64 * _KIB: ("64k", "x1.2")}
    tuned = {_KIB: "x2.5", 64 * _KIB: "x1.6"}
    for transport in ("tcp", "ipc"):
        for size, (name, goal) in sizes.items():
            large = size >= 64 * _KIB
            variants = ("zmqlite", "pyzmq", *(["pyzmq copy=False"] if large else []), "pyomq")
            variants += (*(["pyomq copy=False"] if large else []), "pynng", "C", *(["C no copy"] if size > 16 else []))
            title = f"two processes, {transport}, {'16 B' if size == 16 else '1 KiB' if size == _KIB else '64 KiB'}"
            settings = {"transport": transport, "size": size}
            goal += ", never behind pyomq"
            rows.append(Row(f"{transport}-{name}", title, "streams", settings, variants, goal))
            if size in tuned:
                variants = ("zmqlite throughput", "pyzmq", "pyzmq hwm", *(["pyzmq hwm, copy=False"] if large else []))
                variants += ("pyomq hwm", *(["pyomq hwm, copy=False"] if large else []))
                variants += ("C throughput", "C throughput, no copy")
                goal = f"{tuned[size]}, never behind pyomq"
                title += ", throughput setting"
                rows.append(Row(f"{transport}-{name}-throughput", title, "streams", settings, variants, goal))
    return rows


def _loop_rows() -> list[Row]:
    """Inside one event loop, asyncio's and uvloop's.

    The goals are about pyzmq alone. C has no such loop to wait in; pyomq has, but what its recv() returns begins to
    receive when it is awaited, so that a receive that must wait is other work there.
    """
    variants = ("zmqlite", "pyzmq")
    rows = []
    for loop in ("asyncio", "uvloop"):
        for name, title, what, sockets, goal in (
            ("ready", "send + recv, the message is there, inproc, 16 B", "exchange_ready", 1, "x20"),
            ("waiting", "a receive that must wait for its message, inproc, 16 B", "exchange_waiting", 1, "x3"),
            ("reqrep", "REQ/REP round trip, tcp, two tasks, 16 B", "ask_inside", 1, "x2"),
            ("clients", "ROUTER/DEALER echo, 100 clients, a task each, tcp, 16 B", "ask_all_inside", 100, "x2"),
        ):
            settings = {"what": what, "loop": loop, "sockets": sockets}
            rows.append(Row(f"{loop}-{name}", f"{loop}: {title}", "loops", settings, variants, goal))
    for name, sockets, receives in (("", 1000, 1), ("-100", 100, 100)):
        settings = {"what": "waiting", "loop": "asyncio", "sockets": sockets, "receives": receives}
        each = "a receive" if receives == 1 else f"{receives} receives"
        title = f"asyncio: memory of {sockets} sockets with {each} waiting on each"
        row = Row(f"asyncio-memory{name}", title, "loops", settings, variants, "x1.0", "rss_kib")
        added = f"{title}, what the receives add"
        rows += [row, replace(row, name=f"{row.name}-receives", title=added, figure="receives_kib")]
    return rows


ROWS: tuple[Row, ...] = (
    Row(
        "send-16",
        "send 16 B, inproc, one thread",
        "calls",
        {"what": "batches", "size": 16},
        _CALLS,
        goal="x4, at most 2x C",
        figure="send_ns",
    ),
    Row(
        "recv-16",
        "recv 16 B, inproc, one thread",
        "calls",
        {"what": "batches", "size": 16},
        _CALLS,
        goal="x1.6, at most 2x C",
        figure="recv_ns",
    ),
    Row(
        "many-16",
        "send_many + recv_many, 16 B, 1000 a call, a message pair",
        "calls",
        {"what": "lists", "size": 16},
        _PAIR,
        goal="x5, at most 1.2x C",
    ),
    Row(
        "multipart-3",
        "send_multipart + recv_multipart, 3 parts of 16 B",
        "calls",
        {"what": "parts", "size": 16},
        _CALLS,
        goal="x8",
    ),
    Row("threads-16", "two Python threads, inproc, 16 B", "threads", {"size": 16}, _CALLS, goal="x8"),
    Row("threads-1k", "two Python threads, inproc, 1 KiB", "threads", {"size": _KIB}, _CALLS, goal="x3.5"),
    Row(
        "busy-16",
        "send + recv with one other thread computing in Python, 16 B",
        "calls",
        {"what": "busy", "size": 16},
        _CALLS,
        goal="x500",
    ),
    *_stream_rows(),
    Row(
        "reqrep-tcp",
        "REQ/REP round trip, tcp, two processes, 16 B",
        "roundtrip",
        {"transport": "tcp", "size": 16},
        ("zmqlite", "pyzmq", "pyomq", "pynng", "C"),
        goal="x1.05, at most 1.05x C",
    ),
    *(
        Row(
            f"reqrep-{transport}",
            f"REQ/REP round trip, {transport}, two {'threads' if transport == 'inproc' else 'processes'}, 16 B",
            "roundtrip",
            {"transport": transport, "size": 16},
            ("zmqlite", "pyzmq", "pyomq", "pynng", "C"),
            goal="x1.0",
        )
        for transport in ("ipc", "inproc")
    ),
    Row("poller-10", "Poller of 10, one ready", "polling", {"what": "poller", "items": 10}, _CALLS, goal="x3"),
    Row("poller-1000", "Poller of 1000, one ready", "polling", {"what": "poller", "items": 1000}, _CALLS, goal="x3"),
    Row("poll-0", "Socket.poll(0)", "polling", {"what": "poll_socket"}, _CALLS, goal="x4"),
    Row("again", "recv(NOBLOCK) raising Again", "polling", {"what": "try_raising"}, _CALLS, goal="x3"),
    Row(
        "try",
        "the same without an exception, in the program's cheapest way",
        "polling",
        {"what": "try_quietly"},
        ("zmqlite", "pyzmq", "pyzmq EVENTS", "pyomq", "C"),
        goal="x10",
    ),
    Row("options", "set linger + get RCVMORE", "polling", {"what": "set_and_get"}, _CALLS, goal="x4"),
    Row(
        "frame-100k",
        "100 KB copy=False, send + recv frame, inproc",
        "calls",
        {"what": "exchange", "size": 100_000},
        ("zmqlite copy=False", "pyzmq copy=False", "C no copy"),
        goal="x4",
    ),
    Row(
        "bytes-1m",
        "1 MB bytes, default, send + recv, inproc",
        "calls",
        {"what": "exchange", "size": 1_000_000},
        ("zmqlite", "pyzmq", "pyzmq copy=False", "pyomq", "C", "C no copy"),
        goal="x50",
    ),
    Row(
        "pubsub-50",
        "PUB to 50 SUBs, tcp, 100 B, topics filtered",
        "fanout",
        # pyomq's queue of 1000 is one for all subscribers, and what does not fit is lost.
        {"subscribers": 50, "size": 100},
        ("zmqlite", "pyzmq", "pyomq hwm", "C"),
        goal="x1.5",
    ),
    Row(
        "router-100",
        "ROUTER/DEALER echo, 100 clients, tcp, 16 B, 10 under way each",
        "echo",
        {"clients": 100, "size": 16, "window": 10},
        _CALLS,
        goal="x1.5",
    ),
    Row(
        "router-100-one",
        "the same, 1 under way each",
        "echo",
        {"clients": 100, "size": 16, "window": 1},
        _CALLS,
        goal="x1.5",
    ),
    Row(
        "curve-1k",
        "CURVE, tcp, 1 KiB",
        "streams",
        {"transport": "tcp", "size": _KIB, "curve": True},
        _CALLS,
        goal="x1.0",
    ),
    Row(
        "curve-1m",
        "CURVE, tcp, 1 MB",
        "streams",
        {"transport": "tcp", "size": 1_000_000, "curve": True},
        _CALLS,
        goal="x1.0",
    ),
    Row(
        "proxy-16",
        "proxy(), tcp, 16 B, three processes",
        "proxies",
        {"transport": "tcp", "size": 16},
        _CALLS,
        goal="at most 1.05x C",
    ),
    Row(
        "proxy-1k",
        "proxy(), tcp, 1 KiB, three processes",
        "proxies",
        {"transport": "tcp", "size": _KIB},
        _CALLS,
        goal="at most 1.05x C",
    ),
    Row(
        "import",
        "import time",
        "starting",
        {"what": "import"},
        ("zmqlite", "pyzmq", "pyomq", "pynng"),
        goal="x1.5",
    ),
    Row(
        "memory-import",
        "resident memory after import",
        "starting",
        {"what": "import"},
        ("zmqlite", "pyzmq", "pyomq", "pynng"),
        goal="x1.0",
        figure="rss_kib",
    ),
    Row(
        "memory-1000",
        "resident memory with 1000 sockets",
        "starting",
        {"what": "sockets", "sockets": 1000},
        _CALLS,
        goal="x1.0",
        figure="rss_kib",
    ),
    *_loop_rows(),
)

_EVERYBODY = ("zmqlite", "pyzmq", "pyomq", "pynng", "C")
_SIZES = (1, 16, 256, _KIB, 4 * _KIB, 16 * _KIB, 64 * _KIB, 256 * _KIB, _KIB**2, 16 * _KIB**2, 256 * _KIB**2)
_LATENCY_SIZES = (16, 256, 4 * _KIB, 64 * _KIB, _KIB**2)


def _size_series() -> list[Series]:
    """Throughput and latency against message size, for every transport."""
    series = []
    for transport in ("inproc", "ipc", "tcp"):
        family = "threads" if transport == "inproc" else "streams"
        settings = {} if transport == "inproc" else {"transport": transport}
        how = "two threads" if transport == "inproc" else "two processes"
        series.append(
            Series(
                f"size-{transport}",
                f"{transport}, {how}: PUSH to PULL",
                family,
                settings,
                "size",
                _SIZES,
                _EVERYBODY,
                "message size, bytes",
            )
        )
        series.append(
            Series(
                f"latency-{transport}",
                f"{transport}, {how}: REQ/REP round trip",
                "roundtrip",
                {"transport": transport},
                "size",
                _LATENCY_SIZES,
                _EVERYBODY,
                "message size, bytes",
            )
        )
    return series


SERIES: tuple[Series, ...] = (
    *_size_series(),
    Series(
        "connections",
        "PUSH to PULL over many tcp connections, 16 B",
        "streams",
        {"transport": "tcp", "size": 16},
        "connections",
        (1, 10, 100, 1000, 10_000),
        _PAIR,
        "connections",
    ),
    Series(
        "items",
        "Poller with one ready",
        "polling",
        {"what": "poller"},
        "items",
        (1, 10, 100, 1000),
        _CALLS,
        "sockets in the poller",
    ),
    Series(
        "threads",
        "Threads that send to one, inproc, 16 B",
        "threads",
        {"size": 16},
        "senders",
        (1, 2, 4, 8),
        _CALLS,
        "sending threads",
    ),
)
