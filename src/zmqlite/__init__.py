"""zmqlite: the ZeroMQ binding for Python programs that count microseconds.

    import zmqlite as zmq

    with zmq.Context() as context, context.socket(zmq.PUSH) as socket:
        socket.connect("tcp://127.0.0.1:5555")
        socket.send(b"hello")

Names and semantics are pyzmq's; README.md says what is added.
"""

from __future__ import annotations

from . import _backend, constants, errors
from . import errors as error
from ._version import __version__
from .busy_wait import get_busy_wait, set_busy_wait
from .constants import *  # noqa: F403
from .context import Context, SyncContext
from .errors import *  # noqa: F403
from .lifetime import get_exit_linger, set_exit_linger
from .message import _FINISHED_TRACKER, COPY_THRESHOLD, Frame, Message, MessageTracker
from .poller import Poller, select, zmq_poll
from .proxy import device, monitored_queue, proxy, proxy_steerable
from .socket import Socket, SyncSocket
from .version import (
    DRAFT_API,
    get_includes,
    get_library_dirs,
    has,
    pyzmq_version,
    pyzmq_version_info,
    warn_of_old_libzmq,
    zmq_version,
    zmq_version_info,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .curve import KeyPair, curve_keypair, curve_public, set_curve_client, set_curve_server
    from .monitor import parse_monitor_message, recv_monitor_message
    from .stopwatch import Stopwatch
else:
    # Loaded when first used: they bring hashlib and typing, a third of the import time.
    _LAZY = {
        "KeyPair": "curve",
        "curve_keypair": "curve",
        "curve_public": "curve",
        "set_curve_client": "curve",
        "set_curve_server": "curve",
        "parse_monitor_message": "monitor",
        "recv_monitor_message": "monitor",
        "Stopwatch": "stopwatch",
    }

    def __getattr__(name):
        if name not in _LAZY:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        from importlib import import_module

        value = globals()[name] = getattr(import_module(f".{_LAZY[name]}", __name__), name)
        return value

    def __dir__():
        return sorted({*globals(), *_LAZY})


PYZMQ_DRAFT_API = DRAFT_API
# The commit of a build between two releases.
__revision__ = ""
warn_of_old_libzmq()
del warn_of_old_libzmq

__all__ = [
    "COPY_THRESHOLD",
    "DRAFT_API",
    "PYZMQ_DRAFT_API",
    "_FINISHED_TRACKER",
    "Context",
    "Frame",
    "KeyPair",
    "Message",
    "MessageTracker",
    "Poller",
    "Socket",
    "Stopwatch",
    "SyncContext",
    "SyncSocket",
    "__revision__",
    "__version__",
    "curve_keypair",
    "curve_public",
    "device",
    "error",
    "get_busy_wait",
    "get_exit_linger",
    "get_includes",
    "get_library_dirs",
    "has",
    "monitored_queue",
    "parse_monitor_message",
    "proxy",
    "proxy_steerable",
    "pyzmq_version",
    "pyzmq_version_info",
    "recv_monitor_message",
    "select",
    "set_busy_wait",
    "set_curve_client",
    "set_curve_server",
    "set_exit_linger",
    "zmq_poll",
    "zmq_version",
    "zmq_version_info",
]
# In a form that type checkers follow.
__all__ += constants.__all__
__all__ += errors.__all__

# COPY_THRESHOLD may be set here.
_backend.heed(globals())
