# SPDX-License-Identifier: GPL-2.0-only
"""Where a series of nights changes its level.

Timed figures have noise that is not normal, so their changes are found by
E-divisive (Matteson and James, "A nonparametric approach for multiple change
point analysis of multivariate data", JASA 109, 2014), which asks for no
distribution and is what MongoDB's and Hunter's performance gates stand on: the
split with the largest energy distance between its sides, accepted by a
permutation test, then the same within each side.  Debian 12 packages no
library that has it, so it is here, on numpy: a year of nights is 365 points.

Exact figures and counts have no noise to speak of, so there one night beyond
the threshold is a change of that night.

A fence, median ± k robust deviations of the series' own residuals, keeps a
noisy series from raising what its noise explains.  All is done on natural
logarithms, so that halving and doubling weigh alike.
"""
from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy
from numpy.typing import NDArray

#: Nights a level must last before a timed change is believed: a bad night or two is none.
SHORTEST = 3
PERMUTATIONS = 999
_SEED = 8  # any fixed number: the same nights always give the same changes
#: Turns a median absolute deviation into a normal law's standard deviation.
_NORMAL = 1.4826
#: Nights below which a spread means nothing.
_ENOUGH = 5
_MEDIAN = math.pi / 2  # variance of a median over that of a mean

_Array = NDArray[numpy.float64]


@dataclass(frozen=True)
class Rule:
    """What a series needs to raise a change."""

    threshold: float          # relative change that counts
    floor: float = 0.0        # absolute change that never counts, in the metric's unit
    fence: float = 5.0        # k: robust deviations
    alpha: float = 0.005      # of the permutation test


@dataclass(frozen=True)
class Change:
    at: int                   # first night of the new level
    before: float             # level (median of its nights) on either side
    after: float
    p: float | None           # of the permutation test; None: by threshold


def _logs(values: Sequence[float]) -> _Array:
    """Natural logarithms; of a series with a value of 0 or less, a scale like it."""
    array = numpy.array(values, dtype=float)
    if (array <= 0).any():
        sizes = numpy.abs(array)
        scale = max(float(numpy.median(sizes)), float(sizes.max()) * 1e-6) or 1.0
        return numpy.asarray(numpy.arcsinh(array / scale))
    return numpy.asarray(numpy.log(array))


def _deviation(residuals: _Array) -> float:
    """Robust standard deviation, 0 for fewer nights than show one."""
    return _NORMAL * float(numpy.median(numpy.abs(residuals))) \
        if len(residuals) >= _ENOUGH else 0.0


def _energy(distances: _Array) -> tuple[int, float]:
    """The best split of a stretch and its scaled energy distance, by all pairs' distances.

    For n nights before the split and the m nights from it on:
    nm/(n+m) × (2·mean between − mean within before − mean within after).
    The m nights may end before the stretch does (the paper's kappa), or a
    change that is taken back later would hide itself.
    """
    size = len(distances)
    corner = numpy.zeros((size + 1, size + 1))
    corner[1:, 1:] = distances.cumsum(0).cumsum(1)
    split, end = numpy.triu_indices(size + 1, SHORTEST)
    wide = split >= SHORTEST
    split, end = split[wide], end[wide]
    left, right = split.astype(float), (end - split).astype(float)
    within = corner[split, split]
    across = corner[split, end] - within
    beyond_it = corner[end, end] - 2 * corner[split, end] + within
    gain = left * right / (left + right) * (
        2 * across / (left * right) - within / (left * (left - 1))
        - beyond_it / (right * (right - 1)))
    best = int(gain.argmax())
    return int(split[best]), float(gain[best])


def _test(distances: _Array, observed: float, alpha: float, draw: numpy.random.Generator
          ) -> float | None:
    """Share of shuffles of the stretch's nights whose best split is as good; None above `alpha`."""
    as_good = 0
    for _ in range(PERMUTATIONS):
        order = draw.permutation(len(distances))
        as_good += _energy(distances[numpy.ix_(order, order)])[1] >= observed
        if as_good + 1 > alpha * (PERMUTATIONS + 1):
            return None
    return (as_good + 1) / (PERMUTATIONS + 1)


