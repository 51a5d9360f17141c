# SPDX-License-Identifier: GPL-2.0-only
"""Pictures of series over nights, all in one run of gnuplot for each width."""
from __future__ import annotations

import math
import shutil
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from runner.errors import CannotMeasure
from runner.plot.plots import INLINE, MISSING, Drawn, run_gnuplot, skipped

#: In the order in which nights.gp numbers them.
KINDS = ("regressed", "improved", "known")


@dataclass(frozen=True)
class Point:
    at: float                              # seconds since 1970
    value: float
    spread: tuple[float, float] | None     # least and most of its boots


@dataclass(frozen=True)
class Level:
    begin: float                           # seconds since 1970
    end: float
    value: float


@dataclass(frozen=True)
class Mark:
    at: float
    value: float
    kind: str                              # one of KINDS


@dataclass(frozen=True)
class Track:
    """One series, oldest night first."""

    points: tuple[Point, ...]
    levels: tuple[Level, ...]
    marks: tuple[Mark, ...]
    fence: tuple[float, float] | None      # of the last level


def _block(head: str, rows: Sequence[Sequence[float]], columns: int) -> str:
    for row in rows:
        if not all(math.isfinite(value) for value in row):
            raise CannotMeasure("plot: a figure of a night is no number")
    lines = ["\t".join(f"{value:.12g}" for value in row) for row in rows]
    return "\n".join([head, *(lines or ["\t".join(["NaN"] * columns)])])


def _blocks(track: Track) -> list[str]:
    last = track.levels[-1] if track.levels else None
    fence = [(last.begin, last.end, *track.fence)] if track.fence and last else []
    return [_block("date\tvalue\tleast\tmost",
                   [(point.at, point.value, *(point.spread or (point.value, point.value)))
                    for point in track.points], 4),
            _block("from\tto\tlevel",
                   [(level.begin, level.end, level.value) for level in track.levels],
                   3),
            _block("date\tvalue\tkind", [(mark.at, mark.value, KINDS.index(mark.kind))
                                         for mark in track.marks], 3),
            _block("from\tto\tlow\thigh", fence, 4)]


def nights(tracks: Sequence[Track]) -> list[Drawn]:
    """A picture for each series, for a page only; each has a night or more."""
    if not tracks:
        return []
    program = shutil.which("gnuplot")
    if program is None:
        return [Drawn((), MISSING)] * len(tracks)
    table = "\n\n\n".join(block for track in tracks for block in _blocks(track)) + "\n"
    drawn: list[list[str]] = []
    with tempfile.TemporaryDirectory(prefix="swapscale-") as folder:
        data = Path(folder, "nights.tsv")
        data.write_text(table, encoding="utf-8")
        for kind in INLINE:
            out = Path(folder, kind)
            try:
                run_gnuplot(program, "nights.gp", data, out, kind, [str(len(tracks))])
            except CannotMeasure as error:
                return [Drawn((), skipped(error))] * len(tracks)
            drawn.append([Path(f"{out}-{at}").read_text(encoding="utf-8")
                          for at in range(len(tracks))])
    return [Drawn((), "", wide, narrow) for wide, narrow in zip(*drawn)]
