"""What is built and packed: all of zmq.h in the cffi module, the sdist, the wheel, and messages of the build."""

import email
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import sysconfig
import tarfile
import zipfile
from pathlib import Path

import pytest

from zmqlite import _libzmq

lib, ffi = _libzmq.lib, _libzmq.ffi

ROOT = Path(__file__).resolve().parent.parent
CDEF = ROOT / "src" / "native" / "cdef"
INFO = json.loads(ffi.string(lib.zl_build_info_json))
CPYTHON = sys.implementation.name == "cpython"

pytestmark = pytest.mark.build

reads_elf = pytest.mark.skipif(
    not sys.platform.startswith("linux") or not shutil.which("readelf"), reason="reads ELF with binutils"
)


def include_folder():
    """Where the zmq.h is that the module was built with."""
    if INFO["mode"] == "system":
        command = ["pkg-config", "--variable=includedir", "libzmq"]
    else:
        source = INFO["libzmq"]["source"]
        command = [sys.executable, str(ROOT / "vendor" / "libzmq" / "build.py"), "--print", "--source", source]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    folder = Path(done.stdout.strip())
    return folder if INFO["mode"] == "system" else folder / "include"


@pytest.fixture(scope="module")
def header():
    """The text of that zmq.h, without comments."""
    text = (include_folder() / "zmq.h").read_text(encoding="utf-8")
    return re.sub(r"/\*.*?\*/|//[^\n]*", "", text, flags=re.S)


def declared(text):
    """Names of the functions that a piece of zmq.h exports."""
    return set(re.findall(r"ZMQ_EXPORT\b[^;(]*?\b(zmq_\w+)\s*\(", text))


def optional():
    """Names in cdef/optional.h."""
    text = re.sub(r"/\*.*?\*/", "", (CDEF / "optional.h").read_text(encoding="utf-8"), flags=re.S)
    return set(re.findall(r"\b(zmq_\w+)\(", text)) - {"zmq_timer_fn"}


def test_every_function_of_zmq_h_is_there(header):
    """Each function that zmq.h exports, drafts included, can be called through the cffi module."""
    names = declared(header)
    assert len(names) > 90
    assert [name for name in sorted(names) if not hasattr(lib, name)] == []


def test_every_constant_of_zmq_h_is_there(header):
    """Each constant of zmq.h is in the cffi module with the header's value."""
    names = re.findall(r"^#define[ \t]+((?:ZMQ_|E)[A-Z0-9_]+)[ \t]+\S", header, re.M)
    names = [name for name in names if name not in ("ZMQ_EXPORT", "ZMQ_DEFINED_STDINT")]
    assert len(names) > 200
    assert [name for name in names if not hasattr(lib, name)] == []
    plain = dict(re.findall(r"^#define[ \t]+(ZMQ_\w+)[ \t]+(\d+|0x[0-9a-fA-F]+)[ \t]*$", header, re.M))
    plain.pop("ZMQ_DEFINED_STDINT")
    assert {name: getattr(lib, name) for name in plain} == {name: int(value, 0) for name, value in plain.items()}


def test_types_of_zmq_h_are_there():
    """The structs have the sizes that the library uses."""
    assert ffi.sizeof("zmq_msg_t") == 64
    assert ffi.alignof("zmq_msg_t") == ffi.sizeof("void *")
    assert {name for name, _ in ffi.typeof("zmq_pollitem_t").fields} == {"socket", "fd", "events", "revents"}
    assert {name for name, _ in ffi.typeof("zmq_poller_event_t").fields} == {"socket", "fd", "user_data", "events"}


def test_every_draft_is_optional(header):
    """A function that is a draft in zmq.h is never taken for granted."""
    drafts = header.partition("#ifdef ZMQ_BUILD_DRAFT_API")[2]
    assert declared(drafts) <= optional()


