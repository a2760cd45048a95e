"""References to Python objects that go when a message about them arrives.

pyzmq keeps the buffers of its messages here. zmqlite does not: its buffers are held natively, and need no thread. This
is for programs that use the collector themselves.
"""

from __future__ import annotations

import atexit
import os
import struct
from threading import Event, Lock, Thread
from typing import Any, NamedTuple
from warnings import warn

from zmqlite.constants import SocketType
from zmqlite.context import Context
from zmqlite.errors import ZMQError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from zmqlite.socket import Socket

__all__ = ["GarbageCollector", "GarbageCollectorThread", "gc", "gcref"]

_STOP = b"DIE"


class gcref(NamedTuple):  # noqa: N801 - the name that programs import
    """An object that is held, and the event to set when it is let go."""

    obj: object
    event: Event | None


class GarbageCollectorThread(Thread):
    """Receives the keys of what is to be let go: each a size_t in native byte order.

    Args:
        gc: whose references they are.

    Attributes:
        ready: set as soon as the endpoint is bound.
    """

    def __init__(self, gc: GarbageCollector) -> None:
        super().__init__(name="zmqlite.utils.garbage", daemon=True)
        self.gc = gc
        self.ready = Event()
        self.pid = os.getpid()
        self._socket: Socket[Any] | None = None

    def run(self) -> None:
        """Let go of what is named, until told to stop or the context ends."""
        try:
            socket = self.gc.context.socket(SocketType.PULL)
            socket.linger = 0
            socket.bind(self.gc.url)
        finally:
            self.ready.set()
        with socket:
            while True:
                try:
                    message = socket.recv()
                except ZMQError:  # the context ended
                    return
                if message == _STOP:
                    return
                (key,) = struct.unpack("=L" if len(message) == 4 else "=Q", message)
                held = self.gc.refs.pop(key, None)
                if held is not None and held.event is not None:
                    held.event.set()


class GarbageCollector:
    """Holds objects until a message says that they may go.

    Args:
        context: where its sockets come from; a new one when None.

    Attributes:
        refs: key -> gcref.
        thread: the thread that receives; None before start().
        url: the endpoint that takes keys.
    """

    url = "inproc://pyzmq.gc.01"
    refs: dict[int, gcref]

    def __init__(self, context: Context[Any] | None = None) -> None:
        self.refs = {}
        self.pid: int | None = None
        self.thread: GarbageCollectorThread | None = None
        self._context = context
        self._made_context = False
        self._lock = Lock()
        self._stay_down = False

    @property
    def context(self) -> Context[Any]:
        """Where its sockets come from; setting it stops the thread."""
        if self._context is None:
            self._context = Context()
            self._made_context = True
        return self._context

    @context.setter
    def context(self, ctx: Context[Any] | None) -> None:
        if self.is_alive():
            if self.refs:
                warn("Replacing gc context while gc is running", RuntimeWarning, stacklevel=2)
            self.stop()
        self._context, self._made_context = ctx, False

    def is_alive(self) -> bool:
        """Tell whether the thread runs, in this process."""
        return self.thread is not None and self.pid == os.getpid() and self.thread.is_alive()

    def start(self) -> None:
        """Start the thread; store() does it when it is needed."""
        if self.thread is not None and self.pid != os.getpid():
            self._context = None
        self.pid = os.getpid()
        self.refs = {}
        self.thread = GarbageCollectorThread(self)
        self.thread.start()
        self.thread.ready.wait()
        atexit.register(self._stop_at_exit)

    def stop(self) -> None:
        """Stop the thread, let go of everything, and end the context that it made."""
        if not self.is_alive():
            return
        with self.context.socket(SocketType.PUSH) as socket:
            socket.connect(self.url)
            socket.send(_STOP)
        if self.thread is not None:
            self.thread.join()
        if self._made_context:
            self.context.term()
        self._context = self.thread = None
        self.refs.clear()
        atexit.unregister(self._stop_at_exit)

    def _stop_at_exit(self) -> None:
        self._stay_down = True
        self.stop()

    def store(self, obj: object, event: Event | None = None) -> int:
        """Hold an object.

        Args:
            obj: anything.
            event: set when the object is let go.

        Returns:
            The key to send to `url`; 0 when the interpreter ends.
        """
        with self._lock:
            if not self.is_alive():
                if self._stay_down:
                    return 0
                self.start()
        held = gcref(obj, event)
        key = id(held)
        self.refs[key] = held
        return key


gc = GarbageCollector()
