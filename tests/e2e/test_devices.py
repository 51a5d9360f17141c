# SPDX-License-Identifier: GPL-2.0-only
"""Each kind of swap device carries a verified load from two threads."""
from __future__ import annotations

import json
from pathlib import Path

import pytest

from runner.campaign.store import load_samples
from runner.records import DEVICES

#: By the clock of a host that is to do nothing else.
pytestmark = pytest.mark.alone


NODES = {"pmem": "/dev/pmem0", "pmem-legacy": "/dev/pmem0", "brd": "/dev/ram0",
         "zram": "/dev/zram0", "virtio-blk": "/dev/vda", "nvme": "/dev/nvme0n1"}


@pytest.mark.parametrize("device", DEVICES)
def test_every_page_comes_back(swapscale, built, experiment, tmp_path: Path,
                               device: str) -> None:
    # On a busy host a thread may finish before the other has begun: each fills RAM alone.
    file = experiment(top=f'tiers = ["timed"]\ndevices = ["{device}"]\nthreads = [2]',
                      ratio=2.0, swap=384 if device == "pmem-legacy" else 224,
                      verify="true\ncompressible = 0")
    if device != "pmem-legacy":     # does not fit beside so little
        file.write_text(file.read_text().replace("ram_mib = 256", "ram_mib = 128"))
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
    assert NODES[device] in swaps


def test_zram_repeats_to_the_digit(swapscale, built, experiment, tmp_path: Path) -> None:
    done = swapscale("run", experiment(top='tiers = ["exact"]\ndevices = ["zram"]'),
                     "--results", tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    one, other = load_samples(next(tmp_path.iterdir()) / "samples.jsonl")
    assert one.invalid == other.invalid == ()
    assert one.fingerprint == other.fingerprint
    assert one.metrics["pswpout"].value > 1000
