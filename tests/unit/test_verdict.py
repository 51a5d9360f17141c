# SPDX-License-Identifier: GPL-2.0-only
"""The verdict rules, one by one, and what holds for any samples."""
from __future__ import annotations

import math
import random
from dataclasses import replace

import pytest
from hypothesis import assume, example, given, settings, strategies as st
from madesamples import (BASE, HOST, RULES, TEST, because, exact, instructions, locked, sample,
                         throughput,                         timed)

from runner.errors import Exit
from runner.judge.figures import MetricResult, Verdict
from runner.judge.results import Comparison
from runner.judge.verdict import compare
from runner.metrics.lockfigures import LEFT_OUT
from runner.reason import ReasonKind
from runner.records import Metric, Rules, Sample

VANILLA = {"swap_cache_tree": 2.0, "swap_cluster": 5.0, "swap_cgroup": 1.0, "swap_device": 0.0156,
           "page_table": 5.06}
BATCHED = {**VANILLA, "swap_cache_tree": 0.067}
FLIPPED = {Verdict.REGRESSED: Verdict.IMPROVED, Verdict.IMPROVED: Verdict.REGRESSED}


def judge(samples: list[Sample], rules: Rules = RULES) -> Comparison:
    return compare(samples, rules)


def metric(comparison: Comparison, name: str, cell: int = 0) -> MetricResult:
    return next(one for one in comparison.cells[cell].metrics if one.name == name)


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


# Timed tier

NOISE = [1.0, 1.01, 0.99, 1.02, 0.98, 1.0, 1.01, 0.99]


@pytest.mark.parametrize("factor, verdict", [(1.2, Verdict.IMPROVED), (0.8, Verdict.REGRESSED)])
def test_timed_effect(factor: float, verdict: Verdict) -> None:
    found = judge(timed([100 * x for x in NOISE], [100 * factor * x for x in reversed(NOISE)]))
    assert found.verdict == verdict
    result = metric(found, "throughput_mib_s")
    assert result.change == pytest.approx(factor - 1, abs=0.02)
    assert result.interval and result.interval[0] <= result.change <= result.interval[1]


def test_timed_equivalence_needs_the_interval_inside() -> None:
    assert judge(timed([100.0] * 6, [100.5] * 6)).verdict == Verdict.EQUIVALENT


def test_no_significance_is_no_pass() -> None:
    wide = [1.0, 1.3, 0.8, 1.2, 0.7, 1.1, 0.9, 1.0]
    found = judge(timed([100.0] * 8, [100 * x for x in wide]))
    assert (found.verdict, found.exit) == (Verdict.INCONCLUSIVE, Exit.INCONCLUSIVE)
    assert "straddles" in found.reason and "would decide" in found.reason


@pytest.mark.parametrize("pairs, minimum, needed", [(1, 2, 6), (5, 5, 6), (7, 8, 8)])
def test_too_few_pairs_decide_nothing(pairs: int, minimum: int, needed: int) -> None:
    found = judge(timed([100.0] * pairs, [50.0] * pairs), replace(RULES, minimum_pairs=minimum))
    assert found.verdict == Verdict.INCONCLUSIVE
    assert f"cannot decide; it takes at least {needed}" in found.reason


def test_pairs_are_matched_by_repeat() -> None:
    values = [100.0, 200.0, 400.0, 50.0, 10.0, 70.0]
    samples = timed(values, [2 * value for value in values])
    samples = [one for one in samples if not (one.cell.kernel == TEST and one.repeat == 5)]
    found = judge(samples + timed([7.0] * 9, [14.0] * 9)[6:9])
    result = metric(found, "throughput_mib_s")
    assert result.change == pytest.approx(1.0) and result.interval == pytest.approx((1.0, 1.0))


def test_undecided_time_does_not_undo_a_decision() -> None:
    found = judge(exact(10000.0, 10000.0) + timed([100.0], [101.0]))
    assert found.verdict == Verdict.EQUIVALENT
    assert any("time is not resolved" in line for line in found.warnings)


def test_decided_time_counts() -> None:
    found = judge(exact(10000.0, 10000.0) + timed([100.0] * 6, [50.0] * 6))
    assert found.verdict == Verdict.REGRESSED


# Validity, series, the whole

def test_invalid_samples_never_regress() -> None:
    samples = exact(10000.0, 20000.0)
    samples[2] = replace(samples[2], invalid=because("swap device filled up"))
    found = judge(samples)
    assert (found.verdict, found.exit) == (Verdict.INVALID, Exit.CANNOT_MEASURE)
    assert found.reason.endswith(f"no valid sample of {TEST}")
    assert [(one.number, one.reasons) for one in found.excluded] == [
        (2, ("swap device filled up",))]


