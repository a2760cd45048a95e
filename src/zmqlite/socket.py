"""The socket: its life, its monitor, and the verbs that the backend brings."""

from __future__ import annotations

import operator
from errno import ENOTSUP
from warnings import warn

from . import _backend
from ._native import ffi, lib
from .addresses import to_address
from .constants import SocketType
from .context import Context
from .endpoints import Endpoints
from .errors import error_from_errno
from .lifetime import creation_site, format_site
from .options import find_socket_option
from .socket_forms import SocketForms
from .socket_options import SocketOptions, install_socket_attributes
from .waiting import poll_socket, to_timeout_ms

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, TypeVar

    from typing_extensions import Self, TypeAlias

    from .monitor import Monitor

    _Return = TypeVar("_Return", covariant=True)
else:
    _Return = None

__all__ = ["Socket", "SyncSocket"]

_LINGER = 17
_UNCLOSED = "Unclosed socket {}, made at {}: close() it, or use it in a with statement"


class Socket(Endpoints, SocketOptions, SocketForms[_Return]):
    """A ZeroMQ socket, made by Context.socket().

    One thread at a time may be inside a socket: a second one gets SocketInUse. A socket may move between threads.
    Options are attributes: `socket.linger = 0`, `socket.rcvhwm`.

    Args:
        ctx_or_socket: the Context it is made from; or a Socket to share.
        socket_type: a SocketType.
        shadow: a Socket, or the address of a libzmq socket, to share instead of making one.
        copy_threshold: bytes from which copy=False sends in place; COPY_THRESHOLD.

    Raises:
        ZMQError: EINVAL, no such type; ENOTSUP, the context is terminated; EMFILE, too many sockets or descriptors.

    Source: zmq_socket(3).
    """

    # What every socket sets is kept by the backend's class, without a dict. The rest is rare.
    _shadow = False
    _shadow_object: Any = None
    _monitor: Any = None
    _monitor_socket: Any = None
    # Of a monitor's socket: it has been stopped, and nobody needs to close it.
    _monitors_nothing = False

    def __init__(
        self,
        ctx_or_socket: Context[Any] | Socket[Any] | None = None,
        socket_type: int = 0,
        *,
        shadow: Socket[Any] | int = 0,
        copy_threshold: int | None = None,
    ) -> None:
        if self._native is not None:  # Called by hand, again.
            self._release()
        if isinstance(ctx_or_socket, Socket):
            shadow, ctx_or_socket = ctx_or_socket, None
        if copy_threshold is not None:
            self.copy_threshold = operator.index(copy_threshold)
        self._site = creation_site()
        if shadow or isinstance(shadow, Socket):
            self._shadow = True
            self._shadow_object = shadow
            self.context = getattr(shadow, "context", None)
            native = lib.zl_socket_shadow(ffi.cast("void *", to_address(shadow, "Socket.shadow()")))
            if not native:
                raise error_from_errno(ffi.errno, "socket()")
        else:
            native = self._make(ctx_or_socket, socket_type)
        self._native = native
        self._attach(native, int(ffi.cast("uintptr_t", native)))
        self._learn_type()
        if self.context is not None and not self._shadow:
            self.context._add_socket(self)

    def _make(self, context: Any, socket_type: int) -> Any:
        if not isinstance(context, Context):
            raise TypeError(f"Socket() takes a Context, got {type(context).__name__}")
        typed = hasattr(socket_type, "__index__")
        # In the usual case nothing here gives up the GIL, so the end of the context is looked for afterwards.
        if not typed or context._native is None or context._io_threads is not None:
            context._require_open("socket()")
            if not typed:
                raise TypeError(f"socket() takes a SocketType, got {socket_type!r}")
            context._check_io_threads()
        self.context = context
        number = socket_type.__index__()
        address = _backend.make_socket(int(ffi.cast("uintptr_t", context._native)), number)
        native = ffi.cast("zl_socket *", address) if address else lib.zl_socket_new(context._native, number)
        if not native:
            errno = ffi.errno
            context._require_open("socket()")
            raise error_from_errno(errno, "socket()", _describe_type(number))
        return native

    def _learn_type(self) -> None:
        number = self.get(16)
        self._type_number = number
        try:
            self._type = SocketType(number)
        except ValueError:
            self._type = number

    @property
    def _type_name(self) -> str:
        if self._type is None:
            return "UNKNOWN"
        return str(getattr(self._type, "name", self._type))

    # ---- life ----

    def __del__(self) -> None:
        # Not ffi.gc(), as in Context.__del__().
        if self._native is None:
            return
        try:
            if not self._shadow and not self._monitors_nothing and not self.closed:
                warn(_UNCLOSED.format(self, format_site(self._site)), ResourceWarning, stacklevel=2, source=self)
        finally:
            self._release()

    def _release(self, drop: Any = lib.zl_socket_drop) -> None:
        native, self._native = self._native, None
        self._detach()
        drop(native)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *args: object) -> None:
        self.close()

    def __repr__(self) -> str:
        cls = self.__class__
        name = f"{cls.__module__.partition('.')[0]}.{cls.__name__}"
        return f"<{name}({self._type_name}) at {id(self):#x}{' closed' if self.closed else ''}>"

    def __copy__(self, memo: Any = None) -> Self:
        return self.__class__.shadow(self)

    __deepcopy__ = __copy__

    def __reduce__(self) -> Any:
        raise TypeError("a Socket cannot be pickled: make it in the process that uses it")

    @classmethod
    def shadow(cls, address: int | Socket[Any]) -> Self:
        """Share a libzmq socket that somebody else owns.

        One that zmqlite made shares its guard too: two threads cannot be inside, whichever object they use.

        Args:
            address: a Socket, an int, or a cffi pointer.
        """
        return cls(shadow=address)

    @property
    def type(self) -> SocketType:
        """ZMQ_TYPE: the socket's type, a SocketType; a plain int for a type that is newer than this zmqlite."""
        made: SocketType = self._type
        return made

    @property
    def underlying(self) -> int:
        """The address of the libzmq socket; 0 when it is closed."""
        return int(ffi.cast("uintptr_t", lib.zl_socket_lend(self._native))) if self._native is not None else 0

    @property
    def socket_type(self) -> int:
        """The type; deprecated, use `type`."""
        warn("Socket.socket_type is deprecated, use Socket.type", DeprecationWarning, stacklevel=2)
        made: int = self._type
        return made

    def close(self, linger: int | None = None) -> None:
        """Close the socket. Messages not yet sent are sent as long as the linger says, while the program goes on.

        Closing twice is no error.

        Args:
            linger: milliseconds; -1 for ever; None keeps the socket's own LINGER (-1 unless it was set).

        Raises:
            SocketInUse: EBUSY, another thread is inside the socket and stays there for 100 ms, or waits there.
            ZMQError: EINVAL, linger is below -1.

        Source: zmq_close(3).
        """
        if self._native is None:
            return
        keep = lib.ZL_LINGER_KEEP if linger is None else find_socket_option(_LINGER).encode(linger)
        if lib.zl_socket_close(self._native, keep) != 0:
            raise error_from_errno(ffi.errno, "close()")
        self._let_monitor_go()
        if self.context is not None:
            self.context._rm_socket(self)
        _backend.collect()

    # ---- limits ----

    def harden(
        self,
        *,
        max_message_bytes: int | None = 1_048_576,
        handshake_ms: int | None = 5_000,
        heartbeat_ms: int | None = 10_000,
        silence_ms: int | None = 30_000,
        connect_timeout_ms: int | None = 10_000,
        reconnect_max_ms: int | None = 30_000,
        unacknowledged_ms: int | None = 30_000,
    ) -> None:
        """Set limits for a socket that strangers can reach: call it before the first bind() or connect().

        Without it libzmq's defaults hold, which trust the network. It does not limit how many connections there are,
        nor how many parts a message has, and it encrypts nothing: see SECURITY.md and set_curve_server(). An argument
        that is None leaves its option as it is.

        Args:
            max_message_bytes: MAXMSGSIZE, of one part of a message; who sends more is disconnected. A peer can make us
                keep RCVHWM times as much. libzmq's default: no limit.
            handshake_ms: HANDSHAKE_IVL, how long a new connection may take to shake hands. libzmq's default: 30 s.
            heartbeat_ms: HEARTBEAT_IVL, how often each peer is asked whether it lives. libzmq's default: never.
            silence_ms: HEARTBEAT_TIMEOUT and HEARTBEAT_TTL, after which a peer that says nothing is disconnected, by
                either side. 0 to 6553599.
            connect_timeout_ms: CONNECT_TIMEOUT, how long one attempt to connect may take. libzmq's default: as long as
                the system tries, minutes.
            reconnect_max_ms: RECONNECT_IVL_MAX, up to which the pause between attempts doubles. libzmq's default: it
                does not grow, ten attempts a second.
            unacknowledged_ms: TCP_MAXRT, how long sent data may stay without an answer. libzmq's default: the system's,
                minutes.

        Raises:
            ZMQError: EINVAL, the socket is bound or connected already, or a value is out of its range; ENOTSOCK, the
                socket is closed.
            TypeError: a value is no int.

        Source: zmq_setsockopt(3).
        """
        from .hardening import harden_socket

        limits = {
            "max_message_bytes": max_message_bytes,
            "handshake_ms": handshake_ms,
            "heartbeat_ms": heartbeat_ms,
            "silence_ms": silence_ms,
            "connect_timeout_ms": connect_timeout_ms,
            "reconnect_max_ms": reconnect_max_ms,
            "unacknowledged_ms": unacknowledged_ms,
        }
        harden_socket(self, limits)

    # ---- polling ----

    def _poll_slowly(self, timeout: float | None, flags: int) -> int:
        # poll() of the backend, when it has to wait or to say what is wrong.
        if self.closed:
            raise error_from_errno(ENOTSUP, "poll()", hint="the socket is closed")
        timeout_ms = to_timeout_ms(timeout, "poll()")
        if not flags:
            return 0
        return poll_socket(self._native, operator.index(flags), timeout_ms)

    # ---- monitoring ----

    def monitor(self, addr: str | bytes | None, events: int = 0xFFFF) -> None:
        """Publish what happens to this socket's connections on an inproc endpoint, to a PAIR that connects there.

        A native thread drains libzmq's events into a ring of 10 000; when nobody reads, the oldest are dropped and
        counted (`monitor_dropped`), and the socket is never held up.

        Args:
            addr: `inproc://name`; None stops.
            events: of the Event enum, or-ed.

        Raises:
            ZMQError: EPROTONOSUPPORT, not inproc; EADDRINUSE; EINVAL.

        Source: zmq_socket_monitor(3).
        """
        from .monitor import start_monitor, stop_monitor

        if addr is None:
            stop_monitor(self)
            return
        self._monitor = start_monitor(self, addr, events)

    def get_monitor_socket(self, events: int | None = None, addr: str | None = None) -> Socket[Any]:
        """Return a PAIR socket that receives this socket's events: see monitor.recv_monitor_message().

        Args:
            events: of the Event enum, or-ed; all.
            addr: an inproc endpoint; made up when None.

        Returns:
            The same socket until disable_monitor() or close(), after which it receives MONITOR_STOPPED.
        """
        if self._monitor_socket is not None:
            if not self._monitor_socket.closed:
                made: Socket[Any] = self._monitor_socket
                return made
            self.disable_monitor()
        if addr is None:
            addr = f"inproc://zmqlite.monitor.{id(self):x}.{_next_number()}"
        self.monitor(addr, 0xFFFF if events is None else events)
        self._monitor_socket = self.context.socket(SocketType.PAIR)
        self._monitor_socket.connect(addr)
        result: Socket[Any] = self._monitor_socket
        return result

    def disable_monitor(self) -> None:
        """Stop get_monitor_socket() and monitor().

        What reads the events, perhaps in another thread, gets what is left of them and MONITOR_STOPPED, and closes the
        monitor's socket then. It need not: whoever holds it last closes it, and so does Context.term().
        """
        self._let_monitor_go()
        if not self.closed:
            self.monitor(None)

    def _let_monitor_go(self) -> None:
        if self._monitor_socket is not None:
            self._monitor_socket._monitors_nothing = True
            self._monitor_socket = None

    @property
    def monitor_dropped(self) -> int:
        """How many monitor events were dropped because nobody read them."""
        monitor: Monitor | None = self._monitor
        return monitor.dropped if monitor is not None else 0


_numbers = iter(range(1, 2**62))


def _next_number() -> int:
    return next(_numbers)


def _describe_type(socket_type: int) -> str:
    try:
        return SocketType(socket_type).name
    except ValueError:
        return str(socket_type)


Context._socket_class = Socket
install_socket_attributes(Socket)

if TYPE_CHECKING:
    SyncSocket: TypeAlias = Socket[bytes]
else:
    SyncSocket = Socket
