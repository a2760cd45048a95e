"""The rooms of the house: who may import whom, and what every source file keeps to. ARCHITECTURE.md has the picture."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "src" / "zmqlite"
# The package `zmq`, whose modules are other names for zmqlite's: test_compat.py imports each.
DROP_IN = PACKAGE / "compat" / "drop_in"
CPYTHON = sys.implementation.name == "cpython"

# From the ground up. A module imports only from layers below its own, or from its own without a cycle.
LAYERS = (
    ("_libzmq", "_version"),
    ("_native",),
    ("_backend", "_done_cffi", "_frame_cffi", "_hotpath", "_hotpath_cffi", "_message_cffi", "_part_cffi"),
    (
        "certificates",
        "constants",
        "errors",
        "io_thread_settings",
        "option_codec",
        "option_table",
        "option_table_transports",
        "options",
        "tunings",
        "z85",
        "zpl",
    ),
    ("addresses", "busy_wait", "context", "context_options", "lifetime", "message", "version", "waiting"),
    ("endpoints", "open_servers", "option_attributes", "socket", "socket_forms", "socket_options", "verbs"),
    ("curve", "hardening", "monitor", "poller", "proxy", "readiness", "stopwatch", "waiting_socket"),
    ("anyio", "asyncio", "auth", "curve_keygen", "decorators", "devices", "log", "ssh", "utils"),
    ("eventloop",),
    ("__init__",),
    ("counters", "green", "testing", "tracing"),
    ("cli_verbs",),
    ("__main__", "bench", "cli", "compat", "info", "keygen"),
)
# Imports inside functions that go up, and why they may.
LATE = {
    ("_native", "errors"): "a function that libzmq lacks raises the tree's error",
    ("constants", "options"): "an enum member tells its option's type",
    ("socket", "hardening"): "a method that sets many options at once",
    ("socket", "monitor"): "a method that starts what is built around sockets",
}
# What test environments of old Pythons lack.
NEEDS = {
    "zmqlite.anyio": "anyio",
    "zmqlite.counters.anyio": "anyio",
    **{f"zmqlite.green{name}": "gevent" for name in ("", ".core", ".device", ".poll")},
    **{f"zmqlite.green.eventloop{name}": "gevent" for name in ("", ".ioloop", ".zmqstream")},
    **{f"zmqlite.eventloop{name}": "tornado" for name in ("", ".future", ".ioloop", ".zmqstream")},
}
# Longer than a screenful of subjects, but one table.
LONG = {"src/zmqlite/constants.py"}


class Import(NamedTuple):
    """One import of a module of this package."""

    target: str
    late: bool  # inside a function


def layer(module: str) -> int:
    """Which layer a module is in; a module of no layer is an error that says so."""
    for number, names in enumerate(LAYERS):
        if module.partition(".")[0] in names:
            return number
    raise AssertionError(f"zmqlite.{module} is in no layer: add it to ARCHITECTURE.md and to LAYERS here")


def modules() -> dict[str, Path]:
    """Every Python module of the package: name inside the package, and file."""
    found = {}
    for path in sorted(path for path in PACKAGE.rglob("*.py") if DROP_IN not in path.parents):
        name = ".".join(path.relative_to(PACKAGE).with_suffix("").parts)
        found[name[: -len(".__init__")] if name.endswith(".__init__") else name] = path
    return found


def walk(node: ast.AST, late: bool = False) -> Iterator[tuple[ast.AST, bool]]:
    """Every node that runs, and whether it runs later than the import; typing's own imports never run."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.If) and isinstance(child.test, ast.Name) and child.test.id == "TYPE_CHECKING":
            for other in child.orelse:
                yield other, late
                yield from walk(other, late)
            continue
        yield child, late
        inner = late or isinstance(child, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda))
        yield from walk(child, inner)


def imports(module: str, path: Path) -> Iterator[Import]:
    """What a module imports of this package."""
    package = module.split(".") if path.name == "__init__.py" and module != "__init__" else module.split(".")[:-1]
    for node, late in walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            for alias in node.names:
                if alias.name.partition(".")[0] == "zmqlite":
                    yield Import(alias.name.partition(".")[2] or "__init__", late)
        elif isinstance(node, ast.ImportFrom):
            if node.level:
                above = [*package[: len(package) - node.level + 1], *(node.module or "").split(".")]
                base = ".".join(part for part in above if part)
            elif (node.module or "").partition(".")[0] == "zmqlite":
                base = (node.module or "").partition(".")[2]
            else:
                continue
            for alias in node.names:
                whole = f"{base}.{alias.name}".lstrip(".")
                yield Import(whole if exists(whole) else base or "__init__", late)


