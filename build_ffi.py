"""Builds zmqlite's extension modules; also the PEP 517 backend, which is setuptools' with two changes.

`zmqlite._libzmq` is the cffi module: all of zmq.h and the native core in src/native, linked with the
libzmq of vendor/libzmq or, with ZMQLITE_LIBZMQ=system, the system's. `zmqlite._hotpath` (CPython only)
is src/hotpath and links nothing.

Environment: ZMQLITE_LIBZMQ (bundled or system), ZMQLITE_WERROR=1, and what vendor/libzmq/build.py reads.
"""

import hashlib
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path
from typing import Any, NamedTuple, Optional
from urllib.parse import quote

from setuptools import Extension
from setuptools.build_meta import *  # noqa: F403 - a backend is all of its hooks
from setuptools.build_meta import get_requires_for_build_wheel as setuptools_requires
from setuptools.command.bdist_wheel import bdist_wheel
from setuptools.command.build_ext import build_ext
from setuptools.command.sdist import sdist
from setuptools.errors import CompileError

ROOT = Path(__file__).resolve().parent
NATIVE = ROOT / "src" / "native"
HOTPATH = ROOT / "src" / "hotpath"
VENDOR = ROOT / "vendor" / "libzmq"
CDEF = NATIVE / "cdef"
CPYTHON = sys.implementation.name == "cpython"
# One binary for 3.11 and up. Free-threaded CPython has no limited API before 3.15.
LIMITED_API = CPYTHON and sys.version_info >= (3, 11) and not sysconfig.get_config_var("Py_GIL_DISABLED")
SYSTEM_MINIMUM = "4.3.3"


class Library(NamedTuple):
    """A libzmq to compile and link with."""

    include: list[str]
    macros: list[tuple[str, Optional[str]]]
    compile: list[str]
    link: list[str]
    static: list[str]  # archives to link into the module
    info: dict[str, Any]  # what `zl_build_info_json` tells
    licences: Optional[Path]  # licence files of what is linked in


def system_wanted() -> bool:
    """Whether ZMQLITE_LIBZMQ asks for the system's libzmq."""
    choice = os.environ.get("ZMQLITE_LIBZMQ") or "bundled"
    if choice not in ("bundled", "system"):
        raise CompileError(f"ZMQLITE_LIBZMQ is {choice!r}: set it to 'bundled' or 'system', or unset it")
    return choice == "system"


def vendor(*arguments: str) -> list[str]:
    """Run vendor/libzmq/build.py; what it prints. Its messages go to the terminal."""
    done = subprocess.run([sys.executable, str(VENDOR / "build.py"), "--print", *arguments],
                          stdout=subprocess.PIPE, check=False)
    if done.returncode != 0:
        raise CompileError("libzmq could not be built: the line above, from vendor/libzmq, says what to do")
    return done.stdout.decode().splitlines()


def bundled_library() -> Library:
    """libzmq and libsodium of vendor/libzmq, built if they are not in the cache."""
    entry = Path(vendor()[-1])
    info = json.loads((entry / "build-info.json").read_text(encoding="utf-8"))
    info["mode"] = "bundled"
    macros: list[tuple[str, Optional[str]]] = [("ZMQ_STATIC", "1"), ("ZMQ_BUILD_DRAFT_API", "1")]
    archives = [str(path) for pattern in ("*zmq*.a", "*zmq*.lib", "*sodium.a", "*sodium.lib")
                for path in sorted((entry / "lib").glob(pattern))]
    if os.name == "nt":
        link = ["ws2_32.lib", "rpcrt4.lib", "iphlpapi.lib", "advapi32.lib"]
    elif sys.platform == "darwin":
        link = ["-Wl,-exported_symbol,_PyInit__libzmq"]
    else:
        link = ["-Wl,--exclude-libs,ALL", "-Wl,--gc-sections", "-pthread", "-lrt", *static_runtime(info)]
    return Library([str(entry / "include")], macros, [], link, archives, info, entry / "licences")


def static_runtime(info: dict[str, Any]) -> list[str]:
    """Flags that put GCC's C++ run-time into the module, where it is there as an archive; noted in `info`."""
    compiler = shlex.split(os.environ.get("CXX") or sysconfig.get_config_var("CXX") or "c++")
    if not shutil.which(compiler[0]):
        return []

    def ask(option: str) -> str:
        done = subprocess.run([*compiler, option], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=False)
        return done.stdout.decode().strip()

    if not os.path.isabs(ask("-print-file-name=libstdc++.a")):
        return []
    info["libstdc++"] = {"version": ask("-dumpfullversion") or ask("-dumpversion"), "source": "the compiler",
                         "spdx": "GPL-3.0-or-later WITH GCC-exception-3.1"}
    return ["-static-libstdc++", "-static-libgcc"]


