"""Contexts and sockets as arguments that a decorator gives, and closes when the function returns.

@context()
@socket(zmq.PUSH, name="push")
def main(context, push): ...
"""

from __future__ import annotations

import functools
from typing import Any

from .context import Context

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager
    from typing import Protocol, TypeVar

    _CallableT = TypeVar("_CallableT", bound=Callable[..., object])
    _DecoratorTarget = Callable[..., AbstractContextManager[Any]]

    class _DecoratorCallable(Protocol):
        def __call__(self, func: _CallableT) -> _CallableT: ...


__all__ = ["context", "socket"]


class _Decorator:
    """Makes decorators: `made = decorator(name, *args, **kwargs)`.

    Every call of what is decorated enters `target(*args, **kwargs)` and passes what that gives: under the name, or as
    the last positional argument when there is no name.
    """

    def __init__(self, target: _DecoratorTarget | None = None) -> None:
        self._target = target

    def __call__(self, *dec_args: Any, **dec_kwargs: Any) -> _DecoratorCallable:
        name, args, kwargs = self.process_decorator_args(*dec_args, **dec_kwargs)

        def decorate(func: Callable[..., Any]) -> Any:
            @functools.wraps(func)
            def call(*given: Any, **named: Any) -> Any:
                target = self.get_target(*given, **named)
                if target is None:
                    raise TypeError("the decorator has no target: give one, or override get_target()")
                if name in named:
                    raise TypeError(f"{func.__name__}() got {name!r} from its caller and from a decorator")
                with target(*args, **kwargs) as made:
                    return func(*given, **named, **{name: made}) if name else func(*given, made, **named)

            return call

        return decorate

    def get_target(self, *args: Any, **kwargs: Any) -> _DecoratorTarget | None:
        """Choose what makes the object, from the arguments of one call."""
        return self._target

    def process_decorator_args(
        self, *args: Any, **kwargs: Any
    ) -> tuple[str | None, tuple[Any, ...], dict[str, Any]]:
        """Take the name out of the decorator's arguments: `name=`, or a str that comes first."""
        if isinstance(kwargs.get("name"), str):
            return kwargs.pop("name"), args, kwargs
        if args and isinstance(args[0], str):
            return args[0], args[1:], kwargs
        return None, args, kwargs


class _ContextDecorator(_Decorator):
    """Gives a new context to every call."""

    def __init__(self) -> None:
        super().__init__(Context)


class _SocketDecorator(_Decorator):
    """Gives a new socket to every call, of the context that is among its arguments."""

    context_name = "context"

    def process_decorator_args(
        self, *args: Any, **kwargs: Any
    ) -> tuple[str | None, tuple[Any, ...], dict[str, Any]]:
        """Take context_name out of the decorator's arguments, too."""
        self.context_name = kwargs.pop("context_name", self.context_name)
        return super().process_decorator_args(*args, **kwargs)

    def get_target(self, *args: Any, **kwargs: Any) -> _DecoratorTarget:
        """Find the context: the argument of its name, else the first Context, else Context.instance()."""
        for candidate in (kwargs.get(self.context_name), *args):
            if isinstance(candidate, Context):
                return candidate.socket
        return Context.instance().socket


def context(*args: Any, **kwargs: Any) -> _DecoratorCallable:
    """Decorate a function with a context, which is destroyed when the function returns.

    Args:
        *args: for Context(); a str that comes first is the name of the argument to pass it as.
        **kwargs: for Context(); `name` is the name of the argument. Without one it is the last positional argument.
    """
    return _ContextDecorator()(*args, **kwargs)


def socket(*args: Any, **kwargs: Any) -> _DecoratorCallable:
    """Decorate a function with a socket, which is closed when the function returns.

    Its context is the argument called `context` (or as context_name says), else the first Context among the positional
    arguments, else Context.instance().

    Args:
        *args: for Context.socket(); a str that comes first is the name of the argument to pass it as.
        **kwargs: for Context.socket(); `name` as for context(), `context_name` to look for another argument.
    """
    return _SocketDecorator()(*args, **kwargs)
