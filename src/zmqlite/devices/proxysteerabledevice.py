"""Proxies that obey a fourth socket: PAUSE, RESUME, STATISTICS, TERMINATE."""

from __future__ import annotations

from typing import Any

from zmqlite.constants import SocketType
from zmqlite.proxy import proxy_steerable

from .basedevice import _Plan
from .proxydevice import ProcessProxy, Proxy, ProxyBase, ThreadProxy

TYPE_CHECKING = False
if TYPE_CHECKING:
    from zmqlite.socket import Socket

__all__ = ["ProcessProxySteerable", "ProxySteerable", "ThreadProxySteerable"]


class ProxySteerableBase(ProxyBase):
    """The control socket of a Proxy; a base beside one of the three kinds of Proxy."""

    def __init__(
        self, in_type: int, out_type: int, mon_type: int = SocketType.PUB, ctrl_type: int | None = None
    ) -> None:
        super().__init__(in_type=in_type, out_type=out_type, mon_type=mon_type)
        self.ctrl_type = ctrl_type
        self._ctrl = _Plan()

    def bind_ctrl(self, addr: str) -> None:
        """Bind the control socket to this endpoint when the device runs."""
        self._ctrl.binds.append(addr)

    def bind_ctrl_to_random_port(self, addr: str, *args: int, **kwargs: int) -> int:
        """Bind the control socket to a free port when the device runs: see Device.bind_in_to_random_port()."""
        return self._plan_port(self._ctrl, addr, *args, **kwargs)

    def connect_ctrl(self, addr: str) -> None:
        """Connect the control socket to this endpoint when the device runs."""
        self._ctrl.connects.append(addr)

    def setsockopt_ctrl(self, opt: int, value: Any) -> None:
        """Set an option of the control socket when the device runs, before it binds and connects."""
        self._ctrl.options.append((opt, value))

    def _setup_sockets(self) -> tuple[Socket[Any], ...]:
        if self.ctrl_type is None:
            raise TypeError(f"{type(self).__name__}() takes a ctrl_type: PAIR, SUB, PULL or REP")
        return (*super()._setup_sockets(), self._make_socket(self.ctrl_type, self._ctrl))

    def run_device(self) -> None:
        """Make the sockets and forward; run() calls it."""
        proxy_steerable(*self._setup_sockets())


class ProxySteerable(ProxySteerableBase, Proxy):
    """A Proxy in the calling thread that a control socket pauses, resumes, asks and ends.

    Args:
        in_type: the SocketType of the side of the clients.
        out_type: the SocketType of the side of the services; negative for one socket that reflects.
        mon_type: the SocketType of the monitor: PUB, DEALER, PUSH or PAIR.
        ctrl_type: the SocketType of the control socket: PAIR, SUB, PULL or REP.

    Source: zmq_proxy_steerable(3).
    """


class ThreadProxySteerable(ProxySteerableBase, ThreadProxy):
    """A ProxySteerable in a thread of its own."""


class ProcessProxySteerable(ProxySteerableBase, ProcessProxy):
    """A ProxySteerable in a process of its own."""
