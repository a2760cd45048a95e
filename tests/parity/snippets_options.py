"""Options of sockets and contexts, by number and as attributes."""

from __future__ import annotations

from typing import Any

from probe import Probe, snippet


@snippet
def option_attributes_in_any_case(p: Probe) -> None:
    """linger and LINGER are one option, and any mixture sets it."""
    socket = p.context.socket(p.zmq.PUSH)
    p.attempt_get(socket, "linger", "LINGER")
    for name in ("linger", "LINGER", "LiNgEr"):
        p.attempt_set(socket, **{name: 3})
        p.attempt_get(socket, "linger")
        socket.linger = 0


@snippet
def reading_an_option_in_mixed_case(p: Probe) -> None:
    """Linger."""
    p.attempt_get(p.socket("PUSH"), "Linger")


@snippet
def unknown_attribute_of_a_socket(p: Probe) -> None:
    """Reading, setting and deleting what is no option."""
    socket = p.socket("PUSH")
    p.attempt_get(socket, "nonsense", "NONSENSE", "_nonsense", "__nonsense__")
    p.attempt_set(socket, nonsense=1, _nonsense=1)
    p.attempt(delattr, socket, "nonsense")
    p.say(hasattr(socket, "nonsense"), getattr(socket, "nonsense", "default"))


@snippet
def attribute_of_a_subclass(p: Probe) -> None:
    """What a subclass declares can be set; what it does not declare cannot."""

    class Child(p.zmq.Socket):  # type: ignore[misc, name-defined]
        declared = 1
        annotated: int

        @property
        def doubled(self) -> int:
            return int(self.declared * 2)

    socket = Child(p.context, p.zmq.PUSH, copy_threshold=7)
    socket.linger = 0
    p.attempt_set(socket, declared=5, annotated=6, doubled=7, undeclared=8)
    p.attempt_get(socket, "declared", "annotated", "doubled", "undeclared", "copy_threshold")
    p.say(isinstance(socket, p.zmq.Socket), socket.type)
    socket.close()


@snippet
def read_only_attributes(p: Probe) -> None:
    """What libzmq only tells cannot be set."""
    socket = p.socket("PUSH")
    p.attempt_set(socket, closed=True, underlying=5)
    for name in ("LAST_ENDPOINT", "FD", "EVENTS", "TYPE", "RCVMORE", "MECHANISM"):
        number = getattr(p.zmq.SocketOption, name)
        p.attempt(socket.set, number, b"x" if name == "LAST_ENDPOINT" else 1)


@snippet
def write_only_options(p: Probe) -> None:
    """What libzmq does not tell is an AttributeError as an attribute, EINVAL by number."""
    socket = p.socket("ROUTER")
    for name in ("router_mandatory", "probe_router", "connect_routing_id"):
        p.say(hasattr(socket, name))
        p.attempt(socket.get, getattr(p.zmq, name.upper()))
        p.attempt_get(socket, name)


@snippet
def numbers_of_a_wrong_type(p: Probe) -> None:
    """A number is an int or a bool, nothing else."""
    socket = p.socket("PUSH")
    for value in ("5", b"5", 5.0, None, [5], True):
        p.attempt(socket.set, p.zmq.LINGER, value)
    p.attempt_set(socket, linger="x", sndhwm=1.5, rcvtimeo=None)


@snippet
def numbers_out_of_range(p: Probe) -> None:
    """EINVAL where libzmq refuses, OverflowError where C cannot hold it."""
    socket = p.socket("PUSH")
    for option, value in (("LINGER", -2), ("SNDHWM", -1), ("TCP_KEEPALIVE", 2), ("IMMEDIATE", 2), ("BACKLOG", -1)):
        p.attempt(socket.set, getattr(p.zmq, option), value)
    for value in (2**31, -(2**31) - 1, 2**63):
        p.attempt(socket.set, p.zmq.LINGER, value)
    p.attempt(socket.set, p.zmq.MAXMSGSIZE, 2**63)
    p.attempt_set(socket, linger=-7)


@snippet
def bytes_options_take_bytes(p: Probe) -> None:
    """Text must go through set_string()."""
    socket = p.socket("DEALER")
    for value in (b"id", "id", 5, None):
        p.attempt(socket.set, p.zmq.ROUTING_ID, value)
    p.attempt_set(socket, identity="text", routing_id=b"bytes")
    p.attempt_get(socket, "identity", "routing_id", "IDENTITY")
    p.attempt(socket.set, p.zmq.ROUTING_ID, b"")
    p.attempt(socket.set, p.zmq.ROUTING_ID, b"x" * 256)
    p.attempt(socket.set, p.zmq.ROUTING_ID, b"x" * 255)
    p.attempt(socket.get, p.zmq.IDENTITY)


