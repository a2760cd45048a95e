"""pyomq, a ZeroMQ in Rust."""

from __future__ import annotations

import pyomq

from .zmq_api import ZmqApi

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

__all__ = ["Adapter"]


class Adapter(ZmqApi):
    """pyomq, as it is installed."""

    def __init__(self, **options: Any) -> None:
        super().__init__(pyomq, **options)

    def describe(self) -> dict[str, Any]:
        """Its version; it has no libzmq."""
        return {"version": pyomq.pyomq_version()}
