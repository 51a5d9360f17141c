# SPDX-License-Identifier: GPL-2.0-only
"""The verdict rules for time, and for samples that do not count or do not go together."""
from __future__ import annotations

from dataclasses import replace

import pytest
from judged import VANILLA, judge, metric
from madesamples import (BASE, HOST, RULES, TEST, because, exact, instructions, locked, sample,
                         throughput, timed)

from runner.errors import Exit
from runner.judge.figures import Verdict
from runner.reason import ReasonKind
from runner.records import Metric

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


def test_a_setting_without_effect_is_a_warning_that_names_it() -> None:
    samples = exact(9650.0, 9000.0)
    passed = Metric(1, "settings", "", "zswap.enabled (CONFIG_ZSWAP is not set)")
    samples[0] = replace(samples[0], metrics={**samples[0].metrics,
                                              "settings_without_effect": passed})
    (line,) = [line for line in judge(samples).warnings if "passes over" in line]
    assert BASE in line and "zswap.enabled (CONFIG_ZSWAP is not set)" in line


def test_a_variant_may_have_another_machine() -> None:
    """Of vCPUs as of RAM and nodes; but one that says so has them in every boot."""
    wide = f"{TEST}{{guest.ram_mib=512, guest.vcpus=4}}"
    samples = [replace(one, vcpus=4, cell=replace(one.cell, kernel=wide))
               if one.cell.kernel == TEST else one for one in timed([1.0] * 6, [1.0] * 6)]
    found = judge(samples)
    assert "mixes" not in found.reason and found.verdict != Verdict.INVALID
    samples[-1] = replace(samples[-1], vcpus=3)
    assert "mixes vCPU counts: 3, 4" in judge(samples).reason
