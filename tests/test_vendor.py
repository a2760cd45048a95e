"""vendor/libzmq: sources in order, hashes, the cache, and messages that say what to do.

Everything runs the real command in a child process, on a copy of vendor/libzmq whose pins name tiny
stand-ins of libzmq and libsodium, so that a build takes seconds and needs no network.
"""

import hashlib
import io
import json
import os
import re
import shutil
import stat
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest

VENDOR = Path(__file__).resolve().parent.parent / "vendor" / "libzmq"
SOURCES = ("upstream", "debian")

pytestmark = [
    pytest.mark.build,
    pytest.mark.skipif(os.name == "nt", reason="the stand-ins are built with Ninja and shell scripts"),
    pytest.mark.timeout(180),
]

STAND_INS = {
    "libzmq": {
        "LICENSE": "a licence\n",
        "CMakeLists.txt": """
            cmake_minimum_required(VERSION 3.15)
            project(standin CXX)
            find_package(Sodium)
            if(NOT SODIUM_FOUND OR NOT EXISTS "${SODIUM_LIBRARIES}" OR NOT EXISTS "${SODIUM_INCLUDE_DIRS}/sodium.h")
              message(FATAL_ERROR "no libsodium: ${SODIUM_LIBRARIES} ${SODIUM_INCLUDE_DIRS}")
            endif()
            file(WRITE "${CMAKE_BINARY_DIR}/platform.hpp" "#define ZMQ_USE_LIBSODIUM\\n#define ZMQ_HAVE_CURVE\\n\
#define ZMQ_BUILD_DRAFT_API\\n#define ZMQ_HAVE_WS\\n")
            add_library(zmq STATIC zmq.cpp)
            install(TARGETS zmq ARCHIVE DESTINATION lib)
        """,
        "zmq.cpp": "const char *where = __FILE__;\n",
    },
    "libsodium": {
        "COPYING": "a licence\n",
        "configure.ac": "SODIUM_LIBRARY_VERSION_MAJOR=10\nSODIUM_LIBRARY_VERSION_MINOR=3\n",
        "src/libsodium/sodium/core.c": '#include "version.h"\nint major = SODIUM_LIBRARY_VERSION_MAJOR;\n',
        "src/libsodium/include/sodium.h": "\n",
        "src/libsodium/include/sodium/version.h.in": '#define SODIUM_VERSION_STRING "@VERSION@"\n'
        "#define SODIUM_LIBRARY_VERSION_MAJOR @SODIUM_LIBRARY_VERSION_MAJOR@\n",
    },
}


