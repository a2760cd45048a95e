"""`python -m zmqlite.log ENDPOINT`: prints what a handlers.PUBHandler publishes there, until Ctrl-C."""

from __future__ import annotations

import argparse
from datetime import datetime
from importlib import import_module

from zmqlite.constants import SocketType
from zmqlite.context import Context

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["main"]

_COLORS = {
    "DEBUG": "LIGHTCYAN_EX",
    "INFO": "LIGHTWHITE_EX",
    "WARNING": "YELLOW",
    "ERROR": "LIGHTRED_EX",
    "CRITICAL": "LIGHTRED_EX",
}


def _make_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m zmqlite.log", description="Show published log messages.")
    parser.add_argument("zmq_pub_url", help="the endpoint to connect to")
    parser.add_argument("-t", "--topic", default="", help="show only topics that begin with this")
    parser.add_argument("--timestamp", action="store_true", help="put the local time of arrival first")
    parser.add_argument("--separator", default=" | ", help="between topic and message")
    parser.add_argument("--dateformat", default="%Y-%d-%m %H:%M", help="of --timestamp, as for strftime")
    parser.add_argument("--align", action="store_true", help="line the messages up by the width of their topics")
    parser.add_argument("--color", action="store_true", help="by level; takes the colorama package")
    return parser


class _Printer:
    """Turns messages into lines."""

    def __init__(self, options: argparse.Namespace) -> None:
        self.options = options
        self.widths: list[int] = []
        self.colors: dict[str, str] = {}
        self.reset = ""
        if options.color:
            try:
                colorama = import_module("colorama")
            except ImportError:
                raise SystemExit("--color takes the colorama package: pip install colorama") from None
            colorama.init()
            self.colors = {level: getattr(colorama.Fore, color) for level, color in _COLORS.items()}
            self.reset = colorama.Fore.RESET

    def align(self, topics: Sequence[str]) -> str:
        """Pad every part of a topic to the widest that was seen in its place."""
        parts = [*topics, *[" "] * (len(self.widths) - len(topics))]
        self.widths += [0] * (len(parts) - len(self.widths))
        self.widths = [max(width, len(part)) for width, part in zip(self.widths, parts)]
        return ".".join(part.ljust(width) for part, width in zip(parts, self.widths))

    def line(self, topic: str, message: str) -> str:
        """Put one message into a line."""
        topics = topic.split(".")
        # Without a root topic the level comes first.
        level = next((part for part in topics[:2] if part in _COLORS), "")
        shown = self.align(topics) if self.options.align else topic
        when = f"{datetime.now().strftime(self.options.dateformat)} " if self.options.timestamp else ""
        color = self.colors.get(level, "")
        return f"{when}{color}{shown}{self.options.separator}{message}{self.reset if color else ''}"


def main(arguments: Sequence[str] | None = None) -> None:
    """Do what the command line says.

    Args:
        arguments: without the program's name; None takes those of this process.
    """
    options = _make_parser().parse_args(arguments)
    printer = _Printer(options)
    with Context() as context, context.socket(SocketType.SUB) as socket:
        socket.linger = 0
        socket.subscribe(options.topic)
        socket.connect(options.zmq_pub_url)
        try:
            while True:
                topic, *message = socket.recv_multipart()
                text = b" ".join(message).decode("utf-8", "replace").strip()
                print(printer.line(topic.decode("utf-8", "replace").strip(), text), flush=True)
        except KeyboardInterrupt:
            pass


if __name__ == "__main__":
    main()
