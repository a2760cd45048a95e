"""zmqlite.asyncio, under pyzmq's name."""

from zmqlite.asyncio import Context, Poller, Socket, ZMQEventLoop, install

__all__ = ["Context", "Poller", "Socket", "ZMQEventLoop", "install"]


class ProactorSelectorThreadWarning(RuntimeWarning):
    """Never given: zmqlite needs no selector thread of tornado's on a Proactor loop."""
