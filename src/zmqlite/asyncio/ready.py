"""Futures that are done from birth: what a call returns that found its message, or room, at once.

Most do. A Ready becomes one of asyncio's Futures, with a loop and callbacks, only when somebody asks for these: that
takes a fifth of the time.
"""

from __future__ import annotations

import asyncio
import warnings
from collections.abc import Generator
from functools import partial
from typing import Any

from zmqlite.readiness import turn

TYPE_CHECKING = False
if TYPE_CHECKING:
    from asyncio import AbstractEventLoop
    from collections.abc import Callable
    from contextvars import Context as Variables

    Future = asyncio.Future[Any]
else:
    Future = asyncio.Future

__all__ = ["Decoded", "Ready", "Received", "Sent", "current_loop", "turn_is_over"]


def current_loop() -> AbstractEventLoop:
    """Return the running loop, or with a warning the one that would run."""
    try:
        return asyncio.get_running_loop()
    except RuntimeError:
        pass
    warnings.warn(
        "No running event loop: use zmqlite.asyncio sockets in a coroutine", RuntimeWarning, stacklevel=4
    )
    return asyncio.get_event_loop()


def turn_is_over() -> bool:
    """Whether operations that need not wait have gone on for long enough: the loop is to have a turn."""
    try:
        # Asking for the loop takes longer than all else here.
        return turn.is_over(_no_soon if turn.marked else asyncio.get_running_loop().call_soon)
    except RuntimeError:
        return False  # no loop runs, and none is held up


def _no_soon(_: object) -> None:
    """Stands for the loop where it is not asked anything."""


class Ready(Future):
    """The result of a call that did not have to wait."""

    __slots__ = ("_begun", "_value")
    _begun: bool
    _value: Any

    if TYPE_CHECKING:

        def __init__(self) -> None: ...

    else:
        # No argument and no work: the base is initialised by _begin(), if ever.
        __init__ = object.__init__

    def _begin(self) -> None:
        """Become a Future of the loop, with the result set."""
        try:
            if self._begun:
                return
        except AttributeError:
            self._begun = True
        Future.__init__(self, loop=current_loop())
        Future.set_result(self, self._value)

    def __await__(self) -> Generator[Any, None, Any]:
        """Return the value, without a turn of the loop."""
        return self._value
        yield  # type: ignore[unreachable]  # makes it a generator

    __iter__ = __await__

    def result(self) -> Any:
        """Return the value."""
        return self._value

    def done(self) -> bool:
        """It is."""
        return True

    def cancelled(self) -> bool:
        """It cannot be."""
        return False

    def cancel(self, msg: Any = None) -> bool:
        """Too late: False."""
        return False

    def exception(self) -> BaseException | None:
        """There is none."""
        return None

    def get_loop(self) -> AbstractEventLoop:
        """Return the loop in which it was first asked for one."""
        self._begin()
        return Future.get_loop(self)

    def add_done_callback(self, fn: Callable[[Any], object], *, context: Variables | None = None) -> None:
        """Have the loop call fn soon."""
        self._begin()
        Future.add_done_callback(self, fn, context=context)

    def remove_done_callback(self, fn: Callable[[Any], object]) -> int:
        """Remove fn, if it was not called yet."""
        self._begin()
        return Future.remove_done_callback(self, fn)

    def set_result(self, result: Any) -> None:
        """Raise InvalidStateError."""
        self._begin()
        Future.set_result(self, result)

    def set_exception(self, exception: Any) -> None:
        """Raise InvalidStateError."""
        self._begin()
        Future.set_exception(self, exception)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} finished result={self._value!r}>"


class Sent(Ready):
    """The same for a send whose result is None, as most are: awaiting it runs no Python code."""

    __slots__ = ()
    if not TYPE_CHECKING:
        _value = None
        __await__ = __iter__ = staticmethod(partial(iter, ()))


if asyncio.Future.__module__ == "_asyncio":
    # The one in C looks into itself. In Python these are plain attributes, and _begin() sets them.
    for _name, _get in (("_state", lambda _: "FINISHED"), ("_result", Ready.result), ("_loop", Ready.get_loop)):
        setattr(Ready, _name, property(_get))


class Received(Ready):
    """The same with a message, which goes back if nobody takes it."""

    __slots__ = ("_sequence", "_socket")
    _sequence: Any
    _socket: Any

    def __await__(self) -> Generator[Any, None, Any]:
        """Return the message, without a turn of the loop."""
        self._socket = None
        return self._value
        yield  # type: ignore[unreachable]  # makes it a generator

    __iter__ = __await__

    def result(self) -> Any:
        """Return the message: it is delivered by that."""
        self._socket = None
        return self._value

    def _take_raw(self) -> Any:
        return self._value

    def __del__(self) -> None:
        socket = self._socket
        if socket is not None:
            self._socket = None
            socket._readiness.give_back(socket, self._take_raw(), self._sequence)


class Decoded(Received):
    """The same when the value is what the message was decoded to."""

    __slots__ = ("_raw",)
    _raw: Any

    def _take_raw(self) -> Any:
        return self._raw
