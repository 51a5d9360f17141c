# SPDX-License-Identifier: GPL-2.0-only
"""Instructions per page, base against test, over several memory layouts of each."""
from __future__ import annotations

import math
from dataclasses import replace

from runner import stats
from runner.figures import FLIPPED, MetricResult, Verdict, percent
from runner.records import Metric, Sample

#: The judged metric, the same by page written, pages freed by page swapped out.
PAGE, WRITTEN, FREED = "instructions_per_page", "instructions_per_written_page", "pgfree_per_page"
#: Of the interval over layouts.
LEVEL = 0.99


def boots(side: list[Sample]) -> list[Sample]:
    """One boot of each layout: the self-check's second says the same again."""
    return list({one.layout: one for one in reversed(side)}.values())[::-1]


def _row(metrics: dict[str, Metric]) -> tuple[float, ...]:
    """Instructions per page of a boot, and the pages per page written that explain it."""
    page = metrics[PAGE].value
    swapped = metrics[WRITTEN].value / page
    return page, swapped, swapped * metrics[FREED].value


def judge(result: MetricResult, base: list[Sample], test: list[Sample]) -> MetricResult:
    """Instructions per page over several memory layouts, at equal pages per page written.

    Where kswapd is when the window closes moves the pages it swapped out and freed, layout by
    layout, and with them instructions per page; docs/methodology.md has the figures.
    """
    sides = [[_row(one.metrics) for one in boots(side)
              if {PAGE, WRITTEN, FREED} <= set(one.metrics)] for side in (base, test)]
    threshold = result.threshold
    if min(map(len, sides)) < 2 or threshold is None \
            or any(value <= 0 for side in sides for row in side for value in row):
        return result
    found = stats.covariance(sides[0], sides[1], LEVEL)
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
