"""How long a wait stays awake before it sleeps, for the process.

To put a thread to sleep and to wake it up costs 5 to 30 microseconds, which is most of a round trip. So receives, sends
and polls that must wait, and libzmq's I/O threads, look again for a moment first, and leave the core to whoever wants
it between two looks. Where nothing comes within the moment, ever more waits sleep at once: idle sockets cost nothing.
"""

from __future__ import annotations

import os

from ._native import lib

__all__ = ["get_busy_wait", "set_busy_wait"]

_LONGEST_US = 10_000
_VARIABLE = "ZMQLITE_BUSY_WAIT"


def get_busy_wait() -> int:
    """Tell how long waits stay awake.

    Returns:
        Microseconds; 0 where waits sleep at once, as on Windows.
    """
    return int(lib.zl_busy_limit(-1))


def set_busy_wait(microseconds: int) -> None:
    """Set how long waits of this process stay awake before they sleep: 100 microseconds by default.

    It counts at once, in every context. The environment variable ZMQLITE_BUSY_WAIT sets it before the program does.
    I/O threads take part on Linux with the bundled libzmq. A longer moment makes round trips shorter where answers take
    longer to come, at the price of a core that is busy while it waits; 0 is what libzmq does.

    Args:
        microseconds: 0 to 10 000.

    Raises:
        TypeError: not an int.
        ValueError: out of range.
    """
    if not isinstance(microseconds, int):
        raise TypeError(f"set_busy_wait() takes an int of microseconds, got {type(microseconds).__name__}")
    if not 0 <= microseconds <= _LONGEST_US:
        raise ValueError(f"set_busy_wait() takes 0 to {_LONGEST_US} microseconds, got {microseconds}")
    lib.zl_busy_limit(microseconds)


def _follow_environment() -> None:
    text = os.environ.get(_VARIABLE)
    if not text:
        return
    try:
        set_busy_wait(int(text))
    except ValueError:
        raise ImportError(f"{_VARIABLE} is {text!r}: set it to 0 to {_LONGEST_US} microseconds, or unset it") from None


_follow_environment()
