# SPDX-License-Identifier: GPL-2.0-only
from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from runner import paths


@pytest.fixture(scope="session")
def swapsim() -> Path:
    """Built as make builds it, so that no stale program is tested."""
    subprocess.run(["make", "-s", "-C", str(paths.ROOT), "build/swapsim"], check=True)
    return paths.BUILD / "swapsim"
