"""The programs that are measured, each behind one small adapter.

An adapter makes sockets and has the loops that are timed; a loop returns the nanoseconds it took. What a program
cannot do, its adapter lacks, and `families` never ask for it: goals.py says which programs a row measures.

    loops           the loops of every Python program: what a user would write
    coroutines      the loops inside an event loop: zmqlite.asyncio and zmq.asyncio
    zmq_api         zmqlite, pyzmq and pyomq: the same names, so the same code
    for_zmqlite     its own verbs: send_many, recv_many, tuning
    for_pyzmq, for_pyomq, for_pynng
    for_c           libzmq called from C, the limit
"""

from __future__ import annotations

import importlib

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

__all__ = ["PROGRAMS", "MissingError", "load_adapter", "parse_variant"]

PROGRAMS = ("zmqlite", "pyzmq", "pyomq", "pynng", "C")

# What a variant's words mean to its adapter, and what the table says of it.
SETTINGS: dict[str, tuple[dict[str, Any], str]] = {
    "copy=False": ({"copy": False}, "send() and recv() with copy=False"),
    "no copy": ({"copy": False}, "zmq_msg_init_data() in place of a copy"),
    "throughput": (
        {"tuning": "throughput"},
        'libzmq reads in batches of 396 KiB from the first message on: zmqlite\'s tuning="throughput"',
    ),
    "throughput, no copy": ({"tuning": "throughput", "copy": False}, "both"),
    "hwm": ({"tuning": "throughput"}, "high-water marks of 100 000, the only such setting that it has"),
    "hwm, copy=False": ({"tuning": "throughput", "copy": False}, "both"),
    "EVENTS": ({"events": True}, "asks getsockopt(EVENTS) before it would receive"),
}


class MissingError(Exception):
    """The program is not installed, or not what it should be."""


def parse_variant(variant: str) -> tuple[str, dict[str, Any]]:
    """Split "pyzmq copy=False" into the program and its adapter's arguments.

    Raises:
        KeyError: there is no such program or setting.
    """
    program, _, setting = variant.partition(" ")
    if program not in PROGRAMS:
        raise KeyError(variant)
    return program, (dict(SETTINGS[setting][0]) if setting else {})


def load_adapter(variant: str) -> Any:
    """Import one program, and nothing of the others.

    Args:
        variant: a program of `PROGRAMS`, and perhaps a setting of `SETTINGS`.

    Returns:
        Its adapter.

    Raises:
        MissingError: the program is not installed.
    """
    program, arguments = parse_variant(variant)
    try:
        module = importlib.import_module(f".for_{program.lower()}", __name__)
        return module.Adapter(**arguments)
    except ImportError as error:
        raise MissingError(f"{program} is not installed: {error}") from error
