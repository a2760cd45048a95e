"""Certificate files between zmqlite and CZMQ, both ways, with the machine's libczmq in a process of its own."""

from __future__ import annotations

import ctypes.util
import os
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import zmqlite as zmq
from zmqlite.auth import create_certificates, load_certificate, load_certificates

LIBRARY = ctypes.util.find_library("czmq")
pytestmark = [
    pytest.mark.skipif(not LIBRARY, reason="no libczmq: apt-get install libczmq4"),
    pytest.mark.skipif(not zmq.has("curve"), reason="this libzmq has no CURVE"),
]

CZMQ = f"""
import ctypes, sys
czmq = ctypes.CDLL({LIBRARY!r})
def declare(name, result, *arguments):
    function = getattr(czmq, name)
    function.restype, function.argtypes = result, arguments
    return function
pointer, text = ctypes.c_void_p, ctypes.c_char_p
new, load = declare("zcert_new", pointer), declare("zcert_load", pointer, text)
save, meta = declare("zcert_save", ctypes.c_int, pointer, text), declare("zcert_meta", text, pointer, text)
set_meta = declare("zcert_set_meta", None, pointer, text, text)
public, secret = declare("zcert_public_txt", text, pointer), declare("zcert_secret_txt", text, pointer)
"""


def czmq(run_child: Callable[..., Any], code: str) -> list[str]:
    """What CZMQ prints, a line each."""
    child = run_child(CZMQ + code)
    assert child.exit_code == 0, child.stderr
    lines: list[str] = child.stdout.splitlines()
    return lines


def test_czmq_reads_what_zmqlite_writes(run_child: Callable[..., Any], tmp_path: Path) -> None:
    """Both keys, and metadata that needs quoting."""
    metadata = {"name": "the server", "email": "a@b.c", "note": "x = y # z", "quoted": 'say "hi" # now'}
    public_file, secret_file = create_certificates(tmp_path, "ours", metadata)
    for path in (public_file, secret_file):
        found = czmq(
            run_child,
            f"""
cert = load({path!r}.encode())
print(public(cert).decode())
print(secret(cert).decode())
for name in {list(metadata)!r}:
    print(meta(cert, name.encode()).decode())
""",
        )
        public, secret = load_certificate(path)
        assert [found[0], *found[2:]] == [public.decode(), *metadata.values()]
        # Of a certificate without a secret key CZMQ tells what was in its memory.
        assert secret is None or found[1] == secret.decode()


def test_zmqlite_reads_what_czmq_writes(run_child: Callable[..., Any], tmp_path: Path) -> None:
    """The pair of files that zcert_save() makes, in a folder of certificates too."""
    path = tmp_path / "theirs.key"
    public, secret = czmq(
        run_child,
        f"""
cert = new()
set_meta(cert, b"name", b"the # server")
assert save(cert, {str(path)!r}.encode()) == 0
print(public(cert).decode())
print(secret(cert).decode())
""",
    )
    secret_file = Path(f"{path}_secret")
    assert stat.S_IMODE(os.stat(secret_file).st_mode) == 0o600
    assert load_certificate(path) == (public.encode(), None)
    assert load_certificate(secret_file) == (public.encode(), secret.encode())
    assert load_certificates(tmp_path) == {public.encode(): True}
    assert zmq.KeyPair.load(secret_file).secret == secret.encode()
