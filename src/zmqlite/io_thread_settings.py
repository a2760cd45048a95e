"""Trying the I/O threads' scheduling settings before libzmq does, because libzmq aborts when the system refuses them.

libzmq applies THREAD_SCHED_POLICY, THREAD_PRIORITY and THREAD_AFFINITY_CPU_ADD inside each thread that it starts, at
the first socket of a context, and asserts that it worked. FIFO without a privilege, FIFO without a priority, or a
CPU that this machine lacks each end the process there. So a thread of ours tries the same first, and is thrown away.

Source: thread.cpp of libzmq 4.3.4 and 4.3.5, applySchedulingParameters.
"""

from __future__ import annotations

import os
import threading

from .errors import error_from_errno

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection


def check_io_thread_settings(policy: int = -1, priority: int = -1, cpus: Collection[int] = ()) -> None:
    """Raise what the system says to these settings, on a system that can be asked (Linux).

    Args:
        policy: THREAD_SCHED_POLICY; -1 when it was not set.
        priority: THREAD_PRIORITY; -1 when it was not set.
        cpus: what THREAD_AFFINITY_CPU_ADD was given, less what was removed.

    Raises:
        ZMQError: EINVAL for values that do not go together or that this machine lacks, EPERM for want of privilege.
    """
    if policy == -1 and priority == -1 and not cpus:
        return
    refused: list[tuple[OSError, str]] = []
    trial = threading.Thread(target=_try_settings, args=(policy, priority, cpus, refused), name="zmqlite-trial")
    trial.start()
    trial.join()
    for error, setting in refused:
        raise error_from_errno(error.errno or 0, "socket()", hint=f"the I/O threads cannot have {setting}")


def _try_settings(policy: int, priority: int, cpus: Collection[int], refused: list[tuple[OSError, str]]) -> None:
    # On Linux each of these is about the calling thread alone.
    setting = f"THREAD_SCHED_POLICY {policy} with THREAD_PRIORITY {priority}"
    try:
        if (policy != -1 or priority != -1) and hasattr(os, "sched_setscheduler"):
            actual = os.sched_getscheduler(0) if policy == -1 else policy
            real_time = actual in (os.SCHED_FIFO, os.SCHED_RR)
            os.sched_setscheduler(0, actual, os.sched_param(max(priority, 0) if real_time else 0))
            if priority != -1 and not real_time:
                setting = "THREAD_PRIORITY with this policy, which is nice -20"
                os.nice(-20)
        if cpus and hasattr(os, "sched_setaffinity"):
            setting = f"THREAD_AFFINITY_CPU_ADD {sorted(cpus)}"
            os.sched_setaffinity(0, cpus)
    except OSError as error:
        refused.append((error, setting))
