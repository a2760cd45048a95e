"""The constants have pyzmq's names and zmq.h's values."""

from __future__ import annotations

import errno
import subprocess
import sys
from enum import IntEnum, IntFlag

import pytest

import zmqlite
from zmqlite import constants

# Every enum of pyzmq 27.3: base class, members and values.
PYZMQ = {
    "ContextOption": (
        IntEnum,
        "IO_THREADS=1 MAX_SOCKETS=2 SOCKET_LIMIT=3 THREAD_PRIORITY=3 THREAD_SCHED_POLICY=4 MAX_MSGSZ=5 MSG_T_SIZE=6 "
        "THREAD_AFFINITY_CPU_ADD=7 THREAD_AFFINITY_CPU_REMOVE=8 THREAD_NAME_PREFIX=9",
    ),
    "DeviceType": (IntEnum, "STREAMER=1 FORWARDER=2 QUEUE=3"),
    "Event": (
        IntFlag,
        "PROTOCOL_ERROR_WS_UNSPECIFIED=805306368 PROTOCOL_ERROR_ZMTP_UNSPECIFIED=268435456 "
        "PROTOCOL_ERROR_ZMTP_UNEXPECTED_COMMAND=268435457 PROTOCOL_ERROR_ZMTP_INVALID_SEQUENCE=268435458 "
        "PROTOCOL_ERROR_ZMTP_KEY_EXCHANGE=268435459 "
        "PROTOCOL_ERROR_ZMTP_MALFORMED_COMMAND_UNSPECIFIED=268435473 "
        "PROTOCOL_ERROR_ZMTP_MALFORMED_COMMAND_MESSAGE=268435474 "
        "PROTOCOL_ERROR_ZMTP_MALFORMED_COMMAND_HELLO=268435475 "
        "PROTOCOL_ERROR_ZMTP_MALFORMED_COMMAND_INITIATE=268435476 "
        "PROTOCOL_ERROR_ZMTP_MALFORMED_COMMAND_ERROR=268435477 "
        "PROTOCOL_ERROR_ZMTP_MALFORMED_COMMAND_READY=268435478 "
        "PROTOCOL_ERROR_ZMTP_MALFORMED_COMMAND_WELCOME=268435479 "
        "PROTOCOL_ERROR_ZMTP_INVALID_METADATA=268435480 PROTOCOL_ERROR_ZMTP_CRYPTOGRAPHIC=285212673 "
        "PROTOCOL_ERROR_ZMTP_MECHANISM_MISMATCH=285212674 PROTOCOL_ERROR_ZAP_UNSPECIFIED=536870912 "
        "PROTOCOL_ERROR_ZAP_MALFORMED_REPLY=536870913 PROTOCOL_ERROR_ZAP_BAD_REQUEST_ID=536870914 "
        "PROTOCOL_ERROR_ZAP_BAD_VERSION=536870915 PROTOCOL_ERROR_ZAP_INVALID_STATUS_CODE=536870916 "
        "PROTOCOL_ERROR_ZAP_INVALID_METADATA=536870917 CONNECTED=1 CONNECT_DELAYED=2 CONNECT_RETRIED=4 "
        "LISTENING=8 BIND_FAILED=16 ACCEPTED=32 ACCEPT_FAILED=64 CLOSED=128 CLOSE_FAILED=256 DISCONNECTED=512 "
        "MONITOR_STOPPED=1024 HANDSHAKE_FAILED_NO_DETAIL=2048 HANDSHAKE_SUCCEEDED=4096 "
        "HANDSHAKE_FAILED_PROTOCOL=8192 HANDSHAKE_FAILED_AUTH=16384 ALL_V1=65535 ALL=65535 PIPES_STATS=65536 "
        "ALL_V2=131071",
    ),
    "Flag": (IntFlag, "DONTWAIT=1 SNDMORE=2 NOBLOCK=1"),
    "MessageOption": (IntEnum, "MORE=1 SHARED=3 SRCFD=2"),
    "NormMode": (IntEnum, "FIXED=0 CC=1 CCL=2 CCE=3 CCE_ECNONLY=4"),
    "PollEvent": (IntFlag, "POLLIN=1 POLLOUT=2 POLLERR=4 POLLPRI=8"),
    "ReconnectStop": (IntEnum, "CONN_REFUSED=1 HANDSHAKE_FAILED=2 AFTER_DISCONNECT=4"),
    "RouterNotify": (IntEnum, "CONNECT=1 DISCONNECT=2"),
    "SecurityMechanism": (IntEnum, "NULL=0 PLAIN=1 CURVE=2 GSSAPI=3"),
    "SocketOption": (
        IntEnum,
        "HWM=1 AFFINITY=4 ROUTING_ID=5 SUBSCRIBE=6 UNSUBSCRIBE=7 RATE=8 RECOVERY_IVL=9 SNDBUF=11 RCVBUF=12 "
        "RCVMORE=13 FD=14 EVENTS=15 TYPE=16 LINGER=17 RECONNECT_IVL=18 BACKLOG=19 RECONNECT_IVL_MAX=21 "
        "MAXMSGSIZE=22 SNDHWM=23 RCVHWM=24 MULTICAST_HOPS=25 RCVTIMEO=27 SNDTIMEO=28 LAST_ENDPOINT=32 "
        "ROUTER_MANDATORY=33 TCP_KEEPALIVE=34 TCP_KEEPALIVE_CNT=35 TCP_KEEPALIVE_IDLE=36 "
        "TCP_KEEPALIVE_INTVL=37 IMMEDIATE=39 XPUB_VERBOSE=40 ROUTER_RAW=41 IPV6=42 MECHANISM=43 "
        "PLAIN_SERVER=44 PLAIN_USERNAME=45 PLAIN_PASSWORD=46 CURVE_SERVER=47 CURVE_PUBLICKEY=48 "
        "CURVE_SECRETKEY=49 CURVE_SERVERKEY=50 PROBE_ROUTER=51 REQ_CORRELATE=52 REQ_RELAXED=53 CONFLATE=54 "
        "ZAP_DOMAIN=55 ROUTER_HANDOVER=56 TOS=57 CONNECT_ROUTING_ID=61 GSSAPI_SERVER=62 GSSAPI_PRINCIPAL=63 "
        "GSSAPI_SERVICE_PRINCIPAL=64 GSSAPI_PLAINTEXT=65 HANDSHAKE_IVL=66 SOCKS_PROXY=68 XPUB_NODROP=69 "
        "BLOCKY=70 XPUB_MANUAL=71 XPUB_WELCOME_MSG=72 STREAM_NOTIFY=73 INVERT_MATCHING=74 HEARTBEAT_IVL=75 "
        "HEARTBEAT_TTL=76 HEARTBEAT_TIMEOUT=77 XPUB_VERBOSER=78 CONNECT_TIMEOUT=79 TCP_MAXRT=80 "
        "THREAD_SAFE=81 MULTICAST_MAXTPDU=84 VMCI_BUFFER_SIZE=85 VMCI_BUFFER_MIN_SIZE=86 "
        "VMCI_BUFFER_MAX_SIZE=87 VMCI_CONNECT_TIMEOUT=88 USE_FD=89 GSSAPI_PRINCIPAL_NAMETYPE=90 "
        "GSSAPI_SERVICE_PRINCIPAL_NAMETYPE=91 BINDTODEVICE=92 IDENTITY=5 CONNECT_RID=61 TCP_ACCEPT_FILTER=38 "
        "IPC_FILTER_PID=58 IPC_FILTER_UID=59 IPC_FILTER_GID=60 IPV4ONLY=31 DELAY_ATTACH_ON_CONNECT=39 "
        "FAIL_UNROUTABLE=33 ROUTER_BEHAVIOR=33 ZAP_ENFORCE_DOMAIN=93 LOOPBACK_FASTPATH=94 METADATA=95 "
        "MULTICAST_LOOP=96 ROUTER_NOTIFY=97 XPUB_MANUAL_LAST_VALUE=98 SOCKS_USERNAME=99 SOCKS_PASSWORD=100 "
        "IN_BATCH_SIZE=101 OUT_BATCH_SIZE=102 WSS_KEY_PEM=103 WSS_CERT_PEM=104 WSS_TRUST_PEM=105 "
        "WSS_HOSTNAME=106 WSS_TRUST_SYSTEM=107 ONLY_FIRST_SUBSCRIBE=108 RECONNECT_STOP=109 HELLO_MSG=110 "
        "DISCONNECT_MSG=111 PRIORITY=112 BUSY_POLL=113 HICCUP_MSG=114 XSUB_VERBOSE_UNSUBSCRIBE=115 "
        "TOPICS_COUNT=116 NORM_MODE=117 NORM_UNICAST_NACK=118 NORM_BUFFER_SIZE=119 NORM_SEGMENT_SIZE=120 "
        "NORM_BLOCK_SIZE=121 NORM_NUM_PARITY=122 NORM_NUM_AUTOPARITY=123 NORM_PUSH=124",
    ),
    "SocketType": (
        IntEnum,
        "PAIR=0 PUB=1 SUB=2 REQ=3 REP=4 DEALER=5 ROUTER=6 PULL=7 PUSH=8 XPUB=9 XSUB=10 STREAM=11 XREQ=5 "
        "XREP=6 SERVER=12 CLIENT=13 RADIO=14 DISH=15 GATHER=16 SCATTER=17 DGRAM=18 PEER=19 CHANNEL=20",
    ),
}
ERRNOS = (
    "EAGAIN EFAULT EINVAL ENOTSUP EPROTONOSUPPORT ENOBUFS ENETDOWN EADDRINUSE EADDRNOTAVAIL ECONNREFUSED "
    "EINPROGRESS ENOTSOCK EMSGSIZE EAFNOSUPPORT ENETUNREACH ECONNABORTED ECONNRESET ENOTCONN ETIMEDOUT "
    "EHOSTUNREACH ENETRESET"
)
INT64_OPTIONS = "AFFINITY MAXMSGSIZE VMCI_BUFFER_SIZE VMCI_BUFFER_MIN_SIZE VMCI_BUFFER_MAX_SIZE"
BYTES_OPTIONS = (
    "ROUTING_ID SUBSCRIBE UNSUBSCRIBE LAST_ENDPOINT PLAIN_USERNAME PLAIN_PASSWORD CURVE_PUBLICKEY "
    "CURVE_SECRETKEY CURVE_SERVERKEY ZAP_DOMAIN CONNECT_ROUTING_ID GSSAPI_PRINCIPAL "
    "GSSAPI_SERVICE_PRINCIPAL SOCKS_PROXY XPUB_WELCOME_MSG BINDTODEVICE TCP_ACCEPT_FILTER METADATA "
    "SOCKS_USERNAME SOCKS_PASSWORD WSS_KEY_PEM WSS_CERT_PEM WSS_TRUST_PEM WSS_HOSTNAME HELLO_MSG "
    "DISCONNECT_MSG HICCUP_MSG"
)
PREFIXES = {"Event": "EVENT_", "NormMode": "NORM_", "ReconnectStop": "RECONNECT_STOP_", "RouterNotify": "NOTIFY_"}


