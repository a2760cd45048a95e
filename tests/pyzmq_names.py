"""The public names of pyzmq 27.3 outside its submodules, and what its classes and functions take.

The parameters are as in a lambda; None is another name for a method, "property" a property. Facts about an API, to
compare with: none of pyzmq's code is here.
"""

from __future__ import annotations

# zmq.__all__, by words
NAMES = """
AFFINITY Again BACKLOG BINDTODEVICE BLOCKY BUSY_POLL CHANNEL CLIENT CONFLATE CONNECT_RID CONNECT_ROUTING_ID
CONNECT_TIMEOUT COPY_THRESHOLD CURVE CURVE_PUBLICKEY CURVE_SECRETKEY CURVE_SERVER CURVE_SERVERKEY Context
ContextOption ContextTerminated DEALER DELAY_ATTACH_ON_CONNECT DGRAM DISCONNECT_MSG DISH DONTWAIT DRAFT_API
DeviceType DraftFDWarning EADDRINUSE EADDRNOTAVAIL EAFNOSUPPORT EAGAIN ECONNABORTED ECONNREFUSED ECONNRESET
EFAULT EFSM EHOSTUNREACH EINPROGRESS EINVAL EMSGSIZE EMTHREAD ENETDOWN ENETRESET ENETUNREACH ENOBUFS
ENOCOMPATPROTO ENOTCONN ENOTSOCK ENOTSUP EPROTONOSUPPORT ETERM ETIMEDOUT EVENTS EVENT_ACCEPTED
EVENT_ACCEPT_FAILED EVENT_ALL EVENT_ALL_V1 EVENT_ALL_V2 EVENT_BIND_FAILED EVENT_CLOSED EVENT_CLOSE_FAILED
EVENT_CONNECTED EVENT_CONNECT_DELAYED EVENT_CONNECT_RETRIED EVENT_DISCONNECTED EVENT_HANDSHAKE_FAILED_AUTH
EVENT_HANDSHAKE_FAILED_NO_DETAIL EVENT_HANDSHAKE_FAILED_PROTOCOL EVENT_HANDSHAKE_SUCCEEDED EVENT_LISTENING
EVENT_MONITOR_STOPPED EVENT_PIPES_STATS Enum Errno Event FAIL_UNROUTABLE FD FORWARDER Flag Frame GATHER GSSAPI
GSSAPI_PLAINTEXT GSSAPI_PRINCIPAL GSSAPI_PRINCIPAL_NAMETYPE GSSAPI_SERVER GSSAPI_SERVICE_PRINCIPAL
GSSAPI_SERVICE_PRINCIPAL_NAMETYPE HANDSHAKE_IVL HEARTBEAT_IVL HEARTBEAT_TIMEOUT HEARTBEAT_TTL HELLO_MSG
HICCUP_MSG HWM IDENTITY IMMEDIATE INVERT_MATCHING IN_BATCH_SIZE IO_THREADS IPC_FILTER_GID IPC_FILTER_PID
IPC_FILTER_UID IPC_PATH_MAX_LEN IPV4ONLY IPV6 IntEnum IntFlag InterruptedSystemCall LAST_ENDPOINT LINGER
LOOPBACK_FASTPATH MAXMSGSIZE MAX_MSGSZ MAX_SOCKETS MECHANISM METADATA MORE MSG_T_SIZE MULTICAST_HOPS
MULTICAST_LOOP MULTICAST_MAXTPDU Message MessageOption MessageTracker NOBLOCK NORM_BLOCK_SIZE NORM_BUFFER_SIZE
NORM_CC NORM_CCE NORM_CCE_ECNONLY NORM_CCL NORM_FIXED NORM_MODE NORM_NUM_AUTOPARITY NORM_NUM_PARITY NORM_PUSH
NORM_SEGMENT_SIZE NORM_UNICAST_NACK NOTIFY_CONNECT NOTIFY_DISCONNECT NULL NormMode NotDone ONLY_FIRST_SUBSCRIBE
OUT_BATCH_SIZE PAIR PEER PLAIN PLAIN_PASSWORD PLAIN_SERVER PLAIN_USERNAME POLLERR POLLIN POLLOUT POLLPRI
PRIORITY PROBE_ROUTER PROTOCOL_ERROR_WS_UNSPECIFIED PROTOCOL_ERROR_ZAP_BAD_REQUEST_ID
PROTOCOL_ERROR_ZAP_BAD_VERSION PROTOCOL_ERROR_ZAP_INVALID_METADATA PROTOCOL_ERROR_ZAP_INVALID_STATUS_CODE
PROTOCOL_ERROR_ZAP_MALFORMED_REPLY PROTOCOL_ERROR_ZAP_UNSPECIFIED PROTOCOL_ERROR_ZMTP_CRYPTOGRAPHIC
PROTOCOL_ERROR_ZMTP_INVALID_METADATA PROTOCOL_ERROR_ZMTP_INVALID_SEQUENCE PROTOCOL_ERROR_ZMTP_KEY_EXCHANGE
PROTOCOL_ERROR_ZMTP_MALFORMED_COMMAND_ERROR PROTOCOL_ERROR_ZMTP_MALFORMED_COMMAND_HELLO
PROTOCOL_ERROR_ZMTP_MALFORMED_COMMAND_INITIATE PROTOCOL_ERROR_ZMTP_MALFORMED_COMMAND_MESSAGE
PROTOCOL_ERROR_ZMTP_MALFORMED_COMMAND_READY PROTOCOL_ERROR_ZMTP_MALFORMED_COMMAND_UNSPECIFIED
PROTOCOL_ERROR_ZMTP_MALFORMED_COMMAND_WELCOME PROTOCOL_ERROR_ZMTP_MECHANISM_MISMATCH
PROTOCOL_ERROR_ZMTP_UNEXPECTED_COMMAND PROTOCOL_ERROR_ZMTP_UNSPECIFIED PUB PULL PUSH PYZMQ_DRAFT_API PollEvent
Poller QUEUE RADIO RATE RCVBUF RCVHWM RCVMORE RCVTIMEO RECONNECT_IVL RECONNECT_IVL_MAX RECONNECT_STOP
RECONNECT_STOP_AFTER_DISCONNECT RECONNECT_STOP_CONN_REFUSED RECONNECT_STOP_HANDSHAKE_FAILED RECOVERY_IVL REP REQ
REQ_CORRELATE REQ_RELAXED ROUTER ROUTER_BEHAVIOR ROUTER_HANDOVER ROUTER_MANDATORY ROUTER_NOTIFY ROUTER_RAW
ROUTING_ID ReconnectStop RouterNotify SCATTER SERVER SHARED SNDBUF SNDHWM SNDMORE SNDTIMEO SOCKET_LIMIT
SOCKS_PASSWORD SOCKS_PROXY SOCKS_USERNAME SRCFD STREAM STREAMER STREAM_NOTIFY SUB SUBSCRIBE SecurityMechanism
Socket SocketOption SocketType Stopwatch SyncContext SyncSocket TCP_ACCEPT_FILTER TCP_KEEPALIVE
TCP_KEEPALIVE_CNT TCP_KEEPALIVE_IDLE TCP_KEEPALIVE_INTVL TCP_MAXRT THREAD_AFFINITY_CPU_ADD
THREAD_AFFINITY_CPU_REMOVE THREAD_NAME_PREFIX THREAD_PRIORITY THREAD_SAFE THREAD_SCHED_POLICY TOPICS_COUNT TOS
TYPE UNSUBSCRIBE USE_FD VMCI_BUFFER_MAX_SIZE VMCI_BUFFER_MIN_SIZE VMCI_BUFFER_SIZE VMCI_CONNECT_TIMEOUT
WSS_CERT_PEM WSS_HOSTNAME WSS_KEY_PEM WSS_TRUST_PEM WSS_TRUST_SYSTEM XPUB XPUB_MANUAL XPUB_MANUAL_LAST_VALUE
XPUB_NODROP XPUB_VERBOSE XPUB_VERBOSER XPUB_WELCOME_MSG XREP XREQ XSUB XSUB_VERBOSE_UNSUBSCRIBE ZAP_DOMAIN
ZAP_ENFORCE_DOMAIN ZMQBaseError ZMQBindError ZMQError ZMQVersionError _FINISHED_TRACKER __revision__ __version__
curve_keypair curve_public device get_includes has proxy proxy_steerable pyzmq_version pyzmq_version_info select
strerror zmq_errno zmq_poll zmq_version zmq_version_info
"""

