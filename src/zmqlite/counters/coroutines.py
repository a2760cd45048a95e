"""Counting for the sockets of event loops: their calls are coroutines, which count when they go on."""

from __future__ import annotations

from typing import Any

from zmqlite.constants import Flag
from zmqlite.errors import Again

from . import Tally, size_of, size_of_message

TYPE_CHECKING = False
if TYPE_CHECKING:
    _Base = Any  # its calls are not the ones of a Socket: they are awaited
else:
    _Base = Tally

__all__ = ["CountingCoroutines"]


class CountingCoroutines(_Base):  # type: ignore[misc]
    """Goes before a Socket whose calls can be awaited. What is cancelled is not counted, for it did not happen."""

    async def send(self, data: Any, flags: int = 0, *arguments: Any, **options: Any) -> Any:
        """As Socket.send()."""
        try:
            result = await super().send(data, flags, *arguments, **options)
        except Again:
            self.counters.sends_refused += 1
            raise
        self._sent(0 if flags & Flag.SNDMORE else 1, size_of(data))
        return result

    async def send_multipart(self, msg_parts: Any, flags: int = 0, *arguments: Any, **options: Any) -> Any:
        """As Socket.send_multipart()."""
        parts = list(msg_parts)
        try:
            result = await super().send_multipart(parts, flags, *arguments, **options)
        except Again:
            self.counters.sends_refused += 1
            raise
        self._sent(0 if flags & Flag.SNDMORE else 1, sum(map(size_of, parts)))
        return result

    async def send_many(self, messages: Any, *arguments: Any, **options: Any) -> int:
        """As Socket.send_many()."""
        batch = list(messages)
        sending: Any = super().send_many(batch, *arguments, **options)
        try:
            sent: int = await sending
        except BaseException as error:  # whatever ends it: the Future, or the error, says how many libzmq has taken
            self._count_batch(batch, getattr(error, "sent", getattr(sending, "sent", 0)))
            raise
        self._count_batch(batch, sent)
        self.counters.sends_refused += sent < len(batch)
        return sent

    async def recv(self, *arguments: Any, **options: Any) -> Any:
        """As Socket.recv()."""
        part = await super().recv(*arguments, **options)
        self._received(0 if self.rcvmore else 1, len(part))
        return part

    async def recv_multipart(self, *arguments: Any, **options: Any) -> Any:
        """As Socket.recv_multipart()."""
        parts = await super().recv_multipart(*arguments, **options)
        self._received(1, sum(map(len, parts)))
        return parts

    async def recv_many(self, *arguments: Any, **options: Any) -> Any:
        """As Socket.recv_many()."""
        batch = await super().recv_many(*arguments, **options)
        self._received(len(batch), sum(map(size_of_message, batch)))
        return batch

    async def recv_into(self, *arguments: Any, **options: Any) -> int:
        """As Socket.recv_into(): bytes beyond the buffer are counted, too."""
        size: int = await super().recv_into(*arguments, **options)
        self._received(0 if self.rcvmore else 1, size)
        return size

    async def recv_string(self, flags: int = 0, encoding: str = "utf-8") -> Any:
        """As Socket.recv_string()."""
        return (await self.recv(flags)).decode(encoding)

    recv_unicode = recv_string

    async def recv_json(self, flags: int = 0, **kwargs: Any) -> Any:
        """As Socket.recv_json()."""
        from json import loads

        return loads((await self.recv(flags)).decode("utf-8"), **kwargs)

    async def recv_pyobj(self, flags: int = 0) -> Any:
        """As Socket.recv_pyobj()."""
        from pickle import loads

        return loads(await self.recv(flags))  # noqa: S301 - as its name says

    async def recv_serialized(self, deserialize: Any, flags: int = 0, copy: bool = True) -> Any:
        """As Socket.recv_serialized()."""
        return deserialize(await self.recv_multipart(flags, copy))

    def try_recv(self, *arguments: Any, **options: Any) -> Any:
        """As Socket.try_recv()."""
        part = super().try_recv(*arguments, **options)
        if part is not None:
            self._received(0 if self.rcvmore else 1, len(part))
        return part

    async def __anext__(self) -> Any:
        message = await super().__anext__()
        self._received(1, size_of_message(message))
        return message
