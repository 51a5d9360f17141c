# SPDX-License-Identifier: GPL-2.0-only
"""Every experiment of configs/loads as it is, at one memory layout: it repeats, and swaps."""
from __future__ import annotations

import json
from pathlib import Path

import pytest

from runner import paths
from runner.campaign.store import load_samples
from tests.loads import of_one_kernel


@pytest.mark.slow
def test_a_compile_repeats_to_the_digit(swapscale, tmp_path: Path) -> None:
    done = swapscale("run", paths.CONFIGS / "loads/build.toml", "--set", "rules.layouts=1",
                     "--results", tmp_path)
    # One layout of each kernel is no spread: any difference counts.
    assert done.returncode in (0, 1, 3), done.stdout + done.stderr
    home = next(tmp_path.iterdir())
    samples = load_samples(home / "samples.jsonl")
    assert len(samples) == 4 and all(one.invalid == () for one in samples), done.stdout
    for kernel in {one.cell.kernel for one in samples}:
        one, other = (each for each in samples if each.cell.kernel == kernel)
        assert one.fingerprint == other.fingerprint
        assert one.metrics["load_system_ns_per_unit"] == other.metrics["load_system_ns_per_unit"]
        said = json.loads((home / one.evidence / "workload.json").read_text())
        assert said["work"]["done"] == said["units"] == 16 and said["verification"]["bad"] == 0


@pytest.mark.slow
def test_a_server_is_asked_by_the_clock_and_by_instructions(swapscale, tmp_path: Path) -> None:
    file = of_one_kernel("keyvalue", tmp_path)
    done = swapscale("run", file, "--set", "rules.layouts=1", "--set", "rules.looks=[1]", "--set",
                     "rules.host=any", "--results", tmp_path / "results")
    assert done.returncode in (0, 3), done.stdout + done.stderr
    home = next((tmp_path / "results").iterdir())
    samples = load_samples(home / "samples.jsonl")
    assert all(sample.invalid == () for sample in samples), done.stdout
    exact = [sample for sample in samples if sample.cell.tier == "exact"]
    timed = [sample for sample in samples if sample.cell.tier == "timed"]
    assert len(exact) == 2 and exact[0].fingerprint == exact[1].fingerprint and timed
    assert exact[0].metrics["load_system_ns_per_unit"].value > 1000
    assert "get_p99_us" not in exact[0].metrics
    for sample in timed:
        assert sample.metrics["get_requests_per_s"].value > 0
        assert sample.metrics["get_p99_us"].value >= sample.metrics["get_p50_us"].value > 0
        said = json.loads((home / sample.evidence / "workload.json").read_text())
        assert said["verification"] == {"done": True, "pages": 100000, "bad": 0, "first_bad": []}
