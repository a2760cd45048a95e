"""Clean exit: how long what is left open may take, where it was made, and what happens at interpreter exit.

libzmq's own default is to wait for ever for undelivered messages (LINGER -1), and that is why programs hang. What
zmqlite closes by itself (finalisers, `with Context()`, `destroy()`, the end of the interpreter) lingers at most the
exit linger. What a program closes by itself lingers as it says.
"""

from __future__ import annotations

import atexit
import os
import sys
import threading
import time

from . import errors
from ._native import lib

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import CodeType

__all__ = [
    "creation_site",
    "exit_deadline",
    "exit_linger",
    "format_site",
    "get_exit_linger",
    "prepare_exit",
    "set_exit_linger",
]

_DEFAULT_MS = 1000
# libzmq needs a moment to close down after the last linger is over, on a busy machine a long one.
_EXIT_GRACE_MS = 500
_DESTROY_GRACE_MS = 700  # a program that ends by destroy() is gone in two seconds, with Python's own end
_SLICE_MS = 50

_exit_linger_ms = _DEFAULT_MS
_exiting = False
_PACKAGE = __name__.rpartition(".")[0]


def get_exit_linger() -> int:
    """Tell the exit linger: milliseconds, -1 for ever."""
    return _exit_linger_ms


def set_exit_linger(linger_ms: int) -> None:
    """Set how long finalisers, `with Context()`, `destroy()` and interpreter exit wait for undelivered messages.

    Args:
        linger_ms: milliseconds, 0 to 2**31-1; -1 restores libzmq's behaviour: wait for ever.

    Raises:
        TypeError: not an int.
        ValueError: out of range.
    """
    global _exit_linger_ms
    if not isinstance(linger_ms, int):
        raise TypeError(f"set_exit_linger() takes an int of milliseconds, got {type(linger_ms).__name__}")
    if not -1 <= linger_ms < 2**31:
        raise ValueError(f"set_exit_linger() takes -1 or more milliseconds, got {linger_ms}")
    _exit_linger_ms = linger_ms
    lib.zl_exit_set_linger(linger_ms)


def exit_linger(linger: int | None) -> int:
    """The cap that goes with a linger given by the caller: none when there is one."""
    return _exit_linger_ms if linger is None else -1


def exit_deadline(linger: int | None) -> float | None:
    """The time.monotonic() at which destroy() waits no longer; None for never.

    A shorter linger is for the sockets that are open. What was closed before has its own, and gets the exit linger.
    """
    if _exit_linger_ms < 0 or (linger is not None and linger < 0):
        return None
    return time.monotonic() + (max(_exit_linger_ms, linger or 0) + _DESTROY_GRACE_MS) / 1000


def creation_site() -> tuple[CodeType, int]:
    """Find where user code is making a socket or context: the nearest frame outside this package."""
    frame = sys._getframe(1)
    while frame.f_back is not None and frame.f_globals.get("__name__", "").startswith(_PACKAGE):
        frame = frame.f_back
    return frame.f_code, frame.f_lineno


def format_site(site: tuple[CodeType, int] | None) -> str:
    """Put a creation site into words: `file.py:12`."""
    return f"{site[0].co_filename}:{site[1]}" if site else "an unknown place"


def _stay_if_exiting() -> None:
    """Keep a daemon thread that met a terminated context from going on, when it is the interpreter that ends.

    Such a thread is never to run again anyway: its exception would be one more traceback at every exit.
    """
    while _exiting and threading.current_thread().daemon:
        time.sleep(3600)


errors.before_terminated = _stay_if_exiting

def _run_exit() -> None:
    """Close and terminate everything, within the exit linger."""
    global _exiting
    _exiting = True
    linger = _exit_linger_ms
    until = time.monotonic() + (linger + _EXIT_GRACE_MS) / 1000
    waiting = 1
    while waiting:
        slice_ms = _SLICE_MS
        if linger >= 0:
            left_ms = int((until - time.monotonic()) * 1000)
            if left_ms <= 0:
                break
            slice_ms = min(slice_ms, left_ms)
        waiting = lib.zl_exit_run(slice_ms, linger)
    abandoned = lib.zl_exit_pending()
    if abandoned:
        print(
            f"zmqlite: {abandoned} context(s) not terminated within {linger + _EXIT_GRACE_MS} ms of exit: abandoned, "
            "undelivered messages are lost",
            file=sys.stderr,
        )


# At import, and not when a context is made: handlers that the program registers later, and that use sockets, run first.
atexit.register(_run_exit)


class _Children:
    """What multiprocessing calls in a child that begins, after it has forgotten the finalisers registered before."""

    @staticmethod
    def add_finaliser(_: object = None) -> None:
        """Run the exit before the child ends by os._exit(), which runs no atexit handlers."""
        from multiprocessing.util import Finalize

        Finalize(None, _run_exit, exitpriority=-100)


_children = _Children()
_prepared_for = -1


def prepare_exit() -> None:
    """See to it that this process ends cleanly, also if it is a child of multiprocessing: called for each context."""
    global _prepared_for
    if _prepared_for == os.getpid():
        return
    _prepared_for = os.getpid()
    process = sys.modules.get("multiprocessing.process")
    if process is None:
        return
    if process.parent_process() is not None:
        _children.add_finaliser()
    else:
        # A forkserver's child imports the main module, which may make a context, before it knows that it is a child.
        from multiprocessing.util import register_after_fork

        register_after_fork(_children, _Children.add_finaliser)
