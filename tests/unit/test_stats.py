# SPDX-License-Identifier: GPL-2.0-only
"""Paired statistics: what must hold for any data."""
from __future__ import annotations

import itertools
import math

import pytest
from hypothesis import given, settings, strategies as st

from runner import stats

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
