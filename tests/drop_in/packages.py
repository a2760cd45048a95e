"""The tests of packages that use zmq, on pyzmq and on zmqlite: `python tests/drop_in/packages.py [NAME ...]`.

For each: a virtual environment under .cache/drop_in with the package, pyzmq and this zmqlite; the package's own tests,
from its sdist, once as they are and once with the folder of zmqlite.compat on PYTHONPATH; and what ends otherwise. Exit
code 1 when something unexpected does. jupyter_client takes 5 minutes each way, ipykernel 2, the others half a one.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tarfile
import venv
from pathlib import Path
from typing import NamedTuple
from xml.etree import ElementTree

ROOT = Path(__file__).resolve().parent.parent.parent
CACHE = ROOT / ".cache" / "drop_in"
MINUTES = 20


class Package(NamedTuple):
    """What to install, and how its tests are run."""

    requirement: str  # exact: tests come and go between versions
    needs: tuple[str, ...]
    arguments: tuple[str, ...]  # of pytest
    sdist: bool = True  # the tests are there; else they are installed with the package
    expected: tuple[tuple[str, str], ...] = ()  # tests that may end otherwise, and why


PACKAGES = {
    "jupyter_client": Package(
        "jupyter_client==8.10.0",
        ("ipykernel", "pytest-jupyter[client]", "anyio", "msgpack"),
        ("tests", "--color=no"),
    ),
    "ipykernel": Package(
        "ipykernel==7.4.0",
        ("flaky", "ipyparallel", "psutil", "pytest-asyncio>=0.23.5", "pytest-cov"),
        ("tests", "--color=no", "-o", "asyncio_default_fixture_loop_scope=function"),
    ),
    # rpc_test needs asyncio.coroutine, which Python 3.11 has no more.
    "aiozmq": Package(
        "aiozmq==1.0.0", ("msgpack",), ("tests", "-o", "python_files=*_test.py", "--ignore=tests/rpc_test.py")
    ),
    "txzmq": Package("txZMQ==1.0.0", (), ("--pyargs", "txzmq"), sdist=False),
}  # fmt: skip


def make_environment(name: str, package: Package, zmqlite: str) -> Path:
    """Install everything; the environment's Python."""
    folder = CACHE / name
    python = folder / ("Scripts" if os.name == "nt" else "bin") / "python"
    if not python.exists():
        venv.create(str(folder), with_pip=True)
    pip = [str(python), "-m", "pip", "-q", "--disable-pip-version-check"]
    wanted = [package.requirement, *package.needs, "pyzmq>=27.3", "pytest", "pytest-timeout"]
    subprocess.run([*pip, "install", *wanted, zmqlite], check=True)
    subprocess.run([*pip, "install", "--force-reinstall", "--no-deps", zmqlite], check=True)
    if package.sdist and not list((folder / "sdist").glob("*.tar.gz")):
        name = package.requirement.partition("==")[0]
        where = ["--no-deps", "--no-binary", name, "-d", str(folder / "sdist"), package.requirement]
        subprocess.run([*pip, "download", *where], check=True)
    return python


def make_wheel(checkout: str) -> str:
    """Build zmqlite once for all environments."""
    folder = CACHE / "wheel"
    for old in folder.glob("*.whl"):
        old.unlink()
    command = [sys.executable, "-m", "pip", "-q", "wheel", "--no-deps", "-w", str(folder), checkout]
    subprocess.run(command, check=True)
    return str(next(folder.glob("*.whl")))


def find_sources(name: str) -> Path:
    """Where the tests are run: the unpacked sdist, or an empty folder."""
    folder = CACHE / name / "run"
    folder.mkdir(exist_ok=True)
    for archive in (CACHE / name / "sdist").glob("*.tar.gz"):
        with tarfile.open(str(archive)) as file:
            file.extractall(str(folder))
        return folder / archive.name[: -len(".tar.gz")]
    return folder


def run_tests(name: str, package: Package, python: Path, library: str) -> dict[str, str]:
    """How each test ended on a library."""
    report = CACHE / name / f"{library}.xml"
    environment = dict(os.environ)
    if library == "zmqlite":
        asked = [str(python), "-m", "zmqlite.compat", "--path"]
        environment["PYTHONPATH"] = subprocess.check_output(asked, text=True, cwd=str(CACHE)).strip()
    command = [str(python), "-m", "pytest", "-q", "-p", "no:cacheprovider", "--timeout=100", f"--junitxml={report}"]
    log = CACHE / name / f"{library}.log"
    with log.open("w", encoding="utf-8") as file:
        subprocess.run(
            [*command, *package.arguments], stdout=file, stderr=file, env=environment, cwd=str(find_sources(name)),
            timeout=60 * MINUTES, check=False,
        )  # fmt: skip
    ended = {}
    for case in ElementTree.parse(str(report)).iter("testcase"):
        kinds = {child.tag for child in case} & {"failure", "error", "skipped"}
        ended[f"{case.get('classname')}::{case.get('name')}"] = min(kinds, default="passed")
    return ended


def count(ended: dict[str, str]) -> str:
    """So many of each."""
    kinds = list(ended.values())
    return ", ".join(f"{kinds.count(kind)} {kind}" for kind in sorted(set(kinds)))


def compare(name: str, package: Package, zmqlite: str) -> bool:
    """Run a package's tests both ways; whether nothing unexpected differs."""
    python = make_environment(name, package, zmqlite)
    theirs, ours = (run_tests(name, package, python, library) for library in ("pyzmq", "zmqlite"))
    print(f"{package.requirement}\n  pyzmq:   {count(theirs)}\n  zmqlite: {count(ours)}")
    good = True
    for test in sorted({*theirs, *ours}):
        if theirs.get(test) == ours.get(test):
            continue
        reason = next((why for end, why in package.expected if test.endswith(end)), "")
        # A test that fails on pyzmq alone fails now and then, on either.
        good = good and (bool(reason) or ours.get(test) in ("passed", "skipped"))
        print(f"  {test}: {theirs.get(test)} on pyzmq, {ours.get(test)} on zmqlite{': ' if reason else ''}{reason}")
    return good and bool(ours)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python tests/drop_in/packages.py", description=__doc__)
    parser.add_argument("names", metavar="NAME", nargs="*", help=f"of {', '.join(PACKAGES)}; all")
    parser.add_argument("--zmqlite", default=str(ROOT), help="what to install: a wheel; this checkout")
    options = parser.parse_args()
    CACHE.mkdir(parents=True, exist_ok=True)
    # A package without a configuration of its own is not to have zmqlite's.
    (CACHE / "pytest.ini").write_text("[pytest]\n", encoding="utf-8")
    wheel = options.zmqlite if options.zmqlite.endswith(".whl") else make_wheel(options.zmqlite)
    found = [compare(name, PACKAGES[name], wheel) for name in options.names or PACKAGES]
    sys.exit(0 if all(found) else 1)
