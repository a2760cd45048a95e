"""What `import zmqlite` costs, and where it is refused."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import pytest
from exit_children import child_code


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


@pytest.mark.skipif(sys.implementation.name != "cpython", reason="only CPython has sub-interpreters")
@pytest.mark.parametrize("isolated", [True, False], ids=["isolated", "legacy"])
def test_sub_interpreter_is_refused_and_the_main_one_unharmed(isolated: bool, run_child: Callable[..., Any]) -> None:
    """An interpreter that ends would end the contexts of all."""
    code = """
        try:
            import _interpreters as interpreters
        except ImportError:
            import _xxsubinterpreters as interpreters
        if sys.version_info >= (3, 13):
            interpreter = interpreters.create("isolated" if ISOLATED else "legacy")
        elif sys.version_info >= (3, 10):
            interpreter = interpreters.create(isolated=ISOLATED)
        else:
            interpreter = interpreters.create()
        context = zmq.Context()
        server, client = context.socket(zmq.PAIR), context.socket(zmq.PAIR)
        server.bind("inproc://both")
        client.connect("inproc://both")
        attempt = '''
        try:
            import zmqlite
        except ImportError as error:
            print("refused:", error, flush=True)
        else:
            print("imported", flush=True)
        '''
        run = getattr(interpreters, "exec", None) or interpreters.run_string
        run(interpreter, "import sys; sys.path[:] = %r" % sys.path + textwrap.dedent(attempt))
        interpreters.destroy(interpreter)
        client.send(b"still here")
        print(server.recv())
    """
    child = run_child(child_code("import textwrap", code, ISOLATED=isolated))
    assert (child.exit_code, child.signal) == (0, None), child.stderr
    refused, received = child.stdout.splitlines()
    assert re.match("refused: .*sub-?interpreter", refused)
    assert received == "b'still here'"
