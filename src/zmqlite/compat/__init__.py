"""zmqlite under pyzmq's name, for programs and packages that import `zmq`, unchanged.

    python -m zmqlite.compat program.py its arguments
    python -m zmqlite.compat -m pytest
    PYTHONPATH=$(python -m zmqlite.compat --path) python program.py

    import zmqlite.compat
    zmqlite.compat.install()        # before anything imports zmq
    import zmq

All of them do one thing: a folder comes first on the path, which holds a package `zmq` whose modules are other names
for zmqlite's. Nothing is there twice: `zmq.Socket is zmqlite.Socket`. pyzmq may stay installed; it is not imported.
"""

from __future__ import annotations

import os
import sys
from importlib import import_module

__all__ = ["alias", "get_path", "install"]

_FOLDER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "drop_in")


def get_path() -> str:
    """Return the folder that holds the package `zmq`: for PYTHONPATH, which mypy heeds, too."""
    return _FOLDER


def install(children: bool = True) -> None:
    """Make `import zmq` give zmqlite in this process. Calling it again does nothing.

    Args:
        children: also in the Python processes that this one starts, by putting the folder on PYTHONPATH in os.environ.
            Those need zmqlite, too.

    Raises:
        ImportError: pyzmq is imported already. Its objects are not zmqlite's, and the two must not be mixed.
    """
    imported = sys.modules.get("zmq")
    if imported is not None and not _is_ours(imported):
        raise ImportError(
            f"pyzmq is imported already, from {getattr(imported, '__file__', 'an unknown place')}: call "
            "zmqlite.compat.install() before anything imports zmq, or start with python -m zmqlite.compat",
            name="zmq",
        )
    if _FOLDER not in sys.path:
        sys.path.insert(0, _FOLDER)
    if children:
        add_to_environment(os.environ)
    import_module("zmq")


def add_to_environment(environment: os._Environ[str] | dict[str, str]) -> None:
    """Put the folder first on an environment's PYTHONPATH, unless it is there."""
    folders = [folder for folder in environment.get("PYTHONPATH", "").split(os.pathsep) if folder]
    if _FOLDER not in folders:
        environment["PYTHONPATH"] = os.pathsep.join([_FOLDER, *folders])


def _is_ours(module: object) -> bool:
    return os.path.dirname(os.path.dirname(os.path.abspath(getattr(module, "__file__", None) or ""))) == _FOLDER


def alias(name: str, target: str) -> None:
    """Make a module of the package `zmq` the very module of zmqlite that it stands for.

    What a program sets in one is set in the other, as when a test replaces a function.

    Args:
        name: the alias, which is being imported.
        target: the module of zmqlite.
    """
    sys.modules[name] = import_module(target)
