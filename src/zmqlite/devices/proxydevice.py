"""Devices with a third socket that gets a copy of every message."""

from __future__ import annotations

from zmqlite.constants import SocketType
from zmqlite.proxy import proxy

from .basedevice import Device, ProcessDevice, ThreadDevice, _Plan

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from zmqlite.socket import Socket

__all__ = ["ProcessProxy", "Proxy", "ThreadProxy"]


class ProxyBase(Device):
    """The monitor of a Device; a base beside one of the three kinds of Device."""

    def __init__(self, in_type: int, out_type: int, mon_type: int = SocketType.PUB) -> None:
        Device.__init__(self, in_type=in_type, out_type=out_type)
        self.mon_type = mon_type
        self._mon = _Plan()

    def bind_mon(self, addr: str) -> None:
        """Bind the monitor socket to this endpoint when the device runs."""
        self._mon.binds.append(addr)

    def bind_mon_to_random_port(self, addr: str, *args: int, **kwargs: int) -> int:
        """Bind the monitor socket to a free port when the device runs: see Device.bind_in_to_random_port()."""
        return self._plan_port(self._mon, addr, *args, **kwargs)

    def connect_mon(self, addr: str) -> None:
        """Connect the monitor socket to this endpoint when the device runs."""
        self._mon.connects.append(addr)

    def setsockopt_mon(self, opt: int, value: Any) -> None:
        """Set an option of the monitor socket when the device runs, before it binds and connects."""
        self._mon.options.append((opt, value))

    def _setup_sockets(self) -> tuple[Socket[Any], ...]:
        return (*Device._setup_sockets(self), self._make_socket(self.mon_type, self._mon))

    def run_device(self) -> None:
        """Make the sockets and forward; run() calls it."""
        proxy(*self._setup_sockets())


class Proxy(ProxyBase, Device):
    """Forward between two sockets in the calling thread, and copy every message to a third.

    Args:
        in_type: the SocketType of the side of the clients.
        out_type: the SocketType of the side of the services; negative for one socket that reflects.
        mon_type: the SocketType of the monitor: PUB, DEALER, PUSH or PAIR.

    Source: zmq_proxy(3).
    """


class ThreadProxy(ProxyBase, ThreadDevice):
    """A Proxy in a thread of its own."""


class ProcessProxy(ProxyBase, ProcessDevice):
    """A Proxy in a process of its own."""
