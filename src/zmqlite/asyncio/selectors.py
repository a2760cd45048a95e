"""pyzmq's names of a time when asyncio needed a loop of its own for ZeroMQ. Any loop does."""

from __future__ import annotations

import asyncio
import selectors
from warnings import warn

__all__ = ["ZMQEventLoop", "install"]

_DEPRECATED = "ZMQEventLoop and install() are deprecated: any asyncio loop does"


class ZMQEventLoop(asyncio.SelectorEventLoop):
    """Deprecated: a SelectorEventLoop."""

    def __init__(self, selector: selectors.BaseSelector | None = None) -> None:
        warn(_DEPRECATED, DeprecationWarning, stacklevel=2)
        super().__init__(selector)


def install() -> None:
    """Do nothing. Deprecated."""
    warn(_DEPRECATED, DeprecationWarning, stacklevel=2)
