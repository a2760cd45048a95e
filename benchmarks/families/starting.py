"""What it costs to be there: the time of the import, memory after it, memory of many sockets."""

from __future__ import annotations

import subprocess
import sys
from statistics import median

from .memory import resident_kib

TYPE_CHECKING = False
if TYPE_CHECKING:
    from benchmarks.child import Bench

__all__ = ["run"]

_IMPORT = """import time
start = time.perf_counter_ns()
import {module}
took = time.perf_counter_ns() - start
import os
try:
    with open("/proc/self/statm", "rb") as file:
        memory = int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1024
except OSError:
    import resource
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
print(took, memory)
"""
_MODULES = {"pyzmq": "zmq"}
_MOST_IMPORTS = 9
_ONE_IMPORT_S = 0.05


def run(bench: Bench, what: str, sockets: int = 1000) -> dict[str, float]:
    """Measure the import in fresh interpreters, or the memory that sockets take in this one.

    Args:
        bench: the program.
        what: "import" or "sockets".
        sockets: how many.
    """
    if what == "sockets":
        kept = [bench.peer.socket("PUSH") for _ in range(sockets)]
        return {"rss_kib": resident_kib(), "sockets": len(kept)}
    program = bench.variant.partition(" ")[0]
    code = _IMPORT.format(module=_MODULES.get(program, program))
    figures = []
    for _ in range(max(1, min(_MOST_IMPORTS, int(bench.seconds / _ONE_IMPORT_S)))):
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
        figures.append([float(word) for word in done.stdout.split()])
    times, memories = zip(*figures)
    return {"ns": median(times), "rss_kib": median(memories)}
