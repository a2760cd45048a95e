"""Every exception of zmqlite, and the one place where an errno becomes an exception.

    ZMQBaseError
        ZMQError                    a libzmq call failed: .errno, .strerror
            Again                   EAGAIN: it would block, or the timeout is over
            ContextTerminated       ETERM
            InterruptedSystemCall   EINTR, also an InterruptedError
            SocketInUse             EBUSY: another thread is inside the socket
            ForkedError             ENOTSOCK: the socket or context is the parent process's
        ZMQBindError                bind_to_random_port() found no port
        NotDone                     MessageTracker.wait() timed out
    ZMQVersionError                 the linked libzmq lacks it, a NotImplementedError

A message names the call, its argument, the cause and the code:
`bind('tcp://*:5555'): Address already in use (EADDRINUSE)`. It is put together when somebody reads it, because a
recv() that finds nothing must be cheap. Callers never pass a secret as the argument: see options.describe().
"""

from __future__ import annotations

from errno import EAGAIN, EBUSY, EINTR, ENOTSOCK, ENOTSUP

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, NoReturn

_HAUSNUMERO = 156384712  # ZMQ_HAUSNUMERO: libzmq numbers its own errors from here.
ETERM = _HAUSNUMERO + 53
# From the native layer, never from libzmq: the socket or context was made before fork().
ZL_EFORKED = _HAUSNUMERO + 1001

_LONGEST_ARGUMENT = 200


def strerror(errno: int) -> str:
    """Describe an errno in libzmq's words.

    Args:
        errno: a number of errno.h or one of libzmq's own, such as ETERM.

    Source: zmq_strerror(3).
    """
    try:
        from ._native import ffi, lib
    except ImportError:
        # The interpreter is exiting and has taken its modules down: an error must still print.
        return f"error {errno}"
    text: bytes = ffi.string(lib.zmq_strerror(errno))
    return text.decode("utf-8", "replace")


def zmq_errno() -> int:
    """The errno of the last libzmq call of this thread.

    Source: zmq_errno(3).
    """
    from ._native import lib

    return int(lib.zmq_errno())


def errno_name(errno: int) -> str:
    """The symbolic name of an errno, `EADDRINUSE`; `errno 12345` for a number without a name."""
    try:
        from errno import errorcode

        from .constants import Errno

        # libzmq's names first: on Windows Python's errorcode has the WSA numbers for them.
        return Errno(errno).name
    except ValueError:
        return errorcode.get(errno, f"errno {errno}")
    except ImportError:  # As in strerror().
        return f"errno {errno}"


# What to look at, for the codes that leave one guessing: name -> ((start of the call, hint), ...), first match.
_HINTS: dict[str, tuple[tuple[str, str], ...]] = {
    "EADDRNOTAVAIL": (("bind", "no interface of this machine has that address"),),
    "EFAULT": (("", "the context is terminated"),),
    "EFSM": (
        ("send", "send() and recv() must alternate on this socket type: recv() first"),
        ("recv", "send() and recv() must alternate on this socket type: send() first"),
    ),
    "EHOSTUNREACH": (("send", "no connected peer has that routing id"),),
    "EMFILE": (("", "raise the limit of open files (ulimit -n) or the context's MAX_SOCKETS"),),
    "EMTHREAD": (("", "the context has no I/O thread that AFFINITY allows; with io_threads=0 only inproc:// works"),),
    "ENOCOMPATPROTO": (("", "this socket type does not work over that transport"),),
    "ENODEV": (("bind", "no interface of this machine has that name or address"),),
    "ENOENT": (
        ("unbind", "it is not bound there: LAST_ENDPOINT has the exact text"),
        ("disconnect", "it is not connected there: LAST_ENDPOINT has the exact text"),
    ),
    "ENOTSOCK": (("", "the socket is closed"),),
    "ENOTSUP": (
        ("recv", "this socket type cannot receive"),
        ("send", "this socket type cannot send"),
        ("join", "only a DISH socket joins groups"),
        ("leave", "only a DISH socket leaves groups"),
        ("", "this socket type, or this build of libzmq, does not do that"),
    ),
    "EPROTONOSUPPORT": (("", "this libzmq does not have that transport: see has()"),),
}


