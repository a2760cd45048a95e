"""A device is a description of two sockets, which are made where it runs and forwarded between until the context ends.

Nothing is checked before the device runs: a bind that fails is raised by run(), in the thread or process that runs it.
"""

from __future__ import annotations

import time
from errno import ENOTSOCK
from multiprocessing import Process
from threading import Thread
from typing import Any

from zmqlite.constants import DeviceType, SocketType
from zmqlite.context import Context
from zmqlite.errors import ETERM, ZMQBindError, ZMQError
from zmqlite.proxy import proxy

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from zmqlite.socket import Socket

__all__ = ["Device", "ProcessDevice", "ThreadDevice"]

_PORT_TRIES = 5
_LOOK_S = 0.001


class _Plan:
    """What to do with one socket once it is made: options first, because a routing id counts from the next connect."""

    def __init__(self) -> None:
        self.options: list[tuple[int, Any]] = []
        self.binds: list[str] = []
        self.connects: list[str] = []

    def carry_out(self, socket: Socket[Any]) -> None:
        """Set the options, bind, connect."""
        for option, value in self.options:
            socket.setsockopt(option, value)
        for address in self.binds:
            socket.bind(address)
        for address in self.connects:
            socket.connect(address)


class Device:
    """Forward between two sockets in the calling thread: start() returns when the context ends.

    Args:
        device_type: QUEUE, FORWARDER or STREAMER; says what it is for and changes nothing.
        in_type: the SocketType of the side of the clients.
        out_type: the SocketType of the side of the services; negative for one socket that reflects.

    Attributes:
        context_factory: makes the context, or gets it, where the device runs.
        daemon: whether the thread or process of a background device ends with the program; True.
        done: whether run() is over.

    Raises:
        TypeError: in_type or out_type is missing.

    Source: zmq_proxy(3).
    """

    context_factory: Callable[[], Context[Any]] = Context.instance
    daemon: bool
    done: bool
    device_type: int
    in_type: int
    out_type: int

    def __init__(
        self, device_type: int = DeviceType.QUEUE, in_type: int | None = None, out_type: int | None = None
    ) -> None:
        if in_type is None or out_type is None:
            raise TypeError(f"{type(self).__name__}() takes in_type and out_type: give a SocketType for each")
        self.device_type, self.in_type, self.out_type = device_type, in_type, out_type
        self.daemon = True
        self.done = False
        self._in, self._out = _Plan(), _Plan()
        self._reserved: set[str] = set()
        self._context: Any = None
        self._sockets: list[Socket[Any]] = []

    def bind_in(self, addr: str) -> None:
        """Bind the in socket to this endpoint when the device runs."""
        self._in.binds.append(addr)

    def bind_out(self, addr: str) -> None:
        """Bind the out socket to this endpoint when the device runs."""
        self._out.binds.append(addr)

    def bind_in_to_random_port(self, addr: str, *args: int, **kwargs: int) -> int:
        """Bind the in socket to a free port when the device runs.

        The port is found now and free until then: another program may take it meanwhile.

        Args:
            addr: as `tcp://127.0.0.1`, without a port.
            *args: as for Socket.bind_to_random_port().
            **kwargs: likewise.

        Returns:
            The port.
        """
        return self._plan_port(self._in, addr, *args, **kwargs)

    def bind_out_to_random_port(self, addr: str, *args: int, **kwargs: int) -> int:
        """Bind the out socket to a free port when the device runs: see bind_in_to_random_port()."""
        return self._plan_port(self._out, addr, *args, **kwargs)

    def connect_in(self, addr: str) -> None:
        """Connect the in socket to this endpoint when the device runs."""
        self._in.connects.append(addr)

    def connect_out(self, addr: str) -> None:
        """Connect the out socket to this endpoint when the device runs."""
        self._out.connects.append(addr)

    def setsockopt_in(self, opt: int, value: Any) -> None:
        """Set an option of the in socket when the device runs, before it binds and connects."""
        self._in.options.append((opt, value))

    def setsockopt_out(self, opt: int, value: Any) -> None:
        """Set an option of the out socket when the device runs, before it binds and connects."""
        self._out.options.append((opt, value))

    def _plan_port(self, plan: _Plan, addr: str, *args: int, **kwargs: int) -> int:
        port = self._reserve_random_port(addr, *args, **kwargs)
        plan.binds.append(f"{addr}:{port}")
        return port

    def _reserve_random_port(self, addr: str, *args: int, **kwargs: int) -> int:
        """Find a port that is free, and that this device has not promised before."""
        for _ in range(_PORT_TRIES):
            with Context() as context, context.socket(SocketType.PUSH) as probe:
                port: int = probe.bind_to_random_port(addr, *args, **kwargs)
            endpoint = f"{addr}:{port}"
            if endpoint not in self._reserved:
                self._reserved.add(endpoint)
                return port
        raise ZMQBindError(f"{type(self).__name__}: no free port was found at {addr}")

    def _make_socket(self, socket_type: int, plan: _Plan) -> Socket[Any]:
        made: Socket[Any] = self._context.socket(socket_type)
        self._sockets.append(made)
        plan.carry_out(made)
        return made

    def _setup_sockets(self) -> tuple[Socket[Any], ...]:
        """Make the sockets, in the order in which the proxy takes them."""
        self._context = self.context_factory()
        ins = self._make_socket(self.in_type, self._in)
        if self.out_type < 0:
            self._out.carry_out(ins)
            return ins, ins
        return ins, self._make_socket(self.out_type, self._out)

    def _close_sockets(self) -> None:
        for socket in self._sockets:
            socket.close()
        self._sockets.clear()

    def run_device(self) -> None:
        """Make the sockets and forward; run() calls it, and a subclass may do something else here."""
        proxy(*self._setup_sockets())

    def run(self) -> None:
        """Run the device until its context ends or its sockets are closed; what else goes wrong is raised.

        Raises:
            ZMQError: a socket could not be made, bound or connected, or an option was refused.
        """
        try:
            self.run_device()
        except ZMQError as error:
            if error.errno not in (ETERM, ENOTSOCK):
                raise
        finally:
            self.done = True
            self._close_sockets()

    def start(self) -> None:
        """Run the device here: returns when it is over."""
        self.run()

    def join(self, timeout: float | None = None) -> None:
        """Wait until the device is over.

        Args:
            timeout: seconds; None waits for ever. `done` tells whether it is over.
        """
        until = None if timeout is None else time.monotonic() + timeout
        # A bool and not an Event: a device must be picklable, to be run in another process.
        while not self.done and (until is None or time.monotonic() < until):
            time.sleep(_LOOK_S)


class BackgroundDevice(Device):
    """A device that start() runs beside the program: see ThreadDevice and ProcessDevice.

    Attributes:
        launcher: the Thread or Process; None before start().
    """

    launcher: Any = None
    _launch_class: Any = None

    def start(self) -> None:
        """Start the thread or process that runs the device."""
        self.launcher = self._launch_class(target=self.run)
        self.launcher.daemon = self.daemon
        self.launcher.start()

    def join(self, timeout: float | None = None) -> None:
        """Wait until the thread or process is over.

        Args:
            timeout: seconds; None waits for ever.
        """
        self.launcher.join(timeout=timeout)


class ThreadDevice(BackgroundDevice):
    """A device in a thread of its own, with the context of Context.instance()."""

    _launch_class = Thread


class ProcessDevice(BackgroundDevice):
    """A device in a process of its own, with a context of its own."""

    _launch_class = Process
    context_factory = Context

    def __getstate__(self) -> dict[str, Any]:
        # A Process that is started by spawn or forkserver pickles its target, and cannot pickle itself.
        return {**self.__dict__, "launcher": None}
