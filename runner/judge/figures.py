# SPDX-License-Identifier: GPL-2.0-only
"""A figure that was judged, and the words for it."""
from __future__ import annotations

import enum
import math
import statistics
from collections.abc import Iterable
from dataclasses import dataclass

from runner.metrics.lockclass import PATH_SUM
from runner.records import Metric, Sample


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
    warning: str = ""                      # where another way to compare contradicts the verdict
    error: float | None = None             # standard error of ln(1 + change), where it is known
    free: int | None = None                # its degrees of freedom
    known: str = ""                        # why a regression in it is accepted; '': it is not
    #: Relative standard deviation of base's and of test's boots; None where a side has but one.
    spread: tuple[float, float] | None = None


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


def simulated(machines: Iterable[str]) -> str:
    """' on a simulated haswell-ep-2s', after what was measured there; '' for this host."""
    named = sorted({machine for machine in machines if machine})
    return f" on a simulated {' and '.join(named)}" if named else ""


_LABELS = {"throughput_mib_s": "swap throughput", "device_ceiling_mib_s": "device ceiling",
           "device_random_mib_s": "device ceiling, random", "fill_s": "fill",
           "steady_s": "steady phase", "teardown_s": "tear-down"}


def label(name: str) -> str:
    """A metric's name for people: 'swap_cache_tree acquisitions per page'."""
    if name.startswith("locks."):
        _, lock, what = (name.split(".", 2) + ["", ""])[:3]
        lock = "swap path's locks:" if lock == PATH_SUM else lock
        return f"{lock} {what.replace('_us_', ' µs_').replace('_', ' ')}"
    if name.startswith("contended."):
        _, lock, function = (name.split(".", 2) + ["", ""])[:3]
        return f"{lock} in {function}"
    if name.startswith("folios."):
        _, size, what = (name.split(".", 2) + ["", ""])[:3]
        return f"folios of {size} KiB, {what.replace('_', ' ')}"
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


def bare(name: str, metric: Metric, base: float | None, test: float | None) -> MetricResult:
    """A metric without a verdict."""
    change = test / base - 1 if base and test is not None else None
    return MetricResult(name, metric.unit, metric.better, base, test, change, None, None, None, "")


def names(sides: Iterable[dict[str, Metric]]) -> list[str]:
    """Every metric's name; the sum of the swap-out path comes first."""
    return sorted({name for side in sides for name in side},
                  key=lambda name: (not name.startswith(f"locks.{PATH_SUM}."), name))


def deviation(samples: Iterable[Sample], name: str) -> float | None:
    """Relative standard deviation of a metric over the boots that have it; None of one boot."""
    values = [sample.metrics[name].value for sample in samples if name in sample.metrics]
    mean = statistics.fmean(values) if values else 0.0
    return statistics.stdev(values) / abs(mean) if len(values) > 1 and mean else None


def middle(samples: Iterable[Sample], name: str) -> float | None:
    """Median of a metric over the boots that have it."""
    values = [sample.metrics[name].value for sample in samples if name in sample.metrics]
    return statistics.median(values) if values else None
