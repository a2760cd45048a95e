"""The authenticator: what it was told to let in, and its answers. How questions reach it is for its subclasses."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Mapping
from contextlib import suppress
from contextvars import ContextVar
from errno import EADDRINUSE
from threading import Lock
from types import AsyncGeneratorType, GeneratorType
from typing import Any

from zmqlite import z85
from zmqlite.constants import SocketType
from zmqlite.context import Context
from zmqlite.errors import ZMQError, error_from_errno
from zmqlite.socket import Socket

from .certs import CertificateFolder
from .rules import AddressSet, check_password
from .zap import ENDPOINT, VERSION, Refusal, Request, encode_metadata, format_reply, split_envelope

TYPE_CHECKING = False
if TYPE_CHECKING:
    import os
    from typing import Union

    from typing_extensions import Self

    _Path = Union[str, os.PathLike[str]]

__all__ = ["CURVE_ALLOW_ANY", "VERSION", "Authenticator", "close_bound"]

CURVE_ALLOW_ANY = "*"
"""As a location of configure_curve(): every client may connect that knows the server's public key."""

_ANY_DOMAIN = "*"
_LINGER_MS = 1
# Where the answer to the question at hand goes: each task has its own.
_envelope: ContextVar[list[bytes]] = ContextVar("_envelope")


def close_bound(socket: Any, endpoint: str) -> None:
    """Close a socket, and have its endpoint free at once: libzmq frees an inproc:// one some time after close()."""
    if socket is not None:
        # The context is terminated, or the parent process's.
        with suppress(ZMQError):
            socket.unbind(endpoint)
        socket.close()


