"""Ctrl-C on Windows. zmqlite's waits run Python's signal handlers, so that programs need none of this any more."""

from __future__ import annotations

import sys
from typing import Any

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["allow_interrupt"]

_CTRL_C_EVENT = 0


class allow_interrupt:  # noqa: N801 - the name that programs import
    """Call a function at every Ctrl-C within a with statement, on Windows; elsewhere this does nothing.

    Args:
        action: called in a thread of its own, without arguments. It must not raise. Python's own handling of Ctrl-C
            comes after it.
    """

    def __init__(self, action: Callable[[], Any] | None = None) -> None:
        self._action = action
        self._handler: Any = None

    def _set(self, add: bool) -> None:
        if sys.platform == "win32":
            import ctypes

            if not ctypes.windll.kernel32.SetConsoleCtrlHandler(self._handler, int(add)):
                raise ctypes.WinError()

    def __enter__(self) -> None:
        if sys.platform == "win32":
            import ctypes

            def handle(event: int) -> int:
                if event == _CTRL_C_EVENT and self._action is not None:
                    self._action()
                return 0  # the next handler, which is Python's, sees it too

            self._handler = ctypes.WINFUNCTYPE(ctypes.c_int, ctypes.c_uint)(handle)
        self._set(True)

    def __exit__(self, *args: object) -> None:
        self._set(False)
        self._handler = None
