"""Chooses the backend: the hot verbs in C, or the same verbs in Python on cffi.

`ZMQLITE_BACKEND=c` or `cffi` decides; without it CPython uses the C one and everything else cffi. A missing
C module on CPython is an error, never a silent fallback.
"""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from importlib import import_module

__all__ = [
    "BACKEND",
    "FrameBase",
    "ReadinessBase",
    "SocketBase",
    "TurnBase",
    "collect",
    "configure",
    "hasten",
    "heed",
    "learn_option",
    "make_done_class",
    "make_socket",
    "set_main_thread",
]

BACKEND: str = os.environ.get("ZMQLITE_BACKEND", "") or ("c" if sys.implementation.name == "cpython" else "cffi")


def _refuse_sub_interpreters() -> None:
    """Refuse as the C module does: the end of any interpreter would end the contexts of all."""
    for name in ("_interpreters", "_xxsubinterpreters"):  # CPython from 3.13 on, and before
        with suppress(ModuleNotFoundError):
            interpreters = import_module(name)
            if interpreters.get_current() != interpreters.get_main():
                raise ImportError("zmqlite works in the main interpreter of a process, and this is a sub-interpreter")


TYPE_CHECKING = False
if TYPE_CHECKING:
    # Both have exactly what _hotpath.pyi says.
    from ._hotpath import (
        FrameBase,
        ReadinessBase,
        SocketBase,
        TurnBase,
        collect,
        configure,
        hasten,
        heed,
        learn_option,
        make_done_class,
        make_socket,
        set_main_thread,
    )
elif BACKEND == "c":
    from ._hotpath import (
        FrameBase,
        ReadinessBase,
        SocketBase,
        TurnBase,
        collect,
        configure,
        hasten,
        heed,
        learn_option,
        make_done_class,
        make_socket,
        set_main_thread,
    )
elif BACKEND == "cffi":
    if sys.implementation.name == "cpython":
        _refuse_sub_interpreters()
    from ._hotpath_cffi import (
        FrameBase,
        ReadinessBase,
        SocketBase,
        TurnBase,
        collect,
        configure,
        hasten,
        heed,
        learn_option,
        make_done_class,
        make_socket,
        set_main_thread,
    )
else:
    raise ImportError(f"zmqlite: ZMQLITE_BACKEND is {BACKEND!r}: set it to 'c' or 'cffi', or unset it")
