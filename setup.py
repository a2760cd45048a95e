"""Everything is in pyproject.toml and build_ffi.py."""

import sys
from pathlib import Path

from setuptools import setup

sys.path.insert(0, str(Path(__file__).resolve().parent))

from build_ffi import setup_arguments  # noqa: E402 - found through the path above

setup(**setup_arguments())
