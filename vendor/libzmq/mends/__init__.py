"""Faults, needless copies and needless system calls that only libzmq's and libsodium's own source can mend.

A mend is made in every version that has what it mends; a version that reads otherwise is built as it is, and says so.
"""

from pathlib import Path

from mends.ahead import AHEAD
from mends.batches import BATCHES
from mends.carry import CARRY
from mends.curve import CURVE
from mends.faults import FAULTS
from mends.gather import GATHER
from mends.inproc import INPROC
from mends.landing import LANDING
from mends.mend import Mend, apply
from mends.pool import POOL
from mends.sodium import SODIUM
from mends.waste import WASTE

__all__ = ["MENDS", "Mend", "describe", "mend"]

MENDS = (*FAULTS, *INPROC, *CURVE, *WASTE, *BATCHES, *AHEAD, *CARRY, *LANDING, *GATHER, *POOL, *SODIUM)


def mend(library: str, tree: Path) -> list[str]:
    """Change an extracted source.

    Args:
        library: libzmq or libsodium.
        tree: its folder.

    Returns:
        The names of the mends that were made.
    """
    return [one.name for one in MENDS if one.library == library and apply(one, tree)]


def describe(library: str, mended: list[str]) -> str:
    """What a licence asks for: a notice of the changes, for those who get the library.

    Args:
        library: libzmq or libsodium.
        mended: what mend() returned.
    """
    lines = [
        f"The {library} in this package is built from the published source, with the changes below, which zmqlite",
        f"makes before it compiles. They are under {library}'s own licence. Each is a regular expression that finds",
        "the place, and what stands there afterwards.",
    ]
    for one in MENDS:
        if one.library == library and one.name in mended:
            for file, changes in one.files():
                lines += ["", f"{file}: {one.name}"]
                lines += [f"  {text}" for change in changes for text in (f"- {change[0]}", f"+ {change[1].strip()}")]
            for file, text in one.new:
                lines += ["", f"{file}: {one.name}, a new file"]
                lines += [f"  + {line}".rstrip() for line in text.splitlines()]
    return "\n".join(lines) + "\n"
