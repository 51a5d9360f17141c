# SPDX-License-Identifier: GPL-2.0-only
"""Pictures of latency over percentiles and of rates over time."""
from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from runner.errors import CannotMeasure
from runner.plot.plots import EMPTY, Drawn, cell, draw

MOST = 8                      # curves of one picture


@dataclass(frozen=True)
class Line:
    label: str
    points: tuple[tuple[float, float, str], ...]    # x, y, x's name


def _lines(lines: Sequence[Line], out: Path, title: str, labels: tuple[str, str],
           kind: str) -> Drawn:
    lines = [line for line in lines if line.points][:MOST]
    if not lines:
        return Drawn((), EMPTY)
    if not all(math.isfinite(x) and math.isfinite(y) and y >= 0
               for line in lines for x, y, _ in line.points):
        raise CannotMeasure("plot: every value must be a number from 0 up")
    blocks = ["\n".join([f"x\t{cell(line.label)}\tname",
                         *(f"{x:.9g}\t{y:.9g}\t{cell(name)}" for x, y, name in line.points)])
              for line in lines]
    return draw("lines.gp", out, "\n\n\n".join(blocks) + "\n",
                [title, *labels, str(len(lines)), kind])


def percentiles(lines: Sequence[Line], out: Path, title: str) -> Drawn:
    """Latency in µs, above 0, by the names of the percentiles; at most MOST curves."""
    return _lines(lines, out, title, ("share of touches that took no longer", "latency, µs"),
                  "percentiles")


def over_time(lines: Sequence[Line], out: Path, title: str) -> Drawn:
    """Rates in MiB/s over seconds; at most MOST curves, in pairs: solid, then dashed."""
    return _lines(lines, out, title, ("seconds in the guest", "MiB/s"), "time")
