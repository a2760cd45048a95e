"""`python -m zmqlite info`: versions, backend, and what libzmq this is.

The keys of `--json`:

    zmqlite       version
    backend       "c" or "cffi"
    python        implementation, version, platform
    cffi          version
    libzmq        version, and origin: "bundled" or "system"; the one that it was built with as build:
                  version, source ("upstream", "debian", "system"), file, sha256, licence
    libsodium     the same without origin; null when only the system's libzmq knows
    build         compiler and flags of the bundled libzmq; null for the system's
    features      capability: true or false, by zmq_has(3)
    thresholds    pass_bytes: send(bytes) passes the bytes in place from this size on;
                  copy_false: send(copy=False) does so for any buffer from this size on;
                  exit_linger_ms: longest linger of what zmqlite closes by itself
                  busy_wait_us: how long waits stay awake before they sleep
"""

from __future__ import annotations

import json
import platform
import textwrap

from ._native import ffi, lib
from .version import zmq_version

TYPE_CHECKING = False
if TYPE_CHECKING:
    import argparse
    from typing import Any

__all__ = ["add_arguments", "collect_info", "run"]

FEATURES = ("ipc", "pgm", "tipc", "norm", "curve", "gssapi", "draft", "WS", "WSS", "vmci")
_WIDTH = 100
_MARGIN = 13


def collect_info() -> dict[str, Any]:
    """What there is to know about this zmqlite: the keys are those of `--json`.

    Source: zmq_version(3), zmq_has(3).
    """
    import cffi

    from ._backend import BACKEND
    from ._version import __version__
    from .busy_wait import get_busy_wait
    from .lifetime import get_exit_linger
    from .message import COPY_THRESHOLD, PASS_THRESHOLD

    build: dict[str, Any] = json.loads(ffi.string(lib.zl_build_info_json))
    bundled = build["mode"] == "bundled"
    return {
        "zmqlite": __version__,
        "backend": BACKEND,
        "python": {
            "implementation": platform.python_implementation(),
            "version": platform.python_version(),
            "platform": platform.platform(),
        },
        "cffi": cffi.__version__,
        "libzmq": {"version": zmq_version(), "origin": build["mode"], "build": build["libzmq"]},
        "libsodium": build.get("libsodium"),
        "build": {name: build[name] for name in ("compiler", "flags", "mends")} if bundled else None,
        "features": {name: bool(lib.zmq_has(name.encode())) for name in FEATURES},
        "thresholds": {
            "pass_bytes": PASS_THRESHOLD,
            "copy_false": COPY_THRESHOLD,
            "exit_linger_ms": get_exit_linger(),
            "busy_wait_us": get_busy_wait(),
        },
    }


def _row(name: str, text: str) -> list[str]:
    return textwrap.wrap(
        text,
        _WIDTH,
        initial_indent=f"{name:<{_MARGIN}}",
        subsequent_indent=" " * _MARGIN,
        break_on_hyphens=False,
        break_long_words=False,
    )


def _source_rows(name: str, version: str, build: dict[str, Any]) -> list[str]:
    lines = _row(name, f"{version}, built into zmqlite from the {build['source']} source, {build['licence']}")
    return [*lines, *_row("", f"{build['file']}, sha256 {build['sha256']}")]


def format_info(info: dict[str, Any]) -> list[str]:
    """The same as lines of text.

    Args:
        info: from `collect_info`.
    """
    python, libzmq, thresholds = info["python"], info["libzmq"], info["thresholds"]
    has = [name for name, there in info["features"].items() if there]
    lacks = [name for name, there in info["features"].items() if not there]
    lines = _row("zmqlite", f"{info['zmqlite']}, {info['backend']} backend")
    if libzmq["origin"] == "bundled":
        lines += _source_rows("libzmq", libzmq["version"], libzmq["build"])
    else:
        built_for = libzmq["build"]["version"]
        lines += _row("libzmq", f"{libzmq['version']}, the system's, found by pkg-config as {built_for}")
    lines += _row("", f"has {', '.join(has)}; lacks {', '.join(lacks)}")
    if info["libsodium"]:
        lines += _source_rows("libsodium", info["libsodium"]["version"], info["libsodium"])
    else:
        lines += _row("libsodium", "unknown: the system's libzmq is linked with it, or has none")
    if info["build"]:
        lines += _row("mends", "; ".join(info["build"]["mends"]) or "none: libzmq's source is as it was published")
        lines += _row("compiler", info["build"]["compiler"])
        lines += _row("flags", " ".join(info["build"]["flags"]))
    lines += _row("cffi", info["cffi"])
    lines += _row("Python", f"{python['implementation']} {python['version']} on {python['platform']}")
    lines += _row(
        "thresholds",
        f"send(bytes) copies less than {thresholds['pass_bytes']:,} bytes and passes the rest in place; "
        f"copy=False copies less than {thresholds['copy_false']:,} bytes",
    )
    linger = thresholds["exit_linger_ms"]
    lines += _row(
        "exit linger",
        "for ever" if linger < 0 else f"{linger} ms: longest wait of what zmqlite closes by itself",
    )
    lines += _row("busy wait", f"{thresholds['busy_wait_us']} us: how long waits stay awake before they sleep")
    return lines


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what `info` takes."""
    parser.add_argument(
        "--json", action="store_true", help="print JSON; its keys are described in zmqlite/info.py"
    )


def run(arguments: argparse.Namespace) -> int:
    """Print it. Returns 0."""
    info = collect_info()
    if arguments.json:
        print(json.dumps(info, indent=1))
    else:
        print("\n".join(format_info(info)))
    return 0
