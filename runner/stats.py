# SPDX-License-Identifier: GPL-2.0-only
"""Statistics of paired samples, all from scipy.

A pair is one boot of the base and the boot of the test next to it; what is
looked at is ln(test / base) of a metric, so that gains and losses, and units,
weigh alike.
"""
from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass

import numpy
from scipy import stats

LEVEL = 0.95
ALPHA = 0.05
RESAMPLES = 9999
_SEED = 20  # any fixed number: the same samples always give the same report


@dataclass(frozen=True)
class Paired:
    """What the pairs say; ratios are natural logarithms of test over base."""

    pairs: int
    effect: float                          # median log ratio
    interval: tuple[float, float] | None   # bootstrap, LEVEL; None below two pairs
    p: float | None                        # exact sign-flip test, two-sided


def log_ratios(base: Sequence[float], test: Sequence[float]) -> list[float]:
    """Per pair; ValueError where lengths differ or a value is not positive."""
    if len(base) != len(test):
        raise ValueError(f"{len(base)} values of the base, {len(test)} of the test")
    if any(not (value > 0 and math.isfinite(value)) for value in (*base, *test)):
        raise ValueError("a value is not positive")
    return [math.log(new) - math.log(old) for old, new in zip(base, test)]


def paired(ratios: Sequence[float]) -> Paired:
    """Median, interval and test of at least one log ratio; their order does not matter."""
    # Sorted and turned to a positive middle, so that neither the order of the
    # samples nor which kernel is called the base changes what the seed draws.
    flip = -1.0 if (statistics.median(ratios), sum(sorted(ratios))) < (0.0, 0.0) else 1.0
    values = numpy.array(sorted(flip * ratio for ratio in ratios))
    effect = float(numpy.median(values))
    interval = p = None
    if len(values) > 1:
        # Percentile, not BCa: the median of few pairs breaks BCa's jackknife.
        found = stats.bootstrap(
            (values,), numpy.median, n_resamples=RESAMPLES, confidence_level=LEVEL,
            method="percentile", random_state=numpy.random.default_rng(_SEED)).confidence_interval
        interval = float(found.low), float(found.high)
        p = float(stats.permutation_test(
            (values,), numpy.mean, permutation_type="samples", n_resamples=RESAMPLES,
            alternative="two-sided", random_state=numpy.random.default_rng(_SEED)).pvalue)
    if flip < 0:
        effect = -effect
        interval = (-interval[1], -interval[0]) if interval else None
    return Paired(len(values), effect + 0.0, interval, p)


def fewest_pairs(alpha: float = ALPHA) -> int:
    """Pairs below which no sign-flip test can reach `alpha`: it has 2^pairs outcomes."""
    return math.ceil(math.log2(2 / alpha))


def pairs_to_resolve(ratios: Sequence[float], effect: float) -> int:
    """About how many pairs resolve a log ratio of `effect`, by the spread of these.

    Normal theory for the median (its variance is pi/2 of the mean's): a
    planning figure, never part of a verdict.
    """
    if len(ratios) < 2 or effect <= 0:
        return fewest_pairs()
    spread = statistics.stdev(ratios)
    z = float(stats.norm.ppf(0.5 + LEVEL / 2))
    return max(fewest_pairs(), math.ceil(math.pi / 2 * (z * spread / effect) ** 2))
