"""The C limit, compiled and loaded: `limit.c` on the libzmq that zmqlite is linked with."""

from __future__ import annotations

import functools
import hashlib
import os
import shlex
import shutil
import subprocess
import tempfile
from pathlib import Path

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

__all__ = ["NoCompilerError", "compile_limit", "load_limit"]

_SOURCE = Path(__file__).with_name("limit.c")
_CACHE = Path(__file__).resolve().parent.parent / ".cache" / "benchmarks"
_FLAGS = ("-std=gnu99", "-O3", "-fPIC", "-shared", "-Wall", "-Wextra", "-fvisibility=default")
# In the order of `limit_api` in limit.c.
_FUNCTIONS = (
    *("zmq_msg_init", "zmq_msg_init_size", "zmq_msg_init_data", "zmq_msg_send", "zmq_msg_recv", "zmq_msg_close"),
    *("zmq_msg_data", "zmq_msg_size", "zmq_msg_more", "zmq_poll", "zmq_setsockopt", "zmq_getsockopt", "zmq_errno"),
)
_DECLARATIONS = """
void limit_use (void **functions);
int64_t limit_publish (void *socket, void **messages, int count, size_t size, int64_t rounds);
int64_t limit_collect (void **sockets, int count, int64_t rounds);
int64_t limit_ask_all (void **sockets, int count, int window, void *data, size_t size, int64_t rounds);
int64_t limit_answer (void *socket, int64_t count);
int64_t limit_exchange (void *from, void *to, void *data, size_t size, int in_place, int64_t count);
int64_t limit_send_parts (void *socket, void *data, size_t size, int parts, int64_t count);
int64_t limit_recv_parts (void *socket, int64_t count);
int64_t limit_poll (void **sockets, int used, int ready, long timeout_ms, int64_t count);
int64_t limit_try (void *socket, int64_t count);
int64_t limit_options (void *socket, int64_t count);
"""


class NoCompilerError(Exception):
    """There is no C compiler to make the limit with."""


def _compiler() -> list[str]:
    asked = os.environ.get("CC")
    if asked:
        return shlex.split(asked)
    for name in ("cc", "gcc", "clang"):
        if shutil.which(name):
            return [name]
    raise NoCompilerError("no C compiler found: install gcc or clang, or name one in CC")


def compile_limit(cache: Path = _CACHE) -> Path:
    """Compile limit.c unless the cache has it.

    Args:
        cache: the folder that keeps what was compiled.

    Returns:
        The shared library.

    Raises:
        NoCompilerError: there is none.
        subprocess.CalledProcessError: it does not compile.
    """
    source = _SOURCE.read_bytes()
    name = f"limit-{hashlib.sha256(source + repr(_FLAGS).encode()).hexdigest()[:16]}.so"
    library = cache / name
    if not library.exists():
        cache.mkdir(parents=True, exist_ok=True)
        # Under another name first: another process may be at the same.
        with tempfile.TemporaryDirectory(dir=cache) as folder:
            made = Path(folder, name)
            command = [*_compiler(), *_FLAGS, "-o", str(made), str(_SOURCE)]
            subprocess.run(command, check=True, capture_output=True, text=True)
            os.replace(made, library)
    return library


@functools.cache
def load_limit() -> Any:
    """The compiled functions, with libzmq's handed to them.

    Returns:
        cffi's library object.

    Raises:
        NoCompilerError: it is not compiled, and cannot be.
    """
    from cffi import FFI
    from zmqlite._libzmq import ffi as zmq_ffi
    from zmqlite._libzmq import lib as zmq_lib

    ffi = FFI()
    ffi.cdef(_DECLARATIONS)
    limit = ffi.dlopen(str(compile_limit()))
    addresses = [int(zmq_ffi.cast("uintptr_t", zmq_ffi.addressof(zmq_lib, name))) for name in _FUNCTIONS]
    limit.limit_use(ffi.new("void *[]", [ffi.cast("void *", address) for address in addresses]))
    return limit
