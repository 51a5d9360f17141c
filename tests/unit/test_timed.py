# SPDX-License-Identifier: GPL-2.0-only
"""The timed tier: looks, noise floor, Holm, confirmation, and which boots come next."""
from __future__ import annotations

import itertools
import random
from dataclasses import replace
from pathlib import Path

import numpy
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from madesamples import BASE, RULES, TEST, because, sample, throughput

from runner.asked import Experiment, Planned
from runner.campaign import adaptive
from runner.experiment import plan
from runner.judge import stats
from runner.judge.figures import Verdict
from runner.judge.results import Comparison
from runner.judge.tier import pairs
from runner.judge.verdict import compare
from runner.records import Metric, Rules, Sample

LOOKS = replace(RULES, looks=(8, 16), minimum_pairs=6)
STEADY = [1.0, 1.002, 0.998, 1.001, 0.999, 1.0, 1.001, 0.999]


def rounds(factors: list[float], purpose: str = "", start: int = 0, base: float = 100.0,
           threads: int = 1) -> list[Sample]:
    """A pair per factor: base, and test at factor times the base."""
    return [sample(kernel, "timed", throughput(value), 1000 * threads + 10 * repeat + side, repeat,
                   purpose=purpose, threads=threads)
            for repeat, factor in enumerate(factors, start)
            for side, (kernel, value) in enumerate(((BASE, base), (TEST, base * factor)))]


def again(values: list[float], base: float = 100.0) -> list[Sample]:
    """The base's second boots of the first rounds."""
    return [sample(BASE, "timed", throughput(base * value), 5000 + repeat, repeat, purpose="aa")
            for repeat, value in enumerate(values)]


def verdict(comparison: Comparison) -> Verdict:
    return comparison.cells[0].verdict


# Looks

def test_between_looks_nothing_more_is_judged() -> None:
    good = rounds([1.2 * x for x in STEADY])
    first = compare(good, LOOKS)
    assert verdict(first) == Verdict.IMPROVED
    more = compare(good + rounds([0.5] * 5, start=8), LOOKS)
    assert more.cells[0].metrics == first.cells[0].metrics, "pairs past a look wait for the next"
    assert "8 pairs" in more.cells[0].reason


def test_before_the_first_look_nothing_is_judged() -> None:
    found = compare(rounds([0.5] * 7), LOOKS)
    assert verdict(found) == Verdict.INCONCLUSIVE
    assert "7 pairs made; the first look is after 8" in found.cells[0].reason
    assert found.cells[0].metrics[0].change == pytest.approx(-0.5), "shown all the same"


def test_a_round_that_does_not_count_still_brings_the_look() -> None:
    samples = rounds([1.2 * x for x in STEADY])
    samples[0] = replace(samples[0], invalid=because("host too busy"))
    found = compare(samples, LOOKS)
    assert "7 pairs" in found.cells[0].reason and verdict(found) == Verdict.IMPROVED


def test_an_early_look_asks_for_more_evidence() -> None:
    """Seven of eight one way, p = 0.039: enough for one look, not for the first of two."""
    factors = [1.2, 1.21, 1.19, 1.2, 1.22, 1.2, 1.18, 0.99]
    p = stats.paired([numpy.log(one) for one in factors]).p
    assert p is not None and stats.spending((8, 16))[0] < 0.05
    effect = pairs.effects(pairs.Sides(*(tuple(one for one in rounds(factors)
                                               if one.cell.kernel == kernel)
                                         for kernel in (BASE, TEST))),
                           LOOKS, {"throughput_mib_s": 0.03})["throughput_mib_s"]
    assert effect.p == pytest.approx(p * 0.05 / stats.spending((8, 16))[0])


# Noise floor

def test_a_noisy_host_hides_what_a_quiet_one_shows() -> None:
    samples = rounds([1.05 * x for x in STEADY])
    quiet = compare(samples + again([1.0, 1.001, 0.999, 1.0, 1.002, 0.998]), RULES)
    noisy = compare(samples + again([1.0, 1.15, 0.9, 1.1, 0.85, 1.05]), RULES)
    assert (verdict(quiet), verdict(noisy)) == (Verdict.IMPROVED, Verdict.INCONCLUSIVE)
    assert "this host's noise" in noisy.cells[0].reason
    for found in (quiet, noisy):
        assert any("this host resolves ≥" in line and "at 8 pairs" in line
                   for line in found.assumptions)


