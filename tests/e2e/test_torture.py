# SPDX-License-Identifier: GPL-2.0-only
"""A good kernel is sound; one with a planted fault is not, and the report says why."""
from __future__ import annotations

from pathlib import Path

import pytest

from runner import paths
from runner.campaign.store import load_samples
from runner.reason import ReasonKind
from runner.records import Sample

#: By the clock of a host that is to do nothing else.
pytestmark = pytest.mark.alone

FAULTY = f"6.1:{paths.ROOT}/tests/series/torture-faults"

EXPERIMENT = """\
format = 1
title = "end-to-end test"
kernels = ["{kernel}"]
tiers = ["torture"]
threads = [2]
[guest]
ram_mib = 192
swap_mib = 256
cmdline = ["swapscale_fault={fault}"]
[torture]
limit_s = 30
[torture.boots.one]
scenarios = ["advice"]
"""


def test_good_kernel_is_sound(swapscale, tmp_path: Path) -> None:
    done = swapscale("run", paths.CONFIGS / "torture-short.toml", "--results", tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Verdict: SOUND" in done.stdout
    short, old_groups = (
        {name.removeprefix("torture."): one.value for name, one in sample.metrics.items()}
        for sample in load_samples(next(tmp_path.glob("*/samples.jsonl"))))
    for name in ("verified", "pageouts", "forks", "swapoffs", "refusals", "exhausted",
                 "injections", "merged_out", "survived", "pswpout", "pswpin", "pglazyfreed"):
        assert short[name] > 0, name
    assert short["poisoned"] > short["survived"] and short["merged"] >= short["merged_out"]
    assert old_groups["refusals"] > 0 and old_groups["forks"] > 0
    assert short["bad"] == old_groups["bad"] == 0


def tortured(swapscale, folder: Path, fault: str) -> tuple[Sample, str]:
    """Torture the kernel with that fault, which must be found."""
    file = folder / "torture.toml"
    file.write_text(EXPERIMENT.format(kernel=FAULTY, fault=fault), encoding="utf-8")
    done = swapscale("run", file, "--results", folder)
    assert done.returncode == 1, done.stdout + done.stderr
    assert "Verdict: UNSOUND" in done.stdout
    assert "FINDING: " in done.stdout and "FINDING: " in done.stderr
    sample, = load_samples(next(folder.glob("*/samples.jsonl")))
    return sample, done.stdout


@pytest.mark.parametrize("fault, kind, says", [
    ("flip", ReasonKind.CONTENTS, "PAGE CONTENTS WRONG: "),
    ("leak", ReasonKind.UNSOUND, "UNSOUND: swapoff of /dev/"),
    ("sleep", ReasonKind.BOOT,
     "kernel-warning: BUG: sleeping function called from invalid context"),
])
def test_planted_fault_is_found(swapscale, tmp_path: Path, fault: str, kind: ReasonKind,
                                says: str) -> None:
    sample, shown = tortured(swapscale, tmp_path, fault)
    found = [one.text for one in sample.invalid if one.kind is kind and one.text.startswith(says)]
    assert found, sample.invalid
    if fault == "flip":
        assert "offset 2113 corrupt" in found[0]
    assert " ".join(says.split()) in " ".join(shown.split())
