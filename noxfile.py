"""The stages of `./run test`, in order. `./run test --list` shows them, `./run test -s lint` runs one.

Artefacts: dist/ (sdist, wheels as built) and wheelhouse/ (wheels as they would be published).
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import nox

nox.needs_version = ">=2025.2.9"
nox.options.reuse_venv = "yes"
nox.options.default_venv_backend = "virtualenv"
nox.options.error_on_external_run = True

ROOT = Path(__file__).resolve().parent
DIST, WHEELHOUSE = ROOT / "dist", ROOT / "wheelhouse"
GROUPS = nox.project.load_toml("pyproject.toml")
WHO = """import platform, sys, sysconfig
free = "t" if sysconfig.get_config_var("Py_GIL_DISABLED") else ""
short = {"CPython": "cp", "PyPy": "pp"}[platform.python_implementation()]
if sys.version_info >= (3, 9):
    print(short + "%d%d" % sys.version_info[:2] + free, sysconfig.get_path("include"))
"""


def group(*names: str) -> list[str]:
    """Requirements of dependency groups of pyproject.toml."""
    return nox.project.dependency_groups(GROUPS, *names)


def interpreters() -> dict[str, tuple[str, bool]]:
    """Every Python 3.9 or later on PATH, of pyenv and in /usr/bin: tag such as cp312: (path, has C headers)."""
    pyenv = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv") / "versions"
    folders = [*os.environ["PATH"].split(os.pathsep), *(str(path) for path in pyenv.glob("*/bin")), "/usr/bin"]
    found = {}
    for folder in dict.fromkeys(folders):
        for path in sorted(Path(folder).glob("p*3*")) if Path(folder) != Path(sys.executable).parent else []:
            if not re.fullmatch(r"(python|pypy)3(\.\d+t?)?", path.name):
                continue
            done = subprocess.run([str(path), "-c", WHO], capture_output=True, text=True, check=False)
            if done.returncode == 0 and done.stdout.strip():
                tag, include = done.stdout.split(maxsplit=1)
                found.setdefault(tag, (str(path), Path(include.strip(), "Python.h").is_file()))
    return dict(sorted(found.items(), key=lambda one: (one[0][:2], int(re.sub(r"\D", "", one[0])))))


def wheel_for(tag: str) -> Path | None:
    """The wheel in wheelhouse/ that an interpreter takes."""
    abi3 = re.fullmatch(r"cp3(1[1-9]|[2-9]\d)", tag)
    return next(iter(WHEELHOUSE.glob("*-cp311-abi3-*.whl" if abi3 else f"*-{tag}-*.whl")), None)


def repair(session: nox.Session, folder: Path) -> None:
    """Put the wheel of a folder into wheelhouse/, checked and tagged for the machines it runs on."""
    built = next(folder.glob("*.whl"))
    if sys.platform.startswith("linux"):
        session.run("auditwheel", "repair", "--strip", "-w", str(WHEELHOUSE), str(built), silent=True)
    else:
        shutil.copy(str(built), str(WHEELHOUSE))


def current() -> str:
    """The tag of the Python that runs nox."""
    return subprocess.run([sys.executable, "-c", WHO], capture_output=True, text=True, check=True).stdout.split()[0]


def install_wheel(session: nox.Session) -> None:
    """Install what will be published, not the checkout."""
    wheel = wheel_for(current())
    if not wheel:
        session.error("no wheel in wheelhouse/: run the build stage first (./run test -s build)")
    session.install(str(wheel))
    session.install("--force-reinstall", "--no-deps", str(wheel))  # the version is the same, the content is not


def fresh_venv(session: nox.Session, python: str) -> str:
    """An empty virtual environment of any interpreter; its Python."""
    folder = Path(session.create_tmp()).resolve() / "venv"
    shutil.rmtree(str(folder), ignore_errors=True)
    session.run(sys.executable, "-m", "virtualenv", "-q", "-p", python, str(folder), external=True)
    return str(folder / ("Scripts" if os.name == "nt" else "bin") / "python")


@nox.session
def lint(session: nox.Session) -> None:
    """Ruff's rules on every Python file; a syntax check of the shell scripts."""
    session.install(*group("lint"))
    session.run("ruff", "check", ".")
    session.run("sh", "-n", "run", external=True)
    session.run("bash", "-n", ".ci/run", external=True)


@nox.session
def build(session: nox.Session) -> None:
    """The sdist, and from it the wheel for this Python, with warnings of the C compiler as errors."""
    session.install(*group("build"))
    for folder in (DIST, WHEELHOUSE):
        shutil.rmtree(str(folder), ignore_errors=True)
    session.log("building libzmq (unless it is in the cache), the sdist and the wheel ...")
    said = session.run("python", "-m", "build", "--outdir", str(DIST), env={"ZMQLITE_WERROR": "1"}, silent=True)
    for line in dict.fromkeys(re.findall("^vendor/libzmq: .*", said, re.M)):
        session.log(line)
    repair(session, DIST)