def test_without_second_boots_neighbouring_rounds_tell_the_noise() -> None:
    found = compare(rounds([1.05] * 8), RULES)
    assert any("by 8 pairs of neighbouring rounds of the two kernels" in line
               for line in found.assumptions)


def test_second_boots_are_no_pairs_of_the_test() -> None:
    samples = rounds([1.05 * x for x in STEADY])
    one, other = compare(samples, RULES), compare(samples + again([1.0, 1.0, 1.0]), RULES)
    assert one.cells[0].metrics == other.cells[0].metrics


def test_one_pair_says_what_is_missing() -> None:
    assert any("set rules.aa_pairs" in line
               for line in compare(rounds([1.0]), RULES).assumptions)


# Holm

def test_more_cells_ask_for_more_evidence() -> None:
    """Six equal signs are p = 0.031: enough alone, not as one of two."""
    alone = rounds([1.2] * 6)
    assert verdict(compare(alone, RULES)) == Verdict.IMPROVED
    many = compare(alone + rounds([1.0, 1.3, 0.8, 1.1, 0.9, 1.0], threads=2), RULES)
    assert many.cells[0].verdict == Verdict.INCONCLUSIVE
    declared = compare(alone, replace(RULES, timed_cells=2))
    assert verdict(declared) == Verdict.INCONCLUSIVE, "cells yet to come count, too"


# Confirmation

CONFIRMED = replace(RULES, confirm_pairs=6)


@pytest.mark.parametrize("fresh, expected, said", [
    ([1.2] * 6, Verdict.IMPROVED, "confirmed: +20.0% over 6 fresh pairs"),
    ([1.0, 1.01, 0.99, 1.0, 1.01, 0.99], Verdict.INCONCLUSIVE, "not confirmed"),
    ([0.8] * 6, Verdict.INCONCLUSIVE, "not confirmed"),
    ([1.01] * 6, Verdict.INCONCLUSIVE, "not confirmed"),
    ([1.2] * 4, Verdict.INCONCLUSIVE, "4 fresh pairs cannot confirm it"),
    ([], Verdict.INCONCLUSIVE, "0 fresh pairs cannot confirm it")])
def test_what_was_flagged_is_confirmed_once(fresh: list[float], expected: Verdict,
                                            said: str) -> None:
    found = compare(rounds([1.2 * x for x in STEADY]) + rounds(fresh, "confirm", 8), CONFIRMED)
    assert verdict(found) == expected and said in found.cells[0].reason


def test_what_was_not_flagged_needs_no_confirmation() -> None:
    assert verdict(compare(rounds([1.0] * 8), CONFIRMED)) == Verdict.EQUIVALENT


# What holds for any samples

FACTORS = st.lists(st.integers(-60, 60).map(lambda x: 2.0 ** (x / 60)), min_size=6, max_size=9)


@settings(max_examples=20)
@given(FACTORS, st.integers(-10, 10))
def test_units_do_not_matter(factors: list[float], power: int) -> None:
    one = compare(rounds(factors), RULES)
    other = compare(rounds(factors, base=100.0 * 2.0**power), RULES)
    assert verdict(one) == verdict(other)
    assert [m.change for m in other.cells[0].metrics] == pytest.approx(
        [m.change for m in one.cells[0].metrics])


@settings(max_examples=20)
@given(FACTORS, st.integers(0, 999))
def test_order_of_samples_does_not_matter(factors: list[float], seed: int) -> None:
    samples = rounds(factors) + again([1.0, 1.1, 0.9])
    mixed = list(samples)
    random.Random(seed).shuffle(mixed)
    assert compare(mixed, RULES) == compare(samples, RULES)


@settings(max_examples=20)
@given(FACTORS)
def test_a_kernel_against_itself_is_never_flagged(factors: list[float]) -> None:
    """Base and test are the same boots: A/A by construction."""
    base = [one for one in rounds(factors) if one.cell.kernel == TEST]
    same = [replace(one, number=one.number + 1, cell=replace(one.cell, kernel=BASE))
            for one in base]
    assert verdict(compare(base + same, RULES)) == Verdict.EQUIVALENT


