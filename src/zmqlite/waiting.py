"""Waiting in slices: a native call that waits lets Python's signal handlers run in between, and then goes on."""

from __future__ import annotations

import threading
import time
from errno import EINTR
from operator import index

from ._native import lib
from .errors import error_from_errno

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

__all__ = ["SLICE_MS", "poll_socket", "to_timeout_ms", "wait_in_slices"]

SLICE_MS = 50
"""The main thread looks for signals at least this often: one that arrives just before a wait does not end it."""

_LONGEST_MS = 2**31 - 1


def to_timeout_ms(timeout: float | None, call: str) -> int:
    """Turn a timeout as users give it into whole milliseconds, -1 for ever.

    Args:
        timeout: milliseconds, int or float; None or negative for ever.
        call: for messages, "poll()".

    Raises:
        TypeError: not a number.
        OverflowError: beyond 2**31-1 ms.
    """
    if timeout is None:
        return -1
    try:
        milliseconds = int(timeout) if isinstance(timeout, float) else index(timeout)
    except (TypeError, ValueError):
        raise TypeError(f"{call} takes a timeout in milliseconds, got {timeout!r}") from None
    if milliseconds > _LONGEST_MS:
        raise OverflowError(f"{call} takes a timeout of at most {_LONGEST_MS} ms, got {timeout!r}")
    return milliseconds if milliseconds >= 0 else -1


def wait_in_slices(call: Callable[[int], int], timeout_ms: int, name: str) -> int:
    """Call a native wait until it returns something.

    Args:
        call: takes milliseconds, returns more than 0 when there is something, 0 on timeout, -errno.
        timeout_ms: in all; -1 for ever.
        name: of the public call, for exceptions.

    Returns:
        What the call returned; 0 when the time is over.
    """
    slice_ms = SLICE_MS if threading.get_ident() == threading.main_thread().ident else -1
    until = time.monotonic() + timeout_ms / 1000 if timeout_ms > 0 else 0.0
    left_ms = timeout_ms
    while True:
        result = call(slice_ms if left_ms < 0 or left_ms > slice_ms >= 0 else left_ms)
        if result > 0:
            return result
        if result < 0:
            if result != -EINTR:
                raise error_from_errno(-result, name)
        elif left_ms == 0:
            return 0
        if timeout_ms > 0:
            left_ms = max(0, int((until - time.monotonic()) * 1000 + 0.999))


def poll_socket(native: Any, flags: int, timeout_ms: int) -> int:
    """Wait for events of one socket: `zl_socket *`, POLLIN and/or POLLOUT, milliseconds (-1 for ever)."""
    if timeout_ms == 0:
        events: int = lib.zl_socket_poll(native, flags, 0)
        if events >= 0:
            return events
    return wait_in_slices(lambda slice_ms: int(lib.zl_socket_poll(native, flags, slice_ms)), timeout_ms, "poll()")
