# SPDX-License-Identifier: GPL-2.0-only
"""The verdict rules for instructions, locks and memory layouts, one by one."""
from __future__ import annotations

import random
from dataclasses import replace

import pytest
from judged import BATCHED, VANILLA, judge, metric
from madesamples import BASE, RULES, TEST, because, exact, instructions, locked, sample

from runner.errors import Exit
from runner.judge.figures import Verdict
from runner.metrics.lockfigures import LEFT_OUT
from runner.records import Metric, Sample


# Exact tier

@pytest.mark.parametrize("test, verdict, status", [
    (10000.0, Verdict.EQUIVALENT, Exit.OK), (10049.0, Verdict.EQUIVALENT, Exit.OK),
    (10051.0, Verdict.REGRESSED, Exit.REGRESSED), (9952.0, Verdict.EQUIVALENT, Exit.OK),
    (9949.0, Verdict.IMPROVED, Exit.OK)])
def test_exact_threshold(test: float, verdict: Verdict, status: Exit) -> None:
    found = judge(exact(10000.0, test))
    assert (found.verdict, found.cells[0].verdict, found.exit) == (verdict, verdict, status)


def test_declared_threshold_overrides() -> None:
    rules = replace(RULES, thresholds={"instructions_per_page": 0.05})
    assert judge(exact(10000.0, 10400.0), rules).verdict == Verdict.EQUIVALENT


def test_any_metric_may_be_declared() -> None:
    scan = [replace(one, metrics={**one.metrics, "pgscan_per_page": Metric(
        2.0 if one.cell.kernel == BASE else 3.0, "", "lower", "")})
        for one in exact(10000.0, 10000.0)]
    assert judge(scan).verdict == Verdict.EQUIVALENT
    declared = judge(scan, replace(RULES, thresholds={"pgscan_per_page": 0.1}))
    assert declared.verdict == Verdict.REGRESSED and "pgscan per page" in declared.reason


def test_exact_that_does_not_repeat_is_demoted() -> None:
    samples = exact(10000.0, 9000.0)
    samples[1] = replace(samples[1], metrics=instructions(10000.000001))
    found = judge(samples)
    assert (found.verdict, found.exit) == (Verdict.INCONCLUSIVE, Exit.INCONCLUSIVE)
    assert "demoted" in found.reason and "differ in instructions_per_page" in found.reason
    assert any("exact tier decides nothing" in line for line in found.warnings)


def test_exact_whose_guests_said_different_things_is_demoted() -> None:
    samples = exact(10000.0, 9000.0)
    samples[1] = replace(samples[1], fingerprint="other")
    assert "in what the guest sent" in judge(samples).reason


def test_exact_without_self_check_is_demoted() -> None:
    samples = exact(10000.0, 9000.0)
    assert judge([samples[0], samples[2]]).verdict == Verdict.INCONCLUSIVE
    samples[1] = replace(samples[1], invalid=because("oops"))
    assert "booted twice" in judge(samples).reason


def test_demotion_does_not_hide_a_lock_regression() -> None:
    samples = exact(10000.0, 10000.0)[1:] + locked(BATCHED, VANILLA)
    found = judge(samples)
    assert found.verdict == Verdict.REGRESSED and "swap_cache_tree" in found.reason


# Locks tier

def test_fewer_tree_locks_is_an_improvement_and_named() -> None:
    found = judge(exact(9650.0, 9312.0) + locked(VANILLA, BATCHED))
    assert (found.verdict, found.exit) == (Verdict.IMPROVED, Exit.OK)
    why = "swap_cache_tree is taken 0.067 times per page instead of 2.000"
    assert [cell.why for cell in found.cells] == [why, why]
    assert why in found.reason
    assert metric(found, "locks.swap_cache_tree.acquisitions_per_page", 1).verdict == \
        Verdict.IMPROVED
    assert metric(found, "locks.swap_cluster.acquisitions_per_page", 1).verdict == \
        Verdict.EQUIVALENT
    assert metric(found, "locks.page_table.acquisitions_per_page", 1).verdict is None
    assert metric(found, "locks.swap_cache_tree.contentions_per_page", 1).verdict is None


