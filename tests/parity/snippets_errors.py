"""Waiting, errors, functions of the module, monitors."""

from __future__ import annotations

from probe import Probe, snippet


@snippet
def polling_a_socket(p: Probe) -> None:
    """The events that are ready, 0 on timeout."""
    push, pull = p.pair()
    for arguments in ((0,), (1,), (0.5,), (10, 2)):
        p.attempt(pull.poll, *arguments)
    p.attempt(push.poll, 0, p.zmq.POLLOUT)
    p.attempt(push.poll, timeout=0, flags=p.zmq.POLLIN | p.zmq.POLLOUT)
    push.send(b"x")
    p.attempt(pull.poll)
    p.attempt(pull.poll, None, p.zmq.POLLIN)
    p.attempt(pull.poll, -1)
    p.attempt(pull.poll, 0, 0)
    p.attempt(pull.poll, "x")
    p.attempt(pull.poll, 0, "x")
    p.say(type(pull.poll(0)), pull.events, type(pull.events))


@snippet
def polling_for_nothing(p: Probe) -> None:
    """With no events to wait for, poll() returns at once."""
    push, pull = p.pair()
    push.send(b"x")
    p.attempt(pull.poll, None, 0)
    p.attempt(pull.poll, 100, 0)


@snippet
def timeouts(p: Probe) -> None:
    """Again, with EAGAIN, from RCVTIMEO, SNDTIMEO and DONTWAIT."""
    push, pull = p.socket("PUSH", sndtimeo=1), p.socket("PULL", rcvtimeo=1)
    p.attempt(push.send, b"x")
    p.attempt(pull.recv)
    p.attempt(pull.recv, p.zmq.DONTWAIT)
    p.attempt(pull.recv, flags=p.zmq.NOBLOCK)
    p.attempt(push.send, b"x", p.zmq.NOBLOCK)
    p.attempt(push.send_multipart, [b"a", b"b"], p.zmq.DONTWAIT)
    p.attempt(pull.recv_multipart, flags=p.zmq.DONTWAIT)
    p.attempt(pull.recv_string, p.zmq.DONTWAIT)
    p.attempt(pull.recv_into, bytearray(1), flags=p.zmq.DONTWAIT)
    p.attempt(pull.recv, "x")


@snippet
def wrong_direction(p: Probe) -> None:
    """ENOTSUP where a type cannot, EFSM where it is not its turn."""
    p.attempt(p.socket("PUSH").recv)
    p.attempt(p.socket("PUB").recv)
    p.attempt(p.socket("PULL").send, b"x")
    p.attempt(p.socket("SUB").send, b"x")
    p.attempt(p.socket("REQ").recv)
    p.attempt(p.socket("REP").send, b"x")
    request, _ = p.pair("REQ", "REP")
    p.attempt(request.send, b"x")
    p.attempt(request.send, b"x")


@snippet
def router_with_nobody_there(p: Probe) -> None:
    """EHOSTUNREACH when mandatory, silence otherwise."""
    router = p.socket("ROUTER")
    p.attempt(router.send_multipart, [b"nobody", b"x"])
    router.router_mandatory = 1
    p.attempt(router.send_multipart, [b"nobody", b"x"])


@snippet
def error_classes(p: Probe) -> None:
    """One tree."""
    zmq = p.zmq
    for name in (
        "ZMQBaseError", "ZMQError", "ZMQBindError", "NotDone", "ContextTerminated", "Again", "InterruptedSystemCall",
        "ZMQVersionError", "DraftFDWarning",
    ):  # fmt: skip
        p.say([base.__name__ for base in getattr(zmq, name).__mro__])


@snippet
def making_errors(p: Probe) -> None:
    """ZMQError(errno), ZMQError(text), and the classes that know theirs."""
    zmq = p.zmq
    for error in (
        zmq.ZMQError(22),
        zmq.ZMQError(zmq.ETERM),
        zmq.ZMQError(22, "words"),
        zmq.ZMQError("words"),
        zmq.ZMQError(msg="words", errno=11),
        zmq.Again(),
        zmq.Again("ignored"),
        zmq.ContextTerminated(),
        zmq.NotDone(),
        zmq.ZMQBindError("words"),
    ):
        p.say(error, str(error), repr(error), getattr(error, "strerror", ""), error.args)


