"""wheels.yml and the settings of cibuildwheel: which wheels are published, from what, and by whom."""

from __future__ import annotations

import importlib.util
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parent.parent
REAL = ROOT / ".github" / "workflows" / "wheels.yml"

pytestmark = [
    pytest.mark.build,
    pytest.mark.skipif(not REAL.is_file(), reason="not a checkout: an sdist has no workflow"),
]

# 3.11 makes the abi3 wheel; 3.12 and later try it.
CPYTHON = ["cp39", "cp310", "cp311", "cp312", "cp313", "cp314", "cp314t", "cp315", "cp315t"]
PYPY = ["pp311", "pp312"]
WANTED = {
    ("linux", "x86_64"): [
        *(f"{tag}-manylinux_x86_64" for tag in CPYTHON + PYPY),
        *(f"{tag}-musllinux_x86_64" for tag in CPYTHON),
    ],
    ("linux", "aarch64"): [
        *(f"{tag}-manylinux_aarch64" for tag in CPYTHON + PYPY),
        *(f"{tag}-musllinux_aarch64" for tag in CPYTHON),
    ],
    ("macos", "x86_64"): [f"{tag}-macosx_x86_64" for tag in CPYTHON + PYPY],
    ("macos", "arm64"): [f"{tag}-macosx_arm64" for tag in CPYTHON],
    ("windows", "AMD64"): [f"{tag}-win_amd64" for tag in CPYTHON + PYPY],
    ("windows", "ARM64"): [f"{tag}-win_arm64" for tag in CPYTHON if tag not in ("cp39", "cp310")],
}


@pytest.fixture(scope="module")
def workflow():
    """The parsed workflow."""
    return yaml.safe_load(REAL.read_text(encoding="utf-8"))


def steps_using(job, action):
    """The steps of a job that use an action."""
    return [step for step in job["steps"] if step.get("uses", "").startswith(action + "@")]


@pytest.mark.skipif(importlib.util.find_spec("cibuildwheel") is None, reason="cibuildwheel needs Python 3.11")
@pytest.mark.parametrize(("platform", "architecture"), WANTED)
def test_cibuildwheel_selects_the_wheels_we_publish(platform, architecture):
    """CPython 3.9 and up, free-threaded CPython and PyPy, on each platform that README.md promises."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith("CIBW_")}
    command = ["--print-build-identifiers", "--platform", platform, "--archs", architecture, str(ROOT)]
    done = subprocess.run(
        [sys.executable, "-m", "cibuildwheel", *command], capture_output=True, text=True, timeout=55, env=clean
    )
    assert done.returncode == 0, done.stderr
    found = done.stdout.split()
    if platform == "macos":  # which PyPy are listed for arm64 depends on the machine that is asked
        found = [one for one in found if one not in [f"{tag}-macosx_arm64" for tag in PYPY]]
    assert sorted(found) == sorted(WANTED[platform, architecture])


def test_every_platform_has_a_runner(workflow):
    """Each pair of platform and architecture is built by a job, natively: no emulation."""
    rows = workflow["jobs"]["wheels"]["strategy"]["matrix"]["include"]
    kinds = {"manylinux": "linux", "musllinux": "linux", "macosx": "macos", "win": "windows"}
    built = {(kinds[re.sub(r"[*_-]", "", row["build"])], row["arch"]) for row in rows}
    assert built == set(WANTED)
    assert len({row["name"] for row in rows}) == len(rows) == 8
    for row in rows:
        arm = "arm" in row["runner"] or row["runner"] == "macos-15"
        assert arm == (row["arch"] in ("aarch64", "arm64", "ARM64"))


def test_wheels_are_made_from_the_published_sdist(workflow):
    """The sdist carries upstream's tarballs, and every wheel is built from that very file."""
    jobs = workflow["jobs"]
    assert jobs["sdist"]["env"]["ZMQLITE_LIBZMQ_SOURCE"] == "upstream"
    assert jobs["wheels"]["needs"] == "sdist"
    commands = [step.get("run", "") for step in jobs["wheels"]["steps"]]
    assert any(command.startswith("python -m cibuildwheel") and "dist/*.tar.gz" in command for command in commands)
    settings = (ROOT / "pyproject.toml").read_text(encoding="utf-8").partition("[tool.cibuildwheel]")[2]
    environments = re.findall(r"^environment = .*$", settings, re.M)
    assert environments
    assert all('ZMQLITE_LIBZMQ_SOURCE = "upstream"' in line for line in environments)
    assert "smoke.py" in settings


def test_publishing_is_trusted_and_attested(workflow):
    """Only a tag publishes, everything at once, with an identity token and no secret."""
    assert workflow["permissions"] == {"contents": "read"}
    publish = workflow["jobs"]["publish"]
    assert publish["needs"] == ["sdist", "wheels"]
    assert "refs/tags/v" in publish["if"]
    assert publish["permissions"] == {"id-token": "write"}
    assert publish["environment"] == "pypi"
    [step] = steps_using(publish, "pypa/gh-action-pypi-publish")
    assert step["with"] == {"attestations": True}
    assert [name for name, job in workflow["jobs"].items() if "id-token" in job.get("permissions", {})] == ["publish"]
    assert "secrets." not in REAL.read_text(encoding="utf-8")


def test_artifacts_reach_the_publisher(workflow):
    """What the jobs upload is what the publisher downloads, and an empty upload is an error."""
    jobs = workflow["jobs"]
    makers = (jobs["sdist"], jobs["wheels"])
    uploads = [step["with"] for job in makers for step in steps_using(job, "actions/upload-artifact")]
    assert [one["name"] for one in uploads] == ["dist-sdist", "dist-${{ matrix.name }}"]
    assert all(one["if-no-files-found"] == "error" for one in uploads)
    [download] = steps_using(jobs["publish"], "actions/download-artifact")
    assert (download["with"]["pattern"], download["with"]["merge-multiple"]) == ("dist-*", True)


def test_actions_are_pinned_by_major_version(workflow):
    """No action follows a branch, except the one whose maintainers publish that way."""
    used = {step["uses"] for job in workflow["jobs"].values() for step in job["steps"] if "uses" in step}
    loose = {one for one in used if not re.fullmatch(r"[\w.-]+/[\w.-]+@v\d+", one)}
    assert loose == {"pypa/gh-action-pypi-publish@release/v1"}


def test_top_level_workflow_is_the_same_file():
    """wheels.yml beside the README leads to the file that GitHub runs."""
    link = ROOT / "wheels.yml"
    assert link.is_symlink()
    assert not Path(os.readlink(str(link))).is_absolute()
    assert link.resolve() == REAL