def test_fewer_instructions_do_not_pay_for_more_locks() -> None:
    found = judge(exact(9650.0, 9000.0) + locked(VANILLA, {**VANILLA, "swap_device": 4.0}))
    assert (found.verdict, found.exit) == (Verdict.REGRESSED, Exit.REGRESSED)
    assert found.cells[0].verdict == Verdict.IMPROVED
    assert "swap_device" in found.reason


def test_a_tradeoff_between_locks_is_a_regression_that_says_so() -> None:
    found = judge(locked(VANILLA, {**BATCHED, "swap_device": 4.0}))
    assert found.verdict == Verdict.REGRESSED
    assert "a regression counts although swap_cache_tree" in found.reason


def test_locks_that_hardly_matter_do_not_decide() -> None:
    found = judge(locked(VANILLA, {**VANILLA, "swap_device": 0.03}))
    assert found.verdict == Verdict.EQUIVALENT
    assert found.cells[0].why == "no lock of the swap-out path moved"


@pytest.mark.parametrize("gone", ["base", "test"])
def test_a_lock_that_is_not_there_is_no_verdict(gone: str) -> None:
    without = {name: value for name, value in VANILLA.items() if name != "swap_cluster"}
    found = judge(locked(without, VANILLA) if gone == "base" else locked(VANILLA, without))
    assert found.verdict == Verdict.INCONCLUSIVE
    assert "swap_cluster" in found.reason and "look alike" in found.reason


def test_boots_that_differ_as_much_as_the_kernels() -> None:
    base, test = locked({**VANILLA, "swap_cache_tree": 2.0}, {**VANILLA, "swap_cache_tree": 2.2})
    more = [replace(base, number=12, repeat=1, metrics=locked({**VANILLA, "swap_cache_tree": 2.3},
                                                              {})[0].metrics),
            replace(base, number=13, repeat=2)]
    assert judge([base, test]).verdict == Verdict.REGRESSED
    found = judge([base, test, *more])
    assert found.verdict == Verdict.INCONCLUSIVE and "boots of one kernel differ" in found.reason


def test_a_lock_that_moved_to_another_is_no_lock_that_did_not_move() -> None:
    # swap_avail is not judged by itself; the sum is.
    more = {**VANILLA, "swap_avail": VANILLA.get("swap_avail", 0.0) + 1.0}
    base, test = locked({**VANILLA, "swap_path": 9.0}, {**more, "swap_path": 10.0})
    found = judge([base, test])
    assert found.verdict == Verdict.REGRESSED
    assert found.cells[0].metrics[0].name == "locks.swap_path.acquisitions_per_page"
    assert found.cells[0].why.startswith(
        "the swap-out path takes 10.00 locks per page instead of 9.000; swap_avail is taken")
    assert any(one.name.startswith("locks.swap_path.") for one in found.cells[0].metrics
               if one.verdict == Verdict.REGRESSED)
    base, test = locked({**VANILLA, "swap_path": 9.0}, {**more, "swap_path": 9.0})
    found = judge([base, test])
    assert found.verdict == Verdict.EQUIVALENT
    assert "no lock" not in found.cells[0].why and "swap_avail is taken" in found.cells[0].why
    assert found.cells[0].why.endswith("their sum over the swap-out path stays 9.000")


def test_a_class_that_nothing_proves_is_a_warning() -> None:
    samples = locked(VANILLA, BATCHED)
    assert not any("prove" in line for line in judge(samples).warnings)
    name = "locks.swap_cache_tree.acquisitions_per_page"
    unproven = replace(samples[0].metrics[name], doubt="swap_cache_tree")
    samples[0] = replace(samples[0], metrics={**samples[0].metrics, name: unproven})
    assert any("nothing proves" in line for line in judge(samples).warnings)


