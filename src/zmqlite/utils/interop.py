"""Addresses of other libraries' objects."""

from __future__ import annotations

from typing import Any

from zmqlite.addresses import to_address

__all__ = ["cast_int_addr"]


def cast_int_addr(n: Any) -> int:
    """Turn an int or a cffi pointer into an address.

    Raises:
        ValueError: it is neither.
    """
    try:
        return to_address(n, "cast_int_addr()")
    except TypeError as error:
        raise ValueError(str(error)) from error
