# SPDX-License-Identifier: GPL-2.0-only
"""Every experiment of configs/patterns, from its file to a sample that counts."""
from __future__ import annotations

from pathlib import Path

import pytest

from runner import paths
from runner.evidence import load_samples

FILES = sorted((paths.CONFIGS / "patterns").glob("*.toml"))


@pytest.mark.slow
@pytest.mark.parametrize("file", FILES, ids=lambda one: one.stem)
def test_experiment_runs(swapscale, tmp_path: Path, file: Path) -> None:
    done = swapscale("run", file, "--results", tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    home = next(tmp_path.iterdir())
    sample, = load_samples(home / "samples.jsonl")
    assert sample.invalid == ()
    assert sample.metrics["throughput_mib_s"].value > 0
