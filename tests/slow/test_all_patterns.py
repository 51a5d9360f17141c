# SPDX-License-Identifier: GPL-2.0-only
"""Every pattern and swap device's experiment, from its file to a sample that counts."""
from __future__ import annotations

from pathlib import Path

import pytest

from runner import paths
from runner.campaign.store import load_samples

FILES = sorted(file for folder in ("patterns", "devices")
               for file in (paths.CONFIGS / folder).glob("*.toml"))


@pytest.mark.slow
@pytest.mark.parametrize("file", FILES, ids=lambda one: one.stem)
def test_experiment_runs(swapscale, tmp_path: Path, file: Path) -> None:
    done = swapscale("run", file, "--results", tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    home = next(tmp_path.iterdir())
    samples = load_samples(home / "samples.jsonl")
    assert [one.invalid for one in samples if one.invalid] == []
    sample, = (one for one in samples if one.cell.tier == "timed")
    assert sample.metrics["throughput_mib_s"].value > 0
