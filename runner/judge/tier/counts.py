# SPDX-License-Identifier: GPL-2.0-only
"""How figures are judged that have no noise to speak of: a difference is real, its size counts."""
from __future__ import annotations

import math
import statistics
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from runner.judge.figures import FLIPPED, MetricResult, Verdict, bare, names, percent
from runner.judge.results import Where, where
from runner.records import Metric, Sample

#: A lock that moved by less than this many acquisitions per page did not move:
#: 0.02 to 0.03 is half as much again, and nothing to a page that takes 30 locks.
LOCK_FLOOR = 0.05
#: The relative change of acquisitions that counts, where the experiment declares none.
LOCK_SHARE = 0.02


def _first(sides: Iterable[dict[str, Metric]], name: str) -> Metric:
    return next(side[name] for side in sides if name in side)


def _judge(name: str, metric: Metric, base: float | None, test: float | None,
           threshold: float | None) -> MetricResult:
    result = bare(name, metric, base, test)
    if threshold is None or metric.better not in FLIPPED:
        return result
    floor = LOCK_FLOOR if name.endswith(".acquisitions_per_page") else 0.0
    low, high = sorted((base or 0.0, test or 0.0))
    if high - low <= floor:
        verdict, reason = Verdict.EQUIVALENT, "no difference" if low == high else \
            f"differs by less than {floor:g} per page"
    elif base is None or test is None:
        verdict, reason = Verdict.INCONCLUSIVE, (
            f"is there in {'test' if base is None else 'base'} only: a lock under a new name "
            "and a lock that is gone look alike")
    # Logarithms on both sides, so that turning base and test around turns the verdict.
    elif low > 0 and math.log(high / low) <= math.log1p(threshold):
        verdict, reason = Verdict.EQUIVALENT, f"within ±{percent(threshold)}"
    else:
        worse = (test - base) * FLIPPED[metric.better] > 0
        verdict = Verdict.REGRESSED if worse else Verdict.IMPROVED
        reason = f"beyond ±{percent(threshold)}"
    return replace(result, threshold=threshold, verdict=verdict, reason=reason)


def medians(base: Sequence[Sample], test: Sequence[Sample], thresholds: Mapping[str, float]
            ) -> list[MetricResult]:
    """Every metric, by the medians over the boots of each side."""
    sides = [[sample.metrics for sample in side] for side in (base, test)]
    results = []
    for name in names([*sides[0], *sides[1]]):
        values = [[metrics[name].value for metrics in side if name in metrics] for side in sides]
        middle = [statistics.median(value) if value else None for value in values]
        metric = _first([*sides[0], *sides[1]], name)
        result = _judge(name, metric, middle[0], middle[1], thresholds.get(name))
        decided = result.verdict in (Verdict.REGRESSED, Verdict.IMPROVED)
        if decided and max(min(values[0]), min(values[1])) <= min(max(values[0]), max(values[1])):
            result = replace(result, verdict=Verdict.INCONCLUSIVE,
                             reason="boots of one kernel differ as much as the kernels do")
        results.append(result)
    return results


def twice(tier: str, samples: Iterable[Sample]) -> str:
    """Why a tier that repeats to the digit must not decide; '' where it proved itself.

    Proof: a cell booted twice gave the same.
    """
    cells: dict[tuple[str, Where, int], list[Sample]] = {}
    for sample in samples:
        if sample.cell.tier == tier and not sample.invalid:
            cells.setdefault((sample.cell.kernel, where(sample), sample.layout), []).append(sample)
    if not cells:
        return ""
    groups = [group for group in cells.values() if len(group) > 1]
    if not groups:
        return f"no {tier} cell was booted twice, so nothing shows that this host repeats exactly"
    for group in groups:
        for again in group[1:]:
            apart = [name for name in names([group[0].metrics, again.metrics])
                     if group[0].metrics.get(name) != again.metrics.get(name)]
            if apart or group[0].fingerprint != again.fingerprint:
                what = f"in {apart[0]}" if apart else "in what the guest sent"
                return (f"two boots of {again.cell.label()} differ {what} "
                        f"(samples {group[0].number} and {again.number})")
    return ""
