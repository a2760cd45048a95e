"""The C parts under AddressSanitizer and UBSan, ThreadSanitizer, or valgrind's memcheck, with the tests that use them.

Builds the checkout anew with its libzmq, in a folder of its own, for the first two; needs GCC's run-time libraries, or
valgrind. What counts is a report that has a frame of ours or of libzmq; what CPython alone is reported for,
which is not built for this, is left out.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import children
from report import Report

LONG = {"tool": "all", "seconds": 1200}
SHORT = {"tool": "memcheck", "seconds": 45}

ROOT = children.TESTS.parent
BUILD = ("src", "vendor", "setup.py", "build_ffi.py", "pyproject.toml", "README.md", "LICENSE")
_ADDRESS = "-fsanitize=address,undefined -fno-sanitize-recover=undefined -fno-omit-frame-pointer -g"
FLAGS = {"address": _ADDRESS, "objects": _ADDRESS, "thread": "-fsanitize=thread -fno-omit-frame-pointer -g"}
_ADDRESS_LIBRARIES = ("libasan.so", "libubsan.so", "libstdc++.so")
PRELOADED = {"address": _ADDRESS_LIBRARIES, "objects": _ADDRESS_LIBRARIES, "thread": ("libtsan.so",)}
# cffi keeps what it makes of a module for as long as the process lives: 104 bytes, once.
SUPPRESSED = re.compile(r"b_init_cffi_1_0_external_module")
OURS = re.compile(r"_libzmq\.|_hotpath\.|\bzl_\w+|\bhp_\w+")
# Not here: what measures memory or times, what limits the address space or the files that the tools need themselves,
# what gives calls addresses that are none, which the sanitizers follow, and children that are forked beside threads
# and make contexts of their own, in which GCC's AddressSanitizer may hang.
LEFT_OUT = (
    "not memory_does_not_grow and not threads_raises and not neither_sockets and not addresses "
    "and not forked_child_polls and not process_forks_with_messages "
    "and not multiprocessing and not its_memory_once and not nobody_received and not no_others_alive"
)
_SHARED = (
    "test_messages*.py test_zero_copy.py test_sockets.py test_socket_*.py test_options.py test_poller*.py "
    "test_monitor*.py test_proxy*.py test_context*.py test_threads.py test_signals.py test_misuse*.py "
    "test_draft_sockets.py test_curve.py test_patterns.py test_auth.py test_z85.py "
    "test_busy_wait.py test_mends_inproc.py test_carry*.py test_batches.py test_landing.py"
)
TESTS = {
    "memcheck": "test_messages.py test_messages_frames.py test_messages_many.py test_socket_options.py test_poller.py "
    "test_batches.py",
    "address": f"{_SHARED} test_exit.py",
    # AddressSanitizer, with every Python object from malloc: what reads one that is gone. Too slow for the exits.
    "objects": "test_carry*.py test_batches.py test_landing.py test_messages*.py test_zero_copy.py test_threads.py",
    # Not the exits: ThreadSanitizer is too slow for their seconds. Children of CPython's multiprocessing start threads
    # after a fork, which it does not follow.
    "thread": _SHARED,
}


def build(folder: Path, flags: str) -> str | None:
    """Build the extension modules in a copy of the checkout. Returns what went wrong."""
    for name in BUILD:
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, folder / name, ignore=shutil.ignore_patterns("*.so", "__pycache__"))
        elif source.exists():
            shutil.copy(source, folder / name)
    environment = {**os.environ, "CFLAGS": flags, "LDFLAGS": flags.split(maxsplit=1)[0]}
    # libzmq, too: ThreadSanitizer must see its locks and queues, AddressSanitizer what it reads of ours.
    environment["CXXFLAGS"] = re.sub(r",undefined|-fno-sanitize-recover=undefined ", "", flags)
    command = [sys.executable, "setup.py", "-q", "build_ext", "--inplace", "--debug"]
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    return None if done.returncode == 0 else done.stderr[-1500:]


def reports(folder: Path) -> list[str]:
    """What the tool wrote that has a frame of ours, or of the libzmq that is linked with it."""
    found = []
    for path in folder.glob("log*"):
        text = path.read_text(encoding="utf-8", errors="replace")
        text = re.sub(r"(?m)^==\d+== ?", "", text)
        parts = re.split(r"(?m)^={18,}\n" if "Sanitizer" in text else r"\n\s*\n", text)
        found += [part for part in parts if OURS.search(part) and not SUPPRESSED.search(part)]
    return found


def _find_library(name: str) -> str:
    done = subprocess.run(["gcc", f"-print-file-name={name}"], capture_output=True, text=True, check=False)
    return done.stdout.strip()


def _environment(tool: str, folder: Path) -> dict[str, str]:
    """What makes the tests use what was built in the folder, and the tool write its reports there."""
    logs = f"log_path={folder / 'log'}"
    if tool == "memcheck":
        return {**os.environ, "PYTHONMALLOC": "malloc"}
    return {
        **os.environ,
        **({"PYTHONMALLOC": "malloc"} if tool == "objects" else {}),
        "PYTHONPATH": str(folder / "src"),
        "LD_PRELOAD": " ".join(map(_find_library, PRELOADED[tool])),
        "ASAN_OPTIONS": f"detect_leaks=0:allocator_may_return_null=1:{logs}",
        "UBSAN_OPTIONS": f"print_stacktrace=1:{logs}",
        "TSAN_OPTIONS": f"exitcode=0:die_after_fork=0:history_size=4:{logs}",
    }


def run_tool(report: Report, tool: str, seconds: int, folder: Path) -> None:
    """Build for a tool, and run its tests."""
    program = "valgrind" if tool == "memcheck" else "gcc"
    if not shutil.which(program) or not (ROOT / "setup.py").is_file():
        report.figure(f"{tool}: needs {program} and a checkout", False)
        return
    wrong = None if tool == "memcheck" else build(folder, FLAGS[tool])
    if wrong:
        report.figure(f"{tool}: the build failed: {wrong}", False)
        return
    tests = [str(path) for pattern in TESTS[tool].split() for path in sorted(children.TESTS.glob(pattern))]
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-m", "not build"]
    command += ["--timeout", "300", "-k", LEFT_OUT, *tests]
    if tool == "memcheck":
        options = ["--leak-check=full", "--show-leak-kinds=definite", f"--log-file={folder / 'log'}.%p"]
        command = ["valgrind", *options, "--error-limit=no", "--child-silent-after-fork=yes", *command]
    with open(folder / "said", "w+", encoding="utf-8") as output:
        try:
            code = subprocess.run(
                command, cwd=ROOT, env=_environment(tool, folder), stdout=output, timeout=seconds, check=False
            ).returncode
        except subprocess.TimeoutExpired:
            code = None
        output.seek(0)
        said = output.read().strip().splitlines() or ["nothing"]
    counting = reports(folder)
    ended = said[-1] if code is not None else f"not finished after {seconds} s"
    clean = not counting and code == 0
    report.figure(f"{tool}: {len(counting)} reports with a frame of ours; the tests: {ended}", clean)
    for line in [line for line in said if line.startswith("FAILED")][:10] + [text[:3000] for text in counting[:5]]:
        report.say(line)


def run(report: Report, tool: str, seconds: int) -> None:
    """Run the tests of a tool, memcheck, address, objects or thread, or of all; each for at most so many seconds."""
    if tool not in (*TESTS, "all"):
        report.figure(f"{tool}: one of all, {', '.join(TESTS)}", False)
        return
    for each in TESTS if tool == "all" else [tool]:
        with tempfile.TemporaryDirectory() as name:
            run_tool(report, each, seconds, Path(name))