def _find_hint(name: str, call: str) -> str:
    for start, hint in _HINTS.get(name, ()):
        if call.startswith(start):
            return hint
    return ""


class ZMQBaseError(Exception):
    """The base of every error that zmqlite raises about ZeroMQ."""


class _ComposedStrerror:
    """`error.strerror`, asked of libzmq at the first read and kept on the instance."""

    def __get__(self, error: ZMQError | None, owner: type[ZMQError]) -> Any:
        if error is None:
            return self
        text = owner._strerror_text or ("" if error.errno is None else strerror(error.errno))
        error.strerror = text
        return text


class ZMQError(ZMQBaseError):
    """A libzmq call failed.

    Args:
        errno: the error number; None takes the current one of libzmq. A string is taken as the message.
        msg: the message; None takes libzmq's own words.

    Attributes:
        errno: the error number, comparable with `zmqlite.Errno`; None when only a message was given.
        strerror: libzmq's words, or msg. `str(error)` adds the call, its argument and the name of the errno.
    """

    errno: int | None = None
    if TYPE_CHECKING:
        strerror: str
    else:
        strerror = _ComposedStrerror()
    _strerror_text: str = ""
    _call: str | None = None
    _hint: str | None = None

    def __init__(self, errno: int | str | None = None, msg: str | None = None) -> None:
        if errno is None:
            errno = zmq_errno()
        if isinstance(errno, int):
            self.errno = errno
        else:
            self.strerror = str(errno)
        if msg is not None:
            self.strerror = msg

    def __str__(self) -> str:
        text = str(self.strerror)
        if self._call is None:
            return text
        name = errno_name(self.errno) if self.errno is not None else "no errno"
        # A text of our own says it all; libzmq's short words get the hint.
        hint = self._hint
        if hint is None:
            hint = "" if self._strerror_text else _find_hint(name, self._call)
        call = self._call if self._call.endswith(")") else f"{self._call}()"
        return f"{call}: {text} ({name})" + (f": {hint}" if hint else "")

    def __repr__(self) -> str:
        return f"{type(self).__name__}({str(self)!r})"


class Again(ZMQError):  # noqa: N818 - the name that programs catch
    """EAGAIN: the call would have to wait, and was told not to or not for so long."""

    errno = EAGAIN

    def __init__(self, errno: object = None, msg: object = None) -> None:
        pass


class ContextTerminated(ZMQError):  # noqa: N818 - the name that programs catch
    """ETERM: the context was terminated or is being terminated."""

    errno = ETERM

    def __init__(self, errno: object = None, msg: object = None) -> None:
        pass


# The ignored error: OSError.strerror may be None, ours never is.
class InterruptedSystemCall(ZMQError, InterruptedError):  # type: ignore[misc]  # noqa: N818 - as Again
    """EINTR: a signal came. zmqlite retries such calls itself, so this is seen only from a broken one."""

    errno = EINTR

    def __init__(self, errno: object = None, msg: object = None) -> None:
        pass

    def __str__(self) -> str:
        return super().__str__() + ": this call should have been retried, please report it"


class SocketInUse(ZMQError):  # noqa: N818 - the name that programs catch
    """EBUSY: another thread is inside this socket. A socket may move between threads, but has one user at a time."""

    errno = EBUSY
    _strerror_text = "another thread is inside this socket"

    def __init__(self, errno: object = None, msg: object = None) -> None:
        pass


class ForkedError(ZMQError):
    """ENOTSOCK: a socket or context of the parent process was used in a forked child."""

    errno = ENOTSOCK
    _strerror_text = "made in the parent process, before fork(): make a new Context in the child"

    def __init__(self, errno: object = None, msg: object = None) -> None:
        pass


class ZMQBindError(ZMQBaseError):
    """bind_to_random_port() found no free port."""


