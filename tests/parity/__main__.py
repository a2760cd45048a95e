"""Runs every snippet on one library and prints what each logged: `python tests/parity zmq|zmqlite`.

One JSON object: snippet -> list of log lines. A snippet that hangs is interrupted and its log says so.
"""

from __future__ import annotations

import gc
import importlib
import json
import os
import signal
import sys
import warnings
from pathlib import Path

from probe import SNIPPETS, Probe

for path in sorted(Path(__file__).parent.glob("snippets_*.py")):
    importlib.import_module(path.stem)
SECONDS = 8


class SnippetTimeout(BaseException):
    """The snippet takes too long. Not an Exception, so that no snippet takes it for an answer."""


def interrupt(*args: object) -> None:
    """Handle the alarm."""
    raise SnippetTimeout


def run(library: str, wanted: list[str]) -> dict[str, list[str]]:
    """Run the snippets; all when none is named."""
    zmq = importlib.import_module(library)
    signal.signal(signal.SIGALRM, interrupt)
    results = {}
    for name, function in SNIPPETS.items():
        if wanted and name not in wanted:
            continue
        probe = Probe(zmq)
        signal.alarm(SECONDS)
        try:
            function(probe)
        except SnippetTimeout:
            probe.say("timed out")
        except Exception as error:  # Compared, like everything else.
            probe.say("ended by", error, str(error) if wanted else "")
        finally:
            signal.alarm(0)
        results[name] = probe.log
        probe.context.destroy(linger=0)
        del probe
        gc.collect()
    return results


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    sys.stdout.write(json.dumps(run(sys.argv[1], sys.argv[2:]), indent=1))
    sys.stdout.flush()
    # How a process ends is compared elsewhere.
    os._exit(0)
