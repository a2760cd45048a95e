"""ZAP, what libzmq asks an authenticator and how it is answered: the frames, apart from who answers and how.

Source: ZeroMQ RFC 27.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

__all__ = ["ENDPOINT", "VERSION", "Refusal", "Request", "encode_metadata", "format_reply", "split_envelope"]

ENDPOINT = "inproc://zeromq.zap.01"
VERSION = b"1.0"
_CREDENTIALS = {b"NULL": 0, b"PLAIN": 2, b"CURVE": 1, b"GSSAPI": 1}
_CURVE_KEY_SIZE = 32
_LONGEST = 255  # bytes of a status text, a user id, a name
_LONGEST_VALUE = 2**31 - 1


class Refusal(Exception):  # noqa: N818 - an answer, not an error
    """The client is not let in.

    Attributes:
        code: 400, it is refused; 500, the authenticator failed.
        reason: for the log and for whoever reads the reply; clients see only the code.
    """

    def __init__(self, reason: str, code: int = 400) -> None:
        super().__init__(reason)
        self.reason = reason
        self.code = code


class Request:
    """One question: who wants to connect, where and with what. Its repr shows no credentials.

    Args:
        frames: of the question, without the envelope.
        encoding: of domain and address.

    Raises:
        Refusal: the frames are not a question of this version, or its credentials are not those of its mechanism.

    Attributes:
        domain: ZAP_DOMAIN of the server's socket.
        address: of the client: an IP address in figures; what libzmq tells of an ipc:// client.
        routing_id: of the server's socket.
        mechanism: `NULL`, `PLAIN`, `CURVE`, `GSSAPI`.
        credentials: a user's name and password; a public key, 32 bytes; a principal.
    """

    __slots__ = ("address", "credentials", "domain", "mechanism", "routing_id")

    def __init__(self, frames: Sequence[bytes], encoding: str) -> None:
        if len(frames) < 6:
            raise Refusal("Not enough frames")
        version, _, domain, address, self.routing_id, mechanism = frames[:6]
        if version != VERSION:
            raise Refusal("Invalid version")
        self.credentials = [bytes(frame) for frame in frames[6:]]
        if mechanism not in _CREDENTIALS:
            raise Refusal("Unknown mechanism")
        if len(self.credentials) != _CREDENTIALS[mechanism]:
            raise Refusal("Invalid credentials")
        if mechanism == b"CURVE" and len(self.credentials[0]) != _CURVE_KEY_SIZE:
            raise Refusal("Invalid credentials")
        # libzmq would tell receivers a user id that ends there: "admin", of a user "admin\\0x".
        if mechanism in (b"PLAIN", b"GSSAPI") and b"\0" in self.credentials[0]:
            raise Refusal("Invalid credentials")
        self.domain = domain.decode(encoding, "replace")
        self.address = address.decode(encoding, "replace")
        self.mechanism = mechanism.decode("ascii")

    def __repr__(self) -> str:
        return f"<Request({self.mechanism}, domain={self.domain!r}, address={self.address!r})>"


def split_envelope(message: list[bytes]) -> tuple[list[bytes], list[bytes]]:
    """Part what a ROUTER has received into the way back and the question.

    Returns:
        The frames up to and with the first empty one, and those after it.

    Raises:
        Refusal: there is no empty frame: nobody could be answered.
    """
    try:
        end = message.index(b"") + 1
    except ValueError:
        raise Refusal("No way back") from None
    return message[:end], message[end:]


def format_reply(request_id: bytes, code: int, text: str, user_id: bytes, metadata: bytes) -> list[bytes]:
    """The frames of an answer.

    Args:
        request_id: as asked.
        code: 200, 300, 400 or 500.
        text: for people, cut to 255 bytes.
        user_id: who it is; empty unless code is 200.
        metadata: see encode_metadata(); empty unless code is 200.
    """
    told = text.encode("ascii", "replace")[:_LONGEST]
    let_in = code == 200
    return [VERSION, request_id, b"%d" % code, told, user_id if let_in else b"", metadata if let_in else b""]


def encode_metadata(properties: Mapping[str, str | bytes]) -> bytes:
    """Encode what the receivers of a client's messages can ask of each of them: `frame.get("X-Role")`.

    Args:
        properties: names of 1 to 255 characters of ASCII, by custom with an `X-` in front, and values: bytes, or text
            that becomes UTF-8.

    Raises:
        TypeError: a name is no str, or a value neither str nor bytes.
        ValueError: a name or a value is too long, or is not what it can be.

    Source: ZeroMQ RFC 23, metadata.
    """
    encoded = []
    for name, value in properties.items():
        if not isinstance(name, str):
            raise TypeError(f"metadata has names of str, got {type(name).__name__}")
        if not (0 < len(name) <= _LONGEST and name.isascii() and name.isprintable()):
            raise ValueError(f"a name of metadata has 1 to 255 characters of ASCII, got {name[:_LONGEST]!r}")
        data = value.encode("utf-8") if isinstance(value, str) else value
        if not isinstance(data, bytes):
            raise TypeError(f"metadata has values of str or bytes, {name!r} has {type(value).__name__}")
        if b"\0" in data or len(data) > _LONGEST_VALUE:
            raise ValueError(f"the value of {name!r} has a NUL, which libzmq would cut it at, or is too long")
        encoded.append(bytes([len(name)]) + name.encode("ascii") + len(data).to_bytes(4, "big") + data)
    return b"".join(encoded)
