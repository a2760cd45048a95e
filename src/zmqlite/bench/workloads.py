"""What is measured: transports, message sizes, and the programs in their settings."""

from __future__ import annotations

import re
from dataclasses import dataclass

__all__ = ["PROGRAMS", "SIZES", "TRANSPORTS", "Program", "Workload", "parse_size", "programs_for"]

TRANSPORTS = ("inproc", "ipc", "tcp")
SIZES = (16, 1024, 64 * 1024, 1_000_000)
PROGRAMS = ("zmqlite", "pyzmq", "C")

LARGEST_SIZE = 64 * 1024 * 1024
# What may be on its way at a time: bounds the memory of the larger sizes, and changes nothing up to 64 KiB.
_BATCH_BYTES = 32 * 1024 * 1024
_QUEUE_BYTES = 64 * 1024 * 1024
_BATCH = 500
_DEFAULT_HIGH_WATER_MARK = 1000  # libzmq's

# pyzmq's copy_threshold: a shorter message is copied whatever copy= says.
_PYZMQ_NO_COPY_FROM = 64 * 1024
_C_NO_COPY_FROM = 1024

_UNITS = {"": 1, "B": 1, "K": 1024, "KIB": 1024, "KB": 1000, "M": 1024**2, "MIB": 1024**2, "MB": 1000**2}


@dataclass(frozen=True)
class Workload:
    """Messages of one size over one transport, from a PUSH to a PULL socket.

    Attributes:
        transport: "inproc", "ipc" or "tcp".
        size: bytes in a message.
    """

    transport: str
    size: int

    @property
    def batch(self) -> int:
        """Messages that inproc sends before it receives them: fewer than the high-water mark lets wait."""
        return max(1, min(_BATCH, _BATCH_BYTES // max(1, self.size)))

    @property
    def high_water_mark(self) -> int:
        """ZMQ_SNDHWM and ZMQ_RCVHWM of every program: libzmq's default, less where that would be gigabytes."""
        return max(self.batch, min(_DEFAULT_HIGH_WATER_MARK, _QUEUE_BYTES // max(1, self.size)))

    @property
    def size_text(self) -> str:
        """The size in the largest unit that leaves a whole number: `64 KiB`."""
        for unit, factor in (("MiB", 1024**2), ("MB", 1000**2), ("KiB", 1024)):
            if self.size and self.size % factor == 0:
                return f"{self.size // factor} {unit}"
        return f"{self.size} B"

    def __str__(self) -> str:
        return f"{self.transport} {self.size_text}"


@dataclass(frozen=True)
class Program:
    """A program that is measured, in one of its settings.

    Attributes:
        name: "zmqlite", "pyzmq" or "C".
        setting: "" for its default, "copy=False" (pyzmq) or "no copy" (C).
    """

    name: str
    setting: str = ""

    def __str__(self) -> str:
        return f"{self.name} {self.setting}".rstrip()


def programs_for(size: int, names: tuple[str, ...]) -> list[Program]:
    """The programs to measure at this message size, in the order of their turns.

    zmqlite has its default only. The others also have the setting that can be faster for large messages.

    Args:
        size: bytes in a message.
        names: which of `PROGRAMS`.
    """
    programs = []
    for name in names:
        programs.append(Program(name))
        if name == "pyzmq" and size >= _PYZMQ_NO_COPY_FROM:
            programs.append(Program(name, "copy=False"))
        if name == "C" and size >= _C_NO_COPY_FROM:
            programs.append(Program(name, "no copy"))
    return programs


def parse_size(text: str) -> int:
    """Read a message size.

    Args:
        text: a number of bytes, with a unit if need be: `16`, `64KiB`, `1 MB`; `1k` is 1 KiB.

    Returns:
        Bytes, 1 to 64 MiB.

    Raises:
        ValueError: it is not a size, or not in that range.
    """
    match = re.fullmatch(r"(\d+)\s*([a-zA-Z]*)", text.strip())
    factor = _UNITS.get(match[2].upper()) if match else None
    if match is None or factor is None:
        raise ValueError(f"{text!r} is not a size: write 16, 1KiB, 64KiB or 1MB")
    size = int(match[1]) * factor
    if not 1 <= size <= LARGEST_SIZE:
        raise ValueError(f"{text!r} is not a size to measure: 1 to {LARGEST_SIZE} bytes")
    return size
