"""The C parts under AddressSanitizer and UBSan, ThreadSanitizer, or valgrind's memcheck, with the tests that use them.

Builds the checkout anew, in a folder of its own, for the first two; needs GCC's run-time libraries, or valgrind. What
counts is a report that has a frame of ours; CPython's own, which is not built for this, says more.
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

LONG = {"tool": "address", "seconds": 900}
SHORT = {"tool": "memcheck", "seconds": 45}

ROOT = children.TESTS.parent
BUILD = ("src", "vendor", "setup.py", "build_ffi.py", "pyproject.toml", "README.md", "LICENSE")
FLAGS = {
    "address": "-fsanitize=address,undefined -fno-sanitize-recover=undefined -fno-omit-frame-pointer -g",
    "thread": "-fsanitize=thread -fno-omit-frame-pointer -g",
}
PRELOADED = {"address": ("libasan.so", "libubsan.so", "libstdc++.so"), "thread": ("libtsan.so",)}
# cffi keeps what it makes of a module for as long as the process lives: 104 bytes, once.
SUPPRESSED = re.compile(r"b_init_cffi_1_0_external_module")
OURS = re.compile(r"_libzmq\.|_hotpath\.|\bzl_\w+|\bhp_\w+")
LEFT_OUT = "not memory_does_not_grow and not threads_raises and not addresses"
# Not here: what measures memory, what gives calls addresses that are none, which the sanitizers themselves follow, and
# what forks a process with threads, in which GCC 12's AddressSanitizer hangs.
TESTS = {
    "address": (
        "test_messages*.py test_zero_copy.py test_sockets.py test_options.py test_poller*.py test_monitor.py "
        "test_proxy*.py test_context*.py test_threads.py test_signals.py test_misuse.py test_misuse_objects.py "
        "test_draft_sockets.py test_curve.py test_patterns.py test_socket*.py"
    ),
    "thread": "test_messages*.py test_zero_copy.py test_monitor.py test_threads.py test_poller*.py test_context*.py",
    "memcheck": "test_messages.py test_messages_frames.py test_messages_many.py test_socket_options.py test_poller.py",
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
    if "thread" in flags:
        environment["CXXFLAGS"] = "-fsanitize=thread -g"  # libzmq's own locks and queues must be seen, too
    command = [sys.executable, "setup.py", "-q", "build_ext", "--inplace", "--debug"]
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    return None if done.returncode == 0 else done.stderr[-1500:]


def reports(folder: Path) -> list[str]:
    """What the tool wrote that has a frame of ours."""
    found = []
    for path in folder.glob("log*"):
        text = path.read_text(encoding="utf-8", errors="replace")
        text = re.sub(r"(?m)^==\d+== ?", "", text)
        parts = re.split(r"\n\s*\n|\n=+\n", text)
        found += [part for part in parts if OURS.search(part) and not SUPPRESSED.search(part)]
    return found


def _find_library(name: str) -> str:
    done = subprocess.run(["gcc", f"-print-file-name={name}"], capture_output=True, text=True, check=False)
    return done.stdout.strip()


def run(report: Report, tool: str, seconds: int) -> None:
    """Run the tests of a tool: address, thread or memcheck; for at most so many seconds."""
    program = "valgrind" if tool == "memcheck" else "gcc"
    if tool not in TESTS or not shutil.which(program) or not (ROOT / "setup.py").is_file():
        report.figure(f"{tool}: one of {', '.join(TESTS)}; needs {program} and a checkout", False)
        return
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        tests = [str(path) for pattern in TESTS[tool].split() for path in sorted(children.TESTS.glob(pattern))]
        command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-m", "not build"]
        command += ["--timeout", "300", "-k", LEFT_OUT, *tests]
        environment = {**os.environ}
        logs = folder / "log"
        if tool == "memcheck":
            options = ["--leak-check=full", "--show-leak-kinds=definite", f"--log-file={logs}.%p", "--error-limit=no"]
            command = ["valgrind", *options, "--child-silent-after-fork=yes", *command]
            environment["PYTHONMALLOC"] = "malloc"
        else:
            wrong = build(folder, FLAGS[tool])
            if wrong:
                report.figure(f"{tool}: the build failed: {wrong}", False)
                return
            environment["PYTHONPATH"] = str(folder / "src")
            environment["LD_PRELOAD"] = " ".join(map(_find_library, PRELOADED[tool]))
            environment["ASAN_OPTIONS"] = f"detect_leaks=0:allocator_may_return_null=1:log_path={logs}"
            environment["UBSAN_OPTIONS"] = f"print_stacktrace=1:log_path={logs}"
            environment["TSAN_OPTIONS"] = f"exitcode=0:log_path={logs}"
        try:
            done = subprocess.run(
                command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True, timeout=seconds, check=False
            )
            said = done.stdout.strip().splitlines()[-1]
        except subprocess.TimeoutExpired as error:
            said = f"not finished after {seconds} s: {str(error.stdout or '')[-300:]}"
        found = reports(folder)
        report.figure(f"{tool}: {len(found)} reports with a frame of ours; the tests: {said}", not found)
        for text in found[:5]:
            report.say(text[:3000])
