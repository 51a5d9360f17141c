# SPDX-License-Identifier: GPL-2.0-only
"""Paired statistics: what must hold for any data."""
from __future__ import annotations

import itertools
import math

import numpy
import pytest
from hypothesis import given, settings, strategies as st

from scipy import stats as scipy_stats

from runner.judge import stats

RATIO = st.floats(-1, 1).map(lambda x: round(x, 6))
RATIOS = st.lists(RATIO, min_size=2, max_size=9)


@settings(max_examples=40, deadline=None)
@given(RATIOS, st.randoms())
def test_order_does_not_matter(ratios: list[float], random: object) -> None:
    turned = list(ratios)
    random.shuffle(turned)  # type: ignore[attr-defined]
    assert stats.paired(turned) == stats.paired(ratios)


@settings(max_examples=40, deadline=None)
@given(RATIOS)
def test_turning_base_and_test_negates(ratios: list[float]) -> None:
    one, other = stats.paired(ratios), stats.paired([-ratio for ratio in ratios])
    assert other.effect == -one.effect and other.p == one.p
    if one.effect:
        assert one.interval and other.interval == (-one.interval[1], -one.interval[0])


@settings(max_examples=30, deadline=None)
@given(st.lists(st.tuples(st.floats(1, 1e6), st.floats(1, 1e6)), min_size=2, max_size=8),
       st.integers(-20, 20))
def test_units_do_not_matter(pairs: list[tuple[float, float]], power: int) -> None:
    base, test = zip(*pairs)
    scaled = stats.log_ratios([b * 2.0**power for b in base], [t * 2.0**power for t in test])
    assert scaled == pytest.approx(stats.log_ratios(base, test), abs=1e-9)


def test_sign_flip_test_is_exact() -> None:
    ratios = [0.11, 0.02, -0.03, 0.08, 0.05, 0.07]
    means = [abs(sum(s * r for s, r in zip(signs, ratios)))
             for signs in itertools.product((1, -1), repeat=len(ratios))]
    expected = sum(m >= sum(ratios) - 1e-12 for m in means) / len(means)
    assert stats.paired(ratios).p == pytest.approx(expected)


def test_interval_holds_the_effect_and_narrows() -> None:
    few = stats.paired([0.1 + 0.01 * (i % 5 - 2) for i in range(5)])
    many = stats.paired([0.1 + 0.01 * (i % 5 - 2) for i in range(100)])
    for found in (few, many):
        assert found.interval and found.interval[0] <= found.effect <= found.interval[1]
        assert found.effect == pytest.approx(0.1)
    assert few.interval and many.interval
    assert many.interval[1] - many.interval[0] < few.interval[1] - few.interval[0]


def test_same_samples_same_answer() -> None:
    ratios = [math.sin(i) for i in range(15)]
    assert stats.paired(ratios) == stats.paired(ratios)


def test_all_equal_pairs() -> None:
    assert stats.paired([0.0] * 6) == stats.Paired(6, 0.0, (0.0, 0.0), 1.0)


def test_one_pair_has_no_spread() -> None:
    assert stats.paired([0.5]) == stats.Paired(1, 0.5, None, None)


def test_fewest_pairs() -> None:
    assert stats.fewest_pairs(0.05) == 6 and 2 / 2**6 <= 0.05 < 2 / 2**5
    assert stats.paired([0.1] * 6).p == 2 / 2**6


def test_pairs_to_resolve_grows_with_spread() -> None:
    tight = stats.pairs_to_resolve([0.01, -0.01, 0.0, 0.01], 0.03)
    wide = stats.pairs_to_resolve([0.2, -0.2, 0.1, -0.1], 0.03)
    assert tight == 6 < wide
    assert stats.pairs_to_resolve([0.1], 0.03) == 6


@pytest.mark.parametrize("base, test", [([1.0], []), ([0.0], [1.0]), ([1.0], [-1.0]),
                                        ([math.inf], [1.0]), ([math.nan], [1.0])])
def test_values_without_a_ratio(base: list[float], test: list[float]) -> None:
    with pytest.raises(ValueError):
        stats.log_ratios(base, test)


