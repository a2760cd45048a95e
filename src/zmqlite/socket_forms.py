"""Messages as something else than bytes: str, JSON, pickles, and what a pair of functions makes of them."""

from __future__ import annotations

from .verbs import Verbs

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any, TypeVar

    _Return = TypeVar("_Return", covariant=True)
else:
    _Return = None

__all__ = ["SocketForms"]


class SocketForms(Verbs[_Return]):
    """The part of Socket that encodes and decodes; every form ends in send(), recv() and their multipart forms."""

    def send_string(
        self, u: str, flags: int = 0, copy: bool | None = None, encoding: str = "utf-8", **kwargs: Any
    ) -> Any:
        """Send a str.

        Args:
            u: the text.
            flags: DONTWAIT, SNDMORE.
            copy: as for send().
            encoding: how the text becomes bytes.
            **kwargs: as for send().

        Raises:
            TypeError: u is no str.
            UnicodeEncodeError: u has characters that encoding lacks.
        """
        if not isinstance(u, str):
            raise TypeError(f"send_string() takes str, got {type(u).__name__}: use send()")
        return self.send(u.encode(encoding), flags, copy=copy, **kwargs)

    send_unicode = send_string

    def recv_string(self, flags: int = 0, encoding: str = "utf-8") -> str:
        """Receive a str.

        Raises:
            UnicodeDecodeError: the message is not text in that encoding; it is in the exception's `object`.
        """
        message: bytes = self.recv(flags)
        return message.decode(encoding)

    recv_unicode = recv_string

    def send_pyobj(self, obj: object, flags: int = 0, protocol: int | None = None, **kwargs: Any) -> Any:
        """Send a Python object as a pickle: only to programs that trust this one.

        Args:
            obj: what pickle can take.
            flags: DONTWAIT, SNDMORE.
            protocol: of pickle; None for its default, -1 for the newest.
            **kwargs: as for send().
        """
        import pickle

        return self.send(pickle.dumps(obj, protocol), flags, **kwargs)

    def recv_pyobj(self, flags: int = 0) -> Any:
        """Receive a pickle and load it. A pickle can run any code: only from programs you trust."""
        import pickle

        return pickle.loads(self.recv(flags))  # noqa: S301 - the docstring says what it is for

    def send_json(self, obj: object, flags: int = 0, **kwargs: Any) -> None:
        """Send an object as JSON: what json.dumps() makes of it, in UTF-8.

        Args:
            obj: what json can take.
            flags: DONTWAIT, SNDMORE.
            **kwargs: routing_id and group are for send(), anything else for json.dumps().
        """
        import json

        send_options = {key: kwargs.pop(key) for key in ("routing_id", "group") if key in kwargs}
        self.send(json.dumps(obj, **kwargs).encode("utf-8"), flags, **send_options)

    def recv_json(self, flags: int = 0, **kwargs: Any) -> Any:
        """Receive JSON.

        Args:
            flags: DONTWAIT.
            **kwargs: for json.loads().

        Raises:
            ValueError: the message is not JSON in UTF-8.
        """
        import json

        message: bytes = self.recv(flags)
        return json.loads(message.decode("utf-8"), **kwargs)

    def send_serialized(
        self,
        msg: Any,
        serialize: Callable[[Any], Sequence[Any]],
        flags: int = 0,
        copy: bool | None = None,
        **kwargs: Any,
    ) -> Any:
        """Send what serialize makes of msg.

        Args:
            msg: anything.
            serialize: turns msg into a sequence of bytes-like parts.
            flags: DONTWAIT.
            copy: as for send().
            **kwargs: as for send_multipart().
        """
        return self.send_multipart(serialize(msg), flags, copy=copy, **kwargs)

    def recv_serialized(
        self, deserialize: Callable[[list[Any]], Any], flags: int = 0, copy: bool = True
    ) -> Any:
        """Receive a multipart message and return what deserialize makes of its parts.

        Args:
            deserialize: takes the list of parts, bytes or Frames.
            flags: DONTWAIT.
            copy: False for Frames.
        """
        return deserialize(self.recv_multipart(flags, copy=copy))
