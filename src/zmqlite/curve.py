"""CURVE keys, and the one line on each side that secures a socket with them.

    keys = KeyPair.generate()                         # once; then keys.save("server.key_secret")
    set_curve_server(server, keys)                    # before bind()
    set_curve_client(client, keys.public)             # before connect()

libzmq's CURVE server lets in every client that knows the server's public key, unless a ZAP handler says no, and also
when no ZAP handler runs. set_curve_server() refuses everybody in that case; `allow_any=True` says that everybody is
welcome. Secret keys are in no repr, no exception and no pickle.

Source: zmq_curve(7), ZeroMQ RFC 26 and 27.
"""

from __future__ import annotations

import os
from errno import EINVAL, ENOTSUP
from hmac import compare_digest
from typing import Any

from . import z85
from ._native import ffi, lib
from .certificates import read_certificate, write_certificate
from .constants import SocketOption
from .errors import ZMQError, ZMQVersionError, error_from_errno

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import NoReturn, Union

    from .socket import Socket

    Key = Union[str, bytes, bytearray, memoryview]
    Path = Union[str, os.PathLike[str]]

__all__ = ["KeyPair", "curve_keypair", "curve_public", "load_public_key", "set_curve_client", "set_curve_server"]

_RAW_SIZE, _Z85_SIZE = 32, 40


def curve_keypair() -> tuple[bytes, bytes]:
    """Make a new pair of CURVE keys.

    Returns:
        (public key, secret key), each 40 characters of Z85 as bytes.

    Raises:
        ZMQError: ENOTSUP, this libzmq was built without CURVE.

    Source: zmq_curve_keypair(3).
    """
    public, secret = ffi.new("char[41]"), ffi.new("char[41]")
    if lib.zmq_curve_keypair(public, secret) != 0:
        _raise_curve_error("curve_keypair()")
    keys = ffi.string(public), ffi.string(secret)
    ffi.buffer(secret)[:] = bytes(41)  # what is freed may be read by whoever gets the memory next
    return keys


def curve_public(secret_key: str | bytes) -> bytes:
    """Work out the public key that belongs to a secret key.

    Args:
        secret_key: 40 characters of Z85.

    Returns:
        40 characters of Z85 as bytes.

    Raises:
        ValueError: it has not 40 characters.
        ZMQError: EINVAL, it is not Z85; ENOTSUP, this libzmq was built without CURVE.

    Source: zmq_curve_public(3).
    """
    if isinstance(secret_key, str):
        secret_key = secret_key.encode("utf-8")
    if not isinstance(secret_key, bytes):
        raise TypeError(f"curve_public() takes a secret key as bytes or str, got {type(secret_key).__name__}")
    if len(secret_key) != _Z85_SIZE:
        raise ValueError(f"curve_public() takes a secret key of 40 Z85 characters, got {len(secret_key)}")
    try:
        z85.decode(secret_key)
    except ValueError:
        raise error_from_errno(EINVAL, "curve_public()", hint="the secret key is not Z85") from None
    public = ffi.new("char[41]")
    if lib.zmq_curve_public(public, secret_key) != 0:
        _raise_curve_error("curve_public()")
    found: bytes = ffi.string(public)
    return found


def _raise_curve_error(call: str) -> NoReturn:
    errno = ffi.errno
    hint = 'this libzmq was built without CURVE: see has("curve")' if errno == ENOTSUP else None
    raise error_from_errno(errno, call, hint=hint)


def _require_curve(call: str) -> None:
    if not lib.zmq_has(b"curve"):
        raise error_from_errno(ENOTSUP, call, hint='this libzmq was built without CURVE: see has("curve")')


def _to_raw(key: Key, call: str, kind: str) -> bytes:
    """A key in any of its forms as 32 bytes. What is wrong with it is told without telling the key."""
    if isinstance(key, str):
        data = key.encode("utf-8")
    elif isinstance(key, (bytes, bytearray, memoryview)):
        data = bytes(key)
        if len(data) == _RAW_SIZE:
            return data
    else:
        raise TypeError(f"{call} takes a {kind} key as 40 Z85 characters or 32 bytes, got {type(key).__name__}")
    if len(data) != _Z85_SIZE:
        raise ValueError(f"{call} takes a {kind} key as 40 Z85 characters or 32 bytes, got {len(data)}")
    try:
        return z85.decode(data)
    except ValueError:
        raise ValueError(f"{call}: the {kind} key is not Z85") from None


