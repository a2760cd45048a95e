"""The frames of zmqlite.message, under pyzmq's name."""

from zmqlite.message import Frame as Frame
from zmqlite.message import Message as Message

__all__ = ["Frame", "Message"]
