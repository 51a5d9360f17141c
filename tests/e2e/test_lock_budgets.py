# SPDX-License-Identifier: GPL-2.0-only
"""Every series' kernel keeps its lock budget, and the 2016 shape is what a 4.4 measured."""
from __future__ import annotations

import os
import re
import subprocess
from collections import Counter
from pathlib import Path

import pytest

from runner import paths
from runner.campaign.store import load_samples
from runner.experiment import plan
from runner.judge import budgetfile
from runner.judge.budget import Budget, Place, acquisitions
from runner.metrics import lockclass, lockstat
from runner.records import Sample

#: Whole series; 'make test-all' measures the prefixes in between.
WANTED = plan.load(paths.CONFIGS / "locks.toml").kernels
WHOLE = {kernel for kernel in WANTED if "@" not in kernel}

REAL = paths.ROOT / "tests/data/lock_stat/linux-4.4.155.txt"
REAL_PAGES = 120820           # swapped out while it was counted; the README beside it
REAL_LOCKS = ("swap_cache_tree", "swap_device", "swap_avail", "swap_cgroup")


@pytest.fixture(scope="module")
def budget() -> Budget:
    return budgetfile.load(budgetfile.path_of("locks"))


@pytest.fixture(scope="module")
def campaign(swapscale, tmp_path_factory: pytest.TempPathFactory
             ) -> tuple[subprocess.CompletedProcess[str], Path]:
    """configs/locks.toml with fewer kernels and without its exact tier."""
    text = (paths.CONFIGS / "locks.toml").read_text(encoding="utf-8")
    listed = re.search(r"kernels = \[\n(.*?)\n\]", text, re.DOTALL)
    assert listed is not None
    some = [line for line in listed[1].splitlines() if line.strip(' \t",') in WHOLE]
    assert {line.strip(' \t",') for line in some} == WHOLE
    text = text.replace(listed[1], "\n".join(some)).replace('["exact", "locks"]', '["locks"]')
    folder = tmp_path_factory.mktemp("locks")
    (folder / "locks.toml").write_text(text, encoding="utf-8")
    done = swapscale("run", folder / "locks.toml", "--results", folder / "results")
    return done, next((folder / "results").iterdir())


@pytest.fixture(scope="module")
def samples(campaign) -> dict[str, Sample]:
    return {one.cell.kernel: one for one in load_samples(campaign[1] / "samples.jsonl")}


def taken(sample: Sample, lock: str) -> float:
    metric = sample.metrics.get(acquisitions(lock))
    return metric.value if metric else 0.0


def test_every_kernel_is_within_its_budget(campaign) -> None:
    done, _ = campaign
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    assert "Verdict: INVALID" not in done.stdout and "over budget" not in done.stderr


def test_every_sample_counts_and_proves_its_classes(samples: dict[str, Sample]) -> None:
    assert {name: one.invalid for name, one in samples.items()} == dict.fromkeys(WHOLE, ())
    for one in samples.values():
        assert not any(metric.doubt for metric in one.metrics.values()), one.cell


def test_real_4_4_is_what_it_is_known_to_be() -> None:
    found = real()
    assert found["swap_cache_tree"] == pytest.approx(4.0, abs=0.001)
    assert found["swap_device"] == pytest.approx(4.0, abs=0.001)


def real() -> Counter[str]:
    """Acquisitions per page of a real 4.4.155."""
    per_page: Counter[str] = Counter()
    for one in lockclass.identify(lockstat.load(REAL).classes):
        per_page[one.stable] += one.lock.acquisitions / REAL_PAGES  # type: ignore[assignment]
    return per_page


@pytest.mark.parametrize("lock", REAL_LOCKS)
@pytest.mark.parametrize("source", ["6.1", "6.12"])
def test_pagewise_with_writeback_tags_matches_the_real_4_4(samples: dict[str, Sample],
                                                           source: str, lock: str) -> None:
    one = samples[f"{source}:pagewise+writeback-tags"]
    assert taken(one, lock) == pytest.approx(real()[lock], rel=0.02)


@pytest.mark.parametrize("source", ["6.1", "6.12"])
def test_pagewise_has_no_cluster_lock_and_no_slot_cache(samples: dict[str, Sample],
                                                        source: str) -> None:
    for lock in ("swap_cluster", "swap_slots", "swap_slots_free"):
        assert taken(samples[f"{source}:pagewise"], lock) < 0.001, lock


def lowered(budget: Budget, kernel: str, lock: str, folder: Path) -> Path:
    """A copy of the budget file with one figure 2% lower."""
    was = budget.figures[Place(kernel, "pmem", 1)].locks[lock]
    head = f'[kernel."{kernel}"."pmem".1.locks]\n'
    before, found, after = budget.file.read_text(encoding="utf-8").partition(head)
    assert found
    after = after.replace(f"{lock} = {was}\n", f"{lock} = {was * 0.98:.5f}\n", 1)
    file = folder / "lowered.toml"
    file.write_text(before + head + after, encoding="utf-8")
    return file


@pytest.mark.parametrize("kernel, lock", [
    ("6.1:vanilla", "swap_cluster"), ("6.1:pagewise", "swap_device"),
    ("6.12:vanilla", "swap_cache_tree"), ("6.1:batched", "swap_cgroup")])
def test_a_budget_two_percent_lower_is_exceeded(swapscale, campaign, budget: Budget, kernel: str,
                                                lock: str, tmp_path: Path) -> None:
    """The stored campaign, judged again: no second boot."""
    file = lowered(budget, kernel, lock, tmp_path)
    done = swapscale("report", campaign[1], "--budget", file)
    assert done.returncode == 1, done.stdout[-2000:] + done.stderr
    over = [line for line in done.stderr.splitlines() if line.startswith("over budget: ")]
    assert len(over) == 1
    assert over[0].startswith(f"over budget: {kernel} on pmem, 1 thread: {lock} ")
    assert "Verdict: REGRESSED" in done.stdout


def test_judged_again_by_its_own_budget_it_passes(swapscale, campaign, budget: Budget) -> None:
    assert swapscale("report", campaign[1], "--budget", budget.file).returncode == 0


def test_a_second_boot_repeats_every_count(swapscale, campaign, samples: dict[str, Sample],
                                           tmp_path: Path) -> None:
    text = (campaign[1] / "experiment.toml").read_text(encoding="utf-8")
    again = tmp_path / "again.toml"
    again.write_text(re.sub(r"kernels = \[\n.*?\n\]", 'kernels = ["6.1:batched"]', text,
                            flags=re.DOTALL), encoding="utf-8")
    done = swapscale("run", again, "--results", tmp_path / "results",
                     env={**os.environ, "LC_ALL": "C"})
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr
    found = load_samples(next((tmp_path / "results").iterdir()) / "samples.jsonl")
    assert found[0].metrics == samples["6.1:batched"].metrics
