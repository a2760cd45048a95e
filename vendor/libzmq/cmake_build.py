"""Builds the fetched sources as static PIC libraries and keeps the result in the cache."""

import contextlib
import hashlib
import json
import os
import platform
import shlex
import shutil
import subprocess
import sys
import sysconfig
import tarfile
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Optional

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]

from mends import MENDS, describe, mend
from pins import HERE, Pin, VendorError, cache_folder, say

# Raised when what is kept in a cache entry changes in a way the hash would not see.
LAYOUT = 1

COMMON_FLAGS = [
    "-DCMAKE_BUILD_TYPE=Release",
    "-DCMAKE_POSITION_INDEPENDENT_CODE=ON",
    "-DCMAKE_C_VISIBILITY_PRESET=hidden",
    "-DCMAKE_CXX_VISIBILITY_PRESET=hidden",
    "-DCMAKE_VISIBILITY_INLINES_HIDDEN=ON",
    "-DCMAKE_INSTALL_LIBDIR=lib",
]
if os.name == "nt":
    # The C run-time that Python itself uses.
    COMMON_FLAGS += ["-DCMAKE_MSVC_RUNTIME_LIBRARY=MultiThreadedDLL", "-DCMAKE_POLICY_DEFAULT_CMP0091=NEW"]
OPTIMISE = [] if os.name == "nt" else ["-O3"]
# All of libzmq as one source: its one-line functions (msg_t::size, msg_t::check, ...) are inlined across files, which
# makes a send and a recv of 16 B a quarter to a third faster. Tried with GCC on Linux only.
TOGETHER = ["-DCMAKE_UNITY_BUILD=ON", "-DCMAKE_UNITY_BUILD_BATCH_SIZE=0"] if sys.platform == "linux" else []

LIBZMQ_FLAGS = [
    "-DCMAKE_POLICY_VERSION_MINIMUM=3.5",
    "-DCMAKE_FIND_PACKAGE_PREFER_CONFIG=ON",
    "-DBUILD_SHARED=OFF",
    "-DBUILD_STATIC=ON",
    "-DBUILD_TESTS=OFF",
    "-DZMQ_BUILD_TESTS=OFF",
    "-DENABLE_DRAFTS=ON",
    "-DENABLE_CURVE=ON",
    "-DWITH_LIBSODIUM=ON",
    "-DWITH_LIBSODIUM_STATIC=ON",
    "-DENABLE_WS=ON",
    "-DENABLE_RADIX_TREE=ON",
    "-DENABLE_PRECOMPILED=OFF",
    "-DENABLE_CPACK=OFF",
    "-DWITH_TLS=OFF",
    "-DWITH_NSS=OFF",
    "-DWITH_LIBBSD=OFF",
    "-DWITH_OPENPGM=OFF",
    "-DWITH_NORM=OFF",
    "-DWITH_VMCI=OFF",
    "-DWITH_MILITANT=OFF",
    "-DWITH_PERF_TOOL=OFF",
    "-DWITH_DOCS=OFF",
    "-DWITH_DOC=OFF",
]


def tool(name: str, module: str, attribute: str) -> Optional[str]:
    """Path of a build tool: on PATH, beside this Python, or in its pip package."""
    found = shutil.which(name) or shutil.which(name, path=str(Path(sys.executable).parent))
    if not found:
        with contextlib.suppress(ImportError, AttributeError):
            found = shutil.which(name, path=getattr(__import__(module), attribute))
    return found


def tools() -> dict[str, str]:
    """Paths of cmake and, except on Windows, ninja.

    Raises:
        VendorError: one is missing.
    """
    found = {"cmake": tool("cmake", "cmake", "CMAKE_BIN_DIR")}
    if os.name != "nt":
        found["ninja"] = tool("ninja", "ninja", "BIN_DIR")
    missing = [name for name, path in found.items() if not path]
    if missing:
        raise VendorError(
            f"{' and '.join(missing)} not found: run `python -m pip install {' '.join(missing)}` "
            f"(or install the distribution's package), then build again."
        )
    return {name: str(path) for name, path in found.items()}


def compilers() -> dict[str, list[str]]:
    """The commands of the C and C++ compilers; none on Windows, where CMake finds Visual Studio itself.

    Raises:
        VendorError: there is no C or no C++ compiler.
    """
    found: dict[str, list[str]] = {}
    if os.name == "nt":
        return found
    for variable, language, names in (
        ("CC", "C", ("cc", "gcc", "clang")),
        ("CXX", "C++", ("c++", "g++", "clang++")),
    ):
        wanted = shlex.split(os.environ.get(variable, ""))  # may be a launcher and a compiler: ccache g++
        choices = wanted[:1] or list(names)
        path = next((shutil.which(choice) for choice in choices if shutil.which(choice)), None)
        if not path:
            raise VendorError(
                f"no {language} compiler found (looked for {', '.join(choices)}): install one, for example "
                f"`apt-get install g++`, `dnf install gcc-c++`, `apk add g++` or `xcode-select --install`, "
                f"or name it in {variable}."
            )
        found[variable] = [path, *wanted[1:]]
    return found


