"""zmqlite for gevent: the same names, with sockets that let other greenlets run while they wait.

    import zmqlite.green as zmq

Nothing need be patched. One greenlet waits, the others run; several may wait for one socket, and are served in turn.
RCVTIMEO and SNDTIMEO are honoured, and a greenlet that is killed while it waits loses no message.
"""

from __future__ import annotations

import zmqlite as _zmqlite
from zmqlite import *  # noqa: F403
from zmqlite.constants import *  # noqa: F403 - the same again, in a form that type checkers follow
from zmqlite.errors import *  # noqa: F403

from .core import Context, Socket  # type: ignore[assignment]
from .device import device  # type: ignore[assignment]
from .poll import Poller

_Context, _Socket, _Poller = Context, Socket, Poller

__all__ = ["Context", "Poller", "Socket", "device"]
__all__ += [name for name in _zmqlite.__all__ if name not in __all__]
