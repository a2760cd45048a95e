"""zmqlite.compat: programs that import zmq run on zmqlite, unchanged, and so do the Pythons that they start."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import zmqlite.compat

HAS_PYZMQ = importlib.util.find_spec("zmq") is not None
FOLDER = Path(zmqlite.compat.get_path())
MODULES = sorted(
    ".".join(path.relative_to(FOLDER).with_suffix("").parts).replace(".__init__", "")
    for path in FOLDER.rglob("*.py")
    if path.name != "__main__.py"
)
WHOSE = "import sys, zmq; print(zmq.Socket.__module__, zmq.__version__, __name__, sys.argv[1:])\n"


def run(*arguments: Any, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run this Python with arguments."""
    return subprocess.run(
        [sys.executable, *map(str, arguments)],
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
        env={**os.environ, **environment},
    )


def said(done: subprocess.CompletedProcess[str]) -> str:
    """What a process printed that ended well."""
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


def test_script_runs_on_zmqlite(tmp_path: Path) -> None:
    """The script is __main__, has its arguments, and its own folder comes first on the path."""
    (tmp_path / "beside.py").write_text("value = 1\n", encoding="utf-8")
    script = tmp_path / "script.py"
    script.write_text(WHOSE + "import beside; print(sys.path[0])\n", encoding="utf-8")
    found = said(run("-m", "zmqlite.compat", script, "-m", "b c"))
    assert found.splitlines() == ["zmqlite.socket 27.3.0 __main__ ['-m', 'b c']", str(tmp_path)]


def test_module_and_code_run_on_zmqlite(tmp_path: Path) -> None:
    """`-m module args` and `-c code args`."""
    (tmp_path / "program.py").write_text(WHOSE, encoding="utf-8")
    search = os.pathsep.join([str(tmp_path), os.environ.get("PYTHONPATH", "")])
    found = said(run("-m", "zmqlite.compat", "-m", "program", "x", PYTHONPATH=search))
    assert found == "zmqlite.socket 27.3.0 __main__ ['x']\n"
    assert said(run("-m", "zmqlite.compat", "-c", WHOSE, "y")) == "zmqlite.socket 27.3.0 __main__ ['y']\n"


def test_exit_code_and_flags_are_the_programs() -> None:
    """How the program ends is how the command ends, and Python's flags are kept."""
    assert run("-m", "zmqlite.compat", "-c", "raise SystemExit(7)").returncode == 7
    code = "import sys; print(__debug__, sys.warnoptions)"
    assert said(run("-O", "-W", "error", "-m", "zmqlite.compat", "-c", code)) == "False ['error']\n"


@pytest.mark.parametrize("arguments", [(), ("-m",), ("--unknown",), ("-x", "script.py")])
def test_wrong_command_line_ends_with_2_and_says_how(arguments: tuple[str, ...]) -> None:
    """Nothing is run."""
    done = run("-m", "zmqlite.compat", *arguments)
    assert (done.returncode, done.stdout) == (2, "")
    assert "usage: python -m zmqlite.compat" in done.stderr


def test_path_puts_zmqlite_in_place_for_any_python_program() -> None:
    """`--path` prints the folder for PYTHONPATH; it comes before pyzmq where that is installed, too."""
    folder = said(run("-m", "zmqlite.compat", "--path")).strip()
    assert folder == str(FOLDER)
    search = os.pathsep.join([folder, os.environ.get("PYTHONPATH", "")])
    assert said(run("-W", "error", "-c", WHOSE, PYTHONPATH=search)) == "zmqlite.socket 27.3.0 __main__ []\n"


def test_pytest_runs_tests_on_zmqlite(tmp_path: Path) -> None:
    """Through the command and through PYTHONPATH; a package's own tests import zmq at their top."""
    (tmp_path / "test_theirs.py").write_text(
        "import zmq\nimport zmq.asyncio\n"
        "def test_whose():\n    assert zmq.Socket.__module__ == 'zmqlite.socket'\n"
        "    assert issubclass(zmq.asyncio.Socket, zmq.Socket)\n",
        encoding="utf-8",
    )
    (tmp_path / "pytest.ini").write_text("[pytest]\n", encoding="utf-8")
    search = os.pathsep.join([str(FOLDER), os.environ.get("PYTHONPATH", "")])
    pytest_command = ("-m", "pytest", "-q", "-p", "no:cacheprovider", tmp_path)
    for command, path in (
        (("-m", "zmqlite.compat", *pytest_command), os.environ.get("PYTHONPATH", "")),
        (pytest_command, search),
    ):
        done = run(*command, PYTHONPATH=path)
        assert (done.returncode, "1 passed" in done.stdout) == (0, True), done.stdout + done.stderr


def test_install_covers_this_process_and_its_children() -> None:
    """install() twice is once; children find zmqlite by PYTHONPATH, and those of multiprocessing, too."""
    code = """
        import os, subprocess, sys
        import zmqlite.compat
        zmqlite.compat.install()
        zmqlite.compat.install()
        import zmq, zmq.utils.z85, zmqlite
        assert zmq.Socket is zmqlite.Socket and zmq.error is zmqlite.errors
        assert zmq.utils.z85.encode is zmqlite.z85.encode
        show = "import zmq; print(zmq.Socket.__module__)"
        print(subprocess.check_output([sys.executable, "-c", show], text=True), end="")
        assert os.environ["PYTHONPATH"].split(os.pathsep).count(zmqlite.compat.get_path()) == 1
    """
    assert said(run("-c", "import textwrap; exec(textwrap.dedent('''" + code + "'''))")) == "zmqlite.socket\n"


