# SPDX-License-Identifier: GPL-2.0-only
"""How a tier judges figures without noise to speak of: a difference is real, its size counts."""
from __future__ import annotations

import math
import statistics
from collections.abc import Iterable, Sequence
from dataclasses import replace

from runner.figures import FLIPPED, MetricResult, Verdict, bare, names, percent
from runner.metrics.lockclass import PATH_SUM, SWAP_LOCKS
from runner.records import Metric, Sample
from runner.tier import layouts

#: What counts where the experiment declares nothing: relative change per metric.
DEFAULT_THRESHOLDS = {
    "instructions_per_page": 0.005,
    "throughput_mib_s": 0.03,
    **{f"locks.{name}.acquisitions_per_page": 0.02 for name in (PATH_SUM, *SWAP_LOCKS)},
}
#: A lock that moved by less than this many acquisitions per page did not move:
#: 0.02 to 0.03 is half as much again, and nothing to a page that takes 30 locks.
LOCK_FLOOR = 0.05


def _first(sides: Iterable[dict[str, Metric]], name: str) -> Metric:
    return next(one[name] for one in sides if name in one)


def _judge(name: str, metric: Metric, base: float | None, test: float | None,
           threshold: float | None) -> MetricResult:
    """A metric whose differences are all real: exact and locks tiers."""
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


def still(base: list[Sample], test: list[Sample], thresholds: dict[str, float],
          tier: str, looks: Sequence[int] = (), adjust: bool = True) -> list[MetricResult]:
    """Exact and locks tiers: medians over the boots of each side.

    `looks` and `adjust` are rules of the exact tier over several memory layouts.
    """
    boots, part = layouts.reached(base, test, looks) if tier == "exact" else ([base, test], 1.0)
    sides = [[one.metrics for one in side] for side in boots]
    results = []
    for name in names([*sides[0], *sides[1]]):
        values = [[one[name].value for one in side if name in one] for side in sides]
        middle = [statistics.median(one) if one else None for one in values]
        metric = _first([*sides[0], *sides[1]], name)
        decisive = name.startswith("locks.") if tier == "locks" else True
        result = _judge(name, metric, middle[0], middle[1],
                        thresholds.get(name) if decisive else None)
        decided = result.verdict in (Verdict.REGRESSED, Verdict.IMPROVED)
        if decided and max(min(values[0]), min(values[1])) <= min(max(values[0]), max(values[1])):
            result = replace(result, verdict=Verdict.INCONCLUSIVE,
                             reason="boots of one kernel differ as much as the kernels do")
        if tier == "exact":
            result = layouts.judge(result, boots[0], boots[1], part, adjust)
        results.append(result)
    return results