@snippet
def string_forms(p: Probe) -> None:
    """set_string, get_string and their older names."""
    socket = p.socket("DEALER")
    for name in ("set_string", "setsockopt_string", "setsockopt_unicode"):
        p.attempt(getattr(socket, name), p.zmq.IDENTITY, "zwölf")
    for name in ("get_string", "getsockopt_string", "getsockopt_unicode"):
        p.attempt(getattr(socket, name), p.zmq.IDENTITY)
    p.attempt(socket.set_string, p.zmq.IDENTITY, b"bytes")
    p.attempt(socket.set_string, p.zmq.IDENTITY, "zwölf", "latin-1")
    p.attempt(socket.get_string, p.zmq.IDENTITY)
    p.attempt(socket.get_string, p.zmq.IDENTITY, "latin-1")
    p.attempt(socket.get_string, p.zmq.LINGER)
    p.attempt(socket.set_string, p.zmq.LINGER, "5")


@snippet
def getsockopt_and_setsockopt(p: Probe) -> None:
    """The older names do the same."""
    socket = p.socket("PUSH")
    p.attempt(socket.setsockopt, p.zmq.SNDHWM, 7)
    p.attempt(socket.getsockopt, p.zmq.SNDHWM)
    p.attempt(socket.set, option=p.zmq.SNDHWM, optval=8)
    p.attempt(socket.get, option=p.zmq.SNDHWM)


@snippet
def unknown_option_numbers(p: Probe) -> None:
    """libzmq says EINVAL; what is no number is a TypeError."""
    socket = p.socket("PUSH")
    for option in (9999, -1):
        p.attempt(socket.get, option)
        p.attempt(socket.set, option, 1)
    for wrong in ("LINGER", None):
        p.attempt(socket.get, wrong)
        p.attempt(socket.set, wrong, 1)


@snippet
def floats_as_numbers(p: Probe) -> None:
    """Option numbers, socket types and threads."""
    push, _ = p.pair()
    p.attempt(push.get, 9999.5)
    p.attempt(push.set, 9999.5, 1)
    p.attempt(p.context.socket, 8.0)
    p.attempt(p.zmq.Context, 1.5)


@snippet
def high_water_marks(p: Probe) -> None:
    """Hwm sets both and reads the one for sending."""
    socket = p.socket("DEALER")
    p.attempt_get(socket, "hwm", "sndhwm", "rcvhwm")
    socket.hwm = 5
    p.attempt_get(socket, "hwm", "sndhwm", "rcvhwm")
    socket.sndhwm, socket.rcvhwm = 6, 7
    p.attempt(socket.get_hwm)
    p.attempt(socket.set_hwm, 9)
    p.attempt_get(socket, "sndhwm", "rcvhwm")
    p.attempt(socket.set_hwm, -1)
    p.attempt(socket.set_hwm, "x")


@snippet
def types_of_values(p: Probe) -> None:
    """Values read back are plain; `type` is an enum."""
    socket = p.socket("DEALER")
    for name in ("linger", "affinity", "maxmsgsize", "routing_id", "last_endpoint", "events", "mechanism", "rcvmore"):
        p.say(type(getattr(socket, name)))
    p.say(socket.type, type(socket.type), type(socket.get(p.zmq.TYPE)), socket.TYPE, socket.get(p.zmq.TYPE))
    p.say(type(socket.fd), socket.fd == socket.fileno() == socket.get(p.zmq.FD))


@snippet
def defaults_of_a_new_socket(p: Probe) -> None:
    """What libzmq sets."""
    socket = p.context.socket(p.zmq.DEALER)
    names = (
        "affinity backlog conflate connect_timeout handshake_ivl heartbeat_ivl heartbeat_timeout heartbeat_ttl "
        "immediate invert_matching ipv6 ipv4only linger maxmsgsize mechanism multicast_hops multicast_maxtpdu rate "
        "rcvbuf rcvhwm rcvtimeo reconnect_ivl reconnect_ivl_max recovery_ivl sndbuf sndhwm sndtimeo socks_proxy "
        "tcp_keepalive tcp_keepalive_cnt tcp_keepalive_idle tcp_keepalive_intvl tcp_maxrt tos use_fd zap_domain "
        "plain_server plain_username plain_password curve_server last_endpoint routing_id identity events rcvmore "
        "delay_attach_on_connect"
    )
    for name in names.split():
        p.say(name)
        p.attempt_get(socket, name)
    socket.close()


