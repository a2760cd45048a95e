"""Futures that are done from birth: what a call returns that found its message, or room, at once.

Most do. A Ready becomes one of asyncio's Futures, with a loop and callbacks, only when somebody asks for these: making
one of asyncio's takes three times as long as a send.
"""

from __future__ import annotations

import asyncio
import warnings
from typing import Any

from zmqlite._backend import make_done_class
from zmqlite.readiness import turn

TYPE_CHECKING = False
if TYPE_CHECKING:
    from asyncio import AbstractEventLoop
    from collections.abc import Callable
    from contextvars import Context as Variables

    Future = asyncio.Future[Any]

    class _DoneBase(Future):
        _begun: bool
        _raw: Any
        _sequence: Any
        _socket: Any
        _value: Any

        def __init__(self) -> None: ...

else:
    Future = asyncio.Future
    _DoneBase = make_done_class(Future)

__all__ = ["Ready", "current_loop", "turn_is_over"]


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


class Ready(_DoneBase):
    """The result of a call that did not have to wait.

    With a `_socket` it is a message of that socket, which goes back if nobody takes it: `_raw`, or without that
    `_value`, to its place `_sequence`.
    """

    __slots__ = ()

    def _begin(self) -> None:
        """Become a Future of the loop, with the result set."""
        if getattr(self, "_begun", False):
            return
        self._begun = True
        Future.__init__(self, loop=current_loop())
        Future.set_result(self, self._value)

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


if asyncio.Future.__module__ == "_asyncio":
    # The one in C looks into itself. In Python these are plain attributes, and _begin() sets them.
    for _name, _get in (("_state", lambda _: "FINISHED"), ("_result", Ready.result), ("_loop", Ready.get_loop)):
        setattr(Ready, _name, property(_get))
