"""What is pinned, where things are kept, and the one error this command ends with."""

import hashlib
import json
import os
import sys
from pathlib import Path
from typing import Optional

HERE = Path(__file__).resolve().parent
PINS_FILE = HERE / "pins.json"
LIBRARIES = ("libzmq", "libsodium")

Pin = dict[str, str]


class VendorError(Exception):
    """The build cannot go on; the message says what to do about it."""


def say(text: str) -> None:
    """Tell the person who waits. Standard output is kept for what `--print` prints."""
    print(f"vendor/libzmq: {text}", file=sys.stderr, flush=True)


def sources_folder() -> Path:
    """Where an sdist carries its tarballs."""
    return HERE / "sources"


def cache_folder() -> Path:
    """Where downloads and built libraries are kept between builds."""
    if os.environ.get("ZMQLITE_CACHE"):
        return Path(os.environ["ZMQLITE_CACHE"]).resolve()
    if os.name == "nt" and os.environ.get("LOCALAPPDATA"):
        return Path(os.environ["LOCALAPPDATA"]) / "zmqlite" / "cache"
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "zmqlite"


def candidates(library: str, source: Optional[str]) -> list[Pin]:
    """The pins of a library, best first.

    Args:
        library: one of `LIBRARIES`.
        source: `upstream` or `debian` to allow only that one, None for all.

    Raises:
        VendorError: nothing is pinned under that source.
    """
    pins: list[Pin] = json.loads(PINS_FILE.read_text(encoding="utf-8"))[library]
    allowed = [pin for pin in pins if source in (None, pin["source"])]
    if not allowed:
        known = ", ".join(pin["source"] for pin in pins)
        raise VendorError(f"no source {source!r} of {library} is pinned in {PINS_FILE.name}: choose one of {known}")
    return allowed


def sha256(path: Path) -> str:
    """SHA-256 of a file, in hex."""
    digest = hashlib.sha256()
    with path.open("rb") as stream:
        for block in iter(lambda: stream.read(1 << 20), b""):
            digest.update(block)
    return digest.hexdigest()


def verify(path: Path, pin: Pin) -> None:
    """Refuse a file that is not the pinned one.

    Raises:
        VendorError: the SHA-256 differs.
    """
    found = sha256(path)
    if found != pin["sha256"]:
        raise VendorError(
            f"wrong SHA-256 of {path}: expected {pin['sha256']}, got {found}. "
            f"The file is damaged or not the release that is pinned: delete it and build again; "
            f"if it happens again, do not use it and report it."
        )
