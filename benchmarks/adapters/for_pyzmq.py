"""pyzmq."""

from __future__ import annotations

import sys

import zmq

from .zmq_api import ZmqApi

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

__all__ = ["Adapter"]


class Adapter(ZmqApi):
    """pyzmq, as it is installed.

    Raises:
        ImportError: the module zmq is not pyzmq's.
    """

    def __init__(self, **options: Any) -> None:
        if "zmqlite" in sys.modules:
            raise ImportError("the module zmq here is zmqlite's own")
        super().__init__(zmq, **options)
