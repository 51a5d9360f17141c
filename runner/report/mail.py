# SPDX-License-Identifier: GPL-2.0-only
"""The comparison as kernel mails show theirs, in plain text of at most 80 columns.

`lkp` is the form of the kernel test robot's reports: both sides with their standard deviation,
and the change between.  `mmtests` is that of compare-kernels.sh: a gain is positive whatever the
metric, and stands between asterisks where it was decided.  Medians, as everywhere here.
"""
from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

from runner.judge.figures import FLIPPED, MetricResult, Verdict, number
from runner.judge.results import CellResult, Comparison

WIDTH = 80
#: Of metrics that nobody judges, those that moved by this much and by twice their spread.
_MOVED, _SPREADS = 0.01, 2.0
_DECIDED = (Verdict.REGRESSED, Verdict.IMPROVED)
_BASE, _TEST = 20, 22                  # columns of mmtests; names have the rest


def _cut(text: str, width: int) -> str:
    return text if len(text) <= width else text[:width - 3] + "..."


def _both(cell: CellResult) -> list[MetricResult]:
    """The metrics that both sides have; what was judged first."""
    metrics = [metric for metric in cell.metrics
               if metric.base is not None and metric.test is not None and "|" not in metric.name]
    return sorted(metrics, key=lambda metric: metric.verdict is None)


def _moved(result: MetricResult) -> bool:
    """Of one boot nobody knows the spread, so nothing is known to have moved."""
    if result.change is None or result.spread is None:
        return False
    return abs(result.change) >= max(_MOVED, _SPREADS * math.hypot(*result.spread))


def _name(result: MetricResult, width: int) -> str:
    return _cut(result.name.removeprefix("locks.").replace("_per_page", "/page"), width)


def _shown(cell: CellResult) -> list[MetricResult]:
    return [metric for metric in _both(cell) if metric.verdict is not None or _moved(metric)]


def _compared(comparison: Comparison) -> list[CellResult]:
    return [cell for cell in comparison.cells if not cell.alone and _both(cell)]


def _nothing(comparison: Comparison) -> str:
    return f"{comparison.verdict.upper()}: {comparison.reason}\nNothing was compared.\n"


def _head(cell: CellResult) -> str:
    return _cut(f"{cell.title}: {cell.verdict}", WIDTH)


# The kernel test robot's.

def _deviation(result: MetricResult, side: int) -> str:
    share = result.spread[side] if result.spread else 0.0
    return f"± {share:3.0%}" if share >= 0.005 else ""


def _row(metric: MetricResult) -> str:
    change = f"{metric.change:+.1%}" if metric.change is not None else ""
    return (f"{number(metric.base):>10} {_deviation(metric, 0):6} {change:>9} "
            f"{number(metric.test):>11} {_deviation(metric, 1):6}  {_name(metric, WIDTH - 48)}")


def _cell(cell: CellResult) -> list[str]:
    sides = (cell.base.name, cell.test)
    return ["=" * WIDTH, _head(cell), "", "tier/device/threads/testcase:",
            f"  {cell.measured_by}/{cell.device}/{cell.threads}/{cell.workload}", "",
            "commit:", *(f"  {_cut(name, WIDTH - 2)}" for name in sides), "",
            f"{_cut(sides[0], 16):16} {_cut(sides[1], 27)}", f"{'-' * 16} {'-' * 27}",
            "         %stddev     %change         %stddev",
            "             \\          |                \\",
            *map(_row, _shown(cell)), ""]


def lkp(comparison: Comparison) -> str:
    cells = _compared(comparison)
    if not cells:
        return _nothing(comparison)
    return "\n".join(line.rstrip() for cell in cells for line in _cell(cell))


# mmtests'.

def _gain(result: MetricResult) -> float:
    """In percent, positive where it is better; of a metric without a direction, the change."""
    return -100 * FLIPPED.get(result.better, -1.0) * (result.change or 0.0) + 0.0


def _value(result: MetricResult) -> str:
    opening, closing = ("*", "*") if result.verdict in _DECIDED else ("(", ")")
    return f"{number(result.test):>11} {opening}{_gain(result):>7.2f}%{closing}"


def _block(cells: Sequence[CellResult]) -> Iterable[str]:
    """One kernel in one tier on one device: a line for each metric and thread count."""
    first, left = cells[0], WIDTH - _BASE - _TEST
    yield _cut(f"{first.measured_by}, {first.device}, {first.workload}: medians, by threads", WIDTH)
    yield from dict.fromkeys(map(_head, cells))
    yield (f"{'':{left}}{_cut(first.base.name, _BASE - 1):>{_BASE}}"
           f"{_cut(first.test, _TEST - 1):>{_TEST}}")
    rows = [(metric, cell.threads) for cell in cells for metric in _shown(cell)]
    for name in dict.fromkeys(metric.name for metric, _ in rows):
        for metric, threads in rows:
            if metric.name == name:
                told = _name(metric, left - 2 - len(str(threads)))
                base = f"{number(metric.base)} (   0.00%)"
                yield f"{told + f'-{threads}':{left}}{base:>{_BASE}}{_value(metric):>{_TEST}}"
    yield ""


def mmtests(comparison: Comparison) -> str:
    cells = _compared(comparison)
    if not cells:
        return _nothing(comparison)
    places: dict[tuple[str, ...], list[CellResult]] = {}
    for cell in cells:
        places.setdefault((cell.tier, cell.device, cell.workload, cell.title), []).append(cell)
    return "\n".join(line.rstrip() for mine in places.values() for line in _block(mine))
