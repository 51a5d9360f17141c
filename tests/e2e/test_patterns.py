# SPDX-License-Identifier: GPL-2.0-only
"""Two patterns and a control group under pressure; tests/slow runs all of configs/patterns."""
from __future__ import annotations

import json
from pathlib import Path

import pytest

from runner import paths
from runner.campaign.store import load_samples

#: By the clock of a host that is to do nothing else.
pytestmark = pytest.mark.alone


@pytest.mark.parametrize("pattern", ["zipf", "readlater"])
def test_pattern_is_measured(swapscale, built, tmp_path: Path, pattern: str) -> None:
    done = swapscale("run", paths.CONFIGS / "patterns" / f"{pattern}.toml", "--results", tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    home = next(tmp_path.iterdir())
    sample, = load_samples(home / "samples.jsonl")
    assert sample.invalid == ()
    document = json.loads((home / sample.evidence / "workload.json").read_text())
    assert document["pattern"]["name"] == pattern
    assert document["outcome"] == "ok"
    check = document["verification"]
    assert check["done"] and check["bad"] == 0
    assert check["pages"] > 0
    # The workload's pswpout is the kernel's, read a moment apart.
    assert abs(sample.metrics["pswpout_agreement"].value - 1) < 0.01
    if pattern == "zipf":
        assert sample.metrics["pswpin_per_page"].value > 0
    else:
        assert all(one["pages_read"] == one["pages_written"] for one in document["per_thread"])


def test_a_group_keeps_kswapd_out(swapscale, built, tmp_path: Path) -> None:
    done = swapscale("run", paths.CONFIGS / "memcg.toml", "--results", tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    home = next(tmp_path.iterdir())
    sample, = load_samples(home / "samples.jsonl")
    assert sample.invalid == ()
    folder = home / sample.evidence
    before, after = (dict(line.split() for line in (folder / f"{when}.vmstat").read_text()
                          .splitlines()) for when in ("before", "after"))
    grown = {key: int(after[key]) - int(before[key])
             for key in ("pgscan_kswapd", "pgscan_direct", "pswpout")}
    # What is scanned because of a group's limit counts as neither.
    assert grown["pgscan_kswapd"] == grown["pgscan_direct"] == 0
    assert grown["pswpout"] > 10000
    document = json.loads((folder / "workload.json").read_text())
    assert document["memcg_bytes"] == 64 << 20
    assert document["verification"]["done"] and document["verification"]["bad"] == 0
    assert 0 < document["fairness"]["min_max"] <= 1
    assert abs(sample.metrics["pswpout_agreement"].value - 1) < 0.01