def e_divisive(values: Sequence[float], rule: Rule) -> list[Change]:
    """Changes of level of a timed series, oldest first.  The same values, the same answer."""
    logs = _logs(values)
    distances = numpy.abs(logs[:, None] - logs[None, :])
    draw = numpy.random.default_rng(_SEED)
    splits: dict[int, float] = {}
    stretches = [(0, len(logs))]
    while stretches:
        low, high = stretches.pop()
        if high - low < 2 * SHORTEST:
            continue
        part = distances[low:high, low:high]
        at, gain = _energy(part)
        p = _test(part, gain, rule.alpha, draw)
        if p is None:
            continue
        splits[low + at] = p
        stretches += [(low, low + at), (low + at, high)]
    return _fenced(values, logs, splits, rule)


def _levels(logs: _Array, splits: Sequence[int]) -> list[float]:
    edges = [0, *splits, len(logs)]
    return [float(numpy.median(logs[low:high])) for low, high in zip(edges, edges[1:])]


def _fenced(values: Sequence[float], logs: _Array, p_of: dict[int, float], rule: Rule
            ) -> list[Change]:
    """What is left when changes within the threshold or the fence are taken out, least first."""
    splits = sorted(p_of)
    while splits:
        edges = [0, *splits, len(logs)]
        levels = _levels(logs, splits)
        residuals = numpy.concatenate([logs[low:high] - level for low, high, level
                                       in zip(edges, edges[1:], levels)])
        deviation = _deviation(residuals)
        excess = []
        for place in range(len(splits)):
            nights = min(edges[place + 1] - edges[place], edges[place + 2] - edges[place + 1])
            fence = rule.fence * deviation * math.sqrt(_MEDIAN / nights)
            excess.append(abs(levels[place + 1] - levels[place])
                          - max(math.log1p(rule.threshold), fence))
        least = int(numpy.argmin(excess))
        if excess[least] > 0:
            break
        splits.pop(least)
    edges = [0, *splits, len(values)]
    middles = [float(numpy.median(values[low:high])) for low, high in zip(edges, edges[1:])]
    return [Change(at, middles[place], middles[place + 1], p_of[at])
            for place, at in enumerate(splits)]


def _jitter(logs: _Array) -> float:
    """Robust standard deviation by what neighbours differ, which steps of level hardly touch."""
    return _deviation(numpy.diff(logs)) / math.sqrt(2)


def steps(values: Sequence[float], rule: Rule) -> list[Change]:
    """Changes of an exact series or a count: nights beyond the level before them.

    Beyond means: beyond the threshold, the floor and the fence, whose
    deviation is the series' own jitter from night to night.
    """
    logs = _logs(values)
    reach = max(math.log1p(rule.threshold), rule.fence * _jitter(logs))
    stepped: list[tuple[int, float]] = []
    start = 0
    for at in range(1, len(values)):
        level = float(numpy.median(values[start:at]))
        away = abs(float(logs[at]) - float(numpy.median(logs[start:at])))
        if away > reach and abs(values[at] - level) > rule.floor:
            stepped.append((at, level))
            start = at
    ends = [at for at, _ in stepped[1:]] + [len(values)]
    return [Change(at, before, float(numpy.median(values[at:end])), None)
            for (at, before), end in zip(stepped, ends)]


def fence(level: Sequence[float], rule: Rule) -> tuple[float, float] | None:
    """Least and most that a night of this level may be; None with too few nights to say."""
    if len(level) < _ENOUGH or min(level) <= 0:
        return None
    logs = _logs(level)
    middle = float(numpy.median(logs))
    reach = max(math.log1p(rule.threshold), rule.fence * _deviation(logs - middle))
    return math.exp(max(middle - reach, -700.0)), math.exp(min(middle + reach, 700.0))