def test_optional_functions_are_wrapped_alike():
    """cdef/optional.h, the list in zl_optional.h and its renames name the same functions."""
    text = (ROOT / "src" / "native" / "zl_optional.h").read_text(encoding="utf-8")
    listed = set(re.findall(r"X \([^,]+, [^,]+, (zmq_\w+),", text))
    renamed = set(re.findall(r"^#define (zmq_\w+) zl_\1$", text, re.M))
    assert listed == renamed == optional()


def test_optional_has_tells_about_every_function():
    """1 or 0 for what a libzmq may lack, -1 for what each has."""
    assert {lib.zl_optional_has(name.encode()) for name in optional()} <= {0, 1}
    assert lib.zl_optional_has(b"zmq_send") == -1
    assert lib.zl_optional_has(b"zmq_join") == lib.zmq_has(b"draft")


def test_missing_function_fails_with_enotsup():
    """Calling what the linked libzmq lacks sets ENOTSUP; nothing crashes."""
    calls = {
        "zmq_ppoll": lambda: lib.zmq_ppoll(ffi.NULL, 0, 0, ffi.NULL) == -1,
        "zmq_poller_new": lambda: lib.zmq_poller_new() == ffi.NULL,
        "zmq_join": lambda: lib.zmq_join(ffi.NULL, b"group") == -1,
        "zmq_connect_peer": lambda: lib.zmq_connect_peer(ffi.NULL, b"inproc://x") == 0,
        "zmq_msg_group": lambda: lib.zmq_msg_group(ffi.NULL) == ffi.NULL,
    }
    for name, failed in calls.items():
        if not lib.zl_optional_has(name.encode()):
            ffi.errno = 0
            assert failed()
            assert ffi.errno == lib.ENOTSUP


def test_build_info_matches_the_library():
    """The build info inside the module names the version that is linked."""
    major, minor, patch = ffi.new("int *"), ffi.new("int *"), ffi.new("int *")
    lib.zmq_version(major, minor, patch)
    assert INFO["libzmq"]["version"] == f"{major[0]}.{minor[0]}.{patch[0]}"
    assert INFO["libzmq"]["licence"]


@pytest.mark.skipif(INFO["mode"] == "system", reason="says nothing about the system's libzmq")
def test_bundled_libzmq_has_everything():
    """The bundled build has CURVE through libsodium, ipc, drafts and WebSockets."""
    assert {name: lib.zmq_has(name.encode()) for name in ("curve", "ipc", "draft", "WS")} == {
        "curve": 1, "ipc": 1, "draft": 1, "WS": 1,
    }
    assert INFO["libsodium"]["version"]


@reads_elf
def test_module_exports_only_its_init_function():
    """Nothing of libzmq, libsodium or the C++ run-time can clash with another library of the process."""
    done = subprocess.run(["nm", "-D", "--defined-only", _libzmq.__file__], capture_output=True, text=True, timeout=60)
    names = {line.split()[-1] for line in done.stdout.splitlines()}
    assert names == {"PyInit__libzmq" if CPYTHON else "_cffi_pypyinit__libzmq"}


@reads_elf
@pytest.mark.skipif(INFO["mode"] == "system", reason="the system's libzmq is a library of its own")
def test_module_needs_no_library_but_libc():
    """libzmq, libsodium and the C++ run-time are inside."""
    done = subprocess.run(["readelf", "-d", _libzmq.__file__], capture_output=True, text=True, timeout=60)
    needed = re.findall(r"NEEDED.*\[(.+)\]", done.stdout)
    assert needed
    assert [name for name in needed if re.search("zmq|sodium|stdc|gcc", name)] == []


@pytest.fixture(scope="module")
def checkout(tmp_path_factory):
    """A copy of the source tree, to build in."""
    folder = tmp_path_factory.mktemp("checkout") / "zmqlite"
    built = ("build", "dist", "wheelhouse", "sources", "*.so", "*.egg-info", "__pycache__")
    shutil.copytree(str(ROOT), str(folder), ignore=shutil.ignore_patterns(".*", *built))
    return folder


