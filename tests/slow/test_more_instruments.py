# SPDX-License-Identifier: GPL-2.0-only
"""What configs/instruments does not run: other loads, noises, namespaces, and devices for fio."""
from __future__ import annotations

import json
from pathlib import Path

import pytest

from runner.campaign.store import load_samples
from runner.records import Sample

EXPERIMENT = """\
format = 1
title = "an instrument"
base = "6.1:vanilla"
devices = ["{device}"]
threads = [2]
tiers = ["timed"]
[guest]
ram_mib = 128
swap_mib = 256
[workload]
{work}
[instruments]
{instruments}
[rules]
host = "any"
pairs = 1
pswpout_floor = 1000
"""
STORM = "ratio = 1.75\nverify = true"


@pytest.fixture
def take(swapscale, tmp_path: Path):
    """The one sample of such an experiment, which counts, and its evidence."""
    def run(instruments: str, work: str = STORM, device: str = "pmem") -> tuple[Sample, Path]:
        file = tmp_path / "x.toml"
        file.write_text(EXPERIMENT.format(device=device, work=work, instruments=instruments))
        done = swapscale("run", file, "--results", tmp_path)
        assert done.returncode == 0, done.stdout + done.stderr
        home = next(tmp_path.glob("*/samples.jsonl")).parent
        sample, = load_samples(home / "samples.jsonl")
        assert sample.invalid == () and sample.metrics["throughput_mib_s"].value > 0
        return sample, home / sample.evidence
    return run


@pytest.mark.slow
def test_pages_given_away_one_by_one(take) -> None:
    sample, evidence = take("", 'program = "stress-ng"\narguments = "--pageswap 2"\nseconds = 1.0')
    assert "dispatching hogs: 2 pageswap" in (evidence / "workload.stderr").read_text()
    # They swap out by advice: nobody scans for what to reclaim.
    assert sample.metrics["pswpout"].value > 1000
    assert sample.metrics["pgscan_per_page"].value < 0.1


@pytest.mark.slow
@pytest.mark.parametrize("stressor", ["cpu", "io"])
def test_noise_beside_swapstorm(take, stressor: str) -> None:
    _, evidence = take(f'stress-ng = "--{stressor} 1"')
    said = (evidence / "tool.stress-ng.err").read_text()
    assert f"dispatching hogs: 1 {stressor}\n" in said and "successful run completed" in said
    check = json.loads((evidence / "workload.json").read_text())["verification"]
    assert check["done"] and check["bad"] == 0


@pytest.mark.slow
@pytest.mark.parametrize("mode", ["raw", "fsdax"])
def test_swap_on_a_namespace(take, mode: str) -> None:
    sample, evidence = take(f'ndctl = "{mode}"')
    listed, = json.loads((evidence / "tool.ndctl-list.out").read_text())
    assert (listed["mode"], listed["blockdev"]) == (mode, "pmem0")
    assert sample.metrics["namespace_mib"].value >= 256
    assert "/dev/pmem0 " in (evidence / "before.swaps").read_text()


@pytest.mark.slow
@pytest.mark.parametrize("device", ["zram", "virtio-blk", "nvme"])
def test_ceiling_of_another_device(take, device: str) -> None:
    sample, _ = take("fio = true", "ratio = 1.5\nverify = false\ncompressible = 0", device)
    assert sample.metrics["device_ceiling_mib_s"].value > 0
    assert sample.metrics["device_random_mib_s"].value > 0
    assert sample.metrics["swap_efficiency"].value > 0
