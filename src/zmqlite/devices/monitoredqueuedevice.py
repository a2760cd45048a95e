"""Proxies whose monitor gets a first frame that says which way the message went."""

from __future__ import annotations

from zmqlite.constants import SocketType

from .monitoredqueue import monitored_queue
from .proxydevice import ProcessProxy, Proxy, ProxyBase, ThreadProxy

__all__ = ["MonitoredQueue", "ProcessMonitoredQueue", "ThreadMonitoredQueue"]


class MonitoredQueueBase(ProxyBase):
    """The prefixes of a monitored queue; a base beside one of the three kinds of Proxy."""

    def __init__(
        self,
        in_type: int,
        out_type: int,
        mon_type: int = SocketType.PUB,
        in_prefix: bytes = b"in",
        out_prefix: bytes = b"out",
    ) -> None:
        super().__init__(in_type=in_type, out_type=out_type, mon_type=mon_type)
        self._in_prefix, self._out_prefix = in_prefix, out_prefix

    def run_device(self) -> None:
        """Make the sockets and forward; run() calls it."""
        ins, outs, mons = self._setup_sockets()
        monitored_queue(ins, outs, mons, self._in_prefix, self._out_prefix)


class MonitoredQueue(MonitoredQueueBase, Proxy):
    """A monitored queue in the calling thread. ROUTER may stand on both sides.

    Args:
        in_type: the SocketType of the side of the clients.
        out_type: the SocketType of the side of the services.
        mon_type: the SocketType of the monitor: PUB, DEALER, PUSH or PAIR.
        in_prefix: the first frame of what came from the in socket.
        out_prefix: the first frame of what came from the out socket.
    """


class ThreadMonitoredQueue(MonitoredQueueBase, ThreadProxy):
    """A monitored queue in a thread of its own."""


class ProcessMonitoredQueue(MonitoredQueueBase, ProcessProxy):
    """A monitored queue in a process of its own."""