def hook(checkout, call, timeout=240, **changes):
    """Call one of the build backend's hooks in a child process; it prints what the call returns."""
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    environment.update({"PYTHONPATH": str(checkout), "PYTHONDONTWRITEBYTECODE": "1", **changes})
    code = f"import build_ffi; print('returned', build_ffi.{call})"
    done = subprocess.run([sys.executable, "-c", code], cwd=str(checkout), env=environment, capture_output=True,
                          text=True, timeout=timeout)
    returned = re.findall(r"^returned (.*)$", done.stdout, re.M)
    return done, returned[-1] if returned else ""


@pytest.mark.timeout(300)
def test_sdist_carries_verified_tarballs(checkout, tmp_path):
    """The sdist has all that a build needs, with the tarballs, and nothing that was built."""
    source = INFO["libzmq"]["source"]
    changes = {} if source == "system" else {"ZMQLITE_LIBZMQ_SOURCE": source}
    done, name = hook(checkout, f"build_sdist({str(tmp_path)!r})", **changes)
    assert done.returncode == 0, done.stderr
    with tarfile.open(str(tmp_path / name)) as archive:
        files = {member.name.partition("/")[2]: archive.extractfile(member) for member in archive if member.isfile()}
        hashes = {Path(one).name: hashlib.sha256(files[one].read()).hexdigest() for one in files if "/sources/" in one}
    assert {"pyproject.toml", "setup.py", "build_ffi.py", "LICENSE", "src/zmqlite/py.typed", "src/native/zl_optional.c",
            "src/native/cdef/zmq.h", "vendor/libzmq/pins.json", "vendor/libzmq/build.py",
            "vendor/libzmq/sodium/CMakeLists.txt", "tests/test_packaging.py"} <= set(files)
    assert [one for one in files if re.search(r"\.(so|o|a|pyc)$|^build/", one)] == []
    pins = json.loads((checkout / "vendor" / "libzmq" / "pins.json").read_text(encoding="utf-8"))
    known = {pin["file"]: pin["sha256"] for library in pins.values() for pin in library}
    assert len(hashes) == 2
    assert hashes == {one: known[one] for one in hashes}
    assert not (checkout / "vendor" / "libzmq" / "sources").exists()


@pytest.mark.timeout(400)
def test_wheel_says_what_is_inside(checkout, tmp_path):
    """The wheel has the modules, its tag, the licences of what is linked in, and an SBOM."""
    done, name = hook(checkout, f"build_wheel({str(tmp_path)!r})", timeout=380)
    assert done.returncode == 0, done.stderr
    with zipfile.ZipFile(str(tmp_path / name)) as archive:
        names = archive.namelist()
        read = {one.partition(".dist-info/")[2]: archive.read(one).decode() for one in names if ".dist-info/" in one}
    limited = CPYTHON and sys.version_info >= (3, 11) and not sysconfig.get_config_var("Py_GIL_DISABLED")
    assert ("-cp311-abi3-" in name) == bool(limited)
    suffix = ".abi3.so" if limited else sysconfig.get_config_var("EXT_SUFFIX")
    modules = ["_libzmq", "_hotpath"] if CPYTHON else ["_libzmq"]
    assert {one for one in names if one.endswith((".so", ".pyd"))} == {f"zmqlite/{one}{suffix}" for one in modules}
    assert {"zmqlite/py.typed", "zmqlite/__init__.py", "zmqlite/_version.py"} <= set(names)
    metadata = email.message_from_string(read["METADATA"])
    assert metadata["Requires-Python"] == ">=3.9"
    assert [one for one in metadata.get_all("Requires-Dist") if "extra" not in one] == [
        'cffi>=1.17; implementation_name != "pypy"'
    ]
    files = metadata.get_all("License-File")
    assert all(f"licenses/{one}" in read for one in files)
    if INFO["mode"] == "system":
        assert metadata["License-Expression"] == "MIT"
        return
    assert metadata["License-Expression"].startswith("MIT AND ")
    assert {one.split("/")[1] for one in files if one.startswith("vendor/")} == {"libzmq", "libsodium"}
    sbom = json.loads(read["sboms/zmqlite.cdx.json"])
    assert {(one["name"], one["version"]) for one in sbom["components"]} == {
        (one, INFO[one]["version"]) for one in ("libzmq", "libsodium", "libstdc++") if one in INFO
    }