def read_members(text: str) -> dict[str, int]:
    """Read "NAME=1 OTHER=2"."""
    return {name: int(value) for name, value in (member.split("=") for member in text.split())}


@pytest.mark.parametrize("name", PYZMQ)
def test_enum_has_the_members_of_pyzmq(name: str) -> None:
    """Each enum has pyzmq's base class, its members, their values, and the same name for each alias."""
    base, text = PYZMQ[name]
    enum = getattr(constants, name)
    assert enum.__bases__ == (base,)
    members = read_members(text)
    assert {member: int(enum.__members__[member]) for member in members} == members
    canonical: dict[int, str] = {}
    for member, value in members.items():
        assert enum.__members__[member].name == canonical.setdefault(value, member)


@pytest.mark.parametrize("name", PYZMQ)
def test_every_member_is_a_constant_of_the_package(name: str) -> None:
    """zmqlite.PUB is zmqlite.SocketType.PUB, and so on, with pyzmq's prefixes."""
    enum = getattr(constants, name)
    for member in read_members(PYZMQ[name][1]):
        prefix = "" if member.startswith("PROTOCOL_ERROR_") else PREFIXES.get(name, "")
        constant = getattr(zmqlite, prefix + member)
        assert constant is enum.__members__[member]
        assert prefix + member in constants.__all__


