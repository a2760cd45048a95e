"""Contexts: where sockets come from, and how they all end."""

from __future__ import annotations

import os
import time
from contextlib import suppress
from errno import EAGAIN, EFAULT, EINTR, EINVAL, ENOTSUP
from threading import Lock
from warnings import warn
from weakref import WeakSet

from ._native import ffi, lib
from .addresses import to_address
from .constants import ContextOption
from .context_options import ContextOptions, class_name, install_context_attributes
from .errors import ForkedError, SocketInUse, ZMQError, error_from_errno
from .lifetime import creation_site, exit_deadline, exit_linger, format_site, prepare_exit
from .options import encode_context, find_socket_option

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import TracebackType
    from typing import Any, Generic, Union

    from typing_extensions import Self, TypeAlias, TypeVar

    from .option_attributes import ContextAttributes
    from .socket import Socket

    _SocketT = TypeVar("_SocketT", bound=Socket[Any], default=Socket[bytes])
    OptValT = Union[str, bytes, int]

    class _Generic(ContextAttributes, Generic[_SocketT]): ...

else:
    from types import GenericAlias

    class _Generic:
        """Contexts are generic in the type of the sockets they make, for type checkers."""

        __class_getitem__ = classmethod(GenericAlias)
        _SocketT = None

    _SocketT = None

__all__ = ["Context", "SyncContext"]

_SLICE_MS = 50
_UNCLOSED = "Unclosed context {}, made at {}: close its sockets and call term(), or use it in a with statement"




