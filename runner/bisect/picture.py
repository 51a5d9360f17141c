# SPDX-License-Identifier: GPL-2.0-only
"""The metric over the history, as a picture."""
from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path

from runner.bisect.result import Result, Row
from runner.judge.figures import label, percent
from runner.plot.plots import EMPTY, Drawn, cell, draw

NAME = "bisect"
_NONE = "NaN\tNaN\tNaN\tNaN"


def _figures(rows: Sequence[Row]) -> list[str]:
    lines = []
    for row in rows:
        reading = row.reading
        assert reading.value is not None
        values = (reading.value, reading.value if reading.low is None else reading.low,
                  reading.value if reading.high is None else reading.high)
        lines.append("\t".join([str(row.place), *(f"{value:.9g}" for value in values)]))
    return lines or [_NONE]


def render(result: Result, folder: Path) -> Drawn:
    """Write bisect.tsv, bisect.svg and bisect.png into `folder`."""
    told = [row for row in result.rows if row.reading.value is not None
            and math.isfinite(row.reading.value)]
    if not told:
        return Drawn((), EMPTY)
    count = max(row.place for row in result.rows)
    named = [f"{row.place}\t{row.reading.value:.9g}" for row in told
             if row.point == result.culprit]
    blocks = [["x\tvalue\tlow\thigh", *_figures([row for row in told
                                                 if row.reading.verdict == verdict])]
              for verdict in ("good", "bad")]
    blocks.append(["x", *([str(row.place) for row in result.rows
                           if row.reading.verdict == "skip"] or ["NaN"])])
    blocks.append(["x\tvalue", *(named or ["NaN\tNaN"])])
    title = f"Bisect by {cell(label(result.question.metric))}"
    if result.culprit:
        title += f"\n{cell(result.title, 80)}\nconfidence {percent(result.confidence)}"
    return draw("bisect.gp", folder / NAME, "\n\n\n".join("\n".join(block) for block in blocks)
                + "\n", [title, f"{result.line:.9g}",
                         f"{cell(label(result.question.metric))}, {cell(result.unit)}",
                         str(count), "culprit" if named else ""])