@pytest.mark.parametrize("changes, loud", [
    ({"outcome": "kernel-oops", "invalid": because("kernel-oops: BUG")}, True),
    ({"outcome": "ok", "invalid": because("x", ReasonKind.CONTENTS)}, True),
    ({"outcome": "ok", "invalid": because("PAGE CONTENTS WRONG: 1", ReasonKind.UNKNOWN)}, False),
    ({"outcome": "lockup", "invalid": because("lockup: x", ReasonKind.ACCELERATOR)}, False),
    ({"outcome": "timeout", "invalid": because("timeout: 60 s")}, False)])
def test_findings_are_loud(changes: dict[str, object], loud: bool) -> None:
    samples = exact(10000.0, 10000.0)
    samples[2] = replace(samples[2], **changes)  # type: ignore[arg-type]
    assert any(line.startswith("FINDING: ") for line in judge(samples).warnings) == loud


@pytest.mark.parametrize("changes, said", [
    ({"accelerator": "tcg"}, "mixes accelerators: icount, tcg"),
    ({"vcpus": 2}, "mixes vCPU counts: 1, 2"),
    ({"host": {**HOST, "id": "other"}}, "mixes hosts"),
    ({"host": {**HOST, "qemu": "8.1"}}, "mixes QEMU versions: 7.2.22, 8.1")])
def test_series_are_never_mixed(changes: dict[str, object], said: str) -> None:
    samples = exact(10000.0, 10000.0)
    samples[2] = replace(samples[2], **changes)  # type: ignore[arg-type]
    found = judge(samples)
    assert (found.verdict, found.exit) == (Verdict.INVALID, Exit.CANNOT_MEASURE)
    assert said in found.reason


def test_builds_of_one_kernel_are_never_mixed() -> None:
    samples = exact(10000.0, 10000.0)
    samples[1] = replace(samples[1], kernel_key="other")
    assert f"mixes 2 builds of {BASE}" in judge(samples).reason


def test_exact_needs_icount() -> None:
    assert "did not run under icount" in judge(exact(1.0, 1.0, accelerator="tcg")).reason


def test_a_regression_outweighs_an_invalid_cell() -> None:
    bad = [replace(one, invalid=because("x")) for one in locked(VANILLA, VANILLA)]
    assert judge(exact(10000.0, 12000.0) + bad).exit == Exit.REGRESSED


def test_nothing_to_compare() -> None:
    assert judge([]).verdict == Verdict.INCONCLUSIVE
    assert judge([]).reason == "there is no cell to compare"
    assert judge([sample(TEST, "exact", instructions(1.0))]).reason.endswith(
        f"no valid sample of {BASE}")


def test_no_declared_metric_is_inconclusive() -> None:
    samples = [sample(kernel, "timed", {}, at) for at, kernel in enumerate((BASE, TEST))]
    assert "no declared metric" in judge(samples).reason


def test_assumptions() -> None:
    text = "\n".join(judge(exact(1.0, 1.0) + timed([1.0], [1.0])
                           + locked(VANILLA, VANILLA)).assumptions)
    assert "emulated (TCG): time here says nothing about real hardware" in text
    assert "every instruction costs the same" in text and "lock_stat" in text
    same = [replace(one, image_sha256="same") for one in exact(1.0, 1.0)]
    assert any("A/A" in line for line in judge(same).assumptions)
    kvm = [replace(one, accelerator="kvm") for one in timed([1.0], [1.0])]
    assert not any("emulated" in line for line in judge(kvm).assumptions)


def test_more_vcpus_than_cores_is_a_warning() -> None:
    many = [replace(one, vcpus=8) for one in timed([1.0], [1.0])]
    assert any("8 vCPUs on 2 cores" in line for line in judge(many).warnings)


VALUE = st.floats(1.0, 1e6)


def both_ways(samples: list[Sample], again: list[Sample]) -> None:
    one, two = judge(samples), judge(again)
    assert two.verdict == FLIPPED.get(one.verdict, one.verdict)
    for first, second in zip(one.cells, two.cells):
        for old, new in zip(first.metrics, second.metrics):
            assert new.verdict == (FLIPPED.get(old.verdict, old.verdict) if old.verdict else None)
            if old.change is not None and new.change is not None:
                assert math.log1p(new.change) == pytest.approx(
                    -math.log1p(old.change), abs=1e-9, rel=1e-6)


