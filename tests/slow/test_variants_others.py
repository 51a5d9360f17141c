# SPDX-License-Identifier: GPL-2.0-only
"""Variants where tests/e2e/test_variants.py does not go: zram's compressors, other machines, the
tiers locks and lockstep."""
from __future__ import annotations

from pathlib import Path

import pytest

from runner import paths
from runner.campaign.store import load_samples

pytestmark = pytest.mark.slow

VARIANTS = paths.CONFIGS / "variants"


def test_zram_by_compressor(swapscale, tmp_path: Path) -> None:
    done = swapscale("run", VARIANTS / "zram.toml", "--results", tmp_path, "--set",
                     "rules.layouts=1", "--set", "rules.self_check=false")
    assert done.returncode == 3, done.stdout + done.stderr
    home = next(tmp_path.iterdir())
    rle, lz4, zstd = sorted(load_samples(home / "samples.jsonl"), key=lambda one: one.number)
    for one, word in ((rle, "lzo-rle"), (lz4, "lz4"), (zstd, "zstd")):
        assert one.invalid == ()
        read = (home / one.evidence / "after.settings").read_text()
        assert f"[{word}]" in read and "max_comp_streams 0 1\n" in read
        # 60% of a page is zeroes: at best 2.5.
        assert 2.2 < one.metrics["zram_ratio"].value < 2.6 and one.metrics["zram_mib"].value > 50
    cost = [one.metrics["instructions_per_page"].value for one in (rle, zstd)]
    assert cost[1] > 2 * cost[0]
    assert "zram ratio" in done.stdout


def test_other_machines_in_one_experiment(swapscale, tmp_path: Path) -> None:
    done = swapscale("run", VARIANTS / "machines.toml", "--results", tmp_path)
    assert done.returncode in (0, 1, 3), done.stdout + done.stderr
    samples = load_samples(next(tmp_path.iterdir()) / "samples.jsonl")
    assert all(one.invalid == () for one in samples)
    assert {one.cell.kernel: one.vcpus for one in samples} == {
        "6.1:vanilla": 2, "6.1:vanilla{guest.vcpus=3}": 3, "6.1:vanilla{mglru=on}": 2,
        "6.1:vanilla{guest.numa_nodes=2, guest.ram_mib=320}": 2}
    assert "mixes" not in done.stdout


def test_variants_on_a_simulated_machine(swapscale, tmp_path: Path) -> None:
    done = swapscale("run", VARIANTS / "machines.toml", "--results", tmp_path, "--set",
                     'tiers=["lockstep"]', "--set", 'test=["6.1:vanilla{mglru=on}"]', "--set",
                     "rules.perturbations=2", "--set", "workload.ratio=1.3")
    assert done.returncode in (0, 1, 3), done.stdout + done.stderr
    home = next(tmp_path.iterdir())
    samples = load_samples(home / "samples.jsonl")
    assert all(one.invalid == () for one in samples)
    set_ = [one for one in samples if one.cell.kernel == "6.1:vanilla{mglru=on}"]
    assert len(set_) == 2 and all("lru_gen/enabled 0 0x0007" in (
        home / one.evidence / "after.settings").read_text() for one in set_)


def test_a_pasted_usemem_line(swapscale, tmp_path: Path) -> None:
    done = swapscale("run", VARIANTS / "usemem.toml", "--results", tmp_path, "--set",
                     'test=["6.1:vanilla{page_cluster=0}"]', "--set", "rules.layouts=1")
    assert done.returncode in (0, 1, 3), done.stdout + done.stderr
    samples = load_samples(next(tmp_path.iterdir()) / "samples.jsonl")
    assert all(one.invalid == () and one.host["usemem"].endswith("-n 4 96M") for one in samples)
    assert all(one.metrics["free_s"].value > 0 for one in samples)
    assert "the load stands for 'usemem --init-time -O -y -x -n 4 96M'" in done.stdout
