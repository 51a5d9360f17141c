# SPDX-License-Identifier: GPL-2.0-only
"""Pictures of changes with their intervals (a forest plot), drawn as runner/plot/plots.py does."""
from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from runner.errors import CannotMeasure
from runner.plot.plots import EMPTY, Drawn, cell, draw

MOST_ROWS = 40                # more make no readable picture; the table has all
#: In the order in which forest.gp numbers them.
KINDS = ("regressed", "improved", "equivalent", "inconclusive")
_NAME = 46                    # characters of a row's name
_HEADING = 0.9                # rows a heading takes


@dataclass(frozen=True)
class Effect:
    """One metric of one cell, test against base; shares, so that 0.01 is 1%."""

    group: str                             # the heading it stands under
    name: str
    change: float
    interval: tuple[float, float] | None
    threshold: float                       # counts as equal up to this
    verdict: str                           # one of KINDS


def _ends(row: Effect) -> tuple[float, float]:
    return row.interval or (row.change, row.change)


def _range(rows: Sequence[Effect]) -> tuple[float, float]:
    """Of the axis, in %: all that is drawn, and room beside it."""
    ends: list[float] = [0.0]
    for row in rows:
        ends += [row.change, *_ends(row)]
    # A band wider than all there is to see would flatten the rest.
    most = max(abs(end) for end in ends) or max(row.threshold for row in rows)
    ends += [end for row in rows if row.threshold <= 2 * most
             for end in (-row.threshold, row.threshold)]
    low, high = 100 * min(ends), 100 * max(ends)
    room = 0.06 * (high - low or 1.0)
    return low - room, high + room


def effects(rows: Sequence[Effect], out: Path, title: str) -> Drawn:
    """Changes in %, with intervals and the band that counts as equal, a row each.

    Of more than MOST_ROWS those with the largest change are drawn.
    """
    rows = [row for row in rows if row.verdict in KINDS]
    if not rows:
        return Drawn((), EMPTY)
    if not all(math.isfinite(value) for row in rows for value in (row.change, *_ends(row))):
        raise CannotMeasure("plot: a change that is no number cannot be drawn")
    if len(rows) > MOST_ROWS:
        largest = sorted(rows, key=lambda row: -abs(row.change))[:MOST_ROWS]
        rows = [row for row in rows if row in largest]
    low, high = _range(rows)
    lines = ["y\tname\tchange\tlow\thigh\tfrom\tto\ttext\tkind"]
    headings = ["y\theading"]
    y, group = 0.0, None
    for row in rows:
        if row.group != group:
            group = row.group
            y += _HEADING
            headings.append(f"{y:g}\t{cell(group)}")
        y += 1.0
        band = [max(low, -100 * row.threshold), min(high, 100 * row.threshold)]
        figures = [100 * row.change, *(100 * end for end in _ends(row)), *band]
        lines.append("\t".join([f"{y:g}", cell(row.name, _NAME),
                                *(f"{value:.9g}" for value in figures),
                                f"{row.change:+.2%}", str(KINDS.index(row.verdict))]))
    kinds = "".join(str(at) for at, kind in enumerate(KINDS)
                    if any(row.verdict == kind for row in rows))
    return draw("forest.gp", out, "\n".join(lines) + "\n\n\n" + "\n".join(headings) + "\n",
                [f"{y + 0.4:g}", title, "change, test against base", f"{low:.9g} {high:.9g}",
                 kinds])