def exists(module: str) -> bool:
    """Whether there is such a module, in Python or in C."""
    return module in modules() or module in ("_libzmq", "_hotpath")


MODULES = modules()
IMPORTS = {name: sorted(set(imports(name, path))) for name, path in MODULES.items()}


def test_imports_point_only_downwards():
    """No module imports from a layer above its own, but for the late imports that are listed with a reason."""
    upward = {
        (name, one.target)
        for name, found in IMPORTS.items()
        for one in found
        if layer(one.target) > layer(name) and not (one.late and (name, one.target) in LATE)
    }
    assert upward == set()


def test_late_imports_are_still_needed():
    """Every exception in the table is one that the code makes use of."""
    late = {(name, one.target) for name, found in IMPORTS.items() for one in found if one.late}
    assert set(LATE) - late == set()


def test_modules_import_each_other_without_cycles():
    """Modules load in one order, whichever is asked for first."""
    left = {name: {one.target for one in found if not one.late} for name, found in IMPORTS.items()}
    while left:
        free = [name for name, needs in left.items() if not needs & set(left) - {name}]
        assert free, f"these import each other: {left}"
        left = {name: needs for name, needs in left.items() if name not in free}


@pytest.mark.parametrize(
    ("target", "importers"), [("_libzmq", {"_native"}), ("_hotpath", {"_backend"}), ("_hotpath_cffi", {"_backend"})]
)
def test_native_modules_have_one_door(target, importers):
    """The cffi module is imported by _native alone, and the two backends by _backend alone."""
    assert {name for name, found in IMPORTS.items() for one in found if one.target == target} == importers


def test_package_is_not_imported_from_below():
    """The modules that make up the package never import the package itself."""
    names = {name for name, found in IMPORTS.items() if any(one.target == "__init__" for one in found)}
    assert {name for name in names if layer(name) < layer("__init__")} == set()


@pytest.mark.parametrize("module", [*MODULES, "_libzmq", *(["_hotpath"] if CPYTHON else [])])
def test_each_module_is_importable_alone(module, run_child):
    """Any module can be the first that a program imports, with warnings as errors, and it prints nothing."""
    name = "zmqlite" if module == "__init__" else f"zmqlite.{module}"
    if name in NEEDS:
        pytest.importorskip(NEEDS[name], reason=f"{name} needs {NEEDS[name]}, which is not installed for this Python")
    code = "import importlib, warnings; warnings.simplefilter('error'); importlib.import_module"
    done = run_child(f"{code}({name!r})")
    assert (done.exit_code, done.stdout, done.stderr) == (0, "", "")


def source_files() -> list[Path]:
    """Python and C of the package."""
    return [path for path in (ROOT / "src").rglob("*") if path.suffix in (".py", ".pyi", ".c", ".h")]


def test_files_are_short():
    """One subject a file: no source file has more than 450 lines."""
    lengths = {
        path.relative_to(ROOT).as_posix(): len(path.read_text(encoding="utf-8").splitlines()) for path in source_files()
    }
    assert {name: count for name, count in lengths.items() if count > 450 and name not in LONG} == {}


def test_native_core_knows_no_python():
    """src/native is compiled without Python.h, so that both backends and any interpreter can share it."""
    found = [
        path.name
        for path in (ROOT / "src" / "native").rglob("*.[ch]")
        if re.search(r'#\s*include\s*[<"]Python\.h|\bPyObject\b|\bPy_', path.read_text(encoding="utf-8"))
    ]
    assert found == []


def test_no_file_names_a_path_of_one_machine():
    """What is in the repository works wherever it is checked out."""
    done = subprocess.run(["git", "ls-files", "-z"], cwd=str(ROOT), capture_output=True, text=True, check=False)
    if done.returncode != 0:
        pytest.skip("not a git checkout")
    machine = re.compile(r"(?<![\w.*/>}])/(?:tmp|work|root|home)/\w")
    paths = [ROOT / name for name in done.stdout.split("\0") if name and (ROOT / name).is_file()]
    found = [
        f"{path.relative_to(ROOT)}: {line.strip()[:100]}"
        for path in paths
        for line in path.read_text(encoding="utf-8", errors="replace").splitlines()
        if machine.search(line)
    ]
    assert found == []