def system_library() -> Library:
    """The system's libzmq, as pkg-config tells it."""
    program = shutil.which(os.environ.get("PKG_CONFIG", "pkg-config"))
    if not program:
        raise CompileError("ZMQLITE_LIBZMQ=system needs pkg-config: install it (for example `apt-get install "
                           "pkg-config`), or unset ZMQLITE_LIBZMQ to build the libzmq that zmqlite carries")

    def ask(*arguments: str) -> tuple[int, str]:
        done = subprocess.run([str(program), *arguments, "libzmq"], stdout=subprocess.PIPE, check=False)
        return done.returncode, done.stdout.decode().strip()

    status, version = ask("--modversion")
    if status != 0:
        raise CompileError("ZMQLITE_LIBZMQ=system: pkg-config does not find libzmq.pc: install libzmq's development "
                           "files (for example `apt-get install libzmq3-dev`) or set PKG_CONFIG_PATH, or unset "
                           "ZMQLITE_LIBZMQ to build the libzmq that zmqlite carries")
    if ask(f"--atleast-version={SYSTEM_MINIMUM}")[0] != 0:
        raise CompileError(f"ZMQLITE_LIBZMQ=system: libzmq {version} is too old, zmqlite needs {SYSTEM_MINIMUM}: "
                           f"update it, or unset ZMQLITE_LIBZMQ to build the libzmq that zmqlite carries")
    info = {"mode": "system", "libzmq": {"version": version, "source": "system", "licence": "see the system's libzmq"}}
    link = shlex.split(ask("--libs")[1]) + ([] if os.name == "nt" or sys.platform == "darwin" else ["-ldl"])
    return Library([], [("ZL_SYSTEM", "1")], shlex.split(ask("--cflags")[1]), link, [], info, None)


def constants() -> tuple[str, str]:
    """src/native/cdef/constants.h as cffi declarations, and as C that fills in what a header lacks."""
    declarations, fallbacks = [], ["/* Written by build_ffi.py. */"]
    for name, value in re.findall(r"^#define (\w+) (.+)$", (CDEF / "constants.h").read_text(encoding="utf-8"), re.M):
        text = value.startswith('"')
        declarations.append(f"static const char *const {name};" if text else f"#define {name} ...")
        if value != "...":
            fallbacks.append(f"#ifndef {name}\n#define {name} {value}\n#endif")
    return "\n".join(declarations), "\n".join(fallbacks) + "\n"


def build_info_header(info: dict[str, Any]) -> str:
    """C that defines `zl_build_info_json`, in pieces that every compiler takes."""
    text = json.dumps(info, sort_keys=True)
    pieces = "\n".join(json.dumps(text[start:start + 1000]) for start in range(0, len(text), 1000))
    return f"/* Written by build_ffi.py. */\nstatic const char *const zl_build_info_json =\n{pieces};\n"


def ffi_builder() -> Any:
    """The cffi builder of `zmqlite._libzmq`, with everything but the flags."""
    from cffi import FFI

    builder = FFI()
    builder.cdef(constants()[0])
    # native.h declares what zl.h does; any other, such as bench.h, what its zl_bench.h does.
    first = ("zmq.h", "optional.h", "native.h")
    others = sorted(path.name for path in CDEF.glob("*.h") if path.name not in ("constants.h", *first))
    for name in (*first, *others):
        builder.cdef((CDEF / name).read_text(encoding="utf-8"))
    builder.cdef("static const char *const zl_build_info_json;")
    source = """
        #include "zl_optional.h"
        #if defined _WIN32
        struct iovec { void *iov_base; size_t iov_len; };
        #else
        #include <sys/uio.h>
        #endif
        #include "zl.h"
        #include "zl_build_info.h"
    """ + "".join(f'#include "zl_{name}"\n' for name in others)
    builder.set_source("zmqlite._libzmq", source, py_limited_api=bool(LIMITED_API))
    return builder


def write(path: Path, text: str) -> None:
    """Write a generated file, unless it is the same already: what is not touched is not built again."""
    if not path.is_file() or path.read_text(encoding="utf-8") != text:
        path.write_text(text, encoding="utf-8")


