"""The options of a socket that are about one transport, or about security.

Ranges are what makes sense, which is at times less than what libzmq takes: a comment says so where they differ.

Sources: zmq_setsockopt(3), zmq_getsockopt(3), options.cpp, tcp.cpp and tcp_listener.cpp in libzmq 4.3.4 and 4.3.5.
"""

from __future__ import annotations

import sys

from .option_codec import INT_MAX, Bytes, Key, Number, Option, check_nonzero

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def _flag(name: str, number: int, doc: str, default: int | None = 0, **more: Any) -> Number:
    return Number(name, number, 0, 1, doc, kind="bool", size=4, default=default, **more)


def _int(name: str, number: int, lowest: int, highest: int, doc: str, **more: Any) -> Number:
    return Number(name, number, lowest, highest, doc, kind="int", size=4, **more)


def _string(name: str, number: int, lowest: int, highest: int, doc: str, **more: Any) -> Bytes:
    return Bytes(name, number, lowest, highest, doc, kind="string", **more)


def _check_listening(descriptor: int) -> str:
    # libzmq aborts in bind() over a descriptor that is closed, is no socket, or does not listen.
    if descriptor == -1:
        return ""
    import os
    import socket

    try:
        with socket.socket(fileno=os.dup(descriptor)) as listener:
            listening = listener.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN)
    except OSError as error:
        return f"it is not an open socket: {error.strerror}"
    return "" if listening else "it must be a socket that listens: call its bind() and listen() first"


# Above these, or with 0, the kernel refuses; then libzmq drops every connection without a word.
_LINUX = sys.platform.startswith("linux")
_KEEPALIVE_SECONDS = 32767 if _LINUX else INT_MAX
_KEEPALIVE_COUNT = 127 if _LINUX else INT_MAX

