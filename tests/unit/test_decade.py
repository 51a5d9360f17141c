# SPDX-License-Identifier: GPL-2.0-only
"""The page of ten years: its tables and its picture, from samples passed in."""
from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from madesamples import because, instructions, locks, sample

from runner import paths
from runner.errors import UsageError
from runner.experiment import plan
from runner.kernel import spec
from runner.records import Metric, Sample
from runner.report import decade

OLD, NEW = "6.1:vanilla", "7.3:vanilla"


def run(kernel: str, threads: int, speed: float, repeat: int) -> Sample:
    return sample(kernel, "lockstep", {
        "throughput_mib_s": Metric(speed, "MiB/s", "higher", "lockstep.json"),
        "transfers_per_page": Metric(40.0 + threads, "transfers/page", "lower", "lockstep.json")},
        repeat=repeat, threads=threads)


SAMPLES = [
    sample(OLD, "exact", instructions(11415.7)), sample(NEW, "exact", instructions(12000.2)),
    sample(OLD, "locks", locks(swap_path=9.03, swap_cache_tree=2.0, swap_cluster=4.999)),
    sample(NEW, "locks", locks(swap_path=5.01, swap_cluster=5.0, swap_device=0.002)),
    *(run(kernel, threads, base * threads + repeat, repeat) for kernel, base in ((OLD, 100.0),
                                                                                 (NEW, 200.0))
      for threads in (1, 16) for repeat in range(3))]


def test_a_page_costs_what_was_counted_and_a_lock_that_is_not_there_nothing() -> None:
    assert decade.per_page(SAMPLES).splitlines() == [
        f"| per swapped-out page | {OLD} | {NEW} |", "| --- | ---: | ---: |",
        "| locks of the swap path | 9.030 | 5.010 |",
        "| `swap_cache_tree` | 2.000 | 0.000 |", "| `swap_cluster` | 4.999 | 5.000 |",
        "| instructions | 11416 | 12000 |", "| cache lines moved, 16 threads | 56.0 | 56.0 |"]


def test_throughput_is_median_and_range_of_the_runs_that_count() -> None:
    spoilt = [replace(SAMPLES[-1], invalid=because("busy"), metrics={
        "throughput_mib_s": Metric(9.0, "MiB/s", "higher", "x")})]
    assert decade.by_threads([*SAMPLES, *spoilt]).splitlines()[2:] == [
        "| 1 | 101 (100 to 102) | 201 (200 to 202) |",
        "| 16 | 1601 (1600 to 1602) | 3201 (3200 to 3202) |"]


def test_tables_go_where_the_page_has_room_for_them() -> None:
    page = "a\n<!-- measured: one -->\nold\n<!-- end -->\nb\n"
    assert decade.filled(page, {"one": "new\n"}) == (
        "a\n<!-- measured: one -->\nnew\n<!-- end -->\nb\n")
    with pytest.raises(UsageError, match="measured: two"):
        decade.filled(page, {"two": "new\n"})


@pytest.mark.skipif(shutil.which("gnuplot") is None, reason="gnuplot is not installed")
def test_a_curve_for_each_kernel(tmp_path: Path) -> None:
    drawn = decade.draw(SAMPLES, tmp_path / "decade")
    text = drawn.files[0].read_text("utf-8")
    assert f"{OLD} (simulated)" in text and f"{NEW} (simulated)" in text


def test_the_page_is_of_the_experiments_kernels() -> None:
    experiment = plan.load(paths.CONFIGS / "decade.toml")
    page = decade.PAGE.read_text("utf-8")
    for kernel in experiment.kernels:
        assert f"| `{kernel}` |" in page and spec.parse(kernel).source
    made = decade.filled(page, {"per page": "costs\n", "by threads": "comes\n"})
    assert "costs\n" in made and "comes\n" in made, "the page has room for both tables"
