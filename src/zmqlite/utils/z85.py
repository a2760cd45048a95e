"""Z85 under the name that pyzmq has it by: see zmqlite.z85."""

from __future__ import annotations

from zmqlite.z85 import Z85CHARS, decode, encode

__all__ = ["Z85CHARS", "decode", "encode"]

# Character by digit, and digit by the number of its character.
Z85MAP = {character: digit for digit, character in enumerate(Z85CHARS)}