def identity(compiler: dict[str, list[str]]) -> str:
    """What the compilers say they are, version and target."""
    said = [first_line([*command, option]) for command in compiler.values() for option in ("--version", "-dumpmachine")]
    return "; ".join(said) or "Visual Studio"


def first_line(command: list[str]) -> str:
    """First line that a command prints, empty if it fails."""
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=False)
    return done.stdout.decode("utf-8", "replace").partition("\n")[0].strip()


def entry_name(fetched: dict[str, tuple[Pin, Path]], compiler: dict[str, list[str]]) -> str:
    """Name of the cache entry: a hash of everything that decides what comes out."""
    decides = {
        "layout": LAYOUT,
        "pins": {library: pin["sha256"] for library, (pin, _) in fetched.items()},
        "flags": [COMMON_FLAGS, LIBZMQ_FLAGS, OPTIMISE, TOGETHER],
        "sodium": {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in (HERE / "sodium").iterdir()},
        "mends": MENDS,
        "compiler": [compiler, identity(compiler)],
        "machine": [sys.platform, platform.machine(), platform.libc_ver(), sys.maxsize],
        "environment": {name: os.environ.get(name) for name in
                        ("CFLAGS", "CXXFLAGS", "CPPFLAGS", "LDFLAGS", "ARCHFLAGS", "MACOSX_DEPLOYMENT_TARGET")},
    }
    digest = hashlib.sha256(json.dumps(decides, sort_keys=True).encode()).hexdigest()
    return f"libzmq-{fetched['libzmq'][0]['version']}-{digest[:16]}"


@contextlib.contextmanager
def only_one(lock: Path) -> Iterator[None]:
    """Let one process build at a time; the others wait and then find the result.

    Only saves work: the rename at the end is what keeps the cache whole.
    """
    if not fcntl:
        yield
        return
    with lock.open("w") as stream:
        try:
            fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            say("another build is under way, waiting for it")
            fcntl.flock(stream, fcntl.LOCK_EX)
        yield


def build(fetched: dict[str, tuple[Pin, Path]], force: bool = False) -> Path:
    """The cache entry with include/, lib/, licences/ and build-info.json, built if need be.

    Raises:
        VendorError: a tool is missing or the build fails.
    """
    compiler = compilers()
    entry = cache_folder() / entry_name(fetched, compiler)
    if (entry / "build-info.json").is_file() and not force:
        return entry
    entry.parent.mkdir(parents=True, exist_ok=True)
    with only_one(entry.parent / f".{entry.name}.lock"):
        if (entry / "build-info.json").is_file() and not force:
            return entry
        if fcntl:
            for leftover in entry.parent.glob(f".{entry.name}.work-*"):  # of a build that was killed: we hold the lock
                shutil.rmtree(str(leftover), ignore_errors=True)
        work = Path(tempfile.mkdtemp(prefix=f".{entry.name}.work-", dir=str(entry.parent)))
        try:
            make(fetched, compiler, tools(), work)
            put_in_place(work / "entry", entry, force)
        finally:
            shutil.rmtree(str(work), ignore_errors=True)
    return entry


def put_in_place(built: Path, entry: Path, replace: bool) -> None:
    """Rename the finished entry; a process that was faster keeps its own, it is the same."""
    if replace and entry.exists():
        # Moved next to `built`, whose folder the caller removes.
        os.rename(str(entry), str(built.parent / "replaced"))
    try:
        os.rename(str(built), str(entry))
    except OSError:
        if not (entry / "build-info.json").is_file():
            raise


