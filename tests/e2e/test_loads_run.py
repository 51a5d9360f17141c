# SPDX-License-Identifier: GPL-2.0-only
"""Loads of this host's programs, from their file to their figures."""
from __future__ import annotations

import json
from pathlib import Path

import pytest

from runner.campaign.store import load_samples
from tests.loads import of_one_kernel

SHORT = ("--set", "rules.layouts=1", "--set", "rules.pswpout_floor=1000", "--set",
         "workload.units=3")


def test_a_compile_swaps_and_is_timed(swapscale, built, tmp_path: Path) -> None:
    file = of_one_kernel("build", tmp_path)
    done = swapscale("run", file, *SHORT, "--results", tmp_path / "results")
    assert done.returncode == 0, done.stdout + done.stderr
    home = next((tmp_path / "results").iterdir())
    sample, again = load_samples(home / "samples.jsonl")
    assert sample.invalid == () and sample.metrics == again.metrics
    said = json.loads((home / sample.evidence / "workload.json").read_text())
    assert said["work"]["done"] == 3 and said["work"]["pswpout"] > 1000
    assert said["verification"]["done"] and said["verification"]["bad"] == 0
    found = {name: one.value for name, one in sample.metrics.items()}
    # All of one CPU's time, less what it was idle and what our own program took.
    spent = found["load_user_s"] + found["load_system_s"]
    assert 0.8 * found["load_elapsed_s"] < spent < found["load_elapsed_s"]
    assert found["load_system_ns_per_unit"] == pytest.approx(found["load_system_s"] * 1e9 / 3)
    assert "load system ns per unit" in done.stdout
