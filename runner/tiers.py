# SPDX-License-Identifier: GPL-2.0-only
"""How a tier judges one metric of one cell, base against test.

Exact and locks figures have no noise to speak of, so a difference is real and
only its size counts.  Times have noise, so it takes pairs and an interval.
"""
from __future__ import annotations

import enum
import math
import statistics
from collections.abc import Iterable
from dataclasses import dataclass, replace

from runner import stats
from runner.metrics.lockclass import SWAP_LOCKS
from runner.records import Metric, Rules, Sample

#: What counts where the experiment declares nothing: relative change per metric.
DEFAULT_THRESHOLDS = {
    "instructions_per_page": 0.005,
    "throughput_mib_s": 0.03,
    **{f"locks.{name}.acquisitions_per_page": 0.02 for name in SWAP_LOCKS},
}
#: A lock that moved by less than this many acquisitions per page did not move:
#: 0.02 to 0.03 is half as much again, and nothing to a page that takes 30 locks.
LOCK_FLOOR = 0.05


class Verdict(enum.StrEnum):
    REGRESSED = "regressed"
    IMPROVED = "improved"
    EQUIVALENT = "equivalent"
    INCONCLUSIVE = "inconclusive"
    INVALID = "invalid"
    SOUND = "sound"            # torture tier, as is the next
    UNSOUND = "unsound"


_FLIPPED = {"lower": 1.0, "higher": -1.0}


@dataclass(frozen=True)
class MetricResult:
    """One metric of one cell, base against test."""

    name: str
    unit: str
    better: str
    base: float | None                     # None: no such metric on that side
    test: float | None
    change: float | None                   # test / base - 1; None where base is 0 or missing
    interval: tuple[float, float] | None   # of change; timed tier
    threshold: float | None                # None: for information
    verdict: Verdict | None                # None: for information
    reason: str


def number(value: float | None) -> str:
    """A figure for people: four digits, at most three decimals; a dash for none."""
    if value is None:
        return "–"
    if value == 0 or abs(value) >= 1000:
        return f"{value:.0f}"
    if abs(value) < 0.01:
        return f"{value:.2g}"
    return f"{value:.{min(3, 3 - math.floor(math.log10(abs(value))))}f}"


def percent(share: float) -> str:
    """0.005 as '0.5%'."""
    return f"{100 * share:.3g}%"


def label(name: str) -> str:
    """A metric's name for people: 'swap_cache_tree acquisitions per page'."""
    if name.startswith("locks."):
        _, lock, what = (name.split(".", 2) + ["", ""])[:3]
        return f"{lock} {what.replace('_us_', ' µs_').replace('_', ' ')}"
    return {"throughput_mib_s": "swap throughput"}.get(name, name.replace("_", " "))


def describe(result: MetricResult) -> str:
    """'instructions per page 9650 → 9312 (-3.50%, beyond ±0.5%)'."""
    change = f"{result.change:+.2%}, " if result.change is not None else ""
    return (f"{label(result.name)} {number(result.base)} → {number(result.test)} "
            f"({change}{result.reason})")


def _first(sides: Iterable[dict[str, Metric]], name: str) -> Metric:
    return next(one[name] for one in sides if name in one)


def _judge(name: str, metric: Metric, base: float | None, test: float | None,
           threshold: float | None) -> MetricResult:
    """A metric whose differences are all real: exact and locks tiers."""
    change = test / base - 1 if base and test is not None else None
    result = MetricResult(name, metric.unit, metric.better, base, test, change, None, None, None,
                          "")
    if threshold is None or metric.better not in _FLIPPED:
        return result
    floor = LOCK_FLOOR if name.startswith("locks.") else 0.0
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
        worse = (test - base) * _FLIPPED[metric.better] > 0
        verdict = Verdict.REGRESSED if worse else Verdict.IMPROVED
        reason = f"beyond ±{percent(threshold)}"
    return replace(result, threshold=threshold, verdict=verdict, reason=reason)


def names(sides: Iterable[dict[str, Metric]]) -> list[str]:
    return sorted({name for side in sides for name in side})


def middle(samples: Iterable[Sample], name: str) -> float | None:
    """Median of a metric over the boots that have it."""
    values = [one.metrics[name].value for one in samples if name in one.metrics]
    return statistics.median(values) if values else None


def still(base: list[Sample], test: list[Sample], thresholds: dict[str, float],
          tier: str) -> list[MetricResult]:
    """Exact and locks tiers: medians over the boots of each side."""
    sides = [[one.metrics for one in side] for side in (base, test)]
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
        results.append(result)
    return results


def timed(base: list[Sample], test: list[Sample], rules: Rules,
          thresholds: dict[str, float]) -> list[MetricResult]:
    """Timed tier: pairs of boots that shared their repeat number."""
    other = {one.repeat: one for one in test}
    pairs = [(one.metrics, other[one.repeat].metrics) for one in base if one.repeat in other]
    results = []
    for name in names(side for pair in pairs for side in pair):
        both = [(old[name].value, new[name].value) for old, new in pairs
                if name in old and name in new]
        if not both:
            continue
        metric = _first((side for pair in pairs for side in pair), name)
        result = replace(_judge(name, metric, statistics.median(old for old, _ in both),
                                statistics.median(new for _, new in both), None))
        threshold = thresholds.get(name)
        if threshold is not None and metric.better in _FLIPPED:
            result = _paired(result, both, threshold, rules.minimum_pairs)
        results.append(result)
    return results


def _paired(result: MetricResult, both: list[tuple[float, float]], threshold: float,
            minimum: int) -> MetricResult:
    result = replace(result, threshold=threshold, verdict=Verdict.INCONCLUSIVE)
    try:
        ratios = stats.log_ratios([old for old, _ in both], [new for _, new in both])
    except ValueError as error:
        return replace(result, reason=str(error))
    found = stats.paired(ratios)
    margin = math.log1p(threshold)
    result = replace(result, change=math.expm1(found.effect))
    if found.interval:
        result = replace(result, interval=(math.expm1(found.interval[0]),
                                           math.expm1(found.interval[1])))
    enough = max(minimum, stats.fewest_pairs())
    wanted = max(enough, stats.pairs_to_resolve(ratios, margin))
    if len(ratios) < enough or found.interval is None or found.p is None:
        have = f"{len(ratios)} pair" + ("s" if len(ratios) != 1 else "")
        # One pair shows no spread to judge from, and two hardly any.
        about = f", about {wanted} for ±{percent(threshold)}" if len(ratios) > 2 else ""
        return replace(result, reason=f"{have} cannot decide; it takes at least {enough}{about}")
    low, high = found.interval
    worse = _FLIPPED[result.better]
    if -margin <= low and high <= margin:
        return replace(result, verdict=Verdict.EQUIVALENT,
                       reason=f"interval within ±{percent(threshold)}, {len(ratios)} pairs")
    if (low > margin or high < -margin) and found.p <= stats.ALPHA:
        return replace(result, verdict=Verdict.REGRESSED if low * worse > 0 else Verdict.IMPROVED,
                       reason=f"interval beyond ±{percent(threshold)}, p = {found.p:.2g}, "
                              f"{len(ratios)} pairs")
    return replace(result, reason=f"interval straddles ±{percent(threshold)} with "
                                  f"{len(ratios)} pairs; about "
                                  f"{max(wanted, len(ratios) + 1)} would decide")
