"""Certificate files: one CURVE public key, or a pair, in the format that pyzmq and CZMQ read and write.

Source: ZeroMQ RFC 4 (ZPL), zcert(3) of CZMQ.
"""

from __future__ import annotations

import os
import stat
from warnings import warn

from .errors import SecurityWarning
from .zpl import format_section, parse

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Union

    _Path = Union[str, os.PathLike[str]]

__all__ = ["read_certificate", "write_certificate"]

_LONGEST_FILE = 65536
_NAMES = ("public-key", "secret-key")
_PRIVATE_BANNER = """\
#   ZeroMQ CURVE **Secret** Certificate
#   DO NOT PROVIDE THIS FILE TO OTHER USERS nor change its permissions.

"""
_PUBLIC_BANNER = """\
#   ZeroMQ CURVE Public Certificate
#   Exchange securely, or use a secure mechanism to verify the contents
#   of this file after exchange.

"""


def read_certificate(path: _Path) -> dict[str, bytes]:
    """Read the keys of a certificate file.

    Args:
        path: the file, or a link to it.

    Returns:
        `public-key` and `secret-key`, those that are there, as they are written: whether they are keys is not checked.

    Raises:
        OSError: the file cannot be read.
        ValueError: it is no regular file, longer than 64 KiB, no ZPL, or has the same key twice.

    Warns:
        SecurityWarning: it has a secret key, and others than its owner can read it.
    """
    name = os.fspath(path)
    # A pipe would be waited for.
    descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0))
    with open(descriptor, "rb") as file:
        mode = os.fstat(descriptor).st_mode
        if not stat.S_ISREG(mode):
            raise ValueError(f"the certificate {name!r} is not a regular file")
        content = file.read(_LONGEST_FILE + 1)
    if len(content) > _LONGEST_FILE:
        raise ValueError(f"the certificate {name!r} is longer than {_LONGEST_FILE} bytes")
    # Metadata may be in any encoding; keys are ASCII.
    text = content.decode("utf-8-sig", "surrogateescape")
    try:
        properties = parse(text)
    except ValueError as error:
        raise ValueError(f"the certificate {name!r} is no ZPL: {error}") from None
    found: dict[str, bytes] = {}
    for path_inside, value, _ in properties:
        key = path_inside[-1]
        if key in _NAMES and value is not None and path_inside[:-1] in ((), ("curve",)):
            if key in found:
                raise ValueError(f"the certificate {name!r} has {key} twice")
            found[key] = value.encode("utf-8", "surrogateescape")
    if "secret-key" in found and os.name == "posix" and mode & 0o077:
        shown = f"{name!r} (mode {stat.S_IMODE(mode):04o})"
        warn(f"others than its owner can read the secret key in {shown}: chmod 600", SecurityWarning, stacklevel=3)
    return found


def write_certificate(path: _Path, public: bytes, secret: bytes | None, metadata: Mapping[str, str] | None) -> None:
    """Write a certificate file where there is none.

    Args:
        path: the file. It is never one that is there already: not somebody's key, and not where a link leads.
        public: 40 characters of Z85.
        secret: the same, for a secret certificate, which only its owner can read (0600); None for a public one (0644).
        metadata: names and values to write beside the keys, a line each.

    Raises:
        FileExistsError: there is something at path.
        OSError: the file cannot be written.
        ValueError: metadata cannot be written: see zpl.format_section().
    """
    keys = {"public-key": f'"{public.decode()}"'}
    if secret is not None:
        keys["secret-key"] = f'"{secret.decode()}"'
    lines = format_section("metadata", metadata or {})
    # Keys are always in quotes: Z85 has a "#", which CZMQ takes for a comment.
    lines += ["curve", *(f"    {key} = {value}" for key, value in keys.items()), ""]
    text = (_PUBLIC_BANNER if secret is None else _PRIVATE_BANNER) + "\n".join(lines)
    data = text.encode("utf-8")
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_CLOEXEC", 0)
    descriptor = os.open(path, flags, 0o644 if secret is None else 0o600)
    try:
        with open(descriptor, "wb") as file:
            file.write(data)
    except BaseException:  # half a certificate is none
        os.unlink(path)
        raise
