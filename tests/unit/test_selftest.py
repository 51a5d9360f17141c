# SPDX-License-Identifier: GPL-2.0-only
"""The self-test's arithmetic: what counts as found, and as a false alarm."""
from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from madesamples import because, locks, sample, throughput

from runner import paths
from runner.asked import Experiment
from runner.experiment import plan
from runner.kernel import spec
from runner.reason import ReasonKind
from runner.records import Metric, Sample
from tests.selftest import __main__ as selftest
from tests.selftest import page, rates
from tests.selftest.rates import Rate

HOME = paths.ROOT / "tests" / "selftest"
VANILLA = {"swap_cache_tree": 2.0, "swap_cluster": 5.0, "swap_cgroup": 1.0}


@pytest.fixture(scope="module", params=selftest.TIERS)
def experiment(request: pytest.FixtureRequest) -> Experiment:
    return plan.load(HOME / f"{request.param}.toml")


def test_every_experiment_and_kernel_is_there(experiment: Experiment) -> None:
    for kernel in experiment.kernels:
        spec.parse(kernel)
    assert plan.samples(experiment)


def boot(kernel: str, layout: int, factor: float) -> Sample:
    """Layouts differ in pages swapped out per page written, as real ones do."""
    written, over = 40000.0, 0.01 * ((7 * layout) % 5 - 2)
    swapped = written * (1 + over)
    total = factor * (5000.0 * written + 7000.0 * swapped) * (1 + 0.0002 * (layout % 3 - 1))
    return sample(kernel, "exact", {
        "instructions_per_page": Metric(total / swapped, "", "lower", ""),
        "instructions_per_written_page": Metric(total / written, "", "lower", ""),
        "pgfree_per_page": Metric(1.0 + 0.001 * (layout % 4), "", "", "")},
        layout, layout, layout=layout)


def test_exact_rates() -> None:
    experiment = plan.load(HOME / "exact.toml")
    factors = {experiment.rules.base: 1.0, **{kernel: 1.0 + float(kernel.rsplit("-", 1)[1]) / 100
                                              for kernel in selftest.COSTS}}
    samples = [boot(kernel, layout, factor) for kernel, factor in factors.items()
               for layout in range(16)]
    found = rates.exact(samples, experiment, selftest.COSTS)
    assert [one.what for one in found] == ["A/A", *(one.what for one in selftest.COSTS.values())]
    assert [(one.comparisons, one.flagged) for one in found] == [(40, 0)] + [(40, 40)] * 4
    alike = [replace(one, metrics=boot(one.cell.kernel, one.layout, 1.0).metrics)
             for one in samples]
    assert [one.flagged for one in rates.exact(alike, experiment, selftest.COSTS)] == [0] * 5


def test_lockstep_rates() -> None:
    experiment = plan.load(HOME / "lockstep.toml")
    factors = {experiment.rules.base: 1.0, **{kernel: 1.0 - float(kernel.rsplit("-", 1)[1]) / 100
                                              for kernel in selftest.HOLDS}}
    samples = [sample(kernel, "lockstep", throughput(1000.0 * factor * (1 + 0.002 * (run % 3 - 1))),
                      run, run, layout=run)
               for kernel, factor in factors.items() for run in range(12)]
    alike, *found = rates.lockstep(samples, experiment, selftest.HOLDS)
    assert (alike.comparisons, alike.flagged) == (40, 0) and "told apart from ±" in alike.how
    # The threshold is 3%: a planted 1% must not be called a regression.
    assert [(one.comparisons, one.flagged) for one in found][::2] == [(40, 0), (40, 40)]
    assert "-10.0% (-10." in found[2].what and "over 12 and 12 runs" in found[2].what


def test_policies_are_found_by_their_own_metric() -> None:
    experiment = plan.load(HOME / "policy.toml")
    stalls = {kernel: 1.0 for kernel in experiment.kernels}
    stalls[f"{selftest.SERIES}policy-batch-8"] = 2.8
    stalls[f"{selftest.SERIES}policy-batch-128"] = 0.3
    samples = [replace(one, metrics={**one.metrics, "allocstall_per_page": Metric(
        0.0075 * stalls[one.cell.kernel] * (1 + 0.01 * (layout % 5)), "stalls/page", "lower", "")})
        for kernel in experiment.kernels for layout in range(12)
        for one in [boot(kernel, layout, 1.0)]]
    found = rates.exact(samples, experiment, selftest.POLICIES, "policy", rates.FIRST)
    assert [(one.comparisons, one.flagged) for one in found] == [
        (40, 0), (40, 40), (40, 40), *[(40, 0)] * 4]
    assert found[2].how.endswith("allocstall_per_page improved")


