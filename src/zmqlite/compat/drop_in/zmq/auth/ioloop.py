"""zmqlite.auth.ioloop, under pyzmq's name."""

import warnings

from zmqlite.auth.ioloop import *  # noqa: F403
from zmqlite.compat import alias

warnings.warn("zmq.auth.ioloop is deprecated: use zmq.auth.asyncio", DeprecationWarning, stacklevel=2)
alias(__name__, "zmqlite.auth.ioloop")
