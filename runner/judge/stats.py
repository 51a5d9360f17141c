# SPDX-License-Identifier: GPL-2.0-only
"""Statistics of pairs and of groups of samples.

A pair is one boot of the base and the boot of the test next to it; what is
looked at is ln(test / base) of a metric, so that gains and losses, and units,
weigh alike.  Groups are boots of one kernel at several memory layouts.
"""
from __future__ import annotations

import functools
import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass

import numpy
import numpy.typing
from scipy import stats

LEVEL = 0.95
ALPHA = 0.05
RESAMPLES = 9999
_EXACT_PAIRS = 16  # all 2^16 sign flips take a quarter of a second
_SEED = 20  # any fixed number: the same samples always give the same report


@dataclass(frozen=True)
class Paired:
    """What the pairs say; ratios are natural logarithms of test over base."""

    pairs: int
    effect: float                          # median log ratio
    interval: tuple[float, float] | None   # bootstrap; None below two pairs
    p: float | None                        # sign-flip test, two-sided


def log_ratios(base: Sequence[float], test: Sequence[float]) -> list[float]:
    """Per pair; ValueError where lengths differ or a value is not positive."""
    if len(base) != len(test):
        raise ValueError(f"{len(base)} values of the base, {len(test)} of the test")
    if any(not (value > 0 and math.isfinite(value)) for value in (*base, *test)):
        raise ValueError("a value is not positive")
    return [math.log(new) - math.log(old) for old, new in zip(base, test)]


def paired(ratios: Sequence[float], level: float = LEVEL) -> Paired:
    """Median, interval and test of at least one log ratio; their order does not matter.

    `level` is the interval's.  The test runs through all 2^n flips of signs up to 16 pairs,
    and draws RESAMPLES of them beyond, counting the data itself, which keeps it valid
    (Phipson and Smyth, "Permutation P-values Should Never Be Zero", 2010).
    """
    # Sorted and turned to a positive middle, so that neither the order of the
    # samples nor which kernel is called the base changes what the seed draws.
    flip = -1.0 if (statistics.median(ratios), math.fsum(ratios)) < (0.0, 0.0) else 1.0
    values = numpy.array(sorted(flip * ratio for ratio in ratios))
    effect = float(numpy.median(values))
    interval = p = None
    if len(values) > 1:
        # Percentile, not BCa: the median of few pairs breaks BCa's jackknife.
        bounds = stats.bootstrap(
            (values,), numpy.median, n_resamples=RESAMPLES, confidence_level=level,
            method="percentile", random_state=numpy.random.default_rng(_SEED)).confidence_interval
        interval = float(bounds.low), float(bounds.high)
        p = _sign_flip(values)
    if flip < 0:
        effect = -effect
        interval = (-interval[1], -interval[0]) if interval else None
    return Paired(len(values), effect + 0.0, interval, p)


def _sign_flip(values: numpy.typing.NDArray[numpy.float64]) -> float:
    return float(stats.permutation_test(
        (values,), numpy.mean, permutation_type="samples", batch=RESAMPLES,
        n_resamples=2 ** len(values) if len(values) <= _EXACT_PAIRS else RESAMPLES,
        alternative="two-sided", random_state=numpy.random.default_rng(_SEED)).pvalue)


def sign_flip(ratios: Sequence[float]) -> float | None:
    """The p value of `paired` alone."""
    return _sign_flip(numpy.array(sorted(ratios))) if len(ratios) > 1 else None


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


def spending(looks: Sequence[int], alpha: float = ALPHA) -> tuple[float, ...]:
    """What each look at the data may use up of `alpha`; the sum is `alpha`.

    `looks` are rising numbers of pairs.  Spent as by Lan and DeMets ("Discrete sequential
    boundaries for clinical trials", 1983) with their function like Pocock's,
    alpha ln(1 + (e - 1) t), so that a large effect can end the sampling early.  Each look
    tests at its own share; that the sum of the shares bounds the false alarms (Bonferroni)
    takes no assumption about how looks depend on each other.
    """
    spent = [alpha * math.log1p((math.e - 1) * look / looks[-1]) for look in looks]
    return tuple(now - before for now, before in zip(spent, [0.0, *spent]))


def holm(values: Sequence[float], size: int = 0) -> list[float]:
    """p values adjusted for their number, or for `size` where more are to come (Holm, 1979)."""
    order = sorted(range(len(values)), key=lambda at: values[at])
    count = max(size, len(values))
    adjusted = [1.0] * len(values)
    worst = 0.0
    for rank, at in enumerate(order):
        worst = max(worst, min(1.0, (count - rank) * values[at]))
        adjusted[at] = worst
    return adjusted


