"""Certificate files under pyzmq's names: pairs of `name.key` (public) and `name.key_secret`.

The files are ZPL (ZeroMQ RFC 4), as pyzmq and CZMQ read and write them. curve.KeyPair is the other way to them.
"""

from __future__ import annotations

import os
import stat
import time

from zmqlite.certificates import read_certificate
from zmqlite.curve import KeyPair, load_public_key
from zmqlite.errors import SecurityWarning

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Union

    _Path = Union[str, os.PathLike[str]]

__all__ = ["CertificateFolder", "create_certificates", "load_certificate", "load_certificates"]

_SUFFIX = ".key"
_LOOK_SECONDS = 1.0
_TICK_NS = 2_100_000_000  # FAT's, the coarsest there is


def create_certificates(key_dir: _Path, name: str, metadata: Mapping[str, str] | None = None) -> tuple[str, str]:
    """Make a new pair of keys and write its two certificates.

    Args:
        key_dir: the folder to write to; it must be there.
        name: the files' name, to which `.key` and `.key_secret` are added.
        metadata: names and values to write beside the keys, into both files.

    Returns:
        The paths of the public certificate and of the secret one, which only its owner can read (0600).

    Raises:
        FileExistsError: one of the files is there already; pyzmq would overwrite it.
        OSError: they cannot be written.
        ValueError: metadata cannot be written, one line each.
        ZMQError: ENOTSUP, this libzmq was built without CURVE.
    """
    keys = KeyPair.generate()
    base = os.path.join(key_dir, name)
    public_file, secret_file = f"{base}{_SUFFIX}", f"{base}{_SUFFIX}_secret"
    keys.save(secret_file, metadata)
    try:
        keys.save_public(public_file, metadata)
    except BaseException:
        os.unlink(secret_file)
        raise
    return public_file, secret_file


def load_certificate(filename: _Path) -> tuple[bytes, bytes | None]:
    """Read a certificate file.

    Args:
        filename: of a public or of a secret certificate.

    Returns:
        The public key, and the secret key or None: each 40 characters of Z85.

    Raises:
        OSError: the file cannot be read.
        ValueError: it has no public key, or what it has are no keys, or they do not belong together.

    Warns:
        SecurityWarning: it has a secret key, and others than its owner can read it.
    """
    if "secret-key" not in read_certificate(filename):
        return load_public_key(filename), None
    load_public_key(filename)  # a secret key alone is no certificate
    keys = KeyPair.load(filename)
    return keys.public, keys.secret


def load_certificates(directory: _Path = ".") -> dict[bytes, bool]:
    """Read the public keys of all certificates in a folder.

    Args:
        directory: its files `*.key` are read.

    Returns:
        Each public key, 40 characters of Z85, and True.

    Raises:
        OSError: it is no folder, or one of the files cannot be read.
        ValueError: one of the files is no certificate.
    """
    if not os.path.isdir(directory):
        raise OSError(f"load_certificates(): not a directory: {os.fspath(directory)!r}")
    return {load_public_key(path): True for path in _list_certificates(directory)}


def _list_certificates(directory: _Path) -> list[str]:
    names = [name for name in os.listdir(directory) if name.endswith(_SUFFIX) and not name.startswith(".")]
    return [os.path.join(directory, name) for name in sorted(names)]


class CertificateFolder:
    """The public keys of a folder, read again when a file in it comes, goes or changes.

    Args:
        directory: its files `*.key` are read.

    Attributes:
        failures: path and reason of each file that could not be read the last time.
    """

    def __init__(self, directory: _Path) -> None:
        self.directory = directory
        self.failures: dict[str, str] = {}
        # What is there: name, and what changes with the file.
        self._seen: dict[str, tuple[int, ...]] | None = None
        # The folder's own mark when all files were looked at, and when that was.
        self._folder_mark: tuple[int, ...] = ()
        self._looked_at = 0.0

    def __repr__(self) -> str:
        return f"<CertificateFolder({os.fspath(self.directory)!r})>"

    def read_if_changed(self) -> dict[bytes, bool] | None:
        """Read all public keys, unless nothing has changed since the last time.

        A file that is no certificate keeps nobody else out: it is in `failures`. A folder that cannot be read has no
        keys. A file that comes, goes or is replaced is seen at once, one that is written over within a second.

        Returns:
            The keys, as load_certificates(); None when nothing has changed.
        """
        if self._looked_just_now():
            return None
        try:
            seen = {path: _mark(path) for path in _list_certificates(self.directory)}
        except OSError as error:
            if self._seen is None and self.failures:
                return None
            self._seen, self.failures = None, {os.fspath(self.directory): str(error)}
            return {}
        if seen == self._seen:
            return None
        keys, failures = {}, {}
        for path in seen:
            try:
                keys[load_public_key(path)] = True
            except (OSError, ValueError, SecurityWarning) as error:  # the warning, where warnings are errors
                failures[path] = str(error)
        self._seen, self.failures = seen, failures
        return keys


    def _looked_just_now(self) -> bool:
        """Whether there is no need to look at each file: of 1000 that takes 5 ms, and clients make us do it."""
        mark = _mark(self.directory)
        now = time.monotonic()
        if mark and mark == self._folder_mark and now - self._looked_at < _LOOK_SECONDS:
            return True
        # Clocks of file systems have coarse ticks: a folder that has just changed may change again within the same.
        settled = bool(mark) and time.time_ns() - mark[-1] > _TICK_NS
        self._folder_mark = mark if settled else ()
        self._looked_at = now
        return False


def _mark(path: _Path) -> tuple[int, ...]:
    try:
        found = os.stat(path)
    except OSError:
        return ()  # gone meanwhile, or a link that leads nowhere
    return stat.S_IFMT(found.st_mode), found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns
