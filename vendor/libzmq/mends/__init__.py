"""Faults, needless copies and needless system calls of libzmq that only its own source can mend, as small changes.

A mend is made in every version that has what it mends; a version that reads otherwise is built as it is, and says so.
"""

from pathlib import Path

from mends.carry import CARRY
from mends.curve import CURVE
from mends.faults import FAULTS
from mends.inproc import INPROC
from mends.mend import Mend, apply
from mends.waste import WASTE

__all__ = ["MENDS", "Mend", "describe", "mend"]

MENDS = (*FAULTS, *INPROC, *CURVE, *WASTE, *CARRY)


def mend(tree: Path) -> list[str]:
    """Change an extracted source of libzmq.

    Returns:
        The names of the mends that were made.
    """
    return [one.name for one in MENDS if apply(one, tree)]


def describe(mended: list[str]) -> str:
    """What a licence asks for: a notice of the changes, for those who get the library.

    Args:
        mended: what mend() returned.
    """
    lines = [
        "The libzmq in this package is built from the published source, with the changes below, which zmqlite makes",
        "before it compiles. They are under libzmq's own licence. Each is a regular expression that finds the place,",
        "and what stands there afterwards.",
    ]
    for one in MENDS:
        if one.name in mended:
            for file, changes in one.files():
                lines += ["", f"{file}: {one.name}"]
                lines += [f"  {text}" for change in changes for text in (f"- {change[0]}", f"+ {change[1].strip()}")]
    return "\n".join(lines) + "\n"
