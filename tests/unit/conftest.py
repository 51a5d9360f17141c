# SPDX-License-Identifier: GPL-2.0-only
"""What several modules share: small guests, kernels with a budget, machines that are not asked."""
from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import budgetcases
import pytest
from budgetcases import figures
from guestboots import GUESTS

from runner import programs
from runner.judge.budget import Budget, Place
from runner.records import MIB, Accelerator, Boot, BuiltKernel, Job, SwapDevice
from runner.vm.flat import assemble

pytest.register_assert_rewrite("tests.bisectcases")


@pytest.fixture
def light(monkeypatch: pytest.MonkeyPatch) -> None:
    """Runners are killed here, the machine is not: what was written need not be on the disk; and
    of programs that no guest runs nobody needs a digest."""
    monkeypatch.setattr(os, "fsync", lambda file: None)
    monkeypatch.setattr(programs, "digest", lambda *words: "of the programs")


@pytest.fixture
def boot_of(tmp_path: Path) -> Callable[..., Boot]:
    """A boot of tests/data/guests/NAME.s; keywords are limits."""
    def make(name: str, accelerator: Accelerator = Accelerator.TCG, **limits: float) -> Boot:
        image = tmp_path / name
        assemble(GUESTS / f"{name}.s", image)
        # QEMU's options are comma-separated: a comma in a path must not end one.
        evidence = tmp_path / "evidence, 1"
        evidence.mkdir()
        kernel = BuiltKernel(f"image:{name}", "", "00", "", image, "00")
        job = Job(SwapDevice("pmem", 16 * MIB), False, ("/bin/true",))
        return Boot(kernel, accelerator, 1, 64 * MIB, job, evidence, limits=limits)
    return make


@pytest.fixture
def initrd(tmp_path: Path) -> Path:
    path = tmp_path / "initrd"
    path.write_bytes(bytes(512))
    return path


@pytest.fixture
def budget(tmp_path: Path) -> Budget:
    return Budget(tmp_path / "budget.toml", budgetcases.SETTING, {
        Place("6.1:vanilla", "pmem", 1): figures(budgetcases.VANILLA),
        Place("6.1:pagewise", "pmem", 1): figures(budgetcases.PAGEWISE, "6.1:vanilla"),
        Place("6.1:batched", "pmem", 1): figures(budgetcases.BATCHED, "6.1:pagewise")},
        "2 × CPU, QEMU 7.2")
