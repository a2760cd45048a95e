"""Facts of the wheels in the folder ZMQLITE_WHEELS: what `./run test` built and auditwheel repaired."""

from __future__ import annotations

import email
import json
import os
import re
import shutil
import subprocess
import zipfile
from pathlib import Path
from typing import Any, NamedTuple

import pytest

ROOT = Path(__file__).resolve().parent.parent
FOLDER = os.environ.get("ZMQLITE_WHEELS")
PATHS = sorted(Path(FOLDER).glob("*.whl")) if FOLDER else []
# What every Linux has; libstdc++ is there for machines whose compiler has no static one.
SYSTEM = r"(libc|libm|libpthread|libdl|librt|libgcc_s|libstdc\+\+|ld-linux[\w-]*)\.so\.\d+"

pytestmark = [
    pytest.mark.build,
    pytest.mark.skipif(not PATHS, reason="no wheels in $ZMQLITE_WHEELS: ./run test makes them"),
    pytest.mark.skipif(not shutil.which("readelf"), reason="reads ELF with binutils"),
]


class Wheel(NamedTuple):
    """An unpacked wheel."""

    name: str
    folder: Path
    files: list[str]
    info: Path  # its .dist-info folder

    @property
    def modules(self) -> list[Path]:
        """The compiled modules."""
        return sorted(self.folder.rglob("*.so"))

    @property
    def metadata(self) -> Any:
        """METADATA, parsed."""
        return email.message_from_string((self.info / "METADATA").read_text(encoding="utf-8"))


@pytest.fixture(scope="module", params=PATHS, ids=lambda path: path.name)
def wheel(request, tmp_path_factory):
    """Each of the wheels, unpacked."""
    folder = tmp_path_factory.mktemp("wheel")
    with zipfile.ZipFile(str(request.param)) as archive:
        archive.extractall(str(folder))
        return Wheel(request.param.name, folder, archive.namelist(), next(folder.glob("*.dist-info")))


def read(*command: str) -> str:
    """What a command of binutils prints."""
    return subprocess.run(command, capture_output=True, text=True, check=True, timeout=60).stdout


def test_wheel_is_for_any_linux(wheel):
    """auditwheel found that the wheel runs on every Linux of a named age, not only on the machine that built it."""
    tag = wheel.name[: -len(".whl")].split("-")[-1]
    assert re.fullmatch(r"(manylinux_2_\d+_\w+?|musllinux_1_\d_\w+?)(\.manylinux\w+)*", tag), tag


def test_wheel_needs_only_what_every_linux_has(wheel):
    """No libzmq, no libsodium and nothing else of the building machine is asked for at run time."""
    for module in wheel.modules:
        dynamic = read("readelf", "-dW", str(module))
        needed = re.findall(r"\(NEEDED\).*\[(.+)\]", dynamic)
        assert [name for name in needed if not re.fullmatch(SYSTEM, name)] == []
        assert not re.search(r"\((RPATH|RUNPATH)\)", dynamic)


def test_wheel_carries_libzmq_in_one_module(wheel):
    """libzmq and libsodium are inside _libzmq; the C methods have none of it, and nothing is bundled beside."""
    texts = {path.name.partition(".")[0]: path.read_bytes() for path in wheel.modules}
    assert set(texts) == ({"_libzmq"} if "-pp" in wheel.name else {"_libzmq", "_hotpath"})
    assert [name for name, text in texts.items() if b"CURVE" in text] == ["_libzmq"]
    assert not [name for name in wheel.files if ".libs/" in name]


def test_wheel_is_stripped(wheel):
    """No debug sections and no symbol table: they would double the download."""
    for module in wheel.modules:
        assert not re.search(r"\.(debug_\w+|symtab)\b", read("readelf", "-SW", str(module)))


def test_wheel_has_no_trace_of_the_machine_that_built_it(wheel):
    """No folder of the build is inside the compiled modules."""
    for module in wheel.modules:
        text = module.read_bytes()
        for place in {str(ROOT), str(Path.home()), os.environ.get("ZMQLITE_CACHE") or str(ROOT)}:
            assert place.encode() not in text


def test_wheel_has_types_and_no_sources(wheel):
    """What is installed is the package: typed, without C sources, tests or tools."""
    assert {"zmqlite/py.typed", "zmqlite/_hotpath.pyi"} <= set(wheel.files)
    assert {name.split("/")[0].partition("-")[0] for name in wheel.files} == {"zmqlite"}
    suffixes = {Path(name).suffix for name in wheel.files if name.startswith("zmqlite/") and name[-1] != "/"}
    assert suffixes == {".py", ".pyi", ".so", ".typed"}


def test_wheel_carries_the_licences(wheel):
    """PEP 639: one expression for all that is inside, and every licence file, libzmq's and libsodium's too."""
    files = wheel.metadata.get_all("License-File")
    assert all((wheel.info / "licenses" / name).stat().st_size > 500 for name in files)
    assert {name.split("/")[1] for name in files if name.startswith("vendor/")} == {"libzmq", "libsodium"}
    assert "LICENSE" in files
    assert re.fullmatch(r"MIT AND ISC AND (LGPL-3\.0-or-later|MPL-2\.0)", wheel.metadata["License-Expression"])
    assert not wheel.metadata.get_all("License")


def test_wheel_carries_an_sbom(wheel):
    """PEP 770: what is linked in, with the versions, hashes and licences that vendor/libzmq pins."""
    sbom = json.loads((wheel.info / "sboms" / "zmqlite.cdx.json").read_text(encoding="utf-8"))
    assert (sbom["bomFormat"], sbom["metadata"]["component"]["version"]) == ("CycloneDX", wheel.metadata["Version"])
    pins = json.loads((ROOT / "vendor" / "libzmq" / "pins.json").read_text(encoding="utf-8"))
    components = {one["name"]: one for one in sbom["components"]}
    assert set(components) - {"libstdc++"} == {"libzmq", "libsodium"}
    for name, found in pins.items():
        told = {item["name"]: item["value"] for item in components[name]["properties"]}
        pin = next(pin for pin in found if pin["sha256"] == told["zmqlite:sha256"])
        assert components[name]["version"] == pin["version"]
        assert components[name]["licenses"] == [{"expression": pin["spdx"]}]


def test_wheels_cover_the_interpreters():
    """One abi3 wheel for CPython 3.11 and up; every other interpreter has its own."""
    tags = [tuple(path.stem.split("-")[2:4]) for path in PATHS]
    assert len(tags) == len(set(tags))
    assert [tag for tag in tags if "abi3" in tag] in ([], [("cp311", "abi3")])
    assert not [tag for tag in tags if re.fullmatch(r"cp3(1[1-9]|[2-9]\d)", tag[1])]
