"""A logging handler that publishes records, and a logger whose methods take a topic.

A message has two frames: the topic, `root_topic.LEVEL.topic`, and the formatted record.
"""

from __future__ import annotations

import logging
from copy import copy
from typing import Any

from zmqlite.constants import SocketType
from zmqlite.context import Context
from zmqlite.socket import Socket

TYPE_CHECKING = False

__all__ = ["TOPIC_DELIM", "PUBHandler", "TopicLogger"]

TOPIC_DELIM = "::"
"""What comes before it in a message is the message's topic: `logger.info("topic::text")`."""

_WITH_PLACE = "%(levelname)s %(filename)s:%(lineno)d - %(message)s\n"
_FORMATS = {
    logging.DEBUG: _WITH_PLACE,
    logging.INFO: "%(message)s\n",
    logging.WARNING: _WITH_PLACE,
    logging.ERROR: "%(levelname)s %(filename)s:%(lineno)d - %(message)s - %(exc_info)s\n",
    logging.CRITICAL: _WITH_PLACE,
}


class PUBHandler(logging.Handler):
    """Publish log records.

    Args:
        interface_or_socket: a PUB socket to use; or an endpoint to bind a new one to.
        context: where a new socket comes from; a new one when None.
        root_topic: what every topic begins with.

    Attributes:
        ctx: the context of the socket.
        formatters: level -> Formatter.
        socket: the PUB socket. Close it when the handler is done with; one socket has one thread at a time, and
            logging locks the handler around every record.

    Raises:
        ZMQError: the endpoint cannot be bound.
    """

    ctx: Context[Any]
    formatters: dict[int, logging.Formatter | None]
    socket: Socket[Any]

    def __init__(
        self, interface_or_socket: str | Socket[Any], context: Context[Any] | None = None, root_topic: str = ""
    ) -> None:
        super().__init__()
        self.root_topic = root_topic
        self.formatters = {level: logging.Formatter(text) for level, text in _FORMATS.items()}
        self._other_levels: logging.Formatter | None = logging.Formatter(_WITH_PLACE)
        if isinstance(interface_or_socket, Socket):
            self.socket = interface_or_socket
            self.ctx = self.socket.context
            return
        self.ctx = context if context is not None else Context()
        self.socket = self.ctx.socket(SocketType.PUB)
        self.socket.bind(interface_or_socket)

    @property
    def root_topic(self) -> str:
        """What every topic begins with; "" for nothing."""
        return self._root_topic

    @root_topic.setter
    def root_topic(self, value: str) -> None:
        self.setRootTopic(value)

    def setRootTopic(self, root_topic: str | bytes) -> None:  # noqa: N802 - logging's own style of names
        """Set what every topic begins with; bytes are taken for UTF-8."""
        self._root_topic = root_topic.decode("utf-8") if isinstance(root_topic, bytes) else root_topic

    def setFormatter(  # noqa: N802 - logging's name
        self, fmt: logging.Formatter | None, level: int = logging.NOTSET
    ) -> None:
        """Set the Formatter.

        Args:
            fmt: the Formatter.
            level: of the records that it formats; NOTSET for all.
        """
        if level != logging.NOTSET:
            self.formatters[level] = fmt
            return
        self._other_levels = fmt
        for known in self.formatters:
            self.formatters[known] = fmt

    def format(self, record: logging.LogRecord) -> str:
        """Format a record by its level; a level of the program's own has the format of WARNING."""
        formatter = self.formatters.get(record.levelno, self._other_levels)
        return (formatter or logging.Formatter()).format(record)

    def emit(self, record: logging.LogRecord) -> None:
        """Publish a record; one that cannot be formatted goes to handleError()."""
        topic, delimiter, text = str(record.msg).partition(TOPIC_DELIM)
        if delimiter:
            record = copy(record)
            record.msg = text
        else:
            topic = ""
        try:
            message = self.format(record).encode("utf-8")
        except Exception:  # whatever the formatter and the arguments raise: logging's rule is to report it there
            self.handleError(record)
            return
        topics = [part for part in (self.root_topic, record.levelname, topic) if part]
        self.socket.send_multipart([".".join(topics).encode("utf-8", "replace"), message])


class TopicLogger(logging.Logger):
    """A logger whose methods take a topic before the message: `logger.info("topic", "text %s", value)`."""

    def log(self, level: int, topic: str, msg: str, *args: Any, **kwargs: Any) -> None:  # type: ignore[override]
        """Log `msg % args` of a topic at a level.

        Args:
            level: a level of logging.
            topic: what a subscriber filters by.
            msg: the text.
            *args: what the text is formatted with.
            **kwargs: as for logging.Logger.log(): exc_info, extra, ...
        """
        _log(self, level, topic, msg, args, kwargs)

    if TYPE_CHECKING:

        def debug(self, topic: str, msg: str, *args: Any, **kwargs: Any) -> None: ...  # type: ignore[override]  # noqa: D102
        def info(self, topic: str, msg: str, *args: Any, **kwargs: Any) -> None: ...  # type: ignore[override]  # noqa: D102
        def warn(self, topic: str, msg: str, *args: Any, **kwargs: Any) -> None: ...  # type: ignore[override]  # noqa: D102
        def warning(self, topic: str, msg: str, *args: Any, **kwargs: Any) -> None: ...  # type: ignore[override]  # noqa: D102
        def error(self, topic: str, msg: str, *args: Any, **kwargs: Any) -> None: ...  # type: ignore[override]  # noqa: D102
        def exception(self, topic: str, msg: str, *args: Any, **kwargs: Any) -> None: ...  # type: ignore[override]  # noqa: D102
        def critical(self, topic: str, msg: str, *args: Any, **kwargs: Any) -> None: ...  # type: ignore[override]  # noqa: D102
        def fatal(self, topic: str, msg: str, *args: Any, **kwargs: Any) -> None: ...  # type: ignore[override]  # noqa: D102


def _log(
    logger: logging.Logger, level: int, topic: str, msg: str, args: tuple[Any, ...], kwargs: dict[str, Any]
) -> None:
    # The record is to name the caller of the caller: two frames more than logging knows of.
    kwargs["stacklevel"] = kwargs.get("stacklevel", 1) + 2
    logging.Logger.log(logger, level, f"{topic}{TOPIC_DELIM}{msg}", *args, **kwargs)


def _make_method(name: str, level: int) -> Any:
    def method(self: TopicLogger, topic: str, msg: str, *args: Any, **kwargs: Any) -> None:
        if name == "exception":
            kwargs.setdefault("exc_info", True)
        _log(self, level, topic, msg, args, kwargs)

    method.__name__ = name
    method.__qualname__ = f"TopicLogger.{name}"
    method.__doc__ = f"Log `msg % args` of a topic, as logging.Logger.{name}()."
    return method


# warn() and fatal() are other names, which newer versions of Python lack.
for _name, _level in {
    "debug": logging.DEBUG,
    "info": logging.INFO,
    "warn": logging.WARNING,
    "warning": logging.WARNING,
    "error": logging.ERROR,
    "exception": logging.ERROR,
    "critical": logging.CRITICAL,
    "fatal": logging.CRITICAL,
}.items():
    setattr(TopicLogger, _name, _make_method(_name, _level))
