"""The only door to the cffi module: `lib` and `ffi` of `zmqlite._libzmq`, set up once for the process.

A libzmq without drafts, or an older one, lacks some functions of zmq.h. They are in `lib` all the same: calling one
raises ZMQVersionError, and has_function() tells beforehand.
"""

from __future__ import annotations

import _cffi_backend  # noqa: F401 - _libzmq needs it, and PyInstaller sees imports of Python only

from ._libzmq import ffi
from ._libzmq import lib as _lib

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

__all__ = ["ffi", "has_function", "lib"]

if _lib.zl_start() != 0:  # pragma: no cover - pthread_atfork fails only without memory
    raise ImportError("zmqlite: could not install the fork handlers: out of memory")

# The newest function of libzmq's drafts that it may lack although it has the others, and one of the others.
_PROBES = (b"zmq_ppoll", b"zmq_poller_new")


def has_function(name: str) -> bool:
    """Tell whether the linked libzmq has this function.

    Args:
        name: a function of zmq.h that some libzmq lack, such as `zmq_poller_new`.

    Returns:
        True when it can be called; functions that every libzmq has are always True.
    """
    return bool(_lib.zl_optional_has(name.encode()))


class _PartialLib:
    """The functions and constants of a libzmq that lacks some: each is looked up once."""

    def __getattr__(self, name: str) -> Any:
        value = getattr(_lib, name)
        if name.startswith("zmq_") and not has_function(name):
            value = _make_missing(name)
        self.__dict__[name] = value
        return value

    def __dir__(self) -> list[str]:
        return dir(_lib)


def _make_missing(name: str) -> Any:
    def missing(*args: object) -> Any:
        from .errors import ZMQVersionError

        raise ZMQVersionError("4.3.5 with drafts", f"{name}()")

    missing.__name__ = name
    return missing


lib: Any = _lib if all(map(_lib.zl_optional_has, _PROBES)) else _PartialLib()
