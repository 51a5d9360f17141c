# SPDX-License-Identifier: GPL-2.0-only
"""Changes of level: planted ones are found on their night, noise raises nothing."""
from __future__ import annotations

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runner.nightly import changes
from runner.nightly.changes import Rule

EXACT, TIMED = Rule(0.005), Rule(0.03)


def noisy(seed: int, nights: int = 33, spread: float = 0.02) -> list[float]:
    draw = random.Random(seed)
    return [100.0 * (1 + draw.gauss(0, spread)) for _ in range(nights)]


@pytest.mark.parametrize("at", [1, 2, 15, 30, 32])
@pytest.mark.parametrize("step", [1.01, 0.99])
def test_exact_step_of_one_percent_is_found_on_its_night(at: int, step: float) -> None:
    values = [9650.0] * at + [9650.0 * step] * (33 - at)
    found = changes.steps(values, EXACT)
    assert [one.at for one in found] == [at]
    assert found[0].after / found[0].before == pytest.approx(step)


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("step", [0.9, 1.1])
def test_timed_step_of_ten_percent_is_found_on_its_night(seed: int, step: float) -> None:
    values = noisy(seed)
    values[20:] = [one * step for one in values[20:]]
    assert [one.at for one in changes.e_divisive(values, TIMED)] == [20]


@pytest.mark.parametrize("seed", range(20))
def test_noise_raises_nothing(seed: int) -> None:
    assert changes.e_divisive(noisy(seed, spread=0.03), TIMED) == []
    for spread in (0.001, 0.003):
        assert changes.steps(noisy(seed, spread=spread), EXACT) == []


def test_two_steps_are_two_changes() -> None:
    values = noisy(3)
    values[10:20] = [one * 0.88 for one in values[10:20]]
    assert [one.at for one in changes.e_divisive(values, TIMED)] == [10, 20]


def test_a_single_bad_night_is_no_timed_change() -> None:
    values = noisy(4)
    values[15] *= 0.5
    assert changes.e_divisive(values, TIMED) == []


def test_creep_below_the_threshold_a_night_is_seen_in_the_end() -> None:
    assert changes.steps([100 * 1.002 ** night for night in range(12)], EXACT)


def test_a_fence_widens_with_the_series_own_noise() -> None:
    level = noisy(5, 30, 0.004)
    higher = sorted(level)[15] * 1.01
    assert changes.steps([*level, higher], EXACT) == []
    assert [one.at for one in changes.steps([100.0] * 30 + [101.0], EXACT)] == [30]
    low, high = changes.fence(level, EXACT) or (0, 0)
    assert low < min(level) and max(level) < high
    assert changes.fence(level[:4], EXACT) is None


def test_locks_floor_is_absolute() -> None:
    assert changes.steps([0.02] * 6 + [0.04], Rule(0.02, floor=0.05)) == []
    for before in (0.0, 1.0):
        assert changes.steps([before] * 6 + [2.0], Rule(0.02, floor=0.05))


@settings(max_examples=40, deadline=None)
@given(st.lists(st.floats(0, 1e12), min_size=1, max_size=14), st.sampled_from([EXACT, TIMED]))
def test_any_series_is_taken_and_two_looks_agree(values: list[float], rule: Rule) -> None:
    for find in (changes.steps, changes.e_divisive):
        found = find(values, rule)
        assert found == find(values, rule)
        places = [one.at for one in found]
        assert places == sorted(set(places)) and all(0 < at < len(values) for at in places)
    changes.fence(values, rule)
