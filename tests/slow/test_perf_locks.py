# SPDX-License-Identifier: GPL-2.0-only
"""perf's lock contention, on four vCPUs: minutes on two cores."""
from __future__ import annotations

from pathlib import Path

import pytest

from runner import paths
from runner.campaign.store import load_samples


@pytest.mark.slow
def test_who_waited(swapscale, tmp_path: Path) -> None:
    done = swapscale("run", paths.CONFIGS / "instruments/perf-locks.toml", "--results", tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    sample, = load_samples(next(tmp_path.iterdir()) / "samples.jsonl")
    assert sample.invalid == ()
    assert sample.metrics["lock_waits_per_page"].value > 0
    assert any(name.startswith("waited.spinlock.") for name in sample.metrics)