@settings(max_examples=30, deadline=None)
@given(st.lists(st.floats(50, 150), min_size=2, max_size=9), st.integers(-20, 20))
def test_the_same_factor_on_one_side_moves_the_effect_alone(base: list[float],
                                                            power: int) -> None:
    """Scale invariance of all that is judged: twice the ratio is the same spread elsewhere."""
    test = [value * 1.25 for value in reversed(base)]
    one = stats.paired(stats.log_ratios(base, test))
    other = stats.paired(stats.log_ratios([2.0**power * b for b in base],
                                          [2.0**power * t for t in test]))
    assert other.effect == pytest.approx(one.effect, abs=1e-9)
    assert one.interval and other.interval == pytest.approx(one.interval, abs=1e-9)


@settings(max_examples=25, deadline=None)
@given(st.lists(st.floats(50, 150), min_size=2, max_size=8), st.randoms())
def test_a_against_a_is_symmetric(values: list[float], random: object) -> None:
    """Which of two equal kernels is called the base must not matter to the test."""
    other = list(values)
    random.shuffle(other)  # type: ignore[attr-defined]
    there = stats.paired(stats.log_ratios(values, other))
    back = stats.paired(stats.log_ratios(other, values))
    assert back.p == pytest.approx(there.p) and back.effect == pytest.approx(-there.effect)


HEAVY = {"normal": scipy_stats.norm, "laplace": scipy_stats.laplace, "cauchy": scipy_stats.cauchy,
         "t2": scipy_stats.t(2)}


@pytest.mark.parametrize("pairs", [8, 12])
@pytest.mark.parametrize("name", sorted(HEAVY))
def test_interval_covers_with_heavy_tails(name: str, pairs: int) -> None:
    """150 data sets of a known median.

    Of few values a percentile interval of the median covers less than it is called: from the
    second to the seventh of eight it is 1 - 18/256 = 93%, whatever the distribution.
    """
    sets = 0.02 * HEAVY[name].rvs(size=(150, pairs), random_state=numpy.random.default_rng(7))
    found = [stats.paired(list(one + 0.01)).interval for one in sets]
    covered = sum(one is not None and one[0] <= 0.01 <= one[1] for one in found)
    assert covered >= (0.93 - 3 * 0.021) * len(found)


@given(st.lists(st.integers(1, 500), min_size=1, max_size=8, unique=True))
def test_looks_spend_the_whole_level_and_no_more(looks: list[int]) -> None:
    shares = stats.spending(sorted(looks))
    assert sum(shares) == pytest.approx(stats.ALPHA) and min(shares) > 0


def test_one_look_is_the_plain_test() -> None:
    assert stats.spending([20]) == pytest.approx((0.05,))


def test_looking_three_times_stays_within_the_level() -> None:
    """The rule as a whole: a false alarm at any look, in data without an effect."""
    looks = (8, 10, 13)
    shares = stats.spending(looks)
    sets = 0.02 * scipy_stats.t(2).rvs(size=(150, looks[-1]), random_state=3)
    alarms = sum(any((stats.paired(list(one[:look])).p or 1.0) <= share
                     for look, share in zip(looks, shares)) for one in sets)
    assert alarms <= (0.05 + 3 * 0.018) * len(sets)


@given(st.lists(st.floats(0, 1), min_size=1, max_size=8), st.integers(0, 12))
def test_holm_is_between_the_raw_and_bonferroni(values: list[float], size: int) -> None:
    count = max(size, len(values))
    found = stats.holm(values, size)
    for raw, adjusted in zip(values, found):
        assert raw <= adjusted <= min(1.0, raw * count)
    assert found[values.index(min(values))] == min(1.0, min(values) * count)
    assert sorted(found) == [found[at] for at in sorted(range(len(values)),
                                                        key=lambda at: values[at])]


def test_holm_by_hand() -> None:
    assert stats.holm([0.01, 0.04, 0.03]) == pytest.approx([0.03, 0.06, 0.06])


def test_half_width_shrinks_with_pairs_and_needs_two() -> None:
    ratios = [0.01, -0.02, 0.015, -0.005]
    few, many = stats.half_width(ratios, 6), stats.half_width(ratios, 24)
    assert few and many == pytest.approx(few / 2)
    assert stats.half_width([0.1], 6) is None


def test_nothing_is_no_covariance() -> None:
    assert stats.covariance([], [], 0.99) is None