@snippet
def clearing_string_options(p: Probe) -> None:
    """Empty and None values of strings."""
    socket = p.socket("DEALER")
    for name in ("SOCKS_PROXY", "PLAIN_USERNAME", "ZAP_DOMAIN"):
        option = getattr(p.zmq, name)
        p.attempt(socket.set, option, b"value")
        p.attempt(socket.get, option)
    p.attempt_get(socket, "mechanism")


@snippet
def plain_and_curve_roles_set_the_mechanism(p: Probe) -> None:
    """The last role decides."""
    socket = p.socket("DEALER")
    socket.plain_server = 1
    p.attempt_get(socket, "mechanism")
    socket.curve_server = True
    p.attempt_get(socket, "mechanism", "curve_server", "plain_server")
    socket.curve_server = 0
    p.attempt_get(socket, "mechanism")


@snippet
def curve_keys_in_both_forms(p: Probe) -> None:
    """A key is 32 bytes or 40 characters of Z85."""
    socket = p.socket("DEALER")
    p.attempt_set(socket, curve_publickey=b"rq:rM>}U?@Lns47E1%kR.o@n%FcmmsL/@{H8]yf7")
    p.attempt_set(socket, curve_secretkey=bytes(range(32)), curve_serverkey=bytes(range(32)))
    p.attempt_get(socket, "mechanism")
    p.attempt_set(socket, curve_serverkey=b"too short")


@snippet
def curve_keys_read_back(p: Probe) -> None:
    """As Z85."""
    socket = p.socket("DEALER", curve_publickey=bytes(range(32)))
    p.attempt_get(socket, "curve_publickey")


@snippet
def subscribing(p: Probe) -> None:
    """As a method and as an attribute, text and bytes."""
    socket = p.socket("SUB")
    for topic in (b"a", "zwölf", "", 5, None):
        p.attempt(socket.subscribe, topic)
        p.attempt(socket.unsubscribe, topic)
    p.attempt_set(socket, subscribe="text", SUBSCRIBE=b"bytes", unsubscribe=b"never")
    p.attempt_set(socket, unsubscribe="text", Subscribe=b"bytes")
    p.attempt_set(socket, subscribe=5)
    p.attempt(socket.set, p.zmq.SUBSCRIBE, "text")
    p.attempt(socket.set, p.zmq.SUBSCRIBE, b"bytes")
    p.say(callable(socket.subscribe))
    p.attempt(p.socket("PUSH").subscribe, b"")


@snippet
def option_for_another_type(p: Probe) -> None:
    """libzmq refuses with EINVAL."""
    socket = p.socket("PUSH")
    p.attempt(socket.set, p.zmq.ROUTER_MANDATORY, 1)
    p.attempt(socket.set, p.zmq.REQ_RELAXED, 1)
    p.attempt_set(socket, xpub_verbose=1)


@snippet
def names_listed_by_dir(p: Probe) -> None:
    """dir() has the options, for completion."""
    listed = dir(p.socket("PUSH"))
    p.say([name in listed for name in ("LINGER", "SNDHWM", "send", "recv_multipart", "context", "hwm")])
    listed = dir(p.context)
    p.say([name in listed for name in ("IO_THREADS", "MAX_SOCKETS", "socket", "term")])


@snippet
def context_options(p: Probe) -> None:
    """Read and set, by number and as attributes."""
    context = p.zmq.Context()
    p.attempt(context.get, p.zmq.IO_THREADS)
    p.attempt_get(context, "io_threads", "IO_THREADS", "max_sockets", "Max_Sockets", "msg_t_size")
    p.attempt(context.set, p.zmq.IO_THREADS, 2)
    p.attempt_get(context, "io_threads")
    p.attempt_set(context, io_threads=3, MAX_SOCKETS=10)
    p.attempt_get(context, "io_threads", "max_sockets")
    p.attempt(context.set, p.zmq.MAX_MSGSZ, 1000)
    p.attempt(context.get, p.zmq.MAX_MSGSZ)
    for wrong in ("x", None, 2.0):
        p.attempt(context.set, p.zmq.IO_THREADS, wrong)
    p.attempt(context.set, p.zmq.IO_THREADS, -1)
    p.attempt(context.set, p.zmq.MAX_SOCKETS, 2**31)
    p.attempt(context.get, 9999)
    p.attempt(context.set, 9999, 1)
    context.term()


