"""Named settings: one word for the options that make a socket best at something."""

from __future__ import annotations

from ._native import lib
from .errors import ZMQVersionError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

__all__ = ["TUNINGS", "find_tuning", "name_tuning"]

_IN_BATCH_SIZE, _OUT_BATCH_SIZE = 101, 102

TUNINGS: dict[str, dict[int, int]] = {
    # What is read at once grows to 396 KiB by itself, and shrinks again: this begins with it. Where libzmq does not do
    # that, it stays so. What is written at once is what it is without. More is faster over ipc, and slower over tcp.
    # Higher high-water marks lose: what is queued falls out of the processor's caches.
    "throughput": {_IN_BATCH_SIZE: 405504, _OUT_BATCH_SIZE: 540672},
}
"""What each name sets, by the number of the option."""


def find_tuning(name: str | None) -> dict[int, int]:
    """Return the options that a named setting sets.

    Args:
        name: "throughput"; None for nothing.

    Raises:
        ValueError: there is no such setting.
        ZMQVersionError: the linked libzmq has no drafts, and so not these options.
    """
    if name is None:
        return {}
    if name not in TUNINGS:
        raise ValueError(f"tuning takes one of {', '.join(map(repr, TUNINGS))} or None, got {name!r}")
    if not lib.zmq_has(b"draft"):
        raise ZMQVersionError("4.3.3 built with drafts", f"tuning={name!r}")
    return TUNINGS[name]


def name_tuning(get: Callable[[int], Any]) -> str | None:
    """Return the named setting that is in force.

    Args:
        get: returns the value of an option by its number; None when it is not set, or not there.
    """
    for name, options in TUNINGS.items():
        if all(get(number) == value for number, value in options.items()):
            return name
    return None