def half_width(ratios: Sequence[float], pairs: int, level: float = LEVEL) -> float | None:
    """Half the width that an interval of the median of `pairs` log ratios has without an effect.

    From the spread of log ratios of A/A pairs, by Student's t, as they are few; None below
    two.  What lies under it, a host cannot tell from nothing.
    """
    if len(ratios) < 2:
        return None
    quantile = float(stats.t.ppf(0.5 + level / 2, len(ratios) - 1))
    return quantile * statistics.stdev(ratios) * math.sqrt(math.pi / 2 / pairs)


@functools.cache
def _rank_sums(first: int, second: int) -> tuple[float, ...]:
    """P(U <= u) for u = 0, 1, … where two groups of these sizes are exchangeable.

    U counts the pairs, one of each group, whose first is the larger; the numbers of orders with
    each U are the coefficients of Gauss's binomial.
    """
    ways = [1]
    for at in range(1, first + 1):
        # Times 1 - q^(second + at), divided by 1 - q^at, which goes without a remainder.
        up = second + at
        ways = [*ways, *[0] * up]
        for power in range(len(ways) - 1, up - 1, -1):
            ways[power] -= ways[power - up]
        for power in range(at, len(ways)):
            ways[power] += ways[power - at]
        ways = ways[:at * second + 1]
    total, sums, below = sum(ways), [], 0
    for way in ways:
        below += way
        sums.append(below / total)
    return tuple(sums)


@dataclass(frozen=True)
class Shift:
    """By how much the values of one group are above those of another."""

    effect: float
    interval: tuple[float, float]
    p: float | None           # exact; None: too few for it at this level


def pooled(base: Sequence[float], test: Sequence[float]) -> float:
    """The standard deviation within two groups, of three values together at least."""
    squares = math.fsum(statistics.variance(group) * (len(group) - 1) for group in (base, test)
                        if len(group) > 1)
    return math.sqrt(squares / (len(base) + len(test) - 2))


def shift(base: Sequence[float], test: Sequence[float], alpha: float) -> Shift | None:
    """The shift of `test` against `base` and its interval at level 1 - `alpha`; None of too few.

    Hodges and Lehmann's estimate with the interval that inverts the exact test of ranks (Mann
    and Whitney), which assumes nothing of the values but that, without an effect, any order of
    them is as likely.  Ties widen it.  Where even groups that do not overlap are more likely
    than `alpha`, means and Student's interval.
    """
    if not base or not test or len(base) + len(test) < 3:
        return None
    sums = _rank_sums(len(base), len(test))
    if 2 * sums[0] <= alpha:
        apart = sorted(new - old for old in base for new in test)
        cut = sum(2 * rank_sum <= alpha for rank_sum in sums[:len(apart) // 2])
        below, above = sum(step <= 0 for step in apart), sum(step >= 0 for step in apart)
        return Shift(statistics.median(apart), (apart[cut - 1], apart[-cut]),
                     min(1.0, 2 * sums[min(below, above)]))
    free = len(base) + len(test) - 2
    effect = statistics.fmean(test) - statistics.fmean(base)
    half = float(stats.t.ppf(1 - alpha / 2, free)) * pooled(base, test) \
        * math.sqrt(1 / len(base) + 1 / len(test))
    return Shift(effect, (effect - half, effect + half), None)


@dataclass(frozen=True)
class Groups:
    """Two groups of values held against each other at equal covariates."""

    effect: float                          # log ratio of test over base
    interval: tuple[float, float]
    error: float                           # standard error of the effect
    free: int                              # its degrees of freedom


def covariance(base: Sequence[Sequence[float]], test: Sequence[Sequence[float]],
               level: float) -> Groups | None:
    """Analysis of covariance in logarithms; each row is a value and its covariates, positive.

    log value = group + sum of slope * log covariate, the slopes common to both groups, by
    least squares; the interval is Student's.  Of the covariates so many are used, from the
    first, that two values are left for each thing fitted.  None where none can be.
    """
    if not base or not test:
        return None
    rows = numpy.log(numpy.array([*base, *test]))
    group = numpy.array([0.0] * len(base) + [1.0] * len(test))
    used = min(rows.shape[1] - 1, len(rows) // 2 - 2)
    design = numpy.column_stack([numpy.ones(len(rows)), group,
                                 rows[:, 1:1 + used] - rows[:, 1:1 + used].mean(axis=0)])
    if used < 1 or numpy.linalg.matrix_rank(design) < design.shape[1]:
        return None
    free = len(rows) - design.shape[1]
    coefficients, *_ = numpy.linalg.lstsq(design, rows[:, 0], rcond=None)
    left = rows[:, 0] - design @ coefficients
    spread = float(left @ left) / free * float(numpy.linalg.inv(design.T @ design)[1, 1])
    effect = float(coefficients[1])
    error = math.sqrt(spread)
    half = float(stats.t.ppf(0.5 + level / 2, free)) * error
    return Groups(effect, (effect - half, effect + half), error, free)
