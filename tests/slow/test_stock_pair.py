# SPDX-License-Identifier: GPL-2.0-only
"""Two of Debian's kernels compared, with nothing built, on what the exact tier takes."""
from __future__ import annotations

from pathlib import Path

import pytest

from runner.campaign.store import load_samples


@pytest.mark.slow
def test_compare_takes_debian_kernels(swapscale, experiment, tmp_path: Path) -> None:
    file = experiment(top='tiers = ["exact", "locks"]\n'
                          'devices = ["pmem", "pmem-legacy", "brd", "zram"]', swap=512)
    done = swapscale("compare", "debian:6.1", "debian:6.12", "--experiment", file,
                     "--results", tmp_path)
    assert done.returncode in (0, 1), done.stdout + done.stderr
    assert "debian:6.12 against debian:6.1: results in " in done.stderr
    samples = load_samples(next(tmp_path.iterdir()) / "samples.jsonl")
    assert [one.invalid for one in samples if one.invalid] == []
    first, again, *others = samples
    assert first.fingerprint == again.fingerprint and len(others) == 7