# One row is one or a few lines; the formatter would make it ten.
# fmt: off
TRANSPORT_ROWS: tuple[Option, ...] = (
    # TCP and IP.
    _int(
        "TCP_KEEPALIVE", 34, -1, 1, "SO_KEEPALIVE: 1 is on, 0 is off, -1 leaves it to the system", default=-1,
    ),
    _int(
        "TCP_KEEPALIVE_CNT", 35, -1, _KEEPALIVE_COUNT,
        "unanswered keep-alive probes that end a connection; -1 leaves it to the system", unit="probes",
        default=-1, check=check_nonzero,
    ),
    _int(
        "TCP_KEEPALIVE_IDLE", 36, -1, _KEEPALIVE_SECONDS,
        "seconds of silence before the first keep-alive probe; -1 leaves it to the system", unit="s",
        default=-1, check=check_nonzero,
    ),
    _int(
        "TCP_KEEPALIVE_INTVL", 37, -1, _KEEPALIVE_SECONDS,
        "seconds between keep-alive probes; -1 leaves it to the system", unit="s", default=-1,
        check=check_nonzero,
    ),
    _int(
        "TCP_MAXRT", 80, 0, INT_MAX, "ms that sent data may stay unacknowledged; 0 leaves it to the system",
        unit="ms", default=0,
    ),
    # libzmq takes any positive number, the IP header has 8 bits.
    _int("TOS", 57, 0, 255, "the type-of-service byte of the IP header", default=0),
    _int(
        "PRIORITY", 112, 0, INT_MAX, "SO_PRIORITY of what is sent; Linux wants CAP_NET_ADMIN above 6",
        default=0, draft="4.3.4",
    ),
    _int(
        "BUSY_POLL", 113, 0, INT_MAX,
        "SO_BUSY_POLL: us to poll the network device for, instead of waiting for its interrupt", unit="us",
        access="w", draft="4.3.5",
    ),
    _flag("IPV6", 42, "use IPv6 addresses too, and resolve names to them"),
    _flag("IPV4ONLY", 31, "the opposite of IPV6", 1, deprecated="use IPV6"),
    # SO_BINDTODEVICE takes IFNAMSIZ - 1 characters, libzmq one more.
    _string(
        "BINDTODEVICE", 92, 1, 15, "the network interface or VRF to use; Linux wants CAP_NET_RAW",
        default=b"", clears=True,
    ),
    _int(
        "USE_FD", 89, -1, INT_MAX,
        "a descriptor that listens already, for the next bind() to use; -1 makes a new one", default=-1,
        check=_check_listening,
    ),
    _flag(
        "LOOPBACK_FASTPATH", 94, "faster TCP on the loopback interface of Windows; elsewhere nothing",
        draft="4.3.0",
    ),
    _string(
        "TCP_ACCEPT_FILTER", 38, 1, 255,
        "accept TCP peers of this address or CIDR block; set it once for each; None accepts all", access="w",
        clears=True, deprecated="use a ZAP handler",
    ),
    # libzmq takes any length; it can be read back up to this one.
    _string(
        "SOCKS_PROXY", 68, 1, 1023, "the SOCKS5 proxy, 'host:port', that TCP connections go through",
        default=b"", clears=True,
    ),
    _string(
        "SOCKS_USERNAME", 99, 0, 255, "the user name for the SOCKS5 proxy; empty is no authentication",
        default=b"", clears=True, draft="4.3.2",
    ),
    _string(
        "SOCKS_PASSWORD", 100, 0, 255, "the password for the SOCKS5 proxy", default=b"", clears=True,
        secret=True, draft="4.3.2",
    ),
    # IPC.
    _int(
        "IPC_FILTER_PID", 58, 0, INT_MAX,
        "accept IPC peers of this process; set it once for each; None accepts all", access="w", clears=True,
        deprecated="use a ZAP handler",
    ),
    _int(
        "IPC_FILTER_UID", 59, 0, INT_MAX,
        "accept IPC peers of this user; set it once for each; None accepts all", access="w", clears=True,
        deprecated="use a ZAP handler",
    ),
    _int(
        "IPC_FILTER_GID", 60, 0, INT_MAX,
        "accept IPC peers of this group; set it once for each; None accepts all", access="w", clears=True,
        deprecated="use a ZAP handler",
    ),
    # Multicast: PGM, NORM, UDP. PGM multiplies the rate by 1000 in an int.
    _int("RATE", 8, 1, INT_MAX // 1000, "the largest rate of multicast data", unit="kbit/s", default=100),
    _int(
        "RECOVERY_IVL", 9, 0, INT_MAX, "ms that a multicast receiver may be absent without losing data",
        unit="ms", default=10000,
    ),
    # libzmq takes any positive number, the IP header has 8 bits for the hops and 16 for the size.
    _int("MULTICAST_HOPS", 25, 1, 255, "networks that a multicast packet may cross", unit="hops", default=1),
    _int(
        "MULTICAST_MAXTPDU", 84, 1, 65535, "bytes of the largest multicast packet", unit="bytes",
        default=1500,
    ),
    _flag(
        "MULTICAST_LOOP", 96, "multicast packets come back to this host", 1, types=("RADIO",), draft="4.3.0",
    ),
    _int(
        "NORM_MODE", 117, 0, 4, "how NORM chooses its rate, a NormMode", default=1, needs="norm",
        draft="4.3.5",
    ),
    _flag(
        "NORM_UNICAST_NACK", 118, "NORM receivers ask for lost data directly, not by multicast", needs="norm",
        draft="4.3.5",
    ),
    _int(
        "NORM_BUFFER_SIZE", 119, 1, INT_MAX, "KiB of NORM's buffers, for each peer", unit="KiB", default=2048,
        needs="norm", draft="4.3.5",
    ),
    _int(
        "NORM_SEGMENT_SIZE", 120, 1, INT_MAX, "bytes of a NORM segment", unit="bytes", default=1400,
        needs="norm", draft="4.3.5",
    ),
    _int(
        "NORM_BLOCK_SIZE", 121, 1, 255, "segments of a NORM block", unit="segments", default=16, needs="norm",
        draft="4.3.5",
    ),
    _int(
        "NORM_NUM_PARITY", 122, 0, 254, "parity segments that NORM computes for a block", unit="segments",
        default=4, needs="norm", draft="4.3.5",
    ),
    _int(
        "NORM_NUM_AUTOPARITY", 123, 0, 254, "parity segments that NORM sends without being asked",
        unit="segments", default=0, needs="norm", draft="4.3.5",
    ),
    _flag(
        "NORM_PUSH", 124, "NORM goes on with new data while receivers are behind", needs="norm",
        draft="4.3.5",
    ),
    # VMCI.
    Number(
        "VMCI_BUFFER_SIZE", 85, 0, 2**64 - 1, "bytes of a VMCI socket's buffer", kind="uint64", size=8,
        unit="bytes", access="w", needs="vmci",
    ),
    Number(
        "VMCI_BUFFER_MIN_SIZE", 86, 0, 2**64 - 1, "bytes that a VMCI socket's buffer has at least",
        kind="uint64", size=8, unit="bytes", access="w", needs="vmci",
    ),
    Number(
        "VMCI_BUFFER_MAX_SIZE", 87, 0, 2**64 - 1, "bytes that a VMCI socket's buffer has at most",
        kind="uint64", size=8, unit="bytes", access="w", needs="vmci",
    ),
    _int(
        "VMCI_CONNECT_TIMEOUT", 88, -1, INT_MAX,
        "ms that a VMCI connect may take; -1 leaves it to the system", unit="ms", access="w", needs="vmci",
    ),
    # Secure WebSockets.
    _string(
        "WSS_KEY_PEM", 103, 0, INT_MAX, "the server's private key, PEM text", access="w", secret=True,
        needs="WSS", draft="4.3.3",
    ),
    _string(
        "WSS_CERT_PEM", 104, 0, INT_MAX, "the server's certificate, PEM text", access="w", needs="WSS",
        draft="4.3.3",
    ),
    _string(
        "WSS_TRUST_PEM", 105, 0, INT_MAX, "the certificates that a client trusts, PEM text", access="w",
        needs="WSS", draft="4.3.3",
    ),
    _string(
        "WSS_HOSTNAME", 106, 0, 255, "the host name that the server's certificate must have", access="w",
        needs="WSS", draft="4.3.3",
    ),
    _flag("WSS_TRUST_SYSTEM", 107, "trust the system's certificates", access="w", needs="WSS", draft="4.3.3"),
    # Security. The last option set decides the mechanism, and setting a role to 0 makes it NULL.
    _flag("PLAIN_SERVER", 44, "be the server of PLAIN security; 0 turns security off"),
    # libzmq has no empty name or password here. None turns security off, so an empty one must not be taken for it.
    _string(
        "PLAIN_USERNAME", 45, 1, 255, "the user name for PLAIN security; None turns security off",
        default=b"", clears=True,
    ),
    _string(
        "PLAIN_PASSWORD", 46, 1, 255, "the password for PLAIN security; None turns security off", default=b"",
        clears=True, secret=True,
    ),
    _flag("CURVE_SERVER", 47, "be the server of CURVE security; 0 turns security off", needs="curve"),
    Key("CURVE_PUBLICKEY", 48, 32, 40, "this client's public key", kind="key", needs="curve"),
    Key(
        "CURVE_SECRETKEY", 49, 32, 40, "this client's or server's secret key", kind="key", secret=True,
        needs="curve",
    ),
    Key(
        "CURVE_SERVERKEY", 50, 32, 40, "the public key of the server to connect to", kind="key",
        needs="curve",
    ),
    _flag("GSSAPI_SERVER", 62, "be the server of GSSAPI security", needs="gssapi"),
    _string(
        "GSSAPI_PRINCIPAL", 63, 1, 255, "the principal whose credentials are used", default=b"",
        needs="gssapi",
    ),
    _string(
        "GSSAPI_SERVICE_PRINCIPAL", 64, 1, 255, "the principal of the server to connect to", default=b"",
        needs="gssapi",
    ),
    _flag("GSSAPI_PLAINTEXT", 65, "do not encrypt", needs="gssapi"),
    _int(
        "GSSAPI_PRINCIPAL_NAMETYPE", 90, 0, 2, "what GSSAPI_PRINCIPAL is, a GssapiNameType", default=0,
        needs="gssapi",
    ),
    _int(
        "GSSAPI_SERVICE_PRINCIPAL_NAMETYPE", 91, 0, 2, "what GSSAPI_SERVICE_PRINCIPAL is, a GssapiNameType",
        default=0, needs="gssapi",
    ),
    # The manual says that the empty default turns ZAP off for NULL; libzmq has no way to set it empty again.
    _string("ZAP_DOMAIN", 55, 1, 255, "the domain that a ZAP handler is asked about", default=b""),
    _flag(
        "ZAP_ENFORCE_DOMAIN", 93,
        "ask the ZAP handler as RFC 27 says, and fail the handshake when there is none", draft="4.3.0",
    ),
)
# fmt: on