@snippet
def version_errors(p: Probe) -> None:
    """ZMQVersionError says what is wanted."""
    error = p.zmq.ZMQVersionError("99.0", "the feature")
    p.say(isinstance(error, NotImplementedError), error.min_version, error.msg, error.version == p.zmq.zmq_version())
    p.say("99.0" in str(error), "the feature" in str(error))


@snippet
def raised_errors_compare_with_constants(p: Probe) -> None:
    """error.errno == zmq.EAGAIN, and args[0] is the errno."""
    try:
        p.socket("PULL").recv(p.zmq.DONTWAIT)
    except p.zmq.ZMQError as error:
        p.say(error.errno == p.zmq.EAGAIN, error.errno == p.zmq.Errno.EAGAIN, error.args, error.strerror)
    try:
        p.socket("PULL").send(b"")
    except p.zmq.ZMQError as error:
        p.say(error.errno == p.zmq.ENOTSUP, error.args, error.strerror)


@snippet
def functions_of_the_module(p: Probe) -> None:
    """Versions, capabilities, errors in words."""
    zmq = p.zmq
    p.say(type(zmq.zmq_version()), type(zmq.zmq_version_info()), len(zmq.zmq_version_info()))
    p.say(zmq.pyzmq_version(), zmq.pyzmq_version_info())
    for capability in ("curve", "ipc", "nonsense"):
        p.say(zmq.has(capability))
    for errno in (11, 22, zmq.EFSM, zmq.ETERM, 98):
        p.say(zmq.strerror(errno))
    p.attempt(zmq.has, b"curve")
    p.attempt(zmq.has, 5)
    p.attempt(zmq.strerror, "x")
    p.say(type(zmq.zmq_errno()), zmq.COPY_THRESHOLD)


@snippet
def monitor_sockets(p: Probe) -> None:
    """One PAIR for a socket. pyzmq may hang in disable_monitor(), so that is not compared."""
    socket = p.socket("PULL")
    monitor = socket.get_monitor_socket(p.zmq.EVENT_LISTENING, "inproc://monitor")
    p.say(monitor.type, monitor is socket.get_monitor_socket(), monitor.closed)
    socket.bind("tcp://127.0.0.1:*")
    frames = monitor.recv_multipart()
    p.say(len(frames), int.from_bytes(frames[0][:2], "little"), frames[1] == socket.last_endpoint)


@snippet
def monitor_with_an_address(p: Probe) -> None:
    """monitor() publishes where it is told; only inproc."""
    socket = p.socket("PULL")
    p.attempt(socket.monitor, "tcp://127.0.0.1:5999")
    p.attempt(socket.monitor, "nonsense")
    p.attempt(socket.monitor, 5)
    p.attempt(socket.monitor, "inproc://monitor", p.zmq.EVENT_LISTENING)
    reader = p.socket("PAIR")
    reader.connect("inproc://monitor")
    socket.bind("tcp://127.0.0.1:*")
    p.say(int.from_bytes(reader.recv_multipart()[0][:2], "little"))
    p.attempt(socket.monitor, None)
    p.say(int.from_bytes(reader.recv_multipart()[0][:2], "little"))


@snippet
def monitored_connection(p: Probe) -> None:
    """The events of a connection, on the side that accepts."""
    pull, push = p.socket("PULL"), p.socket("PUSH")
    monitor = pull.get_monitor_socket()
    monitor.rcvtimeo = 5000
    pull.bind("tcp://127.0.0.1:*")
    push.connect(pull.last_endpoint.decode())
    events: list[int] = []
    while p.zmq.EVENT_HANDSHAKE_SUCCEEDED not in events:
        events.append(int.from_bytes(monitor.recv_multipart()[0][:2], "little"))
    push.close()
    while p.zmq.EVENT_DISCONNECTED not in events:
        events.append(int.from_bytes(monitor.recv_multipart()[0][:2], "little"))
    p.say(events)
    monitor.close()