def test_a_against_a_is_flagged_no_more_often_than_declared() -> None:
    """Two looks and confirmation left out, 120 comparisons of noise with heavy tails."""
    draw = numpy.random.default_rng(11)
    alarms = 0
    for noise in 0.05 * draw.standard_t(2, size=(120, 13)):
        samples = rounds([float(numpy.exp(one)) for one in noise])
        rules = replace(RULES, looks=(8, 13), thresholds={"throughput_mib_s": 0.0})
        alarms += any(verdict(compare([one for one in samples if one.repeat < look], rules))
                      in (Verdict.REGRESSED, Verdict.IMPROVED) for look in (8, 13))
    assert alarms <= (0.05 + 3 * 0.02) * 120


# Which boots come next

EXPERIMENT = """\
format = 1
base = "6.1:vanilla"
test = ["6.1:batch-add"]
threads = [1, 2]
tiers = ["timed"]
[rules]
looks = [8, 12]
minimum_pairs = 6
aa_pairs = 2
confirm_pairs = 6
"""


@pytest.fixture
def experiment(tmp_path: Path) -> Experiment:
    path = tmp_path / "x.toml"
    path.write_text(EXPERIMENT, encoding="utf-8")
    return plan.load(path)


def boot(planned: Planned, factor: float) -> Sample:
    """What `planned` gives on a host without noise, with a test of `factor`."""
    value = 100.0 * (factor if planned.cell.kernel == "6.1:batch-add" else 1.0) \
        * (1 + 0.0001 * (planned.number % 5))
    return sample(planned.cell.kernel, "timed", throughput(value), planned.number,
                  planned.repeat, threads=planned.cell.threads, purpose=planned.purpose)


def drive(experiment: Experiment, factors: dict[int, float], chunk: int = 1000) -> list[Sample]:
    """Make what is due, `chunk` boots before each interruption, until nothing is."""
    planned = plan.samples(experiment)
    samples: list[Sample] = []
    while batch := adaptive.due(experiment, planned, samples):
        samples += [boot(one, factors[one.cell.threads]) for one in batch[:chunk]]
    return samples


def count(samples: list[Sample], threads: int, purpose: str) -> int:
    return len({one.repeat for one in samples if one.cell.threads == threads
                and one.purpose == purpose})


def test_a_clear_effect_ends_at_the_first_look_and_is_confirmed(experiment: Experiment) -> None:
    samples = drive(experiment, {1: 1.5, 2: 1.0})
    assert [count(samples, 1, purpose) for purpose in ("", "aa", "confirm")] == [8, 2, 6]
    assert [count(samples, 2, purpose) for purpose in ("", "aa", "confirm")] == [8, 2, 0]
    found = compare(samples, experiment.rules)
    assert [cell.verdict for cell in found.cells] == [Verdict.IMPROVED, Verdict.EQUIVALENT]


def test_what_is_undecided_goes_on_to_the_last_look(experiment: Experiment) -> None:
    samples = drive(experiment, {1: 1.03, 2: 1.0})
    assert count(samples, 1, "") == 12 and count(samples, 1, "confirm") == 0


@pytest.mark.parametrize("chunk", [1, 7])
def test_interruptions_change_nothing(experiment: Experiment, chunk: int) -> None:
    whole = drive(experiment, {1: 1.5, 2: 1.0})
    assert drive(experiment, {1: 1.5, 2: 1.0}, chunk) == whole


def test_pairs_stay_balanced(experiment: Experiment) -> None:
    """In every two rounds each kernel is first as often as the other."""
    made = [one for one in plan.samples(experiment) if not one.purpose]
    for _, boots in itertools.groupby(made, lambda one: (one.cell.threads, one.repeat // 2)):
        order = [one.cell.kernel for one in boots]
        assert order[0] != order[2] and order[1] != order[3]


def test_metrics_without_a_direction_are_shown_and_not_judged() -> None:
    samples = [replace(one, metrics={**one.metrics, "pswpout": Metric(5.0, "pages", "", "")})
               for one in rounds([1.0] * 6)]
    cell = compare(samples, replace(RULES, thresholds={"pswpout": 0.1})).cells[0]
    assert {one.name: one.verdict is not None for one in cell.metrics} == {
        "pswpout": False, "throughput_mib_s": True}


def test_rules_without_looks_judge_all_there_is() -> None:
    assert pairs.look(Rules("x", {}), 17) == (None, stats.ALPHA, "")