@pytest.mark.parametrize("name", ERRNOS.split())
def test_errno_is_the_number_of_the_platform(name: str) -> None:
    """The errnos that libzmq shares with the system are the system's numbers."""
    number = getattr(constants, name)
    assert number is constants.Errno[name]
    if sys.platform != "win32":
        assert number == getattr(errno, name)


def test_errnos_of_libzmq_are_those_of_zmq_h() -> None:
    """libzmq's own errnos count from ZMQ_HAUSNUMERO."""
    assert [constants.EFSM, constants.ENOCOMPATPROTO, constants.ETERM, constants.EMTHREAD] == [
        156384763,
        156384764,
        156384765,
        156384766,
    ]


def test_names_that_pyzmq_lacks_are_those_of_zmq_h() -> None:
    """What zmq.h has beyond pyzmq is here too."""
    assert constants.ZERO_COPY_RECV is constants.ContextOption.ZERO_COPY_RECV
    assert constants.ZERO_COPY_RECV == 10
    assert [constants.GSSAPI_NT_HOSTBASED, constants.GSSAPI_NT_USER_NAME, constants.GSSAPI_NT_KRB5_PRINCIPAL] == [
        0,
        1,
        2,
    ]
    assert constants.MSG_PROPERTY_PEER_ADDRESS == "Peer-Address"
    assert constants.GROUP_MAX_LENGTH == 255


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="the length of sun_path is the platform's")
def test_ipc_path_max_len_leaves_room_for_the_nul() -> None:
    """sun_path has 108 bytes on Linux."""
    assert constants.IPC_PATH_MAX_LEN == 107


