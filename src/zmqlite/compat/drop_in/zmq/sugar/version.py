"""The version of pyzmq that zmqlite stands in for, and that of libzmq."""

from __future__ import annotations

from zmqlite import __revision__ as __revision__
from zmqlite.version import pyzmq_version, pyzmq_version_info, zmq_version, zmq_version_info

__all__ = [
    "__revision__",
    "__version__",
    "pyzmq_version",
    "pyzmq_version_info",
    "zmq_version",
    "zmq_version_info",
]

__version__: str = pyzmq_version()
version_info = pyzmq_version_info()
VERSION_MAJOR, VERSION_MINOR, VERSION_PATCH = version_info
VERSION_EXTRA = ""
