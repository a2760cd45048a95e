"""The only door to the cffi module: `lib` and `ffi` of `zmqlite._libzmq`, set up once for the process."""

from __future__ import annotations

from ._libzmq import ffi, lib

__all__ = ["ffi", "has_function", "lib"]

if lib.zl_start() != 0:  # pragma: no cover - pthread_atfork fails only without memory
    raise ImportError("zmqlite: could not install the fork handlers: out of memory")


def has_function(name: str) -> bool:
    """Tell whether the linked libzmq has this function.

    Args:
        name: a function of zmq.h that some libzmq lack, such as `zmq_poller_new`.

    Returns:
        True when it can be called; functions that every libzmq has are always True.
    """
    return bool(lib.zl_optional_has(name.encode()))
