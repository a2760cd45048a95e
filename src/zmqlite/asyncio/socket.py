"""The asyncio socket: its life, its loop, its options."""

from __future__ import annotations

from typing import Any
from warnings import warn

from zmqlite.socket import Socket as BaseSocket

from .drivers import LoopDriver
from .ready import current_loop
from .receiving import ReceivingForms
from .sending import SendingForms

TYPE_CHECKING = False
if TYPE_CHECKING:
    from asyncio import AbstractEventLoop
    from collections.abc import AsyncIterator

    from typing_extensions import Self

    from zmqlite.monitor import MonitorMessage

__all__ = ["Socket"]

class Socket(ReceivingForms, SendingForms):
    """A Socket whose send, recv and poll return Futures: done at once, or when the loop has seen to them.

    It belongs to no loop: it follows the one that runs. Made by zmqlite.asyncio.Context.socket(), or from a Socket
    that is there: Socket.from_socket().

    Args:
        context: a Context; or a Socket to share.
        socket_type: a SocketType.
        io_loop: deprecated, without effect.
        **kwargs: as for zmqlite.Socket.

    Source: zmq_socket(3).
    """


    def __init__(
        self,
        context: Any = None,
        socket_type: int = -1,
        io_loop: Any = None,
        _from_socket: Any = None,
        **kwargs: Any,
    ) -> None:
        if io_loop is not None:
            warn("Socket(io_loop) has no effect: the running loop is used", DeprecationWarning, stacklevel=3)
        if isinstance(context, BaseSocket):
            context, _from_socket = None, context
        if _from_socket is not None:
            super().__init__(shadow=_from_socket, **kwargs)
        else:
            super().__init__(context, socket_type, **kwargs)

    @classmethod
    def from_socket(cls, socket: Any, io_loop: Any = None) -> Self:
        """Share a Socket: the same libzmq socket, with calls that return Futures.

        Args:
            socket: a Socket, which stays usable.
            io_loop: deprecated, without effect.
        """
        return cls(_from_socket=socket, io_loop=io_loop)

    # ---- life ----

    def close(self, linger: int | None = None) -> None:
        """Close the socket, as Socket.close() does. Calls that wait are cancelled.

        Args:
            linger: milliseconds; -1 for ever; None keeps the socket's own LINGER.
        """
        if not self.closed:
            self._readiness.abandon(None)
        super().close(linger)

    def __del__(self) -> None:
        readiness = self._readiness
        if readiness is not None and readiness.driver is not None:
            readiness.driver.stop()
            readiness.driver = None
        super().__del__()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *args: object) -> None:
        self.close()

    # ---- the loop ----

    def _follow_loop(self) -> AbstractEventLoop:
        """Be watched by the loop that runs now."""
        loop = current_loop()
        driver: Any = self._readiness.driver
        if driver is None or driver.loop is not loop:
            self._move(loop, driver)
        return loop

    def _move(self, loop: AbstractEventLoop, driver: Any) -> None:
        readiness = self._readiness
        if driver is not None:
            driver.stop()
            for waiters in (readiness.receivers, readiness.senders):
                for waiter in list(waiters):
                    waiters.remove(waiter)
                    if not driver.loop.is_closed():
                        driver.loop.call_soon_threadsafe(waiter.abandon, None)
            for interest in readiness.interests[:]:
                readiness.withdraw(interest)
                if not driver.loop.is_closed():
                    driver.loop.call_soon_threadsafe(interest.end, None)
        readiness.driver = LoopDriver(loop, self)
        readiness.check(self)

    # ---- its monitor ----

    def get_monitor_socket(self, events: int | None = None, addr: str | None = None) -> Socket:
        """Return a PAIR that receives this socket's events; see zmqlite.Socket.get_monitor_socket()."""
        made: Any = super().get_monitor_socket(events, addr)
        return made if isinstance(made, Socket) else type(self).from_socket(made)

    async def monitor_events(self, events: int = 0xFFFF) -> AsyncIterator[MonitorMessage]:
        """Iterate over what happens to the socket's connections: `async for event in socket.monitor_events()`.

        It ends when the socket is closed or the monitor stopped. Leaving the loop stops the monitor.

        Args:
            events: of the Event enum, or-ed.

        Yields:
            See zmqlite.monitor.MonitorMessage.
        """
        from zmqlite.constants import Event
        from zmqlite.monitor import parse_monitor_message

        monitor = self.get_monitor_socket(events | Event.MONITOR_STOPPED)
        try:
            async for parts in monitor:
                event = parse_monitor_message(parts)
                if event["event"] != Event.MONITOR_STOPPED or events & Event.MONITOR_STOPPED:
                    yield event
                if event["event"] == Event.MONITOR_STOPPED:
                    return
        finally:
            try:
                if not self.closed:
                    self.disable_monitor()
            finally:
                monitor.close()