def lock_boots(kernel: str, count: int, hold: float = 10.0, **taken: float) -> list[Sample]:
    found = []
    for at in range(count):
        metrics = locks(**taken)
        metrics[rates.HOLD] = Metric(hold * (1 + 0.05 * (at % 3 - 1)), "µs/page", "lower", "")
        found.append(sample(kernel, "locks", metrics, at, at))
    return found


def test_lock_rates() -> None:
    experiment = plan.load(HOME / "locks.toml")
    base, once_more, held = experiment.kernels
    samples = [*lock_boots(base, 10, **VANILLA), *lock_boots(held, 10, 20.0, **VANILLA),
               *lock_boots(once_more, 10, **{**VANILLA, "swap_cache_tree": 3.0})]
    found = rates.locks(samples, experiment, once_more, held)
    assert [(one.comparisons, one.flagged) for one in found] == [
        (45, 0), (40, 0), (100, 100), (40, 40)]
    other = [replace(one, metrics={**one.metrics, **locks(swap_cluster=6.0)})
             if one.cell.kernel == once_more else one for one in samples]
    assert rates.locks(other, experiment, once_more, held)[2].flagged == 0, \
        "a lock that was not planted was named, too"


def test_timed_rates_are_of_rounds_of_valid_boots() -> None:
    experiment = plan.load(HOME / "timed.toml")
    base = experiment.rules.base
    samples = [sample(base, "timed", throughput(100.0 + (repeat % 3)), 2 * repeat + bool(purpose),
                      repeat, purpose=purpose) for repeat in range(20) for purpose in ("", "aa")]
    assert rates.timed(samples, experiment) == [Rate("timed", "A/A", "8 pairs", 2, 0)]
    busy = because("host too busy", ReasonKind.HOST)
    spoilt = [replace(one, invalid=busy) if one.purpose and one.repeat < 5 else one
              for one in samples]
    assert rates.timed(spoilt, experiment)[0].comparisons == 1, "15 rounds are left"
    faster = [replace(one, metrics=throughput(200.0)) if one.purpose else one for one in samples]
    assert rates.timed(faster, experiment)[0].flagged == 2


def test_page_says_what_was_not_measured() -> None:
    text = page.render([Rate("exact", "A/A", "x", 40, 1), Rate("timed", "A/A", "8 pairs", 0, 0)],
                       {"exact": [boot("k", 0, 1.0)], "timed": []})
    assert "| exact | A/A | x | 40 | 1 | 2.5% |" in text
    assert "| timed | A/A | 8 pairs | 0 | not measured yet | |" in text
    assert "exact: 1 of 1 boots count; icount" in text


def test_page_keeps_what_was_measured_elsewhere() -> None:
    rows = [Rate("exact", "A/A", "x", 40, 1), Rate("timed", "A/A", "8 pairs", 40, 2)]
    before = page.render(rows, {"exact": [boot("k", 0, 1.0)], "timed": [boot("k", 0, 1.0)]})
    again = [Rate("exact", "A/A", "x", 40, 3), Rate("timed", "A/A", "8 pairs", 0, 0)]
    after = page.render(again, {"exact": [boot("k", 0, 1.0)] * 2, "timed": []}, before)
    assert "| exact | A/A | x | 40 | 3 | 7.5% |" in after and "| 40 | 1 |" not in after
    assert "| timed | A/A | 8 pairs | 40 | 2 | 5.0% |" in after
    assert "- exact: 2 of 2 boots" in after and "- timed: 1 of 1 boots" in after


def test_nothing_begun_gives_rates_of_nothing(tmp_path: Path,
                                              monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(selftest, "HOME", tmp_path)
    for tier in selftest.TIERS:
        found, samples = selftest.judge(tier)
        assert samples == [] and {one.comparisons for one in found} == {0}