def test_fields_left_out_are_a_warning_that_says_where() -> None:
    samples = locked(VANILLA, BATCHED)
    odd = Metric(2, "fields", "", "steady-end.lock_stat:8: waittime-max '-1.-22' of 'x'")
    samples[0] = replace(samples[0], metrics={**samples[0].metrics, LEFT_OUT: odd})
    (line,) = [line for line in judge(samples).warnings if "left out" in line]
    assert "2 fields" in line and "steady-end.lock_stat:8: waittime-max" in line


# Exact tier over memory layouts

def layouts(kernel: str, factor: float, number: int, noise: list[float]) -> list[Sample]:
    """One boot a layout: kswapd's overshoot moves pages, and with them instructions per page.

    5000 instructions a page written and 7000 a page swapped out, all of it times `factor`.
    """
    found = []
    for at, over in enumerate(noise):
        written = 40000.0
        swapped = written * (1 + over)
        freed = swapped * (1 + 0.3 * over ** 2)
        total = factor * (5000.0 * written + 6000.0 * swapped + 1000.0 * freed)
        found.append(sample(kernel, "exact", {
            "instructions_per_page": Metric(total / swapped, "instructions/page", "lower", ""),
            "instructions_per_written_page": Metric(total / written, "", "lower", ""),
            "pgfree_per_page": Metric(freed / swapped, "", "", "")}, number + at, at, layout=at))
    return found


def at_layouts(factor: float, count: int) -> list[Sample]:
    draw = random.Random(3)
    noise = [[draw.uniform(-0.02, 0.02) for _ in range(count)] for _ in range(2)]
    base = layouts(BASE, 1.0, 100, noise[0])
    return [*base, replace(base[0], number=99, repeat=count), *layouts(TEST, factor, 200, noise[1])]


@pytest.mark.parametrize("factor, verdict", [
    (1.0, Verdict.EQUIVALENT), (1.004, Verdict.EQUIVALENT), (1.006, Verdict.REGRESSED),
    (0.994, Verdict.IMPROVED)])
def test_layouts_are_compared_at_equal_pages(factor: float, verdict: Verdict) -> None:
    """Raw, 1% of noise hides 0.6%; at equal pages swapped out it shows."""
    found = judge(at_layouts(factor, 8))
    result = metric(found, "instructions_per_page")
    assert (result.verdict, found.verdict) == (verdict, verdict), result.reason
    assert result.change == pytest.approx(factor - 1, abs=0.0005)
    assert result.interval and result.interval[0] <= result.change <= result.interval[1]
    assert "8 and 8 layouts" in result.reason
    assert any("at equal pages swapped out" in one for one in found.assumptions)


def test_layouts_that_differ_for_no_known_reason_decide_nothing() -> None:
    samples = at_layouts(1.008, 6)
    draw = random.Random(5)
    spread = [replace(one, metrics={**one.metrics, "instructions_per_page": replace(
        one.metrics["instructions_per_page"],
        value=one.metrics["instructions_per_page"].value * (1 + draw.uniform(-0.02, 0.02)))})
        for one in samples if one.repeat < 6]
    # The self-check's second boot repeats the first.
    first = next(one for one in spread if one.layout == 0)
    result = metric(judge([*spread, replace(first, number=99, repeat=6)]), "instructions_per_page")
    assert result.verdict in (Verdict.INCONCLUSIVE, Verdict.EQUIVALENT)


def test_self_check_is_within_a_layout() -> None:
    assert judge(at_layouts(1.0, 4)).verdict == Verdict.EQUIVALENT
    moved = at_layouts(1.0, 4)
    moved = [replace(one, layout=1) if one.number == 99 else one for one in moved]
    assert "differ in" in judge(moved).reason


def test_two_layouts_fall_back_to_medians() -> None:
    assert judge(at_layouts(1.1, 2)).verdict == Verdict.REGRESSED
