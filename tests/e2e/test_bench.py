# SPDX-License-Identifier: GPL-2.0-only
"""What 'make bench' runs, with a run less of each cell, and what it promises of the simulated
machine looked at."""
from __future__ import annotations

from pathlib import Path

import pytest

from runner import paths
from runner.campaign.store import load_samples
from runner.records import Sample
from runner.vm.newqemu import lack

pytestmark = pytest.mark.skipif(bool(lack()), reason=lack() or "")

BASE, TEST = "6.1:pagewise", "6.1:batched"


@pytest.fixture(scope="module")
def bench(swapscale, tmp_path_factory: pytest.TempPathFactory):
    results = tmp_path_factory.mktemp("results")
    done = swapscale("run", paths.CONFIGS / "bench.toml", "--results", results,
                     "--set", "rules.perturbations=2")
    assert done.returncode == 0, done.stdout + done.stderr
    return done, next(results.iterdir())


@pytest.fixture(scope="module")
def lockstep(bench) -> list[Sample]:
    samples = load_samples(bench[1] / "samples.jsonl")
    assert [one.invalid for one in samples] == [()] * len(samples)
    return sorted((one for one in samples if one.cell.tier == "lockstep"),
                  key=lambda one: one.number)


def test_the_first_cell_twice_is_identical_to_the_last_digit(bench, lockstep: list[Sample]) -> None:
    first, second = lockstep[:2]
    assert first.cell == second.cell and first.layout == second.layout
    assert first.metrics == second.metrics and first.fingerprint == second.fingerprint
    files = [bench[1] / one.evidence / "lockstep.json" for one in (first, second)]
    assert files[0].read_bytes() == files[1].read_bytes()


def test_another_perturbation_is_another_run(lockstep: list[Sample]) -> None:
    speeds = {one.metrics["throughput_mib_s"].value for one in lockstep
              if (one.cell.kernel, one.cell.threads) == (BASE, 16)}
    assert len(speeds) == 2


@pytest.mark.parametrize("threads", [1, 16])
def test_batches_move_fewer_lines(lockstep: list[Sample], threads: int) -> None:
    moved = {kernel: [one.metrics["transfers_per_page"].value for one in lockstep
                      if (one.cell.kernel, one.cell.threads) == (kernel, threads)]
             for kernel in (BASE, TEST)}
    assert max(moved[TEST]) < min(moved[BASE])


def test_more_threads_wait_for_the_device_lock(lockstep: list[Sample]) -> None:
    """It is taken four times a page: with 16 threads nearly each time somebody else has it."""
    one, many = (next(sample.metrics["contended_per_page"].value for sample in lockstep
                      if (sample.cell.kernel, sample.cell.threads) == (BASE, threads))
                 for threads in (1, 16))
    assert many > 3 * one and many > 2
    waits = [name for sample in lockstep for name in sample.metrics if name.startswith("wait|")]
    assert any("swap device 0" in name for name in waits)


def test_samples_say_what_was_simulated(bench, lockstep: list[Sample]) -> None:
    hosts = [one.host for one in lockstep]
    assert {one["simulated"] for one in hosts} == {"haswell-ep-2s"}
    assert {one.vcpus for one in lockstep} == {3, 18}
    for key in ("qemu", "simulator", "simulated_file", "quantum"):
        assert len({one[key] for one in hosts}) == 1 and hosts[0][key], key


def test_report_has_effect_lines_and_machine(bench) -> None:
    said = bench[0].stdout
    for word in ("lockstep on a simulated haswell-ep-2s", "Hottest cache lines", "swap device 0",
                 "Contended acquisitions", "lockstep, 16 threads", "swap_device"):
        assert word in said, word
    page = (bench[1] / "report.html").read_text("utf-8")
    assert "Hottest cache lines on a simulated haswell-ep-2s" in page


def test_every_number_comes_from_the_evidence_again(swapscale, bench) -> None:
    done = swapscale("report", "--recompute", bench[1])
    assert (done.returncode, done.stdout) == (0, bench[0].stdout)


def test_a_cut_document_is_one_line(swapscale, bench, lockstep: list[Sample],
                                    tmp_path: Path) -> None:
    file = bench[1] / lockstep[0].evidence / "lockstep.json"
    whole = file.read_bytes()
    try:
        file.write_bytes(whole[:500])
        done = swapscale("report", "--recompute", bench[1])
    finally:
        file.write_bytes(whole)
    assert done.returncode == 4 and "lockstep.json: is not JSON" in done.stderr
