# SPDX-License-Identifier: GPL-2.0-only
"""Real kernels, built once per run and cached outside the tree."""
from __future__ import annotations

from pathlib import Path

import pytest

from runner import paths, programs
from runner.kernel import build
from runner.progress import Progress
from runner.records import BuiltKernel

EXPERIMENT = """\
format = 1
title = "end-to-end test"
base = "6.1:vanilla"
{top}
[guest]
ram_mib = 256
swap_mib = {swap}
{guest}
[workload]
ratio = {ratio}
verify = {verify}
[rules]
# What else the machine does while it runs tests is no property of swapscale.
host = "any"
pairs = 1
pswpout_floor = {floor}
"""


@pytest.fixture(scope="session")
def experiment(tmp_path_factory: pytest.TempPathFactory):
    """Write an experiment file; keywords fill in what a test is about."""
    def write(name: str = "test", top: str = 'tiers = ["exact"]', guest: str = "",
              swap: int = 320, ratio: float = 1.25, verify: str = "false",
              floor: int = 1000) -> Path:
        path = tmp_path_factory.mktemp("experiment") / f"{name}.toml"
        path.write_text(EXPERIMENT.format(top=top, guest=guest, swap=swap, ratio=ratio,
                                          verify=verify, floor=floor), encoding="utf-8")
        return path
    return write


@pytest.fixture(scope="session")
def built() -> BuiltKernel:
    """6.1:vanilla as shipped."""
    programs.build(Progress())
    return build.build("6.1:vanilla", "perf", Progress())


@pytest.fixture(scope="session")
def faulty() -> str:
    """A kernel that fails to boot in the way its command line asks for."""
    return f"6.1:{paths.ROOT}/tests/series/faults"