@nox.session
def wheels(session: nox.Session) -> None:
    """A wheel for every interpreter found, installed in an empty environment and tried; the sizes, and pyzmq's."""
    session.install(*group("build"))
    folder = Path(session.create_tmp()).resolve()
    sdist = str(next(DIST.glob("*.tar.gz")))
    for tag, (python, headers) in interpreters().items():
        if not wheel_for(tag) and not headers:
            session.warn(f"{tag}: skipped, {python} has no Python.h to build with")
            continue
        session.log(f"{tag}: {python}")
        fresh = fresh_venv(session, python)
        pip = [fresh, "-m", "pip", "-q", "--disable-pip-version-check"]
        if not wheel_for(tag):
            shutil.rmtree(str(folder / "built"), ignore_errors=True)
            session.run(*pip, "wheel", "--no-deps", "-w", str(folder / "built"), sdist, external=True)
            repair(session, folder / "built")
        session.run(*pip, "install", str(wheel_for(tag)), external=True)
        with session.chdir(folder):
            session.run(fresh, "-I", "-W", "error", str(ROOT / "tests" / "smoke.py"), "bundled", external=True)
    session.run("pip", "-q", "download", "--no-deps", "--only-binary", ":all:", "-d", str(folder / "pyzmq"), "pyzmq")
    for wheel in sorted([*WHEELHOUSE.glob("*.whl"), *(folder / "pyzmq").glob("*.whl")]):
        session.log(f"{wheel.stat().st_size / 1e6:6.2f} MB  {wheel.name}")


@nox.session
def types(session: nox.Session) -> None:
    """The strict types of the sources and of a program that uses them; the stubs against the compiled modules."""
    session.install(*group("types"))
    install_wheel(session)
    session.run("mypy")
    session.run("mypy", "-p", "benchmarks")
    session.run("mypy", "--strict", "--config-file=", "tests/typed_program.py")  # as a user of the wheel
    folder = session.run("python", "-m", "zmqlite.compat", "--path", silent=True).strip()
    session.run("mypy", "--strict", "--config-file=", "tests/typed_drop_in.py", env={"PYTHONPATH": folder})
    options = Path(session.create_tmp(), "options.txt")
    names = "*SocketAttributes.__annotations__, *ContextAttributes.__annotations__"
    code = f"from zmqlite.option_attributes import *; print(*{{{names}}}, sep='|')"
    found = session.run("python", "-c", code, silent=True).strip()
    options.write_text(rf"zmqlite\.(context|socket|waiting_socket)\.\w+\.({found})" + "\n", encoding="utf-8")
    lists = ["--allowlist", str(options), "--allowlist", "tests/stubtest-allowlist.txt"]
    session.run("python", "-m", "mypy.stubtest", "zmqlite", *lists, "--mypy-config-file", "pyproject.toml")


@nox.session
def docs(session: nox.Session) -> None:
    """The documentation site, from docs/ and the docstrings: a link that leads nowhere is an error. It is in site/."""
    session.install(*group("docs"))
    install_wheel(session)
    session.run("mkdocs", "build", "--quiet", "--strict", env={"NO_MKDOCS_2_WARNING": "1"})


@nox.session
@nox.parametrize("backend", ["c", "cffi"], ids=["c", "cffi"])
def tests(session: nox.Session, backend: str) -> None:
    """The suite against the installed wheel, on one backend; what says nothing about the backend runs once."""
    session.install(*group("test"))
    install_wheel(session)
    chosen = ["-m", "not build"] if backend == "cffi" else []
    environment = {"ZMQLITE_BACKEND": backend, "ZMQLITE_WHEELS": str(WHEELHOUSE)}
    session.run("pytest", *chosen, *session.posargs, env=environment)


@nox.session
def oldest(session: nox.Session) -> None:
    """The suite on the oldest CPython found: what is only in later ones shows here."""
    tag, (python, _) = next(iter(interpreters().items()))
    wheel = wheel_for(tag)
    if not wheel or tag == current():
        session.skip(f"{tag}: no wheel of its own")
    fresh = fresh_venv(session, python)
    install = ["-m", "pip", "-q", "--disable-pip-version-check", "install", str(wheel), *group("test")]
    session.run(fresh, *install, external=True)
    session.run(fresh, "-m", "pytest", "-m", "not build", *session.posargs, external=True)


@nox.session
def system(session: nox.Session) -> None:
    """The sdist built with the system's libzmq, and the suite against that."""
    if subprocess.run(["pkg-config", "--exists", "libzmq"], check=False).returncode != 0:
        session.skip("no libzmq development files: apt-get install libzmq3-dev pkg-config")
    session.install(*group("test"))
    environment = {"ZMQLITE_LIBZMQ": "system", "ZMQLITE_WERROR": "1"}
    session.install("--force-reinstall", "--no-deps", str(next(DIST.glob("*.tar.gz"))), env=environment)
    session.run("python", "-I", "-W", "error", "tests/smoke.py", "system")
    session.run("pytest", *session.posargs, env=environment)


@nox.session
def drop_in(session: nox.Session) -> None:
    """A real Jupyter kernel on zmqlite, which pyzmq's place is given to: see tests/drop_in/kernel.py."""
    session.install("jupyter_client>=8", "ipykernel>=7")
    install_wheel(session)
    session.run("python", "-m", "zmqlite.compat", "tests/drop_in/kernel.py")