class Copy:
    """A copy of vendor/libzmq with stand-in tarballs in `shelf`, which each test puts where it wants."""

    def __init__(self, folder):
        self.folder = folder
        self.vendor = folder / "vendor"
        self.cache = folder / "cache"
        self.shelf = folder / "shelf"
        self.bin = folder / "bin"
        self.sources = self.vendor / "sources"
        shutil.copytree(str(VENDOR), str(self.vendor), ignore=shutil.ignore_patterns("sources", "__pycache__"))
        for path in (self.shelf, self.bin, self.sources):
            path.mkdir()
        self.pins = json.loads((self.vendor / "pins.json").read_text(encoding="utf-8"))
        for library, pins in self.pins.items():
            pins[:] = [pin for pin in pins if "pool" not in pin]  # those would ask this machine's own archives
            for pin in pins:
                tarball = self.shelf / pin["file"]
                write_tarball(tarball, f"{library}-{pin['version']}", STAND_INS[library], pin["source"])
                pin["sha256"] = hashlib.sha256(tarball.read_bytes()).hexdigest()
                if "url" in pin:
                    pin["url"] = (folder / "upstream" / pin["file"]).as_uri()
        self.write_pins()

    def write_pins(self):
        """Write the pins back."""
        (self.vendor / "pins.json").write_text(json.dumps(self.pins), encoding="utf-8")

    def file(self, library, source):
        """Name of a library's tarball."""
        return next(pin["file"] for pin in self.pins[library] if pin["source"] == source)

    def put(self, where, source):
        """Put both tarballs of a source into a folder."""
        where.mkdir(exist_ok=True)
        for library in self.pins:
            shutil.copy(str(self.shelf / self.file(library, source)), str(where))

    def script(self, name, text):
        """Put a shell script of this name first on PATH."""
        path = self.bin / name
        path.write_text("#!/bin/sh\n" + text, encoding="utf-8")
        path.chmod(path.stat().st_mode | stat.S_IXUSR)

    def command(self, *arguments):
        """The command line of build.py."""
        return [sys.executable, str(self.vendor / "build.py"), *arguments]

    def environment(self, **changes):
        """This environment, with a cache and a PATH of the copy's own."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("ZMQLITE_", "PYTHON"))}
        path = f"{self.bin}{os.pathsep}{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
        return {**kept, "ZMQLITE_CACHE": str(self.cache), "PATH": path, "LC_ALL": "C", **changes}

    def run(self, *arguments, **changes):
        """Run build.py to its end."""
        return subprocess.run(
            self.command(*arguments), env=self.environment(**changes), capture_output=True, text=True, timeout=120
        )

    def entries(self):
        """What the cache holds besides downloads."""
        return [path for path in self.cache.glob("*") if path.name != "downloads"]


def write_tarball(path, top, files, salt):
    """Pack files into a tarball; the salt gives it a hash of its own."""
    with tarfile.open(str(path), "w:gz") as archive:
        for name, text in {**files, "SALT": salt}.items():
            data = text.encode()
            member = tarfile.TarInfo(f"{top}/{name}")
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))


@pytest.fixture
def copy(tmp_path):
    """A fresh copy of vendor/libzmq."""
    return Copy(tmp_path)


def assert_one_line_error(done, *words):
    """Exit status 1 and one clear last line on stderr, with no traceback."""
    assert done.returncode == 1, done.stderr
    assert "Traceback" not in done.stderr
    last = done.stderr.strip().splitlines()[-1]
    assert last.startswith("vendor/libzmq: error: ")
    for word in words:
        assert word in last


def test_pins_are_complete():
    """Each library has an upstream and a distribution pin, with a SHA-256 and a licence."""
    pins = json.loads((VENDOR / "pins.json").read_text(encoding="utf-8"))
    assert set(pins) == {"libzmq", "libsodium"}
    for library in pins.values():
        assert tuple(dict.fromkeys(pin["source"] for pin in library)) == SOURCES
        for pin in library:
            assert re.fullmatch(r"[0-9a-f]{64}", pin["sha256"])
            assert pin["version"] in pin["file"]
            assert pin["licence"]
            assert pin["spdx"]
            assert pin.get("url", "https://").startswith("https://")


def test_sources_folder_comes_first(copy):
    """A tarball that is already there, as in an sdist, is taken before upstream is asked."""
    copy.put(copy.sources, "debian")
    copy.put(copy.folder / "upstream", "upstream")
    done = copy.run("--fetch-only", "--print")
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == [str(copy.sources / copy.file(one, "debian")) for one in copy.pins]
    assert "downloading" not in done.stderr


def test_upstream_comes_before_the_distribution(copy):
    """With nothing there, the upstream release is fetched and the distribution is not asked."""
    copy.put(copy.folder / "upstream", "upstream")
    copy.script("apt-get", "echo asked >&2; exit 100\n")
    done = copy.run("--fetch-only", "--print")
    assert done.returncode == 0, done.stderr
    assert [Path(line).name for line in done.stdout.split()] == [copy.file(one, "upstream") for one in copy.pins]
    assert "apt-get" not in done.stderr


FAKE_APT = """
for last; do :; done
case "$*" in
*update*) touch {folder}/updated ;;
*) cp {shelf}/"$last"_*.orig.tar.gz . ;;
esac
"""


@pytest.mark.skipif(not Path("/etc/apt").is_dir(), reason="not a machine with apt")
def test_distribution_is_asked_when_upstream_is_out_of_reach(copy):
    """Without upstream the source package comes through apt-get, with lists of its own."""
    copy.script("apt-get", FAKE_APT.format(folder=copy.folder, shelf=copy.shelf))
    done = copy.run("--fetch-only", "--print")
    assert done.returncode == 0, done.stderr
    assert [Path(line).name for line in done.stdout.split()] == [copy.file(one, "debian") for one in copy.pins]
    assert done.stderr.index("not available") < done.stderr.index("apt-get source")
    assert (copy.folder / "updated").exists()


def test_source_variable_allows_only_that_source(copy):
    """ZMQLITE_LIBZMQ_SOURCE=upstream never takes the distribution's older release."""
    copy.put(copy.sources, "debian")
    assert_one_line_error(copy.run("--fetch-only", ZMQLITE_LIBZMQ_SOURCE="upstream"), "upstream: ", "libzmq")
    copy.put(copy.folder / "upstream", "upstream")
    done = copy.run("--fetch-only", "--print", ZMQLITE_LIBZMQ_SOURCE="upstream")
    assert copy.file("libzmq", "upstream") in done.stdout


