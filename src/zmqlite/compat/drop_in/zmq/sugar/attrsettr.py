"""A base for classes of a program's own whose options are attributes. zmqlite's Socket and Context do without it."""

from __future__ import annotations

from errno import EFAULT, EINVAL
from typing import Any, TypeVar, Union

from zmqlite import constants
from zmqlite.errors import ZMQError

__all__ = ["AttributeSetter"]

T = TypeVar("T")
OptValT = Union[str, bytes, int]


class AttributeSetter:
    """Attributes in any case that are options: they end in get() and set(), which a subclass has."""

    def __setattr__(self, key: str, value: Any) -> None:
        declared = (key in vars(cls) or key in vars(cls).get("__annotations__", {}) for cls in type(self).__mro__)
        if key in self.__dict__ or any(declared):
            object.__setattr__(self, key, value)
        else:
            self._set_attr_opt(key.upper(), _find_option(self, key), value)

    def __getattr__(self, key: str) -> OptValT:
        option = _find_option(self, key)
        try:
            return self._get_attr_opt(key.upper(), option)
        except ZMQError as error:
            if error.errno in (EINVAL, EFAULT):
                raise AttributeError(f"{key} attribute is write-only") from error
            raise

    def _set_attr_opt(self, name: str, opt: int, value: Any) -> None:
        self.set(opt, value)

    def _get_attr_opt(self, name: str, opt: int) -> OptValT:
        return self.get(opt)

    def get(self, option: int) -> OptValT:
        """Get an option; for a subclass to define."""
        raise NotImplementedError("override in subclass")

    def set(self, option: int, value: Any) -> None:
        """Set an option; for a subclass to define."""
        raise NotImplementedError("override in subclass")


def _find_option(owner: object, key: str) -> int:
    option = getattr(constants, key.upper(), None)
    if not isinstance(option, int):
        raise AttributeError(f"{type(owner).__name__} has no such option: {key.upper()}")
    return option
