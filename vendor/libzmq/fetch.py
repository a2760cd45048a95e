"""Gets the pinned tarballs: from the sdist, the cache, the upstream release, or the distribution."""

import os
import re
import shutil
import socket
import subprocess
import tempfile
import urllib.error
import urllib.request
from pathlib import Path
from typing import Callable, Optional

from pins import LIBRARIES, Pin, VendorError, cache_folder, candidates, say, sources_folder, verify

CONNECT_SECONDS = 10


class UnavailableError(Exception):
    """This source cannot be had here; the next one may."""


def download(pin: Pin, folder: Path) -> Path:
    """Fetch the upstream release into a folder."""
    target = folder / pin["file"]
    say(f"downloading {pin['url']}")
    try:
        answer = urllib.request.urlopen(pin["url"], timeout=CONNECT_SECONDS)
        with answer as response, target.open("wb") as stream:
            shutil.copyfileobj(response, stream)
    except (urllib.error.URLError, socket.timeout, OSError) as error:
        raise UnavailableError(f"{pin['url']}: {getattr(error, 'reason', error)}") from error
    return target


def source_stanzas(etc: Path = Path("/etc/apt")) -> tuple[str, str]:
    """This machine's own apt sources with `deb` turned into `deb-src`.

    Only the distribution's own archives are kept, when they can be told: a third party's
    repository has no libzmq and may be slow or gone.

    Returns:
        The text of a deb822 file and of a one-line-style file.
    """
    parts = etc / "sources.list.d"
    stanzas: list[str] = []
    for path in sorted(parts.glob("*.sources")) if parts.is_dir() else []:
        for stanza in re.split(r"\n\s*\n", path.read_text(encoding="utf-8", errors="replace")):
            if re.search(r"^Types:.*\bdeb\b", stanza, re.M) and not re.search(r"^Enabled:\s*no", stanza, re.M):
                stanzas.append(re.sub(r"^Types:.*$", "Types: deb-src", stanza, flags=re.M).strip())
    lines: list[str] = []
    lists = [etc / "sources.list"] + (sorted(parts.glob("*.list")) if parts.is_dir() else [])
    for path in lists:
        if path.is_file():
            text = path.read_text(encoding="utf-8", errors="replace")
            lines += ["deb-src " + line for line in re.findall(r"^\s*deb\s+(.+)$", text, re.M)]
    own = re.compile(r"debian|ubuntu", re.I)
    locations = re.compile(r"\bhttps?:\S+|\bmirror\S*:\S+|\bfile:\S+")

    def kept(entries: list[str]) -> list[str]:
        return [entry for entry in entries if any(own.search(where) for where in locations.findall(entry))]

    if kept(stanzas) or kept(lines):
        stanzas, lines = kept(stanzas), kept(lines)
    return "\n\n".join(stanzas) + "\n", "\n".join(lines) + "\n"


def mirrors(etc: Path = Path("/etc/apt")) -> list[str]:
    """The web addresses of the distribution's archives that this machine's own apt sources name."""
    stanzas, lines = source_stanzas(etc)
    named = re.findall(r"^URIs:(.*(?:\n[ \t]+\S.*)*)", stanzas, re.M) + lines.splitlines()
    found = re.findall(r"https?://\S+", "\n".join(named))
    return list(dict.fromkeys(address.rstrip("/") for address in found))


def pool_source(pin: Pin, folder: Path) -> Path:
    """Fetch an original tarball that is newer than this release of the distribution from the archive's pool."""
    reasons = []
    for mirror in mirrors():
        try:
            return download({**pin, "url": f"{mirror}/pool/{pin['pool']}/{pin['file']}"}, folder)
        except UnavailableError as error:
            reasons.append(str(error))
    raise UnavailableError("; ".join(reasons) or "no archive of the distribution is configured in /etc/apt")


