"""The hot verbs. `_hotpath` (C) and `_hotpath_cffi` (Python on cffi) have exactly these."""

import builtins
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from typing_extensions import disjoint_base

@disjoint_base
class SocketBase:
    """A guarded libzmq socket and the verbs that move messages through it."""

    copy_threshold: int
    """copy=False sends in place from this many bytes on; shorter messages are copied."""

    _readiness: Any
    """Who waits for the socket, when an event loop does: a ReadinessBase; else None."""

    context: Any
    """The Context that the socket was made from; None when it is not known."""

    _native: Any
    _site: Any
    _type: Any
    _type_number: int
    _inproc_endpoints: frozenset[str] | None
    _timeouts: Any

    @property
    def closed(self) -> bool: ...
    def _attach(self, native: Any, address: int) -> None:
        """Take the `zl_socket *` that every verb goes through: its owner, which is kept, and its address."""

    def _set_unknown(self, name: str, value: Any) -> None:
        """Set an attribute that the class does not have: called by `__setattr__` for such names only."""

    def _get_int(self, option: int, /) -> int | None:
        """Get an option that is a C int; None when this way does not know it, or it fails."""

    def _set_int(self, option: int, value: Any, /) -> bool:
        """Set an option that is a C int. Returns whether that worked; if not, the general way says why."""

    def _get_bytes(self, option: int, /) -> bytes | None:
        """Get an option that is bytes; None when this way does not know it, or it fails."""

    def _set_bytes(self, option: int, value: Any, /) -> bool:
        """Set an option that is bytes. Returns whether that worked; if not, the general way says why."""

    def _bind_at_once(self, endpoint: bytes, /) -> int:
        """Bind. Returns 0, an errno, or -1: the general way does it."""

    def _connect_at_once(self, endpoint: bytes, /) -> int:
        """Connect. Returns 0, an errno, or -1: the general way does it."""

    def _detach(self) -> None:
        """Forget the native socket: from here on every verb raises ENOTSOCK."""

    def send(
        self,
        data: Any,
        flags: int = 0,
        copy: bool | None = None,
        track: bool = False,
        routing_id: int | None = None,
        group: str | bytes | None = None,
    ) -> Any: ...
    def recv(self, flags: int = 0, copy: bool = True, track: bool = False) -> Any: ...
    def try_recv(self, copy: bool = True) -> Any: ...
    def poll(self, timeout: float | None = None, flags: int = 1) -> int: ...
    def send_multipart(
        self,
        msg_parts: Sequence[Any],
        flags: int = 0,
        copy: bool | None = None,
        track: bool = False,
        routing_id: int | None = None,
        group: str | bytes | None = None,
    ) -> Any: ...
    def recv_multipart(self, flags: int = 0, copy: bool = True, track: bool = False) -> list[Any]: ...
    def send_many(self, messages: Iterable[Any], flags: int = 0, copy: bool | None = None) -> int: ...
    def recv_many(
        self,
        max: int = 1000,
        timeout: int | None = None,
        flags: int = 0,
        copy: bool = True,
        multipart: bool | None = None,
    ) -> list[Any]: ...
    def recv_into(self, buffer: Any, /, *, nbytes: int = 0, flags: int = 0) -> int: ...

@disjoint_base
class FrameBase:
    """One message part: a zmq_msg_t with the buffer protocol."""

    def __init__(
        self,
        data: Any = None,
        track: bool = False,
        copy: bool | None = None,
        copy_threshold: int | None = None,
    ) -> None: ...
    @property
    def more(self) -> bool: ...
    @property
    def tracker(self) -> Any: ...
    @property
    def bytes(self) -> builtins.bytes: ...
    @property
    def buffer(self) -> memoryview: ...
    def __len__(self) -> int: ...
    def __bytes__(self) -> builtins.bytes: ...
    def fast_copy(self) -> Any: ...
    def __copy__(self) -> Any: ...
    def get(self, option: int | str | builtins.bytes) -> Any: ...
    def set(self, option: int | str | builtins.bytes, value: Any) -> None: ...

@disjoint_base
class TurnBase:
    """How long operations that need not wait may go on: the part that every one of them changes."""

    left: int
    """Operations until the clock is read again."""

@disjoint_base
class ReadinessBase:
    """Who waits for a socket: the part that every receive looks at."""

    busy: bool
    """Whether a call must not go straight to libzmq."""
    sequence: int
    """The number of the message last taken from libzmq."""

def configure(
    api_address: int,
    make_error: Callable[[int, str, Any], BaseException],
    frame_class: type,
    make_tracker: Callable[[int], Any],
    finished_tracker: Any,
    pass_bytes_threshold: int,
) -> None:
    """Hand over what the verbs need: called once, by `message`.

    Args:
        api_address: address of the `zl_api` struct.
        make_error: (errno, call, argument) to the exception to raise.
        frame_class: what recv(copy=False) returns; a subclass of FrameBase.
        make_tracker: address of a `zl_hold` to a MessageTracker.
        finished_tracker: what a tracked send that copied returns.
        pass_bytes_threshold: copy=None sends bytes in place from this size on.
    """

def learn_option(number: int, readable: int, writable: int, lowest: int, highest: int, /) -> None:
    """Tell of an option that is a C int: called once for each, by `socket_options`.

    Args:
        number: what libzmq knows it by.
        readable: whether it can be read without more.
        writable: whether a number in the range can be set without more.
        lowest: the smallest number allowed.
        highest: the largest number allowed.
    """

def make_socket(context: int, socket_type: int, /) -> int:
    """Make a `zl_socket` with the GIL held, so that no other thread runs meanwhile.

    Args:
        context: the address of the `zl_context`.
        socket_type: of zmq.h.

    Returns:
        Its address, or 0: the general way makes it, or says what is wrong.
    """

def heed(settings: dict[str, Any], /) -> None:
    """Tell which module's COPY_THRESHOLD counts: programs set it there, for the frames and sockets they make then.

    Args:
        settings: the module's namespace.
    """

def make_done_class(future_class: Any, /) -> Any:
    """Return the base of Futures that are done from birth: called once, by zmqlite.asyncio.

    Its instances are made without arguments. Attributes: `_value`, the result; `_socket` and `_sequence`, to whom and
    where it goes back as long as nobody took it, if anywhere; `_raw`, what goes back, when that is not the value;
    `_begun`, for the subclass.

    Args:
        future_class: asyncio.Future, which zmqlite imports only there.
    """

def hasten(forms: type, name: str, ready_class: type, turn: TurnBase, /) -> None:
    """Put a verb in C before the method of a class of sockets, which is called where the verb has to wait.

    Args:
        forms: the class of sockets. Its method gets the name `_send_slowly` or `_recv_slowly`; `_recv_waiting()` is
            called where recv() without arguments found nothing.
        name: "send" or "recv".
        ready_class: a subclass of make_done_class()'s: what the verb returns.
        turn: a Turn, whose `left` it counts down.
    """

def set_main_thread() -> None:
    """Tell that the calling thread is the one that runs signal handlers: it waits in slices."""

def collect() -> int:
    """Let go of the buffers that libzmq has let go of. Returns how many."""
