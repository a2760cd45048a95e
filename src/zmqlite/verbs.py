"""The verbs of the backend that was chosen, as a base of Socket. What they take and return: verbs.pyi."""

from __future__ import annotations

from types import GenericAlias

from ._backend import SocketBase

__all__ = ["Verbs"]


class Verbs(SocketBase):
    """send() and recv() in all their forms; generic in what recv() returns, for type checkers."""

    __class_getitem__ = classmethod(GenericAlias)
