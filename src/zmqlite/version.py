"""Which zmqlite, which libzmq, and what that libzmq can do."""

from __future__ import annotations

from ._native import ffi, has_function, lib
from ._version import __version__
from .errors import SecurityWarning

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Optional

    _Version = Optional[tuple[int, int, int]]

__all__ = [
    "DRAFT_API",
    "get_includes",
    "get_library_dirs",
    "has",
    "pyzmq_version",
    "pyzmq_version_info",
    "warn_of_old_libzmq",
    "zmq_version",
    "zmq_version_info",
]

# SECURITY.md has the list of what those before it are open to.
_OLDEST_SAFE = (4, 3, 4)

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


def warn_of_old_libzmq(version: _Version = None) -> None:
    """Warn when libzmq has holes that are known: `import zmqlite` calls this.

    Args:
        version: to look at; None takes that of the linked libzmq.

    Warns:
        SecurityWarning: it is older than 4.3.4.
    """
    found = zmq_version_info() if version is None else version
    if found < _OLDEST_SAFE:
        from warnings import warn

        names = ".".join(map(str, found)), ".".join(map(str, _OLDEST_SAFE))
        message = "libzmq {} has known vulnerabilities that peers can use: take {} or later, see SECURITY.md"
        warn(message.format(*names), SecurityWarning, stacklevel=3)


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


def get_includes() -> list[str]:
    """Return the folders of headers to compile against: none, because zmqlite has nothing to link to."""
    return []


def get_library_dirs() -> list[str]:
    """Return the folders of libraries to link with: none, because libzmq is inside zmqlite's own extension."""
    return []


def zmqlite_version() -> str:
    """Return the version of zmqlite."""
    return __version__


DRAFT_API: bool = has("draft")
"""Whether the linked libzmq has the draft socket types, options and functions."""
