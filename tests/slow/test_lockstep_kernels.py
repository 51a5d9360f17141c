# SPDX-License-Identifier: GPL-2.0-only
"""Linux 6.12 and a kernel as Debian ships it run on the simulated machine, too."""
from __future__ import annotations

import json
from pathlib import Path

import pytest

from runner.campaign.store import load_samples
from runner.errors import CannotMeasure
from runner.kernel import build
from runner.progress import Progress

pytestmark = pytest.mark.slow

KERNELS = ("6.12:vanilla", "debian:6.1")
EXPERIMENT = """\
format = 1
base = "{}"
test = ["{}"]
devices = ["pmem"]
threads = [4]
tiers = ["lockstep"]
[guest]
ram_mib = 256
swap_mib = 512
[workload]
ratio = 1.4
passes = 1
verify = false
[rules]
perturbations = 1
pswpout_floor = 10000
"""


def test_both_are_measured_and_one_has_names(swapscale, tmp_path: Path) -> None:
    try:
        for kernel in KERNELS:
            build.build(kernel, "perf", Progress())
    except CannotMeasure as error:
        pytest.skip(str(error))
    file = tmp_path / "kernels.toml"
    file.write_text(EXPERIMENT.format(*KERNELS))
    done = swapscale("run", file, "--results", tmp_path / "results")
    home = next((tmp_path / "results").iterdir())
    samples = load_samples(home / "samples.jsonl")
    assert len(samples) == 3 and all(sample.invalid == () for sample in samples), done.stdout
    first, again = (sample for sample in samples if sample.cell.kernel == "6.12:vanilla")
    assert first.metrics == again.metrics
    for sample in samples:
        assert sample.metrics["transfers_per_page"].value > 1
        report = json.loads((home / sample.evidence / "lockstep.json").read_text())
        assert report["begun"] == report["ended"] == 1
    named = {sample.cell.kernel: {name for name in sample.metrics if name.startswith("line|")}
             for sample in samples}
    assert any("swap device 0" in name for name in named["6.12:vanilla"])
    assert not any("swap device" in name for name in named["debian:6.1"])
    assert "?: of a kernel whose package has no System.map" in done.stdout
