# SPDX-License-Identifier: GPL-2.0-only
"""Two kernels over perturbed runs: by how much they differ, and whether that is known.

Runs of one perturbation of both kernels have nothing in common but their command line: the
interleaving is another one from the first instruction that differs.  So sides are compared as
they are, by Welch's interval of the difference of mean logarithms; docs/error-rates.md has how
often it was wrong.
"""
from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import scipy.stats

from runner.judge.figures import FLIPPED, MetricResult, Verdict, percent
from runner.records import Sample

LEVEL = 0.99


@dataclass(frozen=True)
class Spread:
    counts: tuple[int, int]
    effect: float             # difference of mean logarithms, test less base
    half: float               # of its interval
    error: float              # its standard error

    @property
    def interval(self) -> tuple[float, float]:
        return self.effect - self.half, self.effect + self.half

    @property
    def resolves(self) -> float:
        """The least relative change that would be told from none."""
        return math.expm1(self.half)

    def told(self) -> str:
        return f"{self.counts[0]} and {self.counts[1]} runs"


def _values(side: Sequence[Sample], name: str) -> list[float]:
    """A value of each perturbation: the self-check's second run says the same again."""
    by_run = {sample.layout: sample.metrics[name].value for sample in reversed(side)
              if name in sample.metrics}
    return [by_run[run] for run in sorted(by_run)]


def _variance(logs: Sequence[float]) -> float:
    mean = math.fsum(logs) / len(logs)
    return math.fsum((value - mean) ** 2 for value in logs) / (len(logs) - 1)


def of(base: Sequence[Sample], test: Sequence[Sample], name: str) -> Spread | None:
    """None where a side has fewer than two runs, or a value that is not positive."""
    sides = [_values(side, name) for side in (base, test)]
    if min(map(len, sides)) < 2 or any(value <= 0 for side in sides for value in side):
        return None
    logs = [[math.log(value) for value in side] for side in sides]
    parts = [_variance(side) / len(side) for side in logs]
    error = math.sqrt(math.fsum(parts))
    half = 0.0
    if error > 0:
        # Welch, Biometrika 34 (1947), and Satterthwaite's degrees of freedom.
        free = math.fsum(parts) ** 2 / math.fsum(
            part ** 2 / (len(side) - 1) for part, side in zip(parts, logs))
        half = float(scipy.stats.t.ppf((1 + LEVEL) / 2, free)) * error
    means = [math.fsum(side) / len(side) for side in logs]
    return Spread((len(logs[0]), len(logs[1])), means[1] - means[0], half, error)


def judge(result: MetricResult, base: Sequence[Sample], test: Sequence[Sample]) -> MetricResult:
    """A metric with a threshold, by its spread over the runs; any other as it is."""
    threshold = result.threshold
    if threshold is None or result.better not in FLIPPED:
        return result
    spread = of(base, test, result.name)
    if spread is None:
        return replace(result, verdict=Verdict.INCONCLUSIVE,
                       reason="one run of a side shows no spread; raise rules.perturbations")
    low, high = spread.interval
    line = math.log1p(threshold)
    result = replace(result, change=math.expm1(spread.effect),
                     interval=(math.expm1(low), math.expm1(high)))
    if -line <= low and high <= line:
        return replace(result, verdict=Verdict.EQUIVALENT,
                       reason=f"within ±{percent(threshold)} over {spread.told()}")
    if abs(spread.effect) <= line or low <= 0 <= high:
        return replace(result, verdict=Verdict.INCONCLUSIVE,
                       reason=f"±{percent(threshold)} is not resolved by {spread.told()}; raise "
                              "rules.perturbations")
    worse = spread.effect * FLIPPED[result.better] > 0
    return replace(result, verdict=Verdict.REGRESSED if worse else Verdict.IMPROVED,
                   reason=f"beyond ±{percent(threshold)} over {spread.told()}")