def test_unknown_source_is_refused(copy):
    """A misspelt source is an error that names the choices."""
    assert_one_line_error(copy.run("--source", "upstraem"), "'upstraem'", "upstream, debian")


@pytest.mark.parametrize("place", ["sources", "upstream"])
def test_wrong_hash_is_an_error_at_once(copy, place):
    """A file that is not the pinned one is named with both hashes, and no other source is tried."""
    copy.put(copy.sources if place == "sources" else copy.folder / "upstream", "upstream")
    name = copy.file("libzmq", "upstream")
    path = (copy.sources if place == "sources" else copy.folder / "upstream") / name
    path.write_bytes(path.read_bytes() + b"tampered")
    copy.script("apt-get", FAKE_APT.format(folder=copy.folder, shelf=copy.shelf))
    expected = next(pin["sha256"] for pin in copy.pins["libzmq"] if pin["file"] == name)
    done = copy.run("--fetch-only")
    assert_one_line_error(done, "wrong SHA-256", name, expected, hashlib.sha256(path.read_bytes()).hexdigest())
    assert "apt-get" not in done.stderr
    assert not (copy.cache / "downloads" / name).exists()


def test_second_build_does_nothing(copy):
    """The second build fetches and compiles nothing and finds the very same result."""
    copy.put(copy.folder / "upstream", "upstream")
    first = copy.run("--print")
    assert first.returncode == 0, first.stderr
    entry = Path(first.stdout.strip())
    before = {str(path): path.stat().st_mtime_ns for path in [entry, *entry.rglob("*")]}
    shutil.rmtree(str(copy.folder / "upstream"))
    copy.script("cmake", "echo cmake was called >&2; exit 1\n")
    copy.script("ninja", "echo ninja was called >&2; exit 1\n")
    second = copy.run("--print")
    assert second.returncode == 0, second.stderr
    assert second.stdout == first.stdout
    assert not re.search("building|downloading|was called", second.stderr)
    assert before == {str(path): path.stat().st_mtime_ns for path in [entry, *entry.rglob("*")]}


def test_result_is_complete(copy):
    """The cache entry has libraries, headers, licences and says what was built from what."""
    copy.put(copy.sources, "debian")
    done = copy.run("--print")
    assert done.returncode == 0, done.stderr
    entry = Path(done.stdout.strip())
    for name in ("lib/libzmq.a", "lib/libsodium.a", "include/sodium.h", "include/sodium/version.h",
                 "licences/libzmq/LICENSE", "licences/libsodium/COPYING"):
        assert (entry / name).is_file(), name
    info = json.loads((entry / "build-info.json").read_text(encoding="utf-8"))
    for library, pins in copy.pins.items():
        pin = next(pin for pin in pins if pin["source"] == "debian")
        assert {name: info[library][name] for name in ("version", "sha256", "licence", "source")} == {
            name: pin[name] for name in ("version", "sha256", "licence", "source")
        }
        assert f"{library} {pin['version']} from debian, licence {pin['licence']}" in done.stderr
    assert info["compiler"]
    assert any("DRAFTS=ON" in flag for flag in info["flags"])
    assert str(copy.folder).encode() not in (entry / "lib" / "libzmq.a").read_bytes()