@snippet
def context_attributes_of_wrong_names(p: Probe) -> None:
    """What is no option of either is an AttributeError."""
    p.attempt_get(p.context, "nonsense", "_nonsense")
    p.attempt_set(p.context, nonsense=1)
    p.attempt(delattr, p.context, "nonsense")
    p.say(hasattr(p.context, "nonsense"))


@snippet
def context_defaults_for_sockets(p: Probe) -> None:
    """Socket options of a context go to its new sockets."""
    context = p.context
    p.attempt_get(context, "linger")
    p.attempt_set(context, linger=5, RCVHWM=6)
    p.attempt_get(context, "linger", "LINGER", "rcvhwm")
    p.attempt(context.getsockopt, p.zmq.LINGER)
    p.attempt(context.setsockopt, p.zmq.SNDHWM, 7)
    socket = context.socket(p.zmq.DEALER)
    p.attempt_get(socket, "linger", "rcvhwm", "sndhwm")
    p.say({int(key): value for key, value in context.sockopts.items()})
    p.attempt(delattr, context, "linger")
    p.attempt(delattr, context, "linger")
    p.attempt_get(context, "linger")
    p.attempt(context.getsockopt, p.zmq.LINGER)
    p.say(context.socket(p.zmq.DEALER).linger)


@snippet
def context_default_for_one_type(p: Probe) -> None:
    """A default that does not fit a socket type is left out."""
    p.context.linger = 0
    p.attempt_set(p.context, router_mandatory=1, conflate=1)
    p.context.setsockopt(p.zmq.SUBSCRIBE, b"topic")
    for name in ("PUSH", "SUB", "ROUTER", "REP"):
        p.attempt(p.context.socket, getattr(p.zmq, name))


@snippet
def context_default_subscription(p: Probe) -> None:
    """A default SUBSCRIBE subscribes."""
    p.context.setsockopt(p.zmq.SUBSCRIBE, b"a")
    publisher, subscriber = p.socket("XPUB"), p.context.socket(p.zmq.SUB)
    publisher.bind("inproc://x")
    subscriber.connect("inproc://x")
    p.attempt(publisher.recv)


@snippet
def identity_of_a_router_peer(p: Probe) -> None:
    """The routing id that was set is the one that arrives."""
    dealer, router = p.socket("DEALER"), p.socket("ROUTER")
    dealer.identity = b"me"
    router.bind("inproc://x")
    dealer.connect("inproc://x")
    dealer.send(b"hello")
    p.attempt(router.recv_multipart)


@snippet
def ipv6_of_the_context(p: Probe) -> None:
    """IPV6 and BLOCKY are context options by number."""
    context = p.zmq.Context()
    p.attempt(context.get, p.zmq.IPV6)
    p.attempt(context.set, p.zmq.IPV6, 1)
    socket = context.socket(p.zmq.PUSH)
    p.attempt_get(socket, "ipv6")
    p.attempt(context.get, p.zmq.BLOCKY)
    p.attempt(context.set, p.zmq.BLOCKY, 0)
    other = context.socket(p.zmq.PUSH)
    p.attempt_get(other, "linger")
    context.destroy(linger=0)


@snippet
def ipv6_default_as_an_attribute(p: Probe) -> None:
    """As an attribute of the context IPV6 is a default of sockets."""
    p.attempt_set(p.context, ipv6=1)
    p.say(p.socket("PUSH").ipv6, [int(key) for key in p.context.sockopts])
    p.attempt(p.context.get, p.zmq.IPV6)


def _options_in_mock(p: Probe) -> Any:
    from unittest import mock

    return mock.create_autospec(p.socket("PUSH"), instance=True)


@snippet
def mocking_a_socket(p: Probe) -> None:
    """unittest.mock can make a stand-in of a socket."""
    p.say(callable(_options_in_mock(p).send))


@snippet
def sizes_below_no_limit(p: Probe) -> None:
    """MAXMSGSIZE of less than -1."""
    p.attempt(p.socket("PUSH").set, p.zmq.MAXMSGSIZE, -2)
