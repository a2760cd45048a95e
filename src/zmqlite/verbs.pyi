from collections.abc import Iterable, Sequence
from typing import Any, Generic, Literal, TypeVar, overload

from ._hotpath import SocketBase
from .message import Frame, MessageTracker
from .option_attributes import SocketAttributes

__all__ = ["Verbs"]

_Return = TypeVar("_Return", covariant=True)

class Verbs(SocketAttributes, SocketBase, Generic[_Return]):
    def send(
        self,
        data: Any,
        flags: int = 0,
        copy: bool | None = None,
        track: bool = False,
        routing_id: int | None = None,
        group: str | bytes | None = None,
    ) -> MessageTracker | None: ...
    @overload
    def recv(self: Verbs[bytes], flags: int = ..., copy: Literal[True] = ..., track: bool = ...) -> bytes: ...
    @overload
    def recv(self: Verbs[bytes], flags: int = ..., *, copy: Literal[False], track: bool = ...) -> Frame: ...
    @overload
    def recv(self: Verbs[bytes], flags: int = ..., copy: bool = ..., track: bool = ...) -> bytes | Frame: ...
    @overload
    def recv(self, flags: int = ..., copy: bool = ..., track: bool = ...) -> Any: ...
    @overload
    def try_recv(self: Verbs[bytes], copy: Literal[True] = ...) -> bytes | None: ...
    @overload
    def try_recv(self: Verbs[bytes], copy: Literal[False]) -> Frame | None: ...
    @overload
    def try_recv(self, copy: bool = ...) -> Any: ...
    def send_multipart(
        self,
        msg_parts: Sequence[Any],
        flags: int = 0,
        copy: bool | None = None,
        track: bool = False,
        routing_id: int | None = None,
        group: str | bytes | None = None,
    ) -> MessageTracker | None: ...
    @overload
    def recv_multipart(
        self: Verbs[bytes], flags: int = ..., copy: Literal[True] = ..., track: bool = ...
    ) -> list[bytes]: ...
    @overload
    def recv_multipart(
        self: Verbs[bytes], flags: int = ..., *, copy: Literal[False], track: bool = ...
    ) -> list[Frame]: ...
    @overload
    def recv_multipart(self, flags: int = ..., copy: bool = ..., track: bool = ...) -> list[Any]: ...
    def send_many(self, messages: Iterable[Any], flags: int = 0, copy: bool | None = None) -> int: ...
    def recv_many(
        self,
        max: int = 1000,
        timeout: int | None = None,
        flags: int = 0,
        copy: bool = True,
        multipart: bool | None = None,
    ) -> list[Any]: ...
    def recv_into(self, buffer: Any, /, *, nbytes: int = 0, flags: int = 0) -> int: ...
