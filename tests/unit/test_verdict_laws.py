# SPDX-License-Identifier: GPL-2.0-only
"""What holds for the verdict on any samples."""
from __future__ import annotations

import math
import random
from dataclasses import replace

import pytest
from hypothesis import assume, example, given, settings, strategies as st
from judged import BATCHED, VANILLA, judge, metric
from madesamples import TEST, exact, instructions, locked, sample, timed

from runner.errors import Exit
from runner.judge.figures import Verdict
from runner.records import Sample

FLIPPED = {Verdict.REGRESSED: Verdict.IMPROVED, Verdict.IMPROVED: Verdict.REGRESSED}
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