def make(
    fetched: dict[str, tuple[Pin, Path]], compiler: dict[str, list[str]], found: dict[str, str], work: Path
) -> None:
    """Compile both libraries inside `work` and leave the result in work/entry."""
    entry = work / "entry"
    trees = {library: unpack(path, work / f"{library}-source") for library, (_, path) in fetched.items()}
    mended = [name for library, tree in trees.items() for name in mend(library, tree)]
    for one in MENDS:
        if one.name not in mended:
            say(f"this {one.library} reads otherwise, and is left as it is: {one.name}")
    common = [f"-DCMAKE_INSTALL_PREFIX={entry}", *COMMON_FLAGS]
    if os.name == "nt":
        # The generator of Visual Studio finds the compiler outside a developer prompt too.
        machine = {"win-amd64": "x64", "win-arm64": "ARM64", "win32": "Win32"}[sysconfig.get_platform()]
        common += ["-A", machine]
    else:
        optimise = " ".join(OPTIMISE + without_paths(compiler, work))
        common += [
            "-G", "Ninja", f"-DCMAKE_MAKE_PROGRAM={found['ninja']}",
            f"-DCMAKE_C_FLAGS_RELEASE={optimise}", f"-DCMAKE_CXX_FLAGS_RELEASE={optimise} -DNDEBUG",
        ]
    architectures = os.environ.get("ARCHFLAGS", "").replace("-arch", "").split()
    if sys.platform == "darwin" and architectures:
        common.append(f"-DCMAKE_OSX_ARCHITECTURES={';'.join(architectures)}")
    sodium_version = fetched["libsodium"][0]["version"]
    for library, source, options in (
        ("libsodium", HERE / "sodium", [f"-DSODIUM_SOURCE={trees['libsodium']}", f"-DSODIUM_VERSION={sodium_version}"]),
        ("libzmq", trees["libzmq"], [*LIBZMQ_FLAGS, f"-DSodium_DIR={entry / 'lib' / 'cmake' / 'Sodium'}"]),
    ):
        pin = fetched[library][0]
        say(f"building {library} {pin['version']} ({pin['source']}, {pin['licence']})")
        folder = work / f"{library}-build"
        commands = {name: shlex.join(command) for name, command in compiler.items()}
        configure = [found["cmake"], "-S", str(source), "-B", str(folder), *common, *options]
        install = [found["cmake"], "--build", str(folder), "--config", "Release", "--target", "install"]
        together = TOGETHER if library == "libzmq" else []
        step(library, configure + together, work, commands)
        try:
            step(library, install, work)
        except VendorError:
            if not together:
                raise
            say("libzmq does not compile as one source with this compiler: file by file instead")
            together = ["-DCMAKE_UNITY_BUILD=OFF"]
            step(library, configure + together, work, commands)
            step(library, install, work)
        keep_licences(trees[library], entry / "licences" / library)
        if any(one.library == library and one.name in mended for one in MENDS):
            notice = entry / "licences" / library / "CHANGES.zmqlite"
            notice.write_text(describe(library, mended), encoding="utf-8")
    check_features(work / "libzmq-build")
    for unused in ("share", "lib/cmake", "lib/pkgconfig"):  # they name the folder of the build
        shutil.rmtree(str(entry / unused), ignore_errors=True)
    info: dict[str, object] = {
        library: {name: pin[name] for name in ("version", "source", "file", "sha256", "licence", "spdx")}
        for library, (pin, _) in fetched.items()
    }
    info["flags"] = COMMON_FLAGS + LIBZMQ_FLAGS + OPTIMISE + together
    info["mends"] = mended
    info["compiler"] = identity(compiler)
    text = json.dumps(info, indent=2, sort_keys=True) + "\n"
    # Last: an entry is whole when this file is there.
    (entry / "build-info.json").write_text(text, encoding="utf-8")


def without_paths(compiler: dict[str, list[str]], work: Path) -> list[str]:
    """Flags that keep the folder of the build out of libzmq's assertion messages, if the compiler can."""
    option = f"-ffile-prefix-map={work}=."
    if " " in option:
        return []
    tried = subprocess.run([*compiler["CC"], option, "-E", "-x", "c", os.devnull],
                           stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False)
    return [option] if tried.returncode == 0 else []


def keep_licences(tree: Path, folder: Path) -> None:
    """Copy the licence files of an extracted source.

    Raises:
        VendorError: it has none.
    """
    found = [path for pattern in ("LICENSE*", "COPYING*") for path in sorted(tree.glob(pattern)) if path.is_file()]
    if not found:
        raise VendorError(f"{tree.name} carries no licence file: please report this")
    folder.mkdir(parents=True, exist_ok=True)
    for path in found:
        shutil.copyfile(str(path), str(folder / path.name))


def unpack(tarball: Path, folder: Path) -> Path:
    """Extract a verified tarball, which holds one folder, and return that folder."""
    with tarfile.open(str(tarball)) as archive:
        safe = {"filter": "data"} if hasattr(tarfile, "data_filter") else {}
        archive.extractall(str(folder), **safe)  # type: ignore[arg-type]
    return next(path for path in folder.iterdir() if path.is_dir())


def step(library: str, command: list[str], work: Path, compilers: Optional[dict[str, str]] = None) -> None:
    """Run one build command quietly; show what it said when it fails.

    Raises:
        VendorError: it failed.
    """
    environment = {**os.environ, **(compilers or {}), "CLICOLOR": "0"}
    log = work / "log.txt"
    with log.open("ab") as stream:
        status = subprocess.run(command, stdout=stream, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL,
                                env=environment, check=False).returncode
    if status != 0:
        lines = log.read_text(encoding="utf-8", errors="replace").splitlines()
        errors = [line for line in lines if "error" in line.lower()] or lines
        sys.stderr.write("\n".join(lines[-60:]) + "\n")
        hint = ("is Visual Studio's C++ workload installed? see the output above" if os.name == "nt"
                else "see the output above")
        raise VendorError(f"building {library} failed, {hint}: {errors[-1].strip() if errors else command}")


def check_features(folder: Path) -> None:
    """Refuse a libzmq that was configured without what zmqlite promises.

    Raises:
        VendorError: CMake left out libsodium, drafts or WebSockets.
    """
    text = (folder / "platform.hpp").read_text(encoding="utf-8", errors="replace")
    for name in ("ZMQ_USE_LIBSODIUM", "ZMQ_HAVE_CURVE", "ZMQ_BUILD_DRAFT_API", "ZMQ_HAVE_WS"):
        if not any(line.split()[:2] == ["#define", name] for line in text.splitlines()):
            raise VendorError(f"libzmq was configured without {name}: please report this with the build's output.")
