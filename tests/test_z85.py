"""Z85 is what RFC 32 and pyzmq say it is, and never shows what it was given."""

from __future__ import annotations

import pytest

from zmqlite import z85

# RFC 32's own example.
RAW = bytes((0x86, 0x4F, 0xD2, 0x6F, 0xB5, 0x59, 0xF7, 0x5B))
TEXT = b"HelloWorld"


def test_example_of_the_rfc() -> None:
    """The 8 bytes of RFC 32 are HelloWorld."""
    assert z85.encode(RAW) == TEXT
    assert z85.decode(TEXT) == RAW


@pytest.mark.parametrize("raw", [b"", b"\0\0\0\0", b"\xff\xff\xff\xff", bytes(range(256)), b"\0" * 3 + b"\x01"])
def test_decode_undoes_encode(raw: bytes) -> None:
    """Any bytes of a length that 4 divides come back, the smallest and the largest too."""
    text = z85.encode(raw)
    assert len(text) == len(raw) // 4 * 5
    assert z85.decode(text) == raw


@pytest.mark.parametrize("kind", [bytes, bytearray, memoryview])
def test_any_buffer_is_taken(kind: type) -> None:
    """bytes, bytearray and memoryview all do, and so does text to decode."""
    assert z85.encode(kind(RAW)) == TEXT
    assert z85.decode(kind(TEXT)) == RAW
    assert z85.decode(TEXT.decode()) == RAW


def test_wrong_length_raises_value_error() -> None:
    """4 must divide the bytes, 5 the characters."""
    with pytest.raises(ValueError, match="4 divides, not 3"):
        z85.encode(b"abc")
    with pytest.raises(ValueError, match="5 divides, not 4"):
        z85.decode(b"abcd")


@pytest.mark.parametrize("text", ["Hell~", b"Hel\0o", "Hell\u00f6", "Hel o", 'Hel"o', b"Hell\xff", "H\\llo", "a,bcd"])
def test_foreign_character_raises_value_error(text: str | bytes) -> None:
    """A character that is not one of the 85 is refused, and not shown."""
    with pytest.raises(ValueError, match="not Z85") as caught:
        z85.decode(text)
    assert "Hel" not in str(caught.value)


@pytest.mark.parametrize("text", [b"#####", b"%nSc1"])
def test_more_than_four_bytes_hold_raises_value_error(text: bytes) -> None:
    """%nSc0 is 2**32 - 1, the last that 4 bytes hold."""
    assert z85.decode(b"%nSc0") == b"\xff\xff\xff\xff"
    with pytest.raises(ValueError, match="more than 4 bytes"):
        z85.decode(text)


def test_text_to_encode_raises_type_error() -> None:
    """encode() takes bytes, not text."""
    with pytest.raises(TypeError):
        z85.encode("text")  # type: ignore[arg-type]
