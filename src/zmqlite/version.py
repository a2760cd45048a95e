"""Which zmqlite, which libzmq, and what that libzmq can do."""

from __future__ import annotations

from ._native import ffi, has_function, lib
from ._version import __version__

__all__ = ["DRAFT_API", "has", "pyzmq_version", "pyzmq_version_info", "zmq_version", "zmq_version_info"]

# pyzmq's names and semantics are those of this version.
_PYZMQ_VERSION_INFO = (27, 3, 0)


def zmq_version_info() -> tuple[int, int, int]:
    """Return the version of the linked libzmq: (major, minor, patch).

    Source: zmq_version(3).
    """
    parts = ffi.new("int[3]")
    lib.zmq_version(parts, parts + 1, parts + 2)
    return int(parts[0]), int(parts[1]), int(parts[2])


def zmq_version() -> str:
    """Return the version of the linked libzmq: "4.3.5"."""
    return ".".join(map(str, zmq_version_info()))


def has(capability: str) -> bool:
    """Tell whether the linked libzmq can do something.

    Args:
        capability: a transport or mechanism as zmq_has() names them ("ipc", "pgm", "tipc", "norm", "curve", "gssapi",
            "draft", "WS", "WSS", "vmci"), or the name of a function of zmq.h ("zmq_poller_new").

    Raises:
        TypeError: capability is no str.

    Source: zmq_has(3).
    """
    if not isinstance(capability, str):
        raise TypeError(f"has() takes a str, got {type(capability).__name__}")
    if capability.startswith("zmq_"):
        return hasattr(lib, capability) and has_function(capability)
    return bool(lib.zmq_has(capability.encode("utf-8", "replace")))


def pyzmq_version() -> str:
    """Return the version of pyzmq whose names and semantics zmqlite has, for programs that ask."""
    return ".".join(map(str, _PYZMQ_VERSION_INFO))


def pyzmq_version_info() -> tuple[int, int, int]:
    """Return pyzmq_version() as numbers."""
    return _PYZMQ_VERSION_INFO


def zmqlite_version() -> str:
    """Return the version of zmqlite."""
    return __version__


DRAFT_API: bool = has("draft")
"""Whether the linked libzmq has the draft socket types, options and functions."""
