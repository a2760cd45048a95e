"""Addresses of libzmq's objects, as other libraries hand them over."""

from __future__ import annotations

from ._native import ffi

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

__all__ = ["to_address"]


def to_address(value: Any, call: str) -> int:
    """Turn a Context, Socket, int or pointer of another library into an address.

    Raises:
        TypeError: value is nothing of the kind.
    """
    value = getattr(value, "underlying", value)
    if isinstance(value, int):
        return value
    if isinstance(value, ffi.CData):
        return int(ffi.cast("uintptr_t", value))
    if type(value).__name__ in ("CDataOwn", "_CDataBase", "CData") or hasattr(value, "_type_"):
        import ctypes

        return int(ctypes.cast(value, ctypes.c_void_p).value or 0)
    raise TypeError(f"{call} takes an address or an object with .underlying, got {type(value).__name__}")
