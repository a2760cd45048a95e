"""Text and bytes by names of the time of Python 2. Deprecated, in pyzmq too: say bytes and str."""

from __future__ import annotations

import warnings

__all__ = ["asbytes", "b", "basestring", "bytes", "cast_bytes", "cast_unicode", "u", "unicode"]

bytes = bytes
unicode = str
basestring = (str,)


def _warn() -> None:
    warnings.warn("utils.strtypes is deprecated: use str.encode() and bytes.decode()", DeprecationWarning, stacklevel=3)


def cast_bytes(s: str | bytes, encoding: str = "utf8", errors: str = "strict") -> bytes:
    """Encode a str; bytes stay as they are.

    Raises:
        TypeError: s is neither.
    """
    _warn()
    if isinstance(s, str):
        return s.encode(encoding, errors)
    if isinstance(s, bytes):
        return s
    raise TypeError(f"cast_bytes() takes str or bytes, got {type(s).__name__}")


def cast_unicode(s: str | bytes, encoding: str = "utf8", errors: str = "strict") -> str:
    """Decode bytes; a str stays as it is.

    Raises:
        TypeError: s is neither.
    """
    _warn()
    if isinstance(s, bytes):
        return s.decode(encoding, errors)
    if isinstance(s, str):
        return s
    raise TypeError(f"cast_unicode() takes str or bytes, got {type(s).__name__}")


b = asbytes = cast_bytes
u = cast_unicode
