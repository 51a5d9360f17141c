# SPDX-License-Identifier: GPL-2.0-only
"""configs/today.toml, run once, and everything its report promises looked at."""
from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from runner import paths
from runner.campaign.store import load_samples
from runner.records import Sample
from tests.conftest import one_line

#: By the clock of a host that is to do nothing else.
pytestmark = pytest.mark.alone

BATCHED = "locks.swap_cache_tree.acquisitions_per_page"


@pytest.fixture(scope="module")
def bench(swapscale, tmp_path_factory: pytest.TempPathFactory):
    results = tmp_path_factory.mktemp("results")
    done = swapscale("run", paths.CONFIGS / "today.toml", "--results", results)
    assert done.returncode == 0, done.stdout + done.stderr
    return done, next(results.iterdir())


@pytest.fixture(scope="module")
def samples(bench) -> list[Sample]:
    return sorted(load_samples(bench[1] / "samples.jsonl"), key=lambda one: one.number)


def of(samples: list[Sample], tier: str, kernel: str, device: str) -> Sample:
    return next(one for one in samples if (one.cell.tier, one.cell.kernel, one.cell.device)
                == (tier, kernel, device))


def test_every_sample_counts(samples: list[Sample]) -> None:
    assert [one.invalid for one in samples] == [()] * len(samples)
    assert {one.cell.device for one in samples} == {"pmem", "brd"}
    assert {one.cell.tier for one in samples} == {"exact", "locks", "timed"}


def test_exact_cell_twice_is_identical_to_the_last_digit(bench, samples: list[Sample]) -> None:
    first, second = samples[:2]
    assert first.cell == second.cell and first.cell.tier == "exact"
    assert first.metrics == second.metrics
    assert first.fingerprint == second.fingerprint
    for name in ("before.vmstat", "steady-begin.vmstat", "steady-end.vmstat", "after.vmstat",
                 "workload.json", "console.log"):
        assert (bench[1] / first.evidence / name).read_bytes() \
            == (bench[1] / second.evidence / name).read_bytes(), name


def test_another_kernel_leaves_another_fingerprint(samples: list[Sample]) -> None:
    exact = [one for one in samples if one.cell.tier == "exact"]
    # Each kernel's first cell is booted twice.
    apart = {(one.cell, one.layout) for one in exact}
    assert len({one.fingerprint for one in exact}) == len(apart) == len(exact) - 2


@pytest.mark.parametrize("device", ["pmem", "brd"])
def test_batching_shows_in_the_tree_lock(samples: list[Sample], device: str) -> None:
    vanilla = of(samples, "locks", "6.1:vanilla", device).metrics[BATCHED].value
    batched = of(samples, "locks", "6.1:today-batched", device).metrics[BATCHED].value
    assert vanilla == pytest.approx(2.0, rel=0.02)
    assert batched < 1.2


@pytest.mark.parametrize("device", ["pmem", "brd"])
def test_batching_saves_instructions(samples: list[Sample], device: str) -> None:
    vanilla = of(samples, "exact", "6.1:vanilla", device).metrics["instructions_per_page"]
    batched = of(samples, "exact", "6.1:today-batched", device).metrics["instructions_per_page"]
    assert batched.value < vanilla.value


def test_page_says_what_was_promised(bench) -> None:
    said = bench[0].stdout
    for word in ("6.1:vanilla", "6.1:today-batched", "pmem", "brd", "throughput", "MiB/s",
                 "swap_cache_tree", "acquisitions", "contentions", "improved"):
        assert word in said, word
    if "emulated" not in said:
        assert "kvm" in said


def test_reports_are_beside_the_samples(bench) -> None:
    for name in ("report.txt", "report.md", "report.json", "report.html", "report.xml",
                 "report.ktap"):
        assert (bench[1] / name).stat().st_size
    json.loads((bench[1] / "report.json").read_text())
    assert (bench[1] / "report.txt").read_text() == bench[0].stdout