def test_version_is_single_sourced(checkout, tmp_path):
    """The metadata has the version of zmqlite/_version.py."""
    done, folder = hook(checkout, f"prepare_metadata_for_build_wheel({str(tmp_path)!r})")
    assert done.returncode == 0, done.stderr
    metadata = email.message_from_string((tmp_path / folder / "METADATA").read_text(encoding="utf-8"))
    version = re.search(r'__version__ = "(.+)"', (ROOT / "src/zmqlite/_version.py").read_text(encoding="utf-8"))[1]
    assert (metadata["Name"], metadata["Version"]) == ("zmqlite", version)
    assert metadata["License-Expression"] == "MIT"


def test_build_tools_are_asked_for_only_where_needed(checkout):
    """CMake and Ninja come from PyPI where libzmq is built and the machine has none."""
    call = "get_requires_for_build_wheel()"
    bare = {"PATH": os.devnull}
    assert "'cmake', 'ninja'" in hook(checkout, call, ZMQLITE_LIBZMQ="bundled", **bare)[1]
    assert "cmake" not in hook(checkout, call, ZMQLITE_LIBZMQ="system", **bare)[1]


def build_error(checkout, **changes):
    """The last line of a build that must fail, without a traceback."""
    environment = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1", **changes}
    done = subprocess.run([sys.executable, "setup.py", "-q", "build_ext"], cwd=str(checkout), env=environment,
                          capture_output=True, text=True, timeout=120)
    assert done.returncode == 1, done.stderr
    assert "Traceback" not in done.stderr
    return done.stderr


def test_system_without_pkg_config_says_what_to_do(checkout, tmp_path):
    """ZMQLITE_LIBZMQ=system on a machine without pkg-config names the package to install."""
    message = build_error(checkout, ZMQLITE_LIBZMQ="system", PATH=str(tmp_path))
    assert "needs pkg-config" in message
    assert "apt-get install pkg-config" in message
    assert "unset ZMQLITE_LIBZMQ" in message


@pytest.mark.skipif(not shutil.which("pkg-config"), reason="needs pkg-config")
def test_system_without_libzmq_says_what_to_do(checkout, tmp_path):
    """ZMQLITE_LIBZMQ=system without libzmq.pc names the package to install."""
    message = build_error(checkout, ZMQLITE_LIBZMQ="system", PKG_CONFIG_LIBDIR=str(tmp_path), PKG_CONFIG_PATH="")
    assert "libzmq.pc" in message
    assert "apt-get install libzmq3-dev" in message


@pytest.mark.skipif(not shutil.which("pkg-config"), reason="needs pkg-config")
def test_system_with_an_old_libzmq_says_so(checkout, tmp_path):
    """A system libzmq before 4.2 is refused with its version."""
    (tmp_path / "libzmq.pc").write_text("Name: libzmq\nDescription: old\nVersion: 4.1.7\nLibs: -lzmq\nCflags:\n")
    message = build_error(checkout, ZMQLITE_LIBZMQ="system", PKG_CONFIG_LIBDIR=str(tmp_path), PKG_CONFIG_PATH="")
    assert "libzmq 4.1.7 is too old" in message


def test_unknown_choice_of_libzmq_is_refused(checkout):
    """A misspelt ZMQLITE_LIBZMQ is an error that names the choices."""
    assert "'bundled' or 'system'" in build_error(checkout, ZMQLITE_LIBZMQ="sytsem")


@pytest.mark.skipif(os.name == "nt", reason="PATH lookups are done by Visual Studio there")
def test_bundled_without_a_compiler_says_what_to_do(checkout, tmp_path):
    """The message of vendor/libzmq reaches whoever builds the package."""
    message = build_error(checkout, ZMQLITE_LIBZMQ="bundled", CXX="no-such-compiler")
    assert "no C++ compiler found" in message
    assert "apt-get install g++" in message