def check_python_headers() -> None:
    """Say what to install where Python came without its C headers."""
    folders = {sysconfig.get_path("include"), sysconfig.get_path("platinclude")}
    if not any(folder and (Path(folder) / "Python.h").is_file() for folder in folders):
        raise CompileError(f"Python.h is not in {sysconfig.get_path('include')}: install the headers of this Python "
                           f"(for example `apt-get install python3-dev` or `pypy3-dev`)")


class BuildExtensions(build_ext):
    """Locates libzmq and generates the cffi module only when the extensions are really built."""

    library: Optional[Library] = None

    def run(self) -> None:
        """Fill in the two extensions, then build them."""
        check_python_headers()
        self.library = library = system_library() if system_wanted() else bundled_library()
        generated = Path(self.build_temp).resolve() / "generated"
        generated.mkdir(parents=True, exist_ok=True)
        write(generated / "zl_constants.h", constants()[1])
        write(generated / "zl_build_info.h", build_info_header(library.info))
        # A dependency that changes with the libraries, so that they are linked anew.
        linked = " ".join(Path(path).parent.parent.name for path in library.static)
        write(generated / "zl_linked.h", f"/* {linked} */\n")
        ffi_builder().emit_c_code(str(generated / "_libzmq.c"))
        for extension in self.extensions:
            extension.include_dirs = [str(generated), str(NATIVE), str(HOTPATH), *library.include]
            extension.define_macros = [*library.macros]
            if os.name == "nt":
                extension.define_macros.append(("WIN32_LEAN_AND_MEAN", None))
            if LIMITED_API:
                extension.define_macros.append(("Py_LIMITED_API", "0x030b0000"))
            extension.extra_compile_args = [*library.compile]
            extension.depends = [str(Path(__file__)), *(str(path) for folder in (NATIVE, CDEF, HOTPATH, generated)
                                                        for path in sorted(folder.glob("*.h")))]
            if extension.name == "zmqlite._libzmq":
                extension.sources = [str(generated / "_libzmq.c"), *sources(NATIVE)]
                extension.extra_objects = library.static
                extension.extra_link_args = [*library.link]
                # libzmq is C++: the C++ driver links its run-time.
                extension.language = "c++" if library.static else "c"
        super().run()

    def build_extension(self, extension: Extension) -> None:
        """Build one extension with our flags, compiling only the files that changed."""
        if self.compiler.compiler_type != "msvc":
            extension.extra_compile_args += ["-O3", "-fvisibility=hidden", "-Wall", "-Wextra"]
            if sys.platform.startswith("linux"):
                extension.extra_compile_args.append("-fno-plt")
                if not self.debug:  # build_ext --debug keeps the line numbers, a third of the file
                    extension.extra_link_args.append("-Wl,--strip-debug")
            if os.environ.get("ZMQLITE_WERROR") == "1":
                extension.extra_compile_args.append("-Werror")
            depends = hashlib.sha256(b"".join(Path(path).read_bytes() for path in extension.depends)).hexdigest()
            self.skip_unchanged(depends)
            if not getattr(self.compiler, "linker_so_cxx", True):
                # PyPy names no C++ linker; setuptools takes the C++ driver and these arguments.
                self.compiler.linker_so_cxx = self.compiler.linker_so
            # A Python that was built with LDFLAGS=-Wl,-rpath,... would pass its own folder on to our modules.
            for name in ("linker_so", "linker_so_cxx"):
                command = [part for part in getattr(self.compiler, name) if not part.startswith("-Wl,-rpath")]
                setattr(self.compiler, name, command)
        super().build_extension(extension)

    def skip_unchanged(self, depends: str) -> None:
        """Make the compiler leave alone an object whose source, dependencies and command are the same."""
        compile_one = type(self.compiler)._compile

        def compile_if_changed(target: str, source: str, *arguments: Any) -> None:
            text = repr((Path(source).read_bytes(), arguments, depends, self.compiler.compiler_so))
            key = hashlib.sha256(text.encode()).hexdigest()
            mark = Path(target + ".key")
            if not (Path(target).is_file() and mark.is_file() and mark.read_text() == key):
                mark.unlink() if mark.exists() else None
                compile_one(self.compiler, target, source, *arguments)
                mark.write_text(key)

        self.compiler._compile = compile_if_changed