# ---- certificate files ----


def load_public_key(path: Path) -> bytes:
    """Read the public key of a certificate file, as zmqlite, pyzmq and CZMQ write them.

    Args:
        path: of a public or of a secret certificate.

    Returns:
        40 characters of Z85 as bytes.

    Raises:
        OSError: the file cannot be read.
        ValueError: it has no public key.
    """
    found = read_certificate(path)
    if "public-key" not in found:
        raise ValueError(f"no public-key in the certificate {os.fspath(path)!r}")
    return z85.encode(_to_raw(found["public-key"], f"load_public_key({os.fspath(path)!r})", "public"))


class KeyPair:
    """A secret key and the public key that belongs to it.

    Args:
        secret: the secret key: 40 characters of Z85, str or bytes, or 32 bytes.

    Raises:
        ValueError: it is no key.
        ZMQError: ENOTSUP, this libzmq was built without CURVE.
    """

    __slots__ = ("_public", "_secret")
    _public: bytes
    _secret: bytes

    def __init__(self, secret: Key) -> None:
        _require_curve("KeyPair()")
        self._secret = _to_raw(secret, "KeyPair()", "secret")
        self._public = z85.decode(curve_public(z85.encode(self._secret)))

    @classmethod
    def generate(cls) -> KeyPair:
        """Make a new pair.

        Source: zmq_curve_keypair(3).
        """
        return cls(curve_keypair()[1])

    @classmethod
    def load(cls, path: Path) -> KeyPair:
        """Read a secret certificate file, as zmqlite, pyzmq and CZMQ write them.

        Args:
            path: the file.

        Raises:
            OSError: the file cannot be read.
            ValueError: it has no secret key, or its public key belongs to another one.
        """
        found = read_certificate(path)
        name = os.fspath(path)
        if "secret-key" not in found:
            raise ValueError(f"no secret-key in the certificate {name!r}: is it the public one?")
        keys = cls(_to_raw(found["secret-key"], f"KeyPair.load({name!r})", "secret"))
        public = found.get("public-key")
        if public is not None and _to_raw(public, f"KeyPair.load({name!r})", "public") != keys._public:
            raise ValueError(f"the certificate {name!r} has a public-key that does not belong to its secret-key")
        return keys

    def save(self, path: Path, metadata: Mapping[str, str] | None = None) -> None:
        """Write a secret certificate file that only its owner can read: it must not exist.

        Args:
            path: the file; `name.key_secret` by custom.
            metadata: names and values to write beside the keys, a line each.

        Raises:
            FileExistsError: there is something at path.
        """
        write_certificate(path, self.public, self.secret, metadata)

    def save_public(self, path: Path, metadata: Mapping[str, str] | None = None) -> None:
        """Write a public certificate file, to give away: it must not exist.

        Args:
            path: the file; `name.key` by custom.
            metadata: names and values to write beside the key, a line each.

        Raises:
            FileExistsError: there is something at path.
        """
        write_certificate(path, self.public, None, metadata)

    @property
    def public(self) -> bytes:
        """The public key, 40 characters of Z85: what peers need."""
        return z85.encode(self._public)

    @property
    def secret(self) -> bytes:
        """The secret key, 40 characters of Z85."""
        return z85.encode(self._secret)

    @property
    def raw_public(self) -> bytes:
        """The public key, 32 bytes."""
        return self._public

    @property
    def raw_secret(self) -> bytes:
        """The secret key, 32 bytes."""
        return self._secret

    def __repr__(self) -> str:
        return f"<{type(self).__name__} public={self.public.decode()!r}>"

    def __eq__(self, other: object) -> bool:
        return compare_digest(self._secret, other._secret) if isinstance(other, KeyPair) else NotImplemented

    def __hash__(self) -> int:
        return hash(self._public)

    def __copy__(self) -> KeyPair:
        return self

    def __deepcopy__(self, memo: object) -> KeyPair:
        return self

    def __reduce_ex__(self, protocol: object) -> NoReturn:
        raise TypeError("a KeyPair is not pickled, for the sake of its secret key: save() it, or pass .secret yourself")


# ---- the two sides ----


def _require_unused(socket: Socket[Any], call: str) -> None:
    # libzmq takes the keys for what is bound and connected from now on: what is there already stays open to all.
    if socket.get(SocketOption.LAST_ENDPOINT):
        raise error_from_errno(EINVAL, call, hint="set the keys before bind() and connect(): later is too late")


