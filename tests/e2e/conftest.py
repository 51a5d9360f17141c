# SPDX-License-Identifier: GPL-2.0-only
"""Real kernels, built once per run and cached outside the tree."""
from __future__ import annotations

import pytest

from runner import paths, programs
from runner.kernel import build
from runner.progress import Progress
from runner.records import BuiltKernel


@pytest.fixture(scope="session")
def built() -> BuiltKernel:
    """6.1:vanilla as shipped."""
    programs.build(Progress())
    return build.build("6.1:vanilla", "perf", Progress())


@pytest.fixture(scope="session")
def faulty() -> str:
    """A kernel that fails to boot in the way its command line asks for."""
    return f"6.1:{paths.ROOT}/tests/series/faults"
