"""What zmqlite.asyncio's fast ways are made of, in Python: the reference of done.c and at_once.c in src/hotpath."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Generator
    from typing import Any

__all__ = ["ReadinessBase", "TurnBase", "hasten", "make_done_class"]


class TurnBase:
    """How long operations that need not wait may go on: the part that every one of them changes."""

    __slots__ = ("left",)
    left: int


class ReadinessBase:
    """Who waits for a socket: the part that every receive looks at."""

    __slots__ = ("busy", "sequence")
    busy: bool
    sequence: int


def make_done_class(future_class: Any, /) -> Any:
    """Return the base of Futures that are done from birth: called once, by zmqlite.asyncio.

    Args:
        future_class: asyncio.Future, which zmqlite imports only there.
    """

    class DoneBase(future_class):  # type: ignore[misc]
        """A Future that is done from birth."""

        __slots__ = ("_begun", "_raw", "_sequence", "_socket", "_value")
        _begun: bool
        _raw: Any
        _sequence: Any
        _socket: Any
        _value: Any

        # No argument and no work: the base is initialised when somebody asks for a loop or a callback, if ever.
        __init__ = object.__init__

        def __await__(self) -> Generator[Any, None, Any]:
            """Return the value, without a turn of the loop."""
            self._socket = None
            return self._value
            yield  # type: ignore[unreachable]  # makes it a generator

        __iter__ = __await__

        def result(self) -> Any:
            """Return the value: a message is delivered by that."""
            self._socket = None
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

        def __del__(self) -> None:
            # A message that nobody took is the next to be received.
            socket = getattr(self, "_socket", None)
            if socket is not None:
                self._socket = None
                socket._readiness.give_back(socket, getattr(self, "_raw", self._value), self._sequence)

    return DoneBase


def hasten(forms: type, name: str, ready_class: type, turn: TurnBase, /) -> None:
    """Do nothing: the methods in Python are all there is."""
