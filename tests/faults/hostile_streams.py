"""What a hostile peer may write: byte streams that look like ZMTP 1 to 3, more or less, each made from a seed."""

from __future__ import annotations

import random
import struct

TYPES = b"REQ REP DEALER ROUTER PUB SUB XPUB XSUB PUSH PULL PAIR STREAM CLIENT SERVER RADIO DISH SCATTER GATHER".split()
MECHANISMS = (b"NULL", b"PLAIN", b"CURVE", b"GSSAPI", b"null", b"", b"X" * 20)
LENGTHS = (0, 1, 2, 254, 255, 256, 1 << 16, 1 << 31, (1 << 32) - 1, 1 << 40, 1 << 62, (1 << 63) - 1, (1 << 64) - 1)
SIGNATURE = b"\xff" + bytes(8) + b"\x7f"
OTHER_PROTOCOLS = (
    b"GET / HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nSec-WebSocket-Key: x\r\n\r\n",
    b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(64),
    b"SSH-2.0-x\r\n",
    b"\x05\x01\x00",
)


class Streams:
    """Makes streams; the same seed makes the same.

    Args:
        seed: of all that follows.
        recorded: what honest clients wrote, to replay with changes.
    """

    def __init__(self, seed: int, recorded: list[bytes]) -> None:
        self._choose = random.Random(seed)
        self._recorded = recorded
        self._seam = 0
        self._kinds = [
            self._noise,
            self._other_protocol,
            self._greeting,
            self._first_version,
            self._second_version,
            self._ready,
            self._ready,
            self._traffic,
            self._traffic,
            self._traffic,
            self._handshake,
            self._subscriptions,
            self._replay,
            self._replay,
        ]

    def next(self) -> tuple[str, list[bytes]]:
        """Make a stream: its kind, and the pieces to write one after the other."""
        kind = self._choose.choice(self._kinds)
        self._seam = 0
        data = kind()
        for _ in range(self._choose.choice((0, 0, 0, 1, 3))):
            data = data[: self._seam] + self._damage(data[self._seam :])
        if self._choose.random() < 0.15:
            data = data[: self._choose.randrange(len(data) + 1)]
        # What comes before the handshake is done is refused: first the handshake, then the rest.
        seam = self._seam if self._choose.random() < 0.9 else 0
        pieces = [data[:seam]] if seam else []
        return kind.__name__.strip("_"), pieces + self._cut(data[seam:])

    def _cut(self, data: bytes) -> list[bytes]:
        # Whole, in a few pieces, or a byte at a time.
        way = self._choose.random()
        if way < 0.5:
            return [data]
        if way < 0.95:
            places = sorted(self._choose.randrange(len(data) + 1) for _ in range(self._choose.randrange(1, 6)))
            return [data[begin:end] for begin, end in zip([0, *places], [*places, len(data)])]
        return [data[place : place + 1] for place in range(min(len(data), 150))] + [data[150:]]

    def _damage(self, data: bytes) -> bytes:
        changed = bytearray(data or b"x")
        place = self._choose.randrange(len(changed))
        way = self._choose.randrange(4)
        if way == 0:
            changed[place] ^= 1 << self._choose.randrange(8)
        elif way == 1:
            changed[place] = self._choose.choice((0, 1, 2, 4, 0x7F, 0x80, 0xFF))
        elif way == 2:
            del changed[place : place + self._choose.randrange(1, 20)]
        else:
            changed[place:place] = self._bytes(20)
        return bytes(changed)

    def _bytes(self, longest: int) -> bytes:
        return bytes(self._choose.getrandbits(8) for _ in range(self._choose.randrange(longest)))

    # ---- the parts of ZMTP ----

    def _head(self, mechanism: bytes = b"NULL") -> bytes:
        version = self._choose.choice((b"\3\0", b"\3\1", b"\3\1", b"\3\x09", b"\x7f\xff"))
        server = bytes([self._choose.choice((0, 0, 0, 1, 255))])
        return SIGNATURE + version + mechanism[:20].ljust(20, b"\0") + server + bytes(31)

    def _frame(self, body: bytes, flags: int = 0, length: int | None = None) -> bytes:
        size = len(body) if length is None else length
        if size > 255 or flags & 2 or self._choose.random() < 0.1:
            return bytes([flags | 2]) + struct.pack(">Q", size & (1 << 64) - 1) + body
        return bytes([flags, size]) + body

    def _command(self, name: bytes, body: bytes, length: int | None = None) -> bytes:
        claimed = len(name) if self._choose.random() < 0.9 else self._choose.randrange(256)
        return self._frame(bytes([claimed]) + name + body, 4, length)

    def _property(self, name: bytes, value: bytes) -> bytes:
        claimed = self._choose.choice((len(value),) * 12 + LENGTHS) & 0xFFFFFFFF
        return bytes([len(name) & 255]) + name + struct.pack(">I", claimed) + value

    def _metadata(self) -> bytes:
        choose = self._choose
        parts = [self._property(b"Socket-Type", choose.choice(TYPES))]
        for _ in range(choose.randrange(4)):
            identity = choose.choice((b"", b"\0" + self._bytes(5), b"\0" * 5, self._bytes(300), b"honest"))
            name = choose.choice((b"Identity", b"Socket-Type", b"identity", b"", b"X-" + self._bytes(250), b"\xff" * 3))
            parts.append(self._property(name, identity))
        choose.shuffle(parts)
        return b"".join(parts)

    # ---- kinds of streams ----

    def _noise(self) -> bytes:
        return self._bytes(400)

    def _other_protocol(self) -> bytes:
        return self._choose.choice(OTHER_PROTOCOLS) + self._bytes(50)

    def _greeting(self) -> bytes:
        return self._head(self._choose.choice(MECHANISMS)) + self._bytes(30)

    def _first_version(self) -> bytes:
        # Length, flags, body; the first frame is the routing id.
        frames = [self._bytes(self._choose.choice((1, 6, 200))) for _ in range(self._choose.randrange(6))]
        out = b""
        for frame in frames:
            length = self._choose.choice((len(frame) + 1,) * 8 + LENGTHS)
            flags = bytes([self._choose.choice((0, 0, 1, 2, 255))])
            out += (bytes([length]) if length < 255 else b"\xff" + struct.pack(">Q", length)) + flags + frame
        return out

    def _second_version(self) -> bytes:
        out = SIGNATURE + bytes([self._choose.choice((0, 1, 1, 2)), self._choose.randrange(16)])
        return out + self._frame(self._bytes(20)) + self._messages()

    def _ready(self) -> bytes:
        length = self._choose.choice((None,) * 9 + LENGTHS)
        return self._head() + self._command(b"READY", self._metadata(), length) + self._bytes(20)

    def _opened(self) -> bytes:
        ready = b"\5READY" + self._property(b"Socket-Type", self._choose.choice(TYPES))
        usual = SIGNATURE + b"\3\1" + b"NULL".ljust(20, b"\0") + bytes(32)
        head = usual if self._choose.random() < 0.8 else self._head()
        out = head + bytes([4, len(ready)]) + ready
        self._seam = len(out)
        return out

    def _messages(self) -> bytes:
        choose = self._choose
        out = b""
        for _ in range(choose.randrange(12)):
            flags = choose.choice((0, 0, 1, 1, 2, 3, 4, 5, 6, 7, 8, 0x80, 255))
            length = choose.choice((None,) * 12 + LENGTHS)
            body = choose.choice((b"", b"\0", b"\1x", b"x" * 300, b"\4PING\0\1", self._bytes(60)))
            out += self._frame(body, flags, length)
        return out

    def _traffic(self) -> bytes:
        return self._opened() + self._messages()

    def _subscriptions(self) -> bytes:
        out = self._opened()
        for _ in range(self._choose.randrange(20)):
            topic = self._choose.choice((b"", b"a", b"ab", self._bytes(300), b"\0" * 9))
            if self._choose.random() < 0.5:
                out += self._frame(bytes([self._choose.choice((0, 1, 2, 255))]) + topic)
            else:
                names = (b"SUBSCRIBE", b"CANCEL", b"JOIN", b"LEAVE", b"PING", b"PONG", b"ERROR", b"READY", b"")
                out += self._command(self._choose.choice(names), topic)
        return out

    def _handshake(self) -> bytes:
        choose = self._choose
        mechanism = choose.choice((b"CURVE", b"CURVE", b"PLAIN", b"GSSAPI", b"NULL"))
        out = self._head(mechanism)
        for _ in range(choose.randrange(1, 4)):
            name = choose.choice((b"HELLO", b"INITIATE", b"MESSAGE", b"WELCOME", b"READY", b"ERROR", b"INITIATF"))
            size = choose.choice((0, 1, 193, 194, 195, 250, 251, 252, 300, 66000))
            out += self._command(name, choose.choice((b"\1\0", b"\0", b"\1\1")) + bytes(size))
        return out + self._messages()

    def _replay(self) -> bytes:
        return self._choose.choice(self._recorded)
