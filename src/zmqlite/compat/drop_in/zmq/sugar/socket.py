"""zmqlite.socket, under pyzmq's name."""

import pickle

from zmqlite.endpoints import SocketContext as _SocketContext
from zmqlite.socket import Socket as Socket
from zmqlite.socket import SyncSocket as SyncSocket

__all__ = ["Socket", "SyncSocket", "_SocketContext"]

DEFAULT_PROTOCOL = pickle.DEFAULT_PROTOCOL
