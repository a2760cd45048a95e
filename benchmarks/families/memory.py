"""How much memory a process holds."""

from __future__ import annotations

import os
from pathlib import Path

__all__ = ["resident_kib"]


def resident_kib() -> float:
    """Resident memory of this process now; where there is no /proc, the most that it ever was.

    Returns:
        KiB.
    """
    try:
        pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE") / 1024
    except OSError:
        import resource

        return float(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