class Authenticator:
    """Answers libzmq's questions who may connect to the sockets of a context, of all its domains (ZAP_DOMAIN).

    This class has the rules and the answers. ThreadAuthenticator, AsyncioAuthenticator and AnyioAuthenticator also
    receive the questions. Whoever uses this class by itself does that: `zap_socket.recv_multipart()`, and awaits
    `handle_zap_message()` for each message.

    A rule for a domain goes before one for `"*"`, which is for all domains that have none. What no rule allows is
    refused; NULL clients are let in, unless allow() or deny() are about their address. Nothing logs a password or key,
    and clients learn nothing but that they are refused.

    Args:
        context: whose sockets it is for; None takes Context.instance().
        encoding: of domains, addresses, user names, passwords and user ids.
        log: a logging.Logger; None takes that of the name `zmq.auth`, as pyzmq.

    Attributes:
        passwords: domain -> user name -> password, as configure_plain() was given them.
        certs: domain -> public key (Z85) -> True, as configure_curve() found them.
        credentials_providers: domain -> what configure_curve_callback() was given.
        zap_socket: receives the questions; None unless started.

    Source: ZeroMQ RFC 27 (ZAP).
    """

    context: Any
    zap_socket: Any
    # A REP for whoever receives by himself, one question after the other.
    _zap_type: int = SocketType.REP
    _zap_class: Any = Socket

    def __init__(self, context: Context[Any] | None = None, encoding: str = "utf-8", log: Any = None) -> None:
        self.context = Context.instance() if context is None else context
        self.encoding = encoding
        self.log = log if log is not None else logging.getLogger("zmq.auth")
        self.passwords: dict[str, Mapping[str, str]] = {}
        self.certs: dict[str, dict[bytes, bool]] = {}
        self.credentials_providers: dict[str, Any] = {}
        self.zap_socket = None
        self._allowed = AddressSet()
        self._denied = AddressSet()
        self._only_allowed = False
        self._folders: dict[str, CertificateFolder] = {}
        self._any_domains: set[str] = set()
        self._keys_lock = Lock()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *args: object) -> None:
        self.stop()

    # ---- life ----

    def start(self) -> None:
        """Bind the socket that receives the questions: before the servers' sockets, which let everybody in until then.

        Raises:
            ZMQError: EADDRINUSE, there is another authenticator in this context.
        """
        socket = self.context.socket(self._zap_type, socket_class=self._zap_class)
        try:
            socket.linger = _LINGER_MS
            socket.bind(ENDPOINT)
        except ZMQError as error:
            socket.close()
            if error.errno != EADDRINUSE:
                raise
            raise error_from_errno(EADDRINUSE, "start()", hint="this context has another authenticator") from None
        self.zap_socket = socket
        self.log.debug("Starting")

    def stop(self) -> None:
        """Close that socket. Servers whose domain is not enforced let everybody in from now on: close them before."""
        socket, self.zap_socket = self.zap_socket, None
        close_bound(socket, ENDPOINT)

    # ---- rules ----

    def allow(self, *addresses: str) -> None:
        """Refuse all clients but those of these addresses. They still have to show their credentials.

        Args:
            *addresses: `192.0.2.1`, `2001:db8::1`, or networks: `192.0.2.0/24`. Names of hosts are not looked up. None
                at all, as of an empty list, refuses everybody until there are some.

        Raises:
            ValueError: there are denied addresses: use one or the other; or it has a `/` and is no network.
        """
        if self._denied:
            raise ValueError("allow(): there are denied addresses: use allow() or deny(), not both")
        self._only_allowed = True
        self._allowed.update(addresses, "allow()")
        self.log.debug("Allowing %s", ",".join(addresses))

    def deny(self, *addresses: str) -> None:
        """Refuse the clients of these addresses.

        Args:
            *addresses: as for allow().

        Raises:
            ValueError: there are allowed addresses: use one or the other; or it has a `/` and is no network.
        """
        if self._only_allowed:
            raise ValueError("deny(): there are allowed addresses: use allow() or deny(), not both")
        self._denied.update(addresses, "deny()")
        self.log.debug("Denying %s", ",".join(addresses))

    def configure_plain(self, domain: str = "*", passwords: Mapping[str, str] | None = None) -> None:
        """Let PLAIN clients in that have the password of a user.

        Args:
            domain: the servers' ZAP_DOMAIN; `"*"` for all that have no passwords of their own.
            passwords: of each user. Changes of the mapping are seen. None changes nothing, `{}` lets nobody in.
        """
        if passwords is not None:
            self.passwords[domain] = passwords
        self.log.debug("Configure plain: %s", domain)

    def configure_curve(self, domain: str = "*", location: _Path = ".") -> None:
        """Let CURVE clients in whose public key is among the certificates of a folder.

        The folder is looked at when a client connects: certificates may come and go at any time, and one that is
        written over is seen within a second. One that cannot be read is logged and lets nobody in.

        Args:
            domain: the servers' ZAP_DOMAIN; `"*"` for all that have no rule of their own.
            location: the folder with the files `*.key`; CURVE_ALLOW_ANY lets everybody in who knows the server's key.
        """
        self.log.debug("Configure curve: %s[%s]", domain, location)
        self._forget_curve(domain)
        if location == CURVE_ALLOW_ANY:
            self._any_domains.add(domain)
        else:
            self._folders[domain] = CertificateFolder(location)
            self._read_folder(domain)

    def configure_curve_callback(self, domain: str = "*", credentials_provider: Any = None) -> None:
        """Let CURVE clients in that a function of yours accepts.

        Args:
            domain: the servers' ZAP_DOMAIN; `"*"` for all that have no rule of their own.
            credentials_provider: an object with `callback(domain, key)`, or such a function; key has 40 characters of
                Z85. It returns whether the client may connect, or an awaitable of that; a mapping that is not empty is
                metadata for the client's messages, see zap.encode_metadata(). One that raises, or returns a generator
                or a future that cannot be awaited, lets nobody in.
        """
        if credentials_provider is None:
            self.log.error("None credentials_provider provided for domain:%s", domain)
            return
        self._forget_curve(domain)
        self.credentials_providers[domain] = credentials_provider

    def configure_gssapi(self, domain: str = "*", location: str | None = None) -> None:
        """Do nothing: GSSAPI has found out who a client is before libzmq asks, and everybody is let in.

        Args:
            domain: ignored.
            location: ignored.
        """

    def curve_user_id(self, client_public_key: bytes) -> str:
        """Tell the user id of a CURVE client that is let in; to be overridden.

        Args:
            client_public_key: 32 bytes.

        Returns:
            What `frame.get("User-Id")` tells of each message of this client: its key in Z85.
        """
        return z85.encode(client_public_key).decode("ascii")

    @property
    def allow_any(self) -> bool:
        """Whether every CURVE client is let in that knows the server's key, in domains that have no rule."""
        return _ANY_DOMAIN in self._any_domains

    @allow_any.setter
    def allow_any(self, value: bool) -> None:
        if value:
            self._any_domains.add(_ANY_DOMAIN)
        else:
            self._any_domains.discard(_ANY_DOMAIN)

    def _forget_curve(self, domain: str) -> None:
        # A moment without a rule lets nobody in, and "*" is not asked for a domain that had one: see _check_curve().
        with self._keys_lock:
            self.certs[domain] = {}
            self._any_domains.discard(domain)
            for rules in (self._folders, self.credentials_providers):
                rules.pop(domain, None)

    def _read_folder(self, domain: str) -> None:
        folder = self._folders.get(domain)
        keys = folder.read_if_changed() if folder is not None else None
        if folder is None or keys is None:
            return
        for path, reason in folder.failures.items():
            self.log.error("Failed to load CURVE certs from %s: %s", path, reason)
        with self._keys_lock:
            # Not those of a folder that another thread has just put aside.
            if self._folders.get(domain) is folder:
                self.certs[domain] = keys

    # ---- answers ----

    async def handle_zap_message(self, msg: list[bytes]) -> None:
        """Answer one question.

        Args:
            msg: what zap_socket has received, of a REP; without the envelope, of another socket.
        """
        request_id = msg[1] if len(msg) > 1 else b""
        user_id, metadata = "", b""
        code, text = 500, "Internal error"
        try:
            user_id, metadata = await self._authenticate(msg)
            code, text = 200, "OK"
        except Refusal as refusal:
            code, text = refusal.code, refusal.reason
        except Exception:  # a callback of the user's: whatever it raises, this client is refused, and the next is asked
            self.log.exception("ZAP: an error while asking who may connect: refused")
        try:
            told = text.encode("ascii", "replace")
            sent = self._send_zap_reply(request_id, b"%d" % code, told, user_id, metadata)
        except (TypeError, ValueError):
            self.log.error("ZAP: a user id is no str or bytes, or has a NUL, which libzmq would cut it at: refused")
            sent = self._send_zap_reply(request_id, b"500", b"Internal error")
        if isinstance(sent, Awaitable):
            await sent

    def _send_zap_reply(
        self, request_id: bytes, status_code: bytes, status_text: bytes, user_id: str = "", metadata: bytes = b""
    ) -> Any:
        user = user_id.encode(self.encoding, "replace") if isinstance(user_id, str) else user_id
        if not isinstance(user, bytes):
            raise TypeError("a user id is str or bytes")
        if b"\0" in user:
            raise ValueError("a user id has no NUL")
        reply = format_reply(request_id, int(status_code), status_text.decode("ascii"), user, metadata)
        self.log.debug("ZAP reply code=%s text=%s", status_code, status_text)
        # An asyncio socket returns an awaitable.
        return None if self.zap_socket is None else self.zap_socket.send_multipart([*_envelope.get([]), *reply])

    async def _handle_envelope(self, message: list[bytes]) -> None:
        """Answer what a ROUTER has received."""
        try:
            envelope, question = split_envelope(message)
        except Refusal:
            self.log.error("ZAP: a message of %d frames that nobody could be answered: ignored", len(message))
            return
        token = _envelope.set(envelope)
        try:
            await self.handle_zap_message(question)
        finally:
            _envelope.reset(token)

    async def _authenticate(self, frames: list[bytes]) -> tuple[str, bytes]:
        """Who it is, and metadata for its messages; a Refusal when it is not let in."""
        try:
            request = Request(frames, self.encoding)
        except Refusal as refusal:
            self.log.error("ZAP: not a question (%s), %d frames", refusal.reason, len(frames))
            raise
        try:
            self._check_address(request.address)
            user_id, metadata = await self._check_credentials(request)
        except Refusal as refusal:
            self.log.info("DENIED %r: %s", request, refusal.reason)
            raise
        self.log.debug("ALLOWED %r user=%r", request, user_id)
        return user_id, metadata

    def _check_address(self, address: str) -> None:
        if self._only_allowed and address not in self._allowed:
            raise Refusal("Address not allowed")
        if address in self._denied:
            raise Refusal("Address denied")

    async def _check_credentials(self, request: Request) -> tuple[str, bytes]:
        mechanism, credentials = request.mechanism, request.credentials
        if mechanism == "PLAIN":
            return self._check_plain(request.domain, *credentials), b""
        if mechanism == "CURVE":
            metadata = await self._check_curve(request.domain, credentials[0])
            return self.curve_user_id(credentials[0]), metadata
        if mechanism == "GSSAPI":
            return credentials[0].decode("utf-8", "replace"), b""
        return "anonymous", b""

    def _check_plain(self, domain: str, user: bytes, password: bytes) -> str:
        for name in (domain, _ANY_DOMAIN):
            if name in self.passwords:
                # One reason for both: not even the log of a client's own answers tells which names exist.
                if not check_password(self.passwords[name], user, password, self.encoding):
                    raise Refusal("Invalid username or password")
                return user.decode(self.encoding)
        raise Refusal("No passwords defined" if not self.passwords else "Invalid domain")

    async def _check_curve(self, domain: str, key: bytes) -> bytes:
        for name in (domain, _ANY_DOMAIN):
            if name in self._any_domains:
                return b""
            if name in self.credentials_providers:
                return await self._ask_provider(self.credentials_providers[name], domain, key)
            if name in self._folders:
                self._read_folder(name)
            if name in self.certs:
                if not self.certs[name].get(z85.encode(key)):
                    raise Refusal("Unknown key")
                return b""
        raise Refusal("Unknown domain")

    async def _ask_provider(self, provider: Any, domain: str, key: bytes) -> bytes:
        # As pyzmq: a socket without a domain is one of "*".
        answer = getattr(provider, "callback", provider)(domain or _ANY_DOMAIN, z85.encode(key))
        while isinstance(answer, Awaitable):
            answer = await answer
        # What is true in itself, and has decided nothing.
        if isinstance(answer, (GeneratorType, AsyncGeneratorType)) or hasattr(answer, "add_done_callback"):
            raise TypeError(f"a callback returned {type(answer).__name__}, which is no answer and cannot be awaited")
        if not answer:
            raise Refusal("Unknown key")
        return encode_metadata(answer) if isinstance(answer, Mapping) else b""