def test_other_pins_are_another_entry(copy):
    """Another source, compiler or flag never reuses what was built before."""
    code = """if True:
        import sys, cmake_build, fetch
        print(cmake_build.entry_name(fetch.fetch(sys.argv[1]), cmake_build.compilers()))
    """
    for source in SOURCES:
        copy.put(copy.sources, source)

    def name(source, **changes):
        done = subprocess.run([sys.executable, "-c", code, source], env=copy.environment(**changes), text=True,
                              cwd=str(copy.vendor), capture_output=True, timeout=60)
        assert done.returncode == 0, done.stderr
        return done.stdout

    names = [name("debian"), name("upstream"), name("debian", CFLAGS="-O1"), name("debian", CXX="c++ -m64")]
    assert len(set(names)) == len(names)
    assert name("debian") == names[0]
    for file in ("sodium/CMakeLists.txt", "sodium/salsa20_wider.h", "mends/curve_box.hpp"):
        path = copy.vendor / file
        path.write_text(path.read_text(encoding="utf-8") + "\n", encoding="utf-8")
        names.append(name("debian"))
    assert len(set(names)) == len(names)


def test_failed_build_leaves_nothing(copy):
    """A build that fails half-way leaves no entry, and the next one succeeds."""
    copy.put(copy.sources, "debian")
    broken = Path(shutil.which("cmake", path=copy.environment()["PATH"])).resolve()
    copy.script("cmake", f'case "$*" in *libzmq-build*) echo "error: out of luck"; exit 1;; esac\nexec {broken} "$@"\n')
    assert_one_line_error(copy.run("--print"), "building libzmq failed", "out of luck")
    assert not [path for path in copy.entries() if not path.name.endswith(".lock")]
    (copy.bin / "cmake").unlink()
    assert copy.run("--print").returncode == 0


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere it is always built file by file")
def test_libzmq_that_does_not_compile_as_one_source_is_built_file_by_file(copy):
    """All files as one is the faster libzmq; a compiler that cannot still builds one, and the result tells."""
    copy.put(copy.sources, "debian")
    assert copy.run("--print").returncode == 0
    info = json.loads((next(copy.cache.glob("*/build-info.json"))).read_text(encoding="utf-8"))
    assert "-DCMAKE_UNITY_BUILD=ON" in info["flags"]
    real = Path(shutil.which("cmake", path=copy.environment()["PATH"])).resolve()
    fails = 'case "$*" in --build*libzmq-build*) grep -q "UNITY_BUILD:.*=ON" "$2/CMakeCache.txt" && exit 1;; esac'
    copy.script("cmake", f'{fails}\nexec {real} "$@"\n')
    other = copy.folder / "other"
    done = copy.run("--print", ZMQLITE_CACHE=str(other))
    assert done.returncode == 0, done.stderr
    assert "file by file" in done.stderr
    info = json.loads((next(other.glob("*/build-info.json"))).read_text(encoding="utf-8"))
    assert "-DCMAKE_UNITY_BUILD=OFF" in info["flags"]
    assert "-DCMAKE_UNITY_BUILD=ON" not in info["flags"]


def test_killed_build_leaves_no_entry(copy):
    """A build that is killed leaves no entry; the next one succeeds and removes what was left."""
    copy.put(copy.sources, "debian")
    copy.script("cmake", "kill -9 $PPID\n")
    assert copy.run("--print").returncode == -9
    assert not [path for path in copy.entries() if not path.name.startswith(".")]
    (copy.bin / "cmake").unlink()
    assert copy.run("--print").returncode == 0
    assert sorted(path.suffix for path in copy.entries() if path.name.startswith(".")) == [".lock"]