def test_option_type_is_that_of_pyzmq() -> None:
    """SocketOption._opt_type, which pyzmq programs look at, says how the value crosses."""
    types: dict[str, set[str]] = {"int": set(), "int64": set(), "bytes": set(), "fd": set()}
    for option in constants.SocketOption:
        types[option._opt_type.value].add(option.name)
    assert types["int64"] == set(INT64_OPTIONS.split())
    assert types["bytes"] == set(BYTES_OPTIONS.split())
    assert types["fd"] == {"FD"}


def test_all_lists_every_constant() -> None:
    """`from zmqlite.constants import *` gives every name, and type checkers see the same."""
    # pytest rewrites the assertions of packages that have a plugin for it, and brings names such as "@py_builtins".
    assert sorted(constants.__all__) == sorted(name for name in vars(constants) if not name.startswith(("_", "@")))


def test_constants_are_plain_integers_to_the_rest() -> None:
    """A constant equals its number, hashes like it, and combines with |."""
    assert {1: "one"}[zmqlite.PUB] == "one"
    assert zmqlite.DONTWAIT | zmqlite.SNDMORE == 3
    assert isinstance(zmqlite.POLLIN | zmqlite.POLLOUT, constants.PollEvent)


def test_codec_and_errors_do_not_build_the_enums() -> None:
    """The core works on plain integers, because building the enums is most of the import time."""
    code = (
        "import sys, types; package = types.ModuleType('zmqlite'); package.__path__ = [sys.argv[1]]; "
        "sys.modules['zmqlite'] = package; import zmqlite.options, zmqlite.errors; "
        "sys.exit('zmqlite.constants' in sys.modules or 'enum' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-I", "-S", "-c", code, zmqlite.__path__[0]], timeout=20)
    assert done.returncode == 0
