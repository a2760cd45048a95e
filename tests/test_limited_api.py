"""The one binary for CPython 3.11 and up is right whichever version's headers it is built with."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sysconfig
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PYENV = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv") / "versions"
COMPILER = next(filter(None, map(shutil.which, ("cc", "gcc", "clang"))), None)
NAMES = ("None", "True", "False", "NotImplemented")

pytestmark = [
    pytest.mark.skipif(COMPILER is None, reason="needs a C compiler"),
    pytest.mark.skipif(not (ROOT / "src" / "hotpath").is_dir(), reason="needs the sources"),
]


def newer_headers() -> list[Path]:
    """Folders of the headers of CPython 3.12 and later, with the GIL, that this machine has."""
    known = [Path(sysconfig.get_path("include")), *PYENV.glob("*/include/python3.*")]
    known += Path("/usr/include").glob("python3.*")
    found = {}
    for folder in known:
        config = folder / "pyconfig.h"
        numbered = re.fullmatch(r"python3\.(\d+)", folder.name)
        if not numbered or int(numbered[1]) < 12 or not config.is_file():
            continue
        if not re.search(r"#define Py_GIL_DISABLED 1", config.read_text(encoding="utf-8")):
            found[int(numbered[1])] = folder
    return [found[minor] for minor in sorted(found)]


def test_what_is_never_freed_from_3_12_on_is_counted_all_the_same() -> None:
    """CPython 3.11 frees None after so many calls that return it uncounted, and aborts."""
    folders = newer_headers()
    if not folders:
        pytest.skip("no headers of CPython 3.12 or later here")
    functions = "".join(f"PyObject *f_{name} (void) {{ Py_RETURN_{name.upper()}; }}\n" for name in NAMES)
    for folder in folders:
        command = [str(COMPILER), "-E", "-P", "-DPy_LIMITED_API=0x030b0000"]
        command += [f"-I{one}" for one in (folder, ROOT / "src" / "hotpath")]
        done = subprocess.run(
            [*command, "-x", "c", "-"], input=f'#include "limited.h"\n{functions}', capture_output=True, text=True
        )
        assert done.returncode == 0, done.stderr
        for name in NAMES:
            body = re.search(rf"f_{name} \(void\) \{{ return (.*); \}}", done.stdout)
            assert body is not None
            assert re.match(r"_?Py_NewRef\s*\(", body[1]), (folder.name, name, body[1])
