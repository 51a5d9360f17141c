# SPDX-License-Identifier: GPL-2.0-only
"""Each kind of swap device carries a verified load from two threads."""
from __future__ import annotations

import json
from pathlib import Path

import pytest

from runner.evidence import load_samples
from runner.records import DEVICES


@pytest.mark.parametrize("device", DEVICES)
def test_every_page_comes_back(swapscale, built, experiment, tmp_path: Path,
                               device: str) -> None:
    file = experiment(top=f'tiers = ["timed"]\ndevices = ["{device}"]\nthreads = [2]',
                      verify="true")
    done = swapscale("run", file, "--results", tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    home = next(tmp_path.iterdir())
    sample, = load_samples(home / "samples.jsonl")
    assert sample.invalid == ()
    document = json.loads((home / sample.evidence / "workload.json").read_text())
    check = document["verification"]
    assert check["done"] and check["bad"] == 0
    assert check["pages"] == sum(one["pages_written"] for one in document["per_thread"]) > 0
    assert {"fairness_min_max", "fairness_jain", "throughput_mib_s"} <= set(sample.metrics)
    swaps = (home / sample.evidence / "before.swaps").read_text()
    assert ("/dev/ram0" if device == "brd" else "/dev/pmem0") in swaps
