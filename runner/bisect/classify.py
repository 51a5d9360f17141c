# SPDX-License-Identifier: GPL-2.0-only
"""Good or bad: on which side of a line a kernel is, and how sure that is.

The comparison with the good end is the one every report makes; here its change and interval
are held against a line half way to the bad end, or an absolute one.
"""
from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass

from scipy import stats

from runner.judge import tier
from runner.judge.figures import MetricResult
from runner.judge.tier.base import Tier
from runner.records import Sample

#: Chance to be wrong at which a step ends before all its boots are made; of four looks the
#: last may then still have 99%.
SPENT = 0.0025
#: Confidence below which a step tells nothing.
LEAST = 0.9
#: No number of boots makes more than this of one step.
MOST = 0.9999


@dataclass(frozen=True)
class Figure:
    """A kernel's value on the good end's scale."""

    value: float
    error: float              # standard error of its difference from the good end
    free: float               # degrees of freedom; infinite where the error is a bound

    def interval(self) -> tuple[float, float]:
        """95%."""
        half = float(stats.t.ppf(0.975, self.free)) * self.error
        return self.value - half, self.value + half


@dataclass(frozen=True)
class Line:
    """What parts good from bad."""

    at: float
    worse: float              # 1: bad is above it, -1: below

    def judge(self, figure: Figure, looks: int = 1) -> tuple[str, float]:
        """'good' or 'bad', and the confidence in it, from 0.5 to MOST.

        `looks`: how often it has been asked by now.  Each time before, it would have ended if
        it had been wrong by a chance of SPENT or less, and that chance is gone.
        """
        sure = self._side(figure)
        return ("bad" if (figure.value - self.at) * self.worse > 0 else "good",
                min(MOST, max(0.5, sure - (looks - 1) * SPENT)))

    def ends(self, figure: Figure) -> bool:
        """Whether a step may end here, before all its boots are made."""
        return 1 - self._side(figure) <= SPENT

    def _side(self, figure: Figure) -> float:
        """How likely the kernel is on the side of the line where its figure is."""
        away = abs(figure.value - self.at)
        if figure.error <= 0:
            return 1.0 if away else 0.5
        return float(stats.t.cdf(away / figure.error, figure.free))


def _values(samples: Sequence[Sample], metric: str) -> list[float]:
    """One value a boot; the self-check's second boot says the same again."""
    boots = {tier.find(sample.cell.tier).boot_of(sample): sample for sample in samples
             if not sample.invalid and metric in sample.metrics}
    return [boot.metrics[metric].value for boot in boots.values()]


def spread(groups: Sequence[Sequence[Sample]], metric: str) -> tuple[float, int]:
    """Standard deviation of boots of one kernel, pooled, and its degrees of freedom."""
    values = [_values(group, metric) for group in groups]
    free = sum(len(value) - 1 for value in values if len(value) > 1)
    squares = math.fsum(statistics.variance(group) * (len(group) - 1) for group in values
                        if len(group) > 1)
    return (math.sqrt(squares / free), free) if free else (0.0, 0)


def figure(result: MetricResult, own: Tier, anchors: Sequence[Sequence[Sample]],
           boots: tuple[int, int]) -> Figure:
    """Where the comparison with the good end puts a kernel.

    With an error of its own (layouts at equal pages) or an interval (pairs of boots) that is
    what it is sure by; else what boots of the ends differ among themselves, `boots` being how
    many there are of the good end and of the kernel.
    """
    base, test = result.base or 0.0, result.test or 0.0
    least = own.noise * max(abs(base), abs(test))
    if result.interval is not None and result.change is not None:
        test = base * (1 + result.change)
        if result.error is not None and result.free is not None:
            return Figure(test, test * result.error, result.free)
        if own.level:
            low, high = (base * (1 + change) for change in result.interval)
            # The quantile of the normal distribution is below Student's, so this errs upwards.
            error = (high - low) / 2 / float(stats.norm.ppf(0.5 + own.level / 2))
            return Figure(test, error, math.inf)
    deviation, free = spread(anchors, result.name)
    error = max(deviation, least) * math.sqrt(math.fsum(1 / count for count in boots if count))
    return Figure(test, error, free if deviation > least else math.inf)
