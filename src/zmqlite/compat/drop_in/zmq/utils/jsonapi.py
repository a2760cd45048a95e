"""zmqlite.utils.jsonapi, under pyzmq's name."""

from zmqlite.compat import alias
from zmqlite.utils.jsonapi import *  # noqa: F403
from zmqlite.utils.jsonapi import jsonmod as jsonmod

alias(__name__, "zmqlite.utils.jsonapi")