def test_two_builds_at_once_agree(copy):
    """Two builds at the same time both succeed, with the same whole result."""
    copy.put(copy.sources, "debian")
    both = [
        subprocess.Popen(copy.command("--print"), env=copy.environment(), stdout=subprocess.PIPE,
                         stderr=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    outputs = [process.communicate(timeout=150) for process in both]
    assert [process.returncode for process in both] == [0, 0], outputs
    assert outputs[0][0] == outputs[1][0]
    assert sum("building libzmq" in stderr for _, stderr in outputs) == 1
    assert (Path(outputs[0][0].strip()) / "build-info.json").is_file()


def bare_python(copy):
    """A Python that has no pip packages and nothing beside it on its path."""
    link = copy.bin / "python"
    link.symlink_to(os.path.realpath(sys.executable))
    return [str(link), "-S", str(copy.vendor / "build.py")]


def test_no_compiler_says_what_to_install(copy):
    """Without a compiler the message names packages to install."""
    copy.put(copy.sources, "debian")
    done = subprocess.run(bare_python(copy), env={**copy.environment(), "PATH": str(copy.bin)},
                          capture_output=True, text=True, timeout=60)
    assert_one_line_error(done, "no C compiler found", "apt-get install g++", "CC")


def test_named_compiler_that_is_missing_is_named(copy):
    """A CXX that is not there is named in the message, and no other is taken."""
    copy.put(copy.sources, "debian")
    assert_one_line_error(copy.run(CXX="no-such-compiler"), "no C++ compiler found", "no-such-compiler", "CXX")


def test_no_cmake_says_what_to_install(copy):
    """Without CMake and Ninja the message gives the pip command."""
    copy.put(copy.sources, "debian")
    for name in ("cc", "c++"):
        (copy.bin / name).symlink_to(shutil.which(name))
    done = subprocess.run(bare_python(copy), env={**copy.environment(), "PATH": str(copy.bin)},
                          capture_output=True, text=True, timeout=60)
    assert_one_line_error(done, "cmake and ninja not found", "python -m pip install cmake ninja")


def test_no_network_and_no_apt_says_what_to_do(copy):
    """With no source in reach the message tells why for each, and the ways out."""
    done = subprocess.run(bare_python(copy), env={**copy.environment(), "PATH": str(copy.bin)},
                          capture_output=True, text=True, timeout=60)
    assert_one_line_error(done, "upstream: ", "apt-get is not on this machine", copy.file("libzmq", "upstream"),
                          str(copy.sources), "ZMQLITE_LIBZMQ=system")


def ask_fetch(expression, *arguments):
    """What an expression about the module fetch comes to, in a process of its own."""
    code = f"import json, sys, fetch; from pathlib import Path; print(json.dumps({expression}, default=str))"
    done = subprocess.run([sys.executable, "-c", code, *map(str, arguments)], cwd=str(VENDOR), capture_output=True,
                          text=True, timeout=60,
                          env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1", "PYTHONPATH": str(VENDOR)})
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_archives_have_newer_releases(tmp_path):
    """What the distribution's next release has is taken from the archive's pool; the first mirror has lost it."""
    kept = tmp_path / "mirror" / "pool" / "main" / "libs" / "one_2.tar.gz"
    kept.parent.mkdir(parents=True)
    kept.write_bytes(b"a tarball")
    (tmp_path / "scratch").mkdir()
    gone, mirror = ((tmp_path / name).as_uri() for name in ("gone", "mirror"))
    pin = '{"pool": "main/libs", "file": "one_2.tar.gz"}'
    get = f"fetch.how_to_get({pin})({pin}, Path(sys.argv[1]))"
    got = ask_fetch(f"[setattr(fetch, 'mirrors', lambda: {[gone, mirror]}), {get}]", tmp_path / "scratch")[1]
    assert Path(got).read_bytes() == b"a tarball"


DEB822 = """Types: deb deb-src
# a comment
URIs: https://mirror.example/debian
Suites: bookworm
Components: main
Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg

Types: deb
URIs: https://third.party.example/repo
Suites: stable
Components: main
"""


@pytest.mark.parametrize("style", ["deb822", "one-line"])
def test_apt_sources_become_source_packages(tmp_path, style):
    """The machine's own `deb` entries, in either style, become `deb-src`; third parties are left out."""
    etc = tmp_path / "apt"
    (etc / "sources.list.d").mkdir(parents=True)
    if style == "deb822":
        (etc / "sources.list.d" / "debian.sources").write_text(DEB822)
    else:
        (etc / "sources.list").write_text(
            "deb [signed-by=/k.gpg] https://mirror.example/debian bookworm main\n"
            "# deb https://mirror.example/debian off main\ndeb https://third.party.example/repo stable main\n"
        )
    stanzas, mirrors = ask_fetch("[fetch.source_stanzas(Path(sys.argv[1])), fetch.mirrors(Path(sys.argv[1]))]", etc)
    assert mirrors == ["https://mirror.example/debian"]
    text = "".join(stanzas)
    assert "mirror.example/debian" in text
    assert "third.party" not in text
    assert "off main" not in text
    assert re.search(r"^(Types: )?deb-src( |$)", text, re.M)
    assert not re.search(r"^(Types: )?deb( |$)", text, re.M)