def test_spawned_children_of_a_script_are_on_zmqlite(tmp_path: Path) -> None:
    """A multiprocessing pool by spawn imports the script again, and zmq with it."""
    script = tmp_path / "script.py"
    script.write_text(
        "import multiprocessing\nimport zmq\n"
        "def whose(_): return zmq.Context.__module__\n"
        "if __name__ == '__main__':\n"
        "    with multiprocessing.get_context('spawn').Pool(1) as pool:\n"
        "        print(pool.map(whose, [0]))\n",
        encoding="utf-8",
    )
    assert said(run("-m", "zmqlite.compat", script)) == "['zmqlite.context']\n"


def test_install_for_this_process_alone_leaves_the_environment() -> None:
    """children=False."""
    code = "import os, zmqlite.compat as c; c.install(children=False); import zmq"
    found = said(run("-c", code + "; print(os.environ.get('PYTHONPATH', '')); print(zmq.Socket.__module__)"))
    assert found == f"{os.environ.get('PYTHONPATH', '')}\nzmqlite.socket\n"


@pytest.mark.skipif(not HAS_PYZMQ, reason="pyzmq is not installed")
def test_install_after_pyzmq_is_an_error_that_says_so() -> None:
    """Two libraries in one process is never an accident."""
    done = run("-c", "import zmq, zmqlite.compat; zmqlite.compat.install()")
    assert done.returncode == 1
    assert "ImportError: pyzmq is imported already, from " in done.stderr
    assert "before anything imports zmq" in done.stderr


def test_a_python_without_zmqlite_says_what_to_do(tmp_path: Path) -> None:
    """PYTHONPATH reaches every Python that is started, also of other environments."""
    search = os.pathsep.join([str(FOLDER), str(tmp_path)])
    (tmp_path / "zmqlite.py").write_text("raise ImportError('no zmqlite here')\n", encoding="utf-8")
    done = run("-S", "-c", "import zmq", PYTHONPATH=search)
    assert done.returncode == 1
    assert "ImportError: PYTHONPATH puts zmqlite in the place of pyzmq, and this Python cannot import" in done.stderr


def test_isolated_python_is_refused() -> None:
    """-E and -I ignore PYTHONPATH: the program would run on pyzmq."""
    code = "import sys; from zmqlite.compat.__main__ import main; sys.exit(main(['-c', 'print(1)']))"
    environment = f"import sys; sys.path[:0] = {[path for path in sys.path if path]!r}; "
    done = run("-E", "-c", environment + code)
    assert (done.returncode, done.stdout) == (2, "")
    assert "PYTHONPATH" in done.stderr


def test_every_module_of_the_package_is_importable_first() -> None:
    """In any order, without a warning, and nothing of zmqlite is loaded a second time under another name."""
    code = f"""
import importlib, sys
for first in {MODULES!r}:
    try:
        importlib.import_module(first)
    except ImportError as error:
        assert (error.name or getattr(error.__cause__, "name", None)) in ("tornado", "gevent"), error
    except DeprecationWarning as error:
        assert first == "zmq.auth.ioloop", error
    loaded = {{}}
    for made in list(sys.modules.values()):
        loaded.setdefault(getattr(made, "__file__", None), set()).add(id(made))
    assert [file for file, those in loaded.items() if file and "zmqlite" in file and len(those) > 1] == [], first
    for name in [name for name in sys.modules if name.partition(".")[0] == "zmq"]:
        del sys.modules[name]
"""
    search = os.pathsep.join([str(FOLDER), os.environ.get("PYTHONPATH", "")])
    assert said(run("-W", "error", "-c", code, PYTHONPATH=search)) == ""


def test_modules_are_the_very_same() -> None:
    """What a test replaces in zmq.ssh.tunnel, zmqlite uses: leaves are the same module objects."""
    code = (
        "import zmq.ssh.tunnel, zmq.error, zmq.devices.basedevice, zmq.utils.jsonapi, zmq.log.handlers\n"
        "import zmqlite.ssh.tunnel, zmqlite.log.handlers, zmqlite.devices\n"
        "assert zmq.ssh.tunnel is zmqlite.ssh.tunnel and zmq.log.handlers is zmqlite.log.handlers\n"
        "assert zmq.error is zmqlite.errors and zmq.devices.Device is zmqlite.devices.Device\n"
    )
    assert said(run("-m", "zmqlite.compat", "-c", code)) == ""


@pytest.mark.skipif(not zmqlite.has("curve"), reason="this libzmq has no CURVE")
def test_programs_see_no_warning_that_pyzmq_does_not_give() -> None:
    """A CURVE server without an authenticator: SecurityWarning is for programs that know zmqlite."""
    code = (
        "import {} as zmq\n"
        "with zmq.Context() as context, context.socket(zmq.REP) as server:\n"
        "    server.curve_publickey, server.curve_secretkey = zmq.curve_keypair()\n"
        "    server.curve_server = True\n"
        "    server.bind('tcp://127.0.0.1:*')\n"
    )
    assert said(run("-W", "error", "-m", "zmqlite.compat", "-c", code.format("zmq"))) == ""
    assert "SecurityWarning" in run("-W", "error", "-c", code.format("zmqlite")).stderr


def test_commands_of_pyzmq_are_there() -> None:
    """`python -m zmq.curve_keygen` and `python -m zmq.log`."""
    if zmqlite.has("curve"):
        assert said(run("-m", "zmqlite.compat", "-m", "zmq.curve_keygen")).startswith("== CURVE PUBLIC KEY ==\n")
    assert "--separator" in said(run("-m", "zmqlite.compat", "-m", "zmq.log", "--help"))
