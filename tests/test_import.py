"""What `import zmqlite` costs."""

from __future__ import annotations

import json
import subprocess
import sys


def test_import_loads_no_large_module():
    """Those that a program may never need are loaded when it does: together they are half of the import time."""
    code = (
        "import json, sys; sys.path[:] = json.loads(sys.argv[1]); del sys.modules['json']; before = set(sys.modules); "
        "import zmqlite; print(*sorted(set(sys.modules) - before))"
    )
    # Without site: it may have loaded some of them.
    done = subprocess.run(
        [sys.executable, "-S", "-c", code, json.dumps(sys.path)], capture_output=True, text=True, timeout=60, check=True
    )
    large = {"asyncio", "ctypes", "dataclasses", "hashlib", "inspect", "json", "logging", "pickle", "typing"}
    assert large.isdisjoint(done.stdout.split())
