"""Z85: bytes as printable text, 4 bytes in 5 characters. CURVE keys are written so.

No message quotes what was given: it may be a secret key.

Source: ZeroMQ RFC 32.
"""

from __future__ import annotations

import struct

Z85CHARS = b"0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.-:+=^!/*?&<>()[]{}@%$#"

# Character -> its digit, for bytes.translate().
_DIGITS = bytes(max(Z85CHARS.find(bytes((character,))), 0) for character in range(256))


def encode(rawbytes: bytes | bytearray | memoryview) -> bytes:
    """Write bytes as Z85.

    Args:
        rawbytes: any buffer, of a length that 4 divides.

    Returns:
        5 characters, as bytes, for each 4 bytes.

    Raises:
        ValueError: 4 does not divide the length.
    """
    data = memoryview(rawbytes).tobytes()
    if len(data) % 4:
        raise ValueError(f"Z85 encodes bytes of a length that 4 divides, not {len(data)}")
    text = bytearray()
    for number in struct.unpack(f">{len(data) // 4}I", data):
        number, fifth = divmod(number, 85)
        number, fourth = divmod(number, 85)
        number, third = divmod(number, 85)
        first, second = divmod(number, 85)
        text += bytes((first, second, third, fourth, fifth))
    return bytes(text.translate(_TO_CHARACTER))


def decode(z85bytes: str | bytes | bytearray | memoryview) -> bytes:
    """Read Z85 back into bytes.

    Args:
        z85bytes: text or any buffer, of a length that 5 divides.

    Returns:
        4 bytes for each 5 characters.

    Raises:
        ValueError: 5 does not divide the length, a character is not one of Z85, or 5 characters are more than 4
            bytes can hold.
    """
    # A character outside ASCII becomes bytes outside Z85.
    text = z85bytes.encode("utf-8") if isinstance(z85bytes, str) else memoryview(z85bytes).tobytes()
    if text.translate(None, Z85CHARS):
        place = next(place for place, character in enumerate(text) if character not in Z85CHARS)
        raise ValueError(f"not Z85: the character at {place} is not one of its 85")
    if len(text) % 5:
        raise ValueError(f"Z85 has a length that 5 divides, not {len(text)}")
    digits = text.translate(_DIGITS)
    numbers = [
        (((first * 85 + second) * 85 + third) * 85 + fourth) * 85 + fifth
        for first, second, third, fourth, fifth in zip(
            digits[0::5], digits[1::5], digits[2::5], digits[3::5], digits[4::5]
        )
    ]
    if numbers and max(numbers) > 0xFFFFFFFF:
        raise ValueError("not Z85: 5 of its characters are more than 4 bytes can hold")
    return struct.pack(f">{len(numbers)}I", *numbers)


# Digit -> its character; the rest is never looked at.
_TO_CHARACTER = Z85CHARS.ljust(256, b"\0")

__all__ = ["Z85CHARS", "decode", "encode"]