class SourceDistribution(sdist):
    """An sdist that carries the verified tarballs, so that building it needs no network."""

    def make_release_tree(self, base_dir: str, files: list[str]) -> None:
        """Copy the tarballs in; the checkout itself stays as it is."""
        super().make_release_tree(base_dir, files)
        target = Path(base_dir) / "vendor" / "libzmq" / "sources"
        target.mkdir(parents=True, exist_ok=True)
        for tarball in vendor("--fetch-only"):
            shutil.copyfile(tarball, str(target / Path(tarball).name))


class Wheel(bdist_wheel):
    """A wheel that says what is linked into it: licences (PEP 639) and an SBOM (PEP 770)."""

    def write_wheelfile(self, folder: str, *arguments: Any, **options: Any) -> None:
        """Complete the .dist-info folder before it is packed."""
        super().write_wheelfile(folder, *arguments, **options)
        library = self.distribution.get_command_obj("build_ext").library
        if library and library.licences:
            add_licences(Path(folder), library)
            add_sbom(Path(folder), library.info, self.distribution.get_version())


def add_licences(folder: Path, library: Library) -> None:
    """Add the licence files of what is linked in, and name them in METADATA."""
    metadata = folder / "METADATA"
    text = metadata.read_text(encoding="utf-8")
    names = []
    for path in sorted(Path(str(library.licences)).glob("*/*")):
        name = f"vendor/{path.parent.name}/{path.name}"
        (folder / "licenses" / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(str(path), str(folder / "licenses" / name))
        names.append(f"License-File: {name}\n")
    licences = sorted({library.info[one]["spdx"] for one in ("libzmq", "libsodium")})
    ours = re.compile(r"^License-Expression: .*$", re.M)
    text = ours.sub(lambda line: " AND ".join([line[0], *licences]), text, count=1)
    text = re.sub(r"(^License-File: .*\n)+", lambda lines: lines[0] + "".join(names), text, count=1, flags=re.M)
    metadata.write_text(text, encoding="utf-8")


def add_sbom(folder: Path, info: dict[str, Any], version: str) -> None:
    """Write a CycloneDX SBOM of the libraries inside the wheel."""
    components = [
        {
            "type": "library",
            "name": name,
            "version": part["version"],
            "bom-ref": f"{name}@{part['version']}",
            "purl": f"pkg:generic/{quote(name)}@{part['version']}",
            "licenses": [{"expression": part["spdx"]}],
            "properties": [{"name": f"zmqlite:{key}", "value": part[key]}
                           for key in ("source", "file", "sha256") if key in part],
        }
        for name, part in sorted(info.items()) if "spdx" in part
    ]
    root = {"type": "library", "name": "zmqlite", "version": version, "bom-ref": "zmqlite",
            "licenses": [{"expression": "MIT"}]}
    references = [str(one["bom-ref"]) for one in components]
    sbom = {
        "bomFormat": "CycloneDX", "specVersion": "1.6", "version": 1,
        "metadata": {"component": root},
        "components": components,
        "dependencies": [{"ref": "zmqlite", "dependsOn": references}, *({"ref": one} for one in references)],
    }
    (folder / "sboms").mkdir(exist_ok=True)
    (folder / "sboms" / "zmqlite.cdx.json").write_text(json.dumps(sbom, indent=2) + "\n", encoding="utf-8")


def sources(folder: Path) -> list[str]:
    """C files of a folder, relative to the root as setuptools wants them."""
    return [path.relative_to(ROOT).as_posix() for path in sorted(folder.glob("*.c"))]


def setup_arguments() -> dict[str, Any]:
    """What setup.py hands to setuptools.setup beyond pyproject.toml."""
    extensions = [Extension("zmqlite._libzmq", sources(NATIVE), py_limited_api=bool(LIMITED_API))]
    if CPYTHON and sources(HOTPATH):
        extensions.append(Extension("zmqlite._hotpath", sources(HOTPATH), py_limited_api=bool(LIMITED_API)))
    return {
        "ext_modules": extensions,
        "cmdclass": {"build_ext": BuildExtensions, "sdist": SourceDistribution, "bdist_wheel": Wheel},
        "options": {"bdist_wheel": {"py_limited_api": "cp311"}} if LIMITED_API else {},
    }


def get_requires_for_build_wheel(config_settings: Any = None) -> list[str]:
    """CMake and Ninja from PyPI only where libzmq is built and the machine has not got them."""
    tools = () if system_wanted() else ("cmake",) if os.name == "nt" else ("cmake", "ninja")
    return [*setuptools_requires(config_settings), *(name for name in tools if not shutil.which(name))]


get_requires_for_build_editable = get_requires_for_build_wheel