def apt_source(pin: Pin, folder: Path) -> Path:
    """Fetch the original tarball of the distribution's source package into a folder.

    Everything apt writes is kept inside the folder: the machine's own lists are not touched,
    no privilege is needed.
    """
    package, wanted = pin["package"], pin["file"]
    if not shutil.which("apt-get"):
        raise UnavailableError(f"apt-get source {package}: apt-get is not on this machine")
    stanzas, lines = source_stanzas()
    if not (stanzas.strip() or lines.strip()):
        raise UnavailableError(f"apt-get source {package}: no package source is configured in /etc/apt")
    apt = folder / "apt"
    for name in ("parts", "lists/partial", "cache/archives/partial", "state"):
        (apt / name).mkdir(parents=True, exist_ok=True)
    (apt / "parts" / "private.sources").write_text(stanzas, encoding="utf-8")
    (apt / "parts" / "private.list").write_text(lines, encoding="utf-8")
    settings = {
        "Dir::Etc::sourcelist": "/dev/null",
        "Dir::Etc::sourceparts": apt / "parts",
        "Dir::State": apt / "state",
        "Dir::State::lists": apt / "lists",
        "Dir::Cache": apt / "cache",
        "Acquire::Languages": "none",
        "Acquire::Retries": 1,
        "Acquire::http::Timeout": CONNECT_SECONDS,
        "Acquire::https::Timeout": CONNECT_SECONDS,
        "APT::Sandbox::User": "",
    }
    command = ["apt-get", "-q"]
    for name, value in settings.items():
        command += ["-o", f"{name}={value}"]
    environment = dict(os.environ, LC_ALL="C.UTF-8")
    say(f"apt-get source --download-only {package}")
    output = ""
    if not any((apt / "lists").glob("*Sources*")):
        output += run([*command, "update"], folder, environment)
    output += run([*command, "source", "--download-only", package], folder, environment)
    if not (folder / wanted).is_file():
        others = sorted(path.name for path in folder.glob("*.orig.tar.*"))
        if others:
            raise UnavailableError(f"apt-get source {package}: this distribution has {others[-1]}, pinned is {wanted}")
        last = [line for line in output.splitlines() if line.startswith(("E:", "Err:", "W:"))]
        raise UnavailableError(f"apt-get source {package}: {last[-1] if last else 'nothing was downloaded'}")
    return folder / wanted


def run(command: list[str], folder: Path, environment: dict[str, str]) -> str:
    """Output of a command, whatever its exit status: what counts is the file it leaves."""
    done = subprocess.run(command, cwd=str(folder), env=environment, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL, check=False)
    return done.stdout.decode("utf-8", "replace")


def already_here(pin: Pin) -> Optional[Path]:
    """A verified tarball of this pin that needs no network."""
    for folder in (sources_folder(), cache_folder() / "downloads"):
        path = folder / pin["file"]
        if path.is_file():
            verify(path, pin)
            return path
    return None


def fetch(source: Optional[str] = None, fresh: bool = False) -> dict[str, tuple[Pin, Path]]:
    """One verified tarball of each library, from the best source that can be had.

    Args:
        source: `upstream` or `debian` to allow only that one, None for any.
        fresh: ask the sources in order again, instead of taking what the cache has.

    Returns:
        For each library its pin and the path of its tarball.

    Raises:
        VendorError: a hash is wrong, or no source can be had; the message names each failure.
    """
    got: dict[str, tuple[Pin, Path]] = {}
    failed: dict[str, str] = {}
    with tempfile.TemporaryDirectory(prefix="zmqlite-fetch-") as scratch:
        for library in LIBRARIES:
            pins = candidates(library, source)
            local = None if fresh else next(((pin, path) for pin in pins for path in [already_here(pin)] if path), None)
            if local is None:
                local = fetch_one(library, pins, Path(scratch), failed)
            got[library] = local
    return got


def how_to_get(pin: Pin) -> Callable[[Pin, Path], Path]:
    """Which function fetches this pin."""
    return download if "url" in pin else pool_source if "pool" in pin else apt_source


def fetch_one(library: str, pins: list[Pin], scratch: Path, failed: dict[str, str]) -> tuple[Pin, Path]:
    """Try each source of one library. `failed` remembers a way that leads nowhere."""
    reasons: list[str] = []
    for pin in pins:
        origin, get = pin["source"], how_to_get(pin)
        try:
            if get.__name__ in failed:
                raise UnavailableError(failed[get.__name__])
            path = get(pin, scratch)
        except UnavailableError as error:
            failed.setdefault(get.__name__, str(error))
            reasons.append(f"{origin}: {error}")
            say(f"not available: {error}")
            continue
        verify(path, pin)
        downloads = cache_folder() / "downloads"
        downloads.mkdir(parents=True, exist_ok=True)
        # Renamed into place, so that nobody ever sees half a file.
        partial = downloads / f".{pin['file']}.{os.getpid()}"
        shutil.copyfile(str(path), str(partial))
        os.replace(str(partial), str(downloads / pin["file"]))
        return pin, downloads / pin["file"]
    names = " or ".join(f"{pin['file']} (SHA-256 {pin['sha256']})" for pin in pins)
    raise VendorError(
        f"no source of {library} can be had ({'; '.join(reasons)}). "
        f"Connect to the internet, or put {names} into {sources_folder()}, "
        f"or link the system's libzmq with ZMQLITE_LIBZMQ=system."
    )