class Context(ContextOptions, _Generic[_SocketT]):
    """A libzmq context: the I/O threads, and the sockets made from it.

    Options of the context are attributes (`context.max_sockets = 4096`), and so are defaults for the sockets it will
    make (`context.linger = 0`).

    Args:
        io_threads: I/O threads, 0 to 2**31-1; 1 is enough for a gigabyte a second. Another Context shadows it.
        shadow: a Context, or the address of a libzmq context, to share instead of making one.
        tuning: "throughput", for the sockets that it will make: see Socket.tuning.

    Raises:
        ZMQError: EMFILE, no descriptors are left; EINVAL, io_threads is negative.
        TypeError: io_threads is no int.

    Source: zmq_ctx_new(3).
    """

    sockopts: dict[int, Any] = None  # type: ignore[assignment]  # made by __init__
    _io_threads: Any = None
    _instance: Any = None
    _instance_lock = Lock()
    _instance_pid: int | None = None
    _native: Any = None
    # destroy() stopped waiting: libzmq goes on terminating it.
    _left_behind = False
    _shadow = False
    _shadow_object: Any = None
    # What waits for a socket that is closed meanwhile ends with ETERM, not ENOTSOCK: see poller.py.
    _destroyed = False
    _site: Any = None
    _sockets: Any = None
    _socket_class: Any = None

    def __init__(
        self, io_threads: int | Context[Any] = 1, shadow: Context[Any] | int = 0, *, tuning: str | None = None
    ) -> None:
        if self._native is not None:  # Called by hand, again.
            self._release()
        if isinstance(io_threads, Context):
            io_threads, shadow = 1, io_threads
        self.sockopts = {}
        self._sockets = WeakSet()
        self.tuning = tuning
        self._site = creation_site()
        if shadow or isinstance(shadow, Context):
            self._shadow = True
            self._shadow_object = shadow
            native = lib.zl_context_shadow(ffi.cast("void *", to_address(shadow, "Context.shadow()")))
        else:
            threads = encode_context(ContextOption.IO_THREADS, io_threads)
            native = lib.zl_context_new(threads)
        if not native:
            raise error_from_errno(ffi.errno, "Context()", shadow or io_threads)
        self._native = native
        prepare_exit()

    # ---- life ----

    def __del__(self) -> None:
        # Not ffi.gc(): the collector runs the finalisers of a cycle in any order, and would free the native side
        # while others of the cycle still use this object.
        if self._native is None:
            return
        try:
            if not self._shadow and not self.closed:
                warn(_UNCLOSED.format(self, format_site(self._site)), ResourceWarning, stacklevel=2, source=self)
        finally:
            self._release()

    def _release(self, drop: Any = lib.zl_context_drop) -> None:
        native, self._native = self._native, None
        drop(native)  # closes and terminates on a thread of its own

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc_value: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._destroy(None, implicit=True)

    def __repr__(self) -> str:
        count = lib.zl_context_socket_count(self._native) if self._native is not None else 0
        sockets = f"{count} socket{'s' if count != 1 else ''}"
        return f"<{class_name(type(self))}({sockets}) at {id(self):#x}{' closed' if self.closed else ''}>"

    def __copy__(self, memo: Any = None) -> Self:
        return type(self).shadow(self)

    __deepcopy__ = __copy__

    def __reduce__(self) -> Any:
        raise TypeError("a Context cannot be pickled: make it in the process that uses it")

    @property
    def closed(self) -> bool:
        """Whether the context is terminated, or belongs to the process this one was forked from."""
        return self._native is None or self._left_behind or bool(lib.zl_context_closed(self._native))

    @property
    def underlying(self) -> int:
        """The address of the libzmq context; 0 when it is terminated."""
        return int(ffi.cast("uintptr_t", lib.zl_context_handle(self._native))) if self._native is not None else 0

    @classmethod
    def shadow(cls, address: int | Context[Any]) -> Self:
        """Share a libzmq context that somebody else owns: it is never terminated from here.

        Args:
            address: a Context, an int, or a cffi pointer.

        Raises:
            ZMQError: EFAULT, no context is there.
            TypeError: address is nothing of the kind.
        """
        if not to_address(address, "Context.shadow()"):
            raise error_from_errno(EFAULT, "Context.shadow()", address)
        return cls(shadow=address)

    @classmethod
    def shadow_pyczmq(cls, ctx: Any) -> Self:
        """Share the context of a pyczmq `zctx_t *`."""
        from pyczmq import zctx  # type: ignore[import-not-found]

        return cls(shadow=to_address(zctx.underlying(ctx), "Context.shadow_pyczmq()"))

    @classmethod
    def instance(cls, io_threads: int = 1) -> Self:
        """Return the one context that this class has in this process; make it when there is none.

        A forked child gets its own.

        Args:
            io_threads: I/O threads, when it is made now.
        """
        if not cls._has_instance():
            with cls._instance_lock:
                if not cls._has_instance():
                    cls._instance = cls(io_threads=io_threads)
                    cls._instance_pid = os.getpid()
        instance: Self = cls._instance
        return instance

    @classmethod
    def _has_instance(cls) -> bool:
        # A subclass has its own, whatever its base has.
        made = cls.__dict__.get("_instance")
        return made is not None and cls._instance_pid == os.getpid() and not made.closed

    def term(self, timeout: int | None = None) -> None:
        """Terminate: wait until every socket is closed and its messages are sent or their linger is over.

        Blocked calls on its sockets raise ContextTerminated. Signal handlers run while it waits; after one that raises,
        or after a timeout, term() can be called again.

        Args:
            timeout: milliseconds; None waits for ever, as libzmq does.

        Raises:
            Again: EAGAIN: timeout is over and sockets are open or still sending.

        Source: zmq_ctx_term(3).
        """
        if self._native is None or self._shadow or self._left_behind:
            return
        until = None if timeout is None or timeout < 0 else time.monotonic() + timeout / 1000
        while not self._term_for(_SLICE_MS if until is None else _left_ms(until)):
            self._close_stopped_monitors()
            if until is not None and time.monotonic() >= until:
                raise error_from_errno(EAGAIN, f"term(timeout={timeout})", hint=self._describe_open())

    def _close_stopped_monitors(self) -> None:
        # Who reads one has seen ETERM by now. One that nobody reads would be waited for: pyzmq waits for ever.
        for socket in self._list_sockets():
            if socket._monitors_nothing:
                with suppress(SocketInUse):
                    socket.close()

    def _term_for(self, slice_ms: int) -> bool:
        errno = -lib.zl_context_term(self._native, slice_ms)
        if errno == 0:
            return True
        if errno not in (EAGAIN, EINTR):
            raise error_from_errno(errno, "term()")
        return False

    def _describe_open(self) -> str:
        count = lib.zl_context_socket_count(self._native)
        if not count:
            return "messages are still being sent: set a linger, or close with one"
        sites = ", ".join(sorted(f"{socket!r} made at {format_site(socket._site)}" for socket in self._list_sockets()))
        return f"{count} socket(s) still open: {sites}" if sites else f"{count} socket(s) still open"

    def destroy(self, linger: int | None = None) -> None:
        """Close every socket, then terminate.

        A socket that another thread is using closes as soon as its call returns, with ContextTerminated. It waits no
        longer than the linger, or the exit linger where that is longer: what was closed before, with a longer one,
        goes on being sent until the process ends.

        Args:
            linger: milliseconds for every socket, -1 for ever. None keeps each socket's own, but none lingers longer
                than the exit linger (`set_exit_linger()`, 1000 ms).

        Raises:
            ZMQError: EINVAL: linger is below -1.

        Warns:
            ResourceWarning: the linger is over, and messages are still to be sent.

        Source: zmq_close(3), zmq_ctx_term(3).
        """
        self._destroy(linger, implicit=False)

    def _destroy(self, linger: int | None, implicit: bool) -> None:
        if self._native is None or self.closed:
            return
        for socket in self._list_sockets():
            if implicit and not socket.closed and not socket._monitors_nothing:
                message = f"Destroying context with unclosed socket {socket}, made at {format_site(socket._site)}"
                warn(message, ResourceWarning, stacklevel=3, source=socket)
            if self._shadow and not socket.closed:
                socket.close(linger)
        if self._shadow:
            return
        self._destroyed = True
        keep: Any = lib.ZL_LINGER_KEEP if linger is None else find_socket_option(17).encode(linger)
        until = exit_deadline(linger)
        while not self._end_for(keep, exit_linger(linger)):
            if until is not None and time.monotonic() >= until:
                # A socket that is closed keeps its linger: libzmq has no call to shorten it.
                self._left_behind = True
                lib.zl_context_leave_behind(self._native)
                message = f"{self} is still sending what was sent to sockets that are closed: close them with a linger"
                warn(message, ResourceWarning, stacklevel=3, source=self)
                return

    def _end_for(self, linger: int, cap_ms: int) -> bool:
        lib.zl_context_close_sockets(self._native, linger, cap_ms)
        lib.zl_context_shutdown(self._native)
        return self._term_for(_SLICE_MS)

    # ---- sockets ----

    def socket(self, socket_type: int, socket_class: Any = None, **kwargs: Any) -> _SocketT:
        """Make a socket.

        Args:
            socket_type: PAIR, PUB, SUB, REQ, REP, DEALER, ROUTER, PULL, PUSH, XPUB, XSUB, STREAM, or a draft type.
            socket_class: what to make instead of this context's own kind of socket.
            **kwargs: for the class.

        Raises:
            ZMQError: EINVAL, no such type; ENOTSUP, the context is terminated; EMFILE, too many sockets or descriptors.
            ForkedError: the context belongs to the parent process.

        Source: zmq_socket(3).
        """
        made: Any = (socket_class or self._socket_class)(self, socket_type, **kwargs)
        try:
            for number, value in self.sockopts.items():
                self._set_default(made, number, value)
        except BaseException:
            made.close()
            raise
        result: _SocketT = made
        return result

    def _set_default(self, socket: Any, number: int, value: Any) -> None:
        try:
            socket.set(number, value)
        except ZMQError as error:
            # As pyzmq: a default is for the sockets that have the option. The value was checked when it was given.
            if error.errno != EINVAL:
                raise

    def _require_open(self, call: str) -> None:
        if not self.closed:
            return
        if self._native is not None and self._site is not None and self._made_by_parent():
            raise ForkedError()
        raise error_from_errno(ENOTSUP, call, hint="the context is terminated")

    def _made_by_parent(self) -> bool:
        lib.zl_context_get(self._native, ContextOption.IO_THREADS)
        return bool(ffi.errno == lib.ZL_EFORKED)

    # ---- bookkeeping for sockets ----

    def _add_socket(self, socket: Any) -> None:
        self._sockets.add(socket)

    def _list_sockets(self) -> list[Any]:
        while True:
            try:
                return list(self._sockets)
            except RuntimeError:  # Another thread made a socket meanwhile.
                continue

    def _rm_socket(self, socket: Any) -> None:
        if self._sockets is not None:
            self._sockets.discard(socket)


def _left_ms(until: float) -> int:
    return max(0, min(_SLICE_MS, int((until - time.monotonic()) * 1000 + 0.999)))


def _forget_parents_lock() -> None:
    # A thread of the parent may have held it.
    Context._instance_lock = Lock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget_parents_lock)

install_context_attributes(Context)

if TYPE_CHECKING:
    SyncContext: TypeAlias = Context[Socket[bytes]]
else:
    SyncContext = Context