FUNCTIONS = {
    "get_includes": "",
    "get_library_dirs": "",
    "select": "rlist, wlist, xlist, timeout=None",
    "pyzmq_version": "",
    "pyzmq_version_info": "",
    "zmq_version": "",
    "device": "device_type, frontend, backend",
    "zmq_errno": "",
    "strerror": "errno",
    "zmq_version_info": "",
    "has": "capability",
    "curve_keypair": "",
    "curve_public": "secret_key",
    "zmq_poll": "sockets, timeout=-1",
    "proxy": "frontend, backend, capture=None",
    "proxy_steerable": "frontend, backend, capture=None, control=None",
    "monitored_queue": "in_socket, out_socket, mon_socket, in_prefix=b'in', out_prefix=b'out'",
}

CLASSES: dict[str, dict[str, str | None]] = {
    "DraftFDWarning": {
        "__init__": "self, msg=''",
    },
    "ZMQBaseError": {},
    "ZMQError": {
        "__init__": "self, errno=None, msg=None",
        "__str__": "self",
        "__repr__": "self",
    },
    "ZMQBindError": {},
    "NotDone": {},
    "ContextTerminated": {
        "__init__": "self, errno='ignored', msg='ignored'",
    },
    "Again": {
        "__init__": "self, errno='ignored', msg='ignored'",
    },
    "InterruptedSystemCall": {
        "errno": None,
        "__init__": "self, errno='ignored', msg='ignored'",
        "__str__": "self",
    },
    "ZMQVersionError": {
        "__init__": "self, min_version, msg='Feature'",
        "__repr__": "self",
        "__str__": "self",
    },
    "Context": {
        "__init__": "self, io_threads=1, shadow=0",
        "__del__": "self",
        "__repr__": "self",
        "__enter__": "self",
        "__exit__": "self, exc_type, exc_value, traceback",
        "__copy__": "self, memo=None",
        "shadow": "classmethod cls, address",
        "shadow_pyczmq": "classmethod cls, ctx",
        "instance": "classmethod cls, io_threads=1",
        "term": "self",
        "__dir__": "self",
        "destroy": "self, linger=None",
        "socket": "self, socket_type, socket_class=None, **kwargs",
        "setsockopt": "self, opt, value",
        "getsockopt": "self, opt",
        "__delattr__": "self, key",
        "underlying": "property",
        "set": "self, option, optval",
        "get": "self, option",
    },
    "Socket": {
        "__init__": "self, ctx_or_socket=None, socket_type=0, *, shadow=0, copy_threshold=None",
        "__del__": "self",
        "__repr__": "self",
        "__enter__": "self",
        "__exit__": "self, *args, **kwargs",
        "__copy__": "self, memo=None",
        "shadow": "classmethod cls, address",
        "close": "self, linger=None",
        "bind": "self, addr",
        "connect": "self, addr",
        "socket_type": "property",
        "__dir__": "self",
        "setsockopt": None,
        "getsockopt": None,
        "__setattr__": "self, key, value",
        "fileno": "self",
        "subscribe": "self, topic",
        "unsubscribe": "self, topic",
        "set_string": "self, option, optval, encoding='utf-8'",
        "setsockopt_unicode": None,
        "setsockopt_string": None,
        "get_string": "self, option, encoding='utf-8'",
        "getsockopt_unicode": None,
        "getsockopt_string": None,
        "bind_to_random_port": "self, addr, min_port=49152, max_port=65536, max_tries=100",
        "get_hwm": "self",
        "set_hwm": "self, value",
        "send": "self, data, flags=0, copy=True, track=False, routing_id=None, group=None",
        "send_multipart": "self, msg_parts, flags=0, copy=True, track=False, **kwargs",
        "recv_multipart": "self, flags=0, copy=True, track=False",
        "send_serialized": "self, msg, serialize, flags=0, copy=True, **kwargs",
        "recv_serialized": "self, deserialize, flags=0, copy=True",
        "send_string": "self, u, flags=0, copy=True, encoding='utf-8', **kwargs",
        "send_unicode": None,
        "recv_string": "self, flags=0, encoding='utf-8'",
        "recv_unicode": None,
        "send_pyobj": "self, obj, flags=0, protocol=None, **kwargs",
        "recv_pyobj": "self, flags=0",
        "send_json": "self, obj, flags=0, **kwargs",
        "recv_json": "self, flags=0, **kwargs",
        "poll": "self, timeout=None, flags=1",
        "get_monitor_socket": "self, events=None, addr=None",
        "disable_monitor": "self",
        "underlying": "property",
        "closed": "property",
        "set": "self, option, optval",
        "get": "self, option",
        "unbind": "self, addr",
        "disconnect": "self, addr",
        "monitor": "self, addr, events=0xFFFF",
        "join": "self, group",
        "leave": "self, group",
        "recv": "self, flags=0, copy=True, track=False",
        "recv_into": "self, buffer, /, *, nbytes=0, flags=0",
    },
    "Frame": {
        "__getitem__": "self, key",
        "__repr__": "self",
        "group": "property",
        "routing_id": "property",
        "__init__": "self, data=None, track=False, copy=None, copy_threshold=None, **kwargs",
        "__copy__": "self",
        "fast_copy": "self",
        "__len__": "self",
        "buffer": "property",
        "bytes": "property",
        "get": "self, option",
        "set": "self, option, value",
    },
    "Poller": {
        "__init__": "self",
        "__contains__": "self, socket",
        "register": "self, socket, flags=3",
        "modify": "self, socket, flags=3",
        "unregister": "self, socket",
        "poll": "self, timeout=None",
    },
    "MessageTracker": {
        "__init__": "self, *towatch",
        "done": "property",
        "wait": "self, timeout=-1",
    },
    "Stopwatch": {
        "__init__": "self",
        "start": "self",
        "stop": "self",
    },
    "SocketContext": {
        "__repr__": "self",
        "__init__": "self, socket, kind, addr",
        "__enter__": "self",
        "__exit__": "self, *args",
    },
}
