"""zmqlite: the ZeroMQ binding for Python programs that count microseconds.

    import zmqlite as zmq

    with zmq.Context() as context, context.socket(zmq.PUSH) as socket:
        socket.connect("tcp://127.0.0.1:5555")
        socket.send(b"hello")

Names and semantics are pyzmq's; README.md says what is added.
"""

from __future__ import annotations

from ._version import __version__
from . import constants, errors
from .constants import *  # noqa: F403
from .errors import *  # noqa: F403
from .lifetime import get_exit_linger, set_exit_linger
from .message import _FINISHED_TRACKER, COPY_THRESHOLD, Frame, Message, MessageTracker
from .context import Context, SyncContext
from .socket import Socket, SyncSocket

from .version import has, pyzmq_version, pyzmq_version_info, zmq_version, zmq_version_info