def set_curve_server(
    socket: Socket[Any],
    keys: KeyPair | Key | os.PathLike[str],
    *,
    domain: str | bytes = "global",
    allow_any: bool = False,
) -> None:
    """Make a socket the server of CURVE security: clients need its public key, and a ZAP handler's consent.

    Args:
        socket: before its first bind() or connect().
        keys: a KeyPair; or its secret key, 40 characters of Z85 or 32 bytes; or the path (pathlib) of a secret
            certificate.
        domain: ZAP_DOMAIN, what the ZAP handler is asked about, 1 to 255 bytes.
        allow_any: True lets every client in that knows the public key. It is encrypted, and the client is anybody.
            A ZAP handler that runs in this context is still asked. False lets nobody in while no ZAP handler runs.

    Raises:
        ZMQError: EINVAL, the socket is bound or connected already; ENOTSUP, this libzmq was built without CURVE;
            ENOTSOCK, the socket is closed.
        ZMQVersionError: this libzmq has no ZAP_ENFORCE_DOMAIN (a draft), so that it would let everybody in while no
            ZAP handler runs: pass allow_any=True if that is wanted.
        ValueError: keys is no key.

    Source: zmq_curve(7); ZMQ_CURVE_SERVER, ZMQ_CURVE_SECRETKEY, ZMQ_ZAP_DOMAIN, ZMQ_ZAP_ENFORCE_DOMAIN in
    zmq_setsockopt(3).
    """
    call = "set_curve_server()"
    _require_curve(call)
    pair = _to_pair(keys)
    _require_unused(socket, call)
    # The door is shut before the lock is changed: a failure on the way leaves no open server.
    try:
        socket.set(SocketOption.ZAP_ENFORCE_DOMAIN, 0 if allow_any else 1)
    except (ZMQError, ZMQVersionError) as error:
        if isinstance(error, ZMQError) and error.errno != EINVAL:
            raise
        if not allow_any:
            raise ZMQVersionError("4.3.0 with drafts", f"{call} without allow_any=True") from None
    socket.set(SocketOption.ZAP_DOMAIN, domain.encode("utf-8") if isinstance(domain, str) else domain)
    socket.set(SocketOption.CURVE_PUBLICKEY, pair.raw_public)
    socket.set(SocketOption.CURVE_SECRETKEY, pair.raw_secret)
    socket.set(SocketOption.CURVE_SERVER, 1)
    socket._allows_any = allow_any


def _to_pair(keys: KeyPair | Key | os.PathLike[str]) -> KeyPair:
    if isinstance(keys, KeyPair):
        return keys
    return KeyPair.load(keys) if isinstance(keys, os.PathLike) else KeyPair(keys)


def set_curve_client(
    socket: Socket[Any],
    server_key: KeyPair | Key | os.PathLike[str],
    keys: KeyPair | Key | os.PathLike[str] | None = None,
) -> KeyPair:
    """Make a socket a client of CURVE security: it talks to the server that has this key, and to nobody else.

    Args:
        socket: before its first bind() or connect().
        server_key: the server's public key, 40 characters of Z85 or 32 bytes; or the path (pathlib) of its public
            certificate; or its KeyPair.
        keys: this client's own, as for set_curve_server(); None makes a new pair, for servers that know nobody.

    Returns:
        The client's KeyPair.

    Raises:
        ZMQError: EINVAL, the socket is bound or connected already; ENOTSUP, this libzmq was built without CURVE;
            ENOTSOCK, the socket is closed.
        ValueError: what should be a key is none.

    Source: zmq_curve(7); ZMQ_CURVE_SERVERKEY, ZMQ_CURVE_PUBLICKEY, ZMQ_CURVE_SECRETKEY in zmq_setsockopt(3).
    """
    call = "set_curve_client()"
    _require_curve(call)
    if isinstance(server_key, KeyPair):
        public = server_key.raw_public
    else:
        found = load_public_key(server_key) if isinstance(server_key, os.PathLike) else server_key
        public = _to_raw(found, call, "server's public")
    pair = KeyPair.generate() if keys is None else _to_pair(keys)
    _require_unused(socket, call)
    socket.set(SocketOption.CURVE_SERVERKEY, public)
    socket.set(SocketOption.CURVE_PUBLICKEY, pair.raw_public)
    socket.set(SocketOption.CURVE_SECRETKEY, pair.raw_secret)
    return pair
