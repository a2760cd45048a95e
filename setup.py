"""Everything is in pyproject.toml and build_ffi.py."""

import sys
from pathlib import Path

from setuptools import setup

sys.path.insert(0, str(Path(__file__).resolve().parent))

from build_ffi import setup_arguments

setup(**setup_arguments())
