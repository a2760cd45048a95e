"""What a snippet is given: the library under its feet, sockets that are cleaned up, and a log to compare."""

from __future__ import annotations

import enum
import warnings
from collections.abc import Callable
from typing import Any

Snippet = Callable[["Probe"], None]
SNIPPETS: dict[str, Snippet] = {}


def snippet(function: Snippet) -> Snippet:
    """Register a snippet under its name."""
    assert function.__name__ not in SNIPPETS, f"two snippets are called {function.__name__}"
    SNIPPETS[function.__name__] = function
    return function


class Probe:
    """One run of one snippet."""

    def __init__(self, zmq: Any) -> None:
        self.zmq = zmq
        self.log: list[str] = []
        self.context = zmq.Context()

    def say(self, *values: Any) -> None:
        """Log values."""
        self.log.extend(show(value) for value in values)

    def attempt(self, call: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        """Log what a call returns, or the name and the errno of what it raises."""
        result = None
        try:
            result = call(*args, **kwargs)
        except Exception as error:  # Whatever it is, it is compared.
            self.say(error)
        else:
            self.say(result)
        return result

    def attempt_get(self, owner: Any, *names: str) -> None:
        """Log attributes, or what reading them raises."""
        for name in names:
            self.attempt(getattr, owner, name)

    def attempt_set(self, owner: Any, **values: Any) -> None:
        """Log what setting attributes does."""
        for name, value in values.items():
            self.attempt(setattr, owner, name, value)

    def warned(self, call: Callable[..., Any], *args: Any) -> Any:
        """Log the categories of the warnings that a call gives. Returns what it returns."""
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            result = call(*args)
        self.say([warning.category for warning in caught])
        return result

    def socket(self, name: str, **options: Any) -> Any:
        """Make a socket: `socket("PUSH")`."""
        made = self.context.socket(getattr(self.zmq, name))
        for option, value in {"linger": 0, "rcvtimeo": 5000, "sndtimeo": 5000, **options}.items():
            setattr(made, option, value)
        return made

    def pair(self, first: str = "PUSH", second: str = "PULL", transport: str = "inproc") -> tuple[Any, Any]:
        """Make two sockets: the second is bound, the first is connected to it."""
        sockets = self.socket(first), self.socket(second)
        sockets[1].bind({"inproc": "inproc://pair", "tcp": "tcp://127.0.0.1:*", "ipc": "ipc://*"}[transport])
        sockets[0].connect(sockets[1].last_endpoint.decode())
        return sockets


def show(value: Any) -> str:
    """Put a value into words that do not say which library it is from, nor where it is in memory."""
    if isinstance(value, BaseException):
        return f"{type(value).__name__}(errno={getattr(value, 'errno', None)})"
    if isinstance(value, enum.Enum):
        return f"{type(value).__name__}({value.value})"
    if isinstance(value, type):
        return f"class {value.__name__}"
    if isinstance(value, (list, tuple)):
        return f"{type(value).__name__}({', '.join(map(show, value))})"
    if isinstance(value, (set, frozenset)):
        return f"set({', '.join(sorted(map(show, value)))})"
    if isinstance(value, dict):
        return f"dict({', '.join(f'{show(key)}: {show(item)}' for key, item in value.items())})"
    if value is None or isinstance(value, (bool, int, float, str, bytes, bytearray)):
        return repr(value)
    return f"<{type(value).__name__.lstrip('_')}>"