@settings(max_examples=60, deadline=None)
@given(VALUE, VALUE)
def test_turning_the_exact_tier_around(base: float, test: float) -> None:
    both_ways(exact(base, test), exact(test, base))


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(VALUE, VALUE), min_size=1, max_size=8))
@example([(2, 1), (2, 1), (2, 1), (3, 1), (3, 1), (2, 1)])   # one side still, the other not
def test_turning_the_timed_tier_around(pairs: list[tuple[float, float]]) -> None:
    base, test = [b for b, _ in pairs], [t for _, t in pairs]
    assume(abs(sum(math.log(t / b) for b, t in pairs)) > 1e-6)
    both_ways(timed(base, test), timed(test, base))


@settings(max_examples=60, deadline=None)
@given(st.just(0.0) | st.floats(0.001, 10), st.just(0.0) | st.floats(0.001, 10))
def test_turning_the_locks_tier_around(base: float, test: float) -> None:
    one, other = {"swap_cache_tree": base}, {"swap_cache_tree": test}
    both_ways(locked(one, other), locked(other, one))


@settings(max_examples=60, deadline=None)
@given(VALUE, VALUE, st.integers(-10, 10))
def test_units_do_not_matter(base: float, test: float, power: int) -> None:
    one = judge(exact(base, test))
    two = judge(exact(base * 2.0**power, test * 2.0**power))
    assert (one.verdict, one.exit) == (two.verdict, two.exit)
    assert metric(one, "instructions_per_page").change == \
        metric(two, "instructions_per_page").change


@settings(max_examples=30, deadline=None)
@given(VALUE)
def test_the_same_twice_is_equivalent(value: float) -> None:
    found = judge(exact(value, value) + locked(VANILLA, VANILLA) + timed([value] * 6, [value] * 6))
    assert (found.verdict, found.exit) == (Verdict.EQUIVALENT, Exit.OK)
    assert {cell.verdict for cell in found.cells} == {Verdict.EQUIVALENT}


@settings(max_examples=20, deadline=None)
@given(st.integers())
def test_order_does_not_matter(seed: int) -> None:
    samples = exact(9650.0, 9312.0) + locked(VANILLA, BATCHED) + timed(
        [100.0, 110.0, 90.0, 105.0, 95.0, 100.0], [120.0, 100.0, 130.0, 90.0, 110.0, 125.0])
    mixed = list(samples)
    random.Random(seed).shuffle(mixed)
    assert judge(mixed) == judge(samples)


def test_every_comparison_tier_and_device_gets_a_cell() -> None:
    samples = exact(1.0, 1.0) + locked(VANILLA, VANILLA) + [
        replace(one, number=one.number + 50, cell=replace(one.cell, device="brd"))
        for one in exact(1.0, 1.0)] + [sample("6.1:other", "exact", instructions(1.0), 90)]
    found = judge(samples)
    assert [(cell.test, cell.device, cell.tier) for cell in found.cells] == [
        (TEST, "pmem", "exact"), (TEST, "pmem", "locks"), (TEST, "brd", "exact"),
        ("6.1:other", "pmem", "exact"), ("6.1:other", "pmem", "locks"),
        ("6.1:other", "brd", "exact")]


def test_throughput_that_is_no_number_is_no_verdict() -> None:
    samples = timed([100.0] * 6, [100.0] * 6)
    samples[0] = replace(samples[0], metrics=throughput(0.0))
    assert "not positive" in judge(samples).reason


def test_a_kernel_alone_is_measured_and_not_judged() -> None:
    alone = judge([one for one in exact(100.0, 100.0) if one.cell.kernel == BASE])
    assert (alone.tests, alone.exit) == ((), Exit.OK)
    assert [cell.verdict for cell in alone.cells] == [Verdict.INCONCLUSIVE]
    assert metric(alone, "instructions_per_page").base == 100.0


def test_a_kernel_alone_that_failed_could_not_be_measured() -> None:
    failed = judge([replace(exact(100.0, 100.0)[0], invalid=because("kernel-panic"))])
    assert failed.exit == Exit.CANNOT_MEASURE


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


def test_a_setting_without_effect_is_a_warning_that_names_it() -> None:
    samples = exact(9650.0, 9000.0)
    passed = Metric(1, "settings", "", "zswap.enabled (CONFIG_ZSWAP is not set)")
    samples[0] = replace(samples[0], metrics={**samples[0].metrics,
                                              "settings_without_effect": passed})
    (line,) = [line for line in judge(samples).warnings if "passes over" in line]
    assert BASE in line and "zswap.enabled (CONFIG_ZSWAP is not set)" in line