class NotDone(ZMQBaseError):  # noqa: N818 - the name that programs catch
    """MessageTracker.wait() timed out: libzmq still uses the message."""


class ZMQVersionError(NotImplementedError):
    """The linked libzmq lacks the feature.

    Args:
        min_version: the first version of libzmq that has it, "4.3.5".
        msg: what is lacking.

    Attributes:
        version: the version of the linked libzmq.
    """

    def __init__(self, min_version: str, msg: str = "Feature") -> None:
        super().__init__(min_version, msg)
        self.min_version = min_version
        self.msg = msg
        self.version = _linked_version()

    def __str__(self) -> str:
        return f"{self.msg} requires libzmq >= {self.min_version}, have {self.version}"

    def __repr__(self) -> str:
        return f"{type(self).__name__}({str(self)!r})"


def _linked_version() -> str:
    from ._native import ffi, lib

    parts = ffi.new("int[3]")
    lib.zmq_version(parts, parts + 1, parts + 2)
    return ".".join(str(part) for part in parts)


class DraftFDWarning(RuntimeWarning):
    """The file descriptor of a thread-safe (draft) socket is emulated: libzmq has none for them."""

    def __init__(self, msg: str = "") -> None:
        super().__init__(
            msg
            or "libzmq has no file descriptor for this draft socket type: zmqlite lends it one of a poller. "
            "Silence this with warnings.simplefilter('ignore', zmqlite.DraftFDWarning)"
        )


class SecurityWarning(RuntimeWarning):
    """A socket, a key file or the linked libzmq is less secure than it looks.

    Silence one that is meant so with `warnings.simplefilter("ignore", zmqlite.SecurityWarning)`.
    """


_CLASSES: dict[int, type[ZMQError]] = {
    EAGAIN: Again,
    EINTR: InterruptedSystemCall,
    EBUSY: SocketInUse,
    ETERM: ContextTerminated,
    ZL_EFORKED: ForkedError,
}


# Called before an error that a terminated context or a closed socket may be behind is made: lifetime.py holds daemon
# threads there while the interpreter ends.
before_terminated: Callable[[], None] | None = None


def error_from_errno(errno: int, call: str, argument: object = None, hint: str | None = None) -> ZMQError:
    """Make the exception for an errno that a libzmq call or the native layer left.

    Args:
        errno: the number, read before any other call.
        call: the call's name as the user wrote it, "bind"; or with its arguments, "set(LINGER, -2)".
        argument: what the user passed, shown by its repr; None shows nothing. Never a secret.
        hint: what to look at; None takes the usual hint for this errno, "" gives none.
    """
    if errno == EAGAIN and argument is None and hint is None:
        # The one that programs raise in a loop: __new__ alone costs half of the class call.
        error: ZMQError = _new_error(Again, errno)
        error._call = call
        return error
    if errno in (ETERM, ENOTSOCK, ENOTSUP) and before_terminated is not None:
        before_terminated()
    error_class = _CLASSES.get(errno)
    error = ZMQError(errno) if error_class is None else error_class()
    if argument is not None:
        shown = repr(argument)
        if len(shown) > _LONGEST_ARGUMENT:
            shown = f"{shown[:_LONGEST_ARGUMENT]}..."
        call = f"{call.removesuffix('()')}({shown})"
    error._call = call
    error._hint = hint
    return error


def raise_errno(errno: int, call: str, argument: object = None, hint: str | None = None) -> NoReturn:
    """Raise error_from_errno() of the same arguments."""
    raise error_from_errno(errno, call, argument, hint)


_new_error = Again.__new__

__all__ = [
    "Again",
    "ContextTerminated",
    "DraftFDWarning",
    "ForkedError",
    "InterruptedSystemCall",
    "NotDone",
    "SecurityWarning",
    "SocketInUse",
    "ZMQBaseError",
    "ZMQBindError",
    "ZMQError",
    "ZMQVersionError",
    "strerror",
    "zmq_errno",
]
