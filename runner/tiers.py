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
from runner.records import Metric, Sample

#: What counts where the experiment declares nothing: relative change per metric.
DEFAULT_THRESHOLDS = {
    "instructions_per_page": 0.005,
    "throughput_mib_s": 0.03,
    **{f"locks.{name}.acquisitions_per_page": 0.02 for name in SWAP_LOCKS},
}
#: A lock that moved by less than this many acquisitions per page did not move:
#: 0.02 to 0.03 is half as much again, and nothing to a page that takes 30 locks.
LOCK_FLOOR = 0.05
#: Exact tier: the judged metric, the same by page written, pages freed by page swapped out.
PAGE, WRITTEN, FREED = "instructions_per_page", "instructions_per_written_page", "pgfree_per_page"
#: Of the interval over layouts.
LAYOUT_LEVEL = 0.99


class Verdict(enum.StrEnum):
    REGRESSED = "regressed"
    IMPROVED = "improved"
    EQUIVALENT = "equivalent"
    INCONCLUSIVE = "inconclusive"
    INVALID = "invalid"
    SOUND = "sound"            # torture tier, as is the next
    UNSOUND = "unsound"


#: Sign that turns a rise of a metric into a loss.
FLIPPED = {"lower": 1.0, "higher": -1.0}


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


_LABELS = {"throughput_mib_s": "swap throughput", "device_ceiling_mib_s": "device ceiling",
           "device_random_mib_s": "device ceiling, random", "fill_s": "fill",
           "steady_s": "steady phase", "teardown_s": "tear-down"}


def label(name: str) -> str:
    """A metric's name for people: 'swap_cache_tree acquisitions per page'."""
    if name.startswith("locks."):
        _, lock, what = (name.split(".", 2) + ["", ""])[:3]
        return f"{lock} {what.replace('_us_', ' µs_').replace('_', ' ')}"
    if name.startswith("contended."):
        _, lock, function = (name.split(".", 2) + ["", ""])[:3]
        return f"{lock} in {function}"
    return _LABELS.get(name, name.replace("_", " "))


def titled(name: str, unit: str) -> str:
    """The label with its unit, where the label does not say it: 'swap throughput, MiB/s'."""
    text = label(name)
    return f"{text}, {unit}" if unit and "/page" not in unit and unit not in text.split() else text


def describe(result: MetricResult) -> str:
    """'instructions per page 9650 → 9312 (-3.50%, beyond ±0.5%)'."""
    change = f"{result.change:+.2%}, " if result.change is not None else ""
    return (f"{label(result.name)} {number(result.base)} → {number(result.test)} "
            f"({change}{result.reason})")


def _first(sides: Iterable[dict[str, Metric]], name: str) -> Metric:
    return next(one[name] for one in sides if name in one)


def bare(name: str, metric: Metric, base: float | None, test: float | None) -> MetricResult:
    """A metric without a verdict."""
    change = test / base - 1 if base and test is not None else None
    return MetricResult(name, metric.unit, metric.better, base, test, change, None, None, None, "")


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


def names(sides: Iterable[dict[str, Metric]]) -> list[str]:
    return sorted({name for side in sides for name in side})


def middle(samples: Iterable[Sample], name: str) -> float | None:
    """Median of a metric over the boots that have it."""
    values = [one.metrics[name].value for one in samples if name in one.metrics]
    return statistics.median(values) if values else None


def _boots(side: list[Sample]) -> list[Sample]:
    """One boot of each layout: the self-check's second says the same again."""
    return list({one.layout: one for one in reversed(side)}.values())[::-1]


def _row(metrics: dict[str, Metric]) -> tuple[float, ...]:
    """Instructions per page of a boot, and the pages per page written that explain it."""
    page = metrics[PAGE].value
    swapped = metrics[WRITTEN].value / page
    return page, swapped, swapped * metrics[FREED].value


def _layouts(result: MetricResult, base: list[Sample], test: list[Sample]) -> MetricResult:
    """Instructions per page over several memory layouts, at equal pages per page written.

    Where kswapd is when the window closes moves the pages it swapped out and freed, layout by
    layout, and with them instructions per page; docs/methodology.md has the figures.
    """
    sides = [[_row(one.metrics) for one in _boots(side)
              if {PAGE, WRITTEN, FREED} <= set(one.metrics)] for side in (base, test)]
    threshold = result.threshold
    if min(map(len, sides)) < 2 or threshold is None \
            or any(value <= 0 for side in sides for row in side for value in row):
        return result
    found = stats.covariance(sides[0], sides[1], LAYOUT_LEVEL)
    if found is None:
        return result
    low, high = found.interval
    count = f"{len(sides[0])} and {len(sides[1])} layouts"
    result = replace(result, change=math.expm1(found.effect),
                     interval=(math.expm1(low), math.expm1(high)))
    if abs(found.effect) <= math.log1p(threshold):
        return replace(result, verdict=Verdict.EQUIVALENT,
                       reason=f"within ±{percent(threshold)} over {count}")
    if low <= 0 <= high:
        return replace(result, verdict=Verdict.INCONCLUSIVE,
                       reason=f"beyond ±{percent(threshold)}, but no more than {count} differ "
                              "among themselves; raise rules.layouts")
    worse = found.effect * FLIPPED[result.better] > 0
    return replace(result, verdict=Verdict.REGRESSED if worse else Verdict.IMPROVED,
                   reason=f"beyond ±{percent(threshold)} over {count}")


def still(base: list[Sample], test: list[Sample], thresholds: dict[str, float],
          tier: str) -> list[MetricResult]:
    """Exact and locks tiers: medians over the boots of each side."""
    boots = [_boots(side) if tier == "exact" else side for side in (base, test)]
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
        if tier == "exact" and name == PAGE:
            result = _layouts(result, base, test)
        results.append(result)
    return results