def test_page_shows_evidence_and_configurations(bench) -> None:
    shown = (bench[1] / "report.html").read_text(encoding="utf-8")
    configs = list((bench[1] / "kernel-configs").glob("*.config"))
    assert len(configs) == 4, "two kernels in two flavours"
    for said in ("Linux version 6.1", "CONFIG_SWAP=y", "-append", 'id="sample-0"', "<svg",
                 *(one.name for one in configs)):
        assert said in shown, said


def test_report_says_the_same_again(swapscale, bench) -> None:
    done = swapscale("report", bench[1])
    assert (done.returncode, done.stdout) == (0, bench[0].stdout)
    again = swapscale("report", "--json", bench[1])
    assert json.loads(again.stdout) == json.loads((bench[1] / "report.json").read_text())


def test_every_number_comes_from_the_evidence_again(swapscale, bench) -> None:
    done = swapscale("report", "--recompute", bench[1])
    assert (done.returncode, done.stdout) == (0, bench[0].stdout)


@pytest.fixture
def part(bench, tmp_path: Path):
    """The samples of one kernel and some tiers as a file of their own."""
    def write(kernel: str, *tiers: str) -> Path:
        path = tmp_path / f"{kernel.replace(':', '-')}-{'-'.join(tiers)}.jsonl"
        lines = (bench[1] / "samples.jsonl").read_text().splitlines()
        cells = [(line, json.loads(line)["cell"]) for line in lines]
        path.write_text("".join(f"{line}\n" for line, cell in cells
                                if cell["kernel"] == kernel and cell["tier"] in tiers))
        return path
    return write


def test_campaign_against_itself_is_equivalent(swapscale, part) -> None:
    vanilla = part("6.1:vanilla", "exact", "locks")
    done = swapscale("compare", vanilla, vanilla)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Verdict: EQUIVALENT" in done.stdout


def test_the_other_way_round_is_a_regression(swapscale, part) -> None:
    tiers = ("exact", "locks", "timed")
    done = swapscale("compare", part("6.1:today-batched", *tiers), part("6.1:vanilla", *tiers))
    assert done.returncode == 1, done.stdout + done.stderr
    assert "Verdict: REGRESSED" in done.stdout and "swap_cache_tree" in done.stdout


@pytest.mark.parametrize("form, says", [
    ("junit", '<failure type="regressed"'), ("ktap", "not ok 1 6.1:vanilla"),
    ("markdown", "**regressed**"), ("html", "regressed")])
def test_a_regression_in_every_format(swapscale, part, form: str, says: str) -> None:
    done = swapscale("compare", "--format", form, part("6.1:today-batched", "locks"),
                     part("6.1:vanilla", "locks"))
    assert done.returncode == 1, done.stdout + done.stderr
    assert says in done.stdout


def test_one_timed_pair_is_inconclusive(swapscale, part) -> None:
    done = swapscale("compare", part("6.1:vanilla", "timed"), part("6.1:today-batched", "timed"))
    assert done.returncode == 3, done.stdout + done.stderr
    assert "1 pair cannot decide" in done.stdout


def test_truncated_lock_stat_is_one_line(swapscale, bench, samples: list[Sample],
                                         tmp_path: Path) -> None:
    one = of(samples, "locks", "6.1:vanilla", "pmem")
    folder = tmp_path / "campaign"
    shutil.copytree(bench[1], folder)
    file = folder / one.evidence / "steady-end.lock_stat"
    file.write_bytes(file.read_bytes()[:5000])
    done = swapscale("report", "--recompute", folder)
    assert done.returncode == 4
    assert "steady-end.lock_stat:" in one_line(done.stderr)


def test_unreadable_samples(swapscale, bench, tmp_path: Path) -> None:
    broken = tmp_path / "samples.jsonl"
    broken.write_bytes((bench[1] / "samples.jsonl").read_bytes()[:700])
    done = swapscale("compare", broken, bench[1])
    assert done.returncode == 2
    assert f"{broken}:1: is not JSON" in one_line(done.stderr)
