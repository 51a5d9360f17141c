# SPDX-License-Identifier: GPL-2.0-only
"""The hottest lines of a lockstep cell, and who waits for whom, for reports."""
from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path

from runner.errors import printable
from runner.judge.figures import MetricResult, number
from runner.judge.results import CellResult, threads
from runner.judge.shown import Picture, Table, change
from runner.lockstep.simmetrics import BAR, LINE, PAIR, WAIT, WRITTEN
from runner.plot import plots
from runner.plot.bars import LockRow, line_bars

#: Rows of a table and of a picture.
_ROWS, _BARS = 10, 8
_FEW = 0.005                  # transfers or contentions per page that are not worth a row
_NAMELESS = "?"               # code of a kernel without symbols


def _most(metric: MetricResult) -> float:
    return max(metric.base or 0.0, metric.test or 0.0)


def _of(cell: CellResult, kind: str) -> list[tuple[list[str], MetricResult]]:
    rows = [(metric.name.split(BAR)[1:], metric) for metric in cell.metrics
            if metric.name.startswith(kind + BAR) and _most(metric) >= _FEW]
    return sorted(rows, key=lambda row: (-_most(row[1]), row[0]))


def _fights(cell: CellResult) -> dict[str, str]:
    """For each line the two functions that take it from each other most."""
    best: dict[str, tuple[float, str]] = {}
    for (line, took, held), metric in _of(cell, PAIR):
        if _most(metric) > best.get(line, (0.0, ""))[0]:
            best[line] = _most(metric), took if took == held else f"{took}, from {held}"
    return {line: told for line, (_, told) in best.items()}


def _share(moved: MetricResult, written: MetricResult | None) -> str:
    """Of a line's transfers those to a CPU that writes, over the sides that say it."""
    sides = [(part, whole) for part, whole in ((written.base, moved.base),
                                               (written.test, moved.test))
             if part is not None and whole] if written else []
    if not sides:             # an earlier version's sample, or nowhere among the very hottest
        return "–"
    return f"{math.fsum(part for part, _ in sides) / math.fsum(whole for _, whole in sides):.0%}"


def lines(cell: CellResult) -> Table | None:
    rows, fights = _of(cell, LINE), _fights(cell)
    writes = {name: metric for (name,), metric in _of(cell, WRITTEN)}
    if not rows:
        return None
    return Table(f"Hottest cache lines, transfers between CPUs per swapped-out page "
                 f"({cell.measured_by}, {threads(cell.threads)})",
                 ("line, and by whom it is taken most", "base", "test", "change",
                  "to write"),
                 tuple((printable(f"{name}: {fights.get(name, '')}".rstrip(": "), 110),
                        number(metric.base), number(metric.test), change(metric),
                        _share(metric, writes.get(name)))
                       for (name,), metric in rows[:_ROWS]),
                 _note([name for (name,), _ in rows]))


def _note(names: Sequence[str]) -> str:
    said = []
    if len(names) > _ROWS:
        said.append(f"The {_ROWS} hottest of {len(names)} that the samples name.")
    if any(name.endswith(f" of {_NAMELESS}") for name in names[:_ROWS]):
        said.append(f"{_NAMELESS}: of a kernel whose package has no System.map, as Debian's have "
                    "none; all such lines of a range are one row.")
    return " ".join(said)


def waits(cell: CellResult) -> Table | None:
    rows = _of(cell, WAIT)
    if not rows:
        return None
    return Table(f"Contended acquisitions per swapped-out page ({cell.measured_by}, "
                 f"{threads(cell.threads)})",
                 ("lock and function", "base", "test", "change"),
                 tuple((printable(f"{lock} in {site}", 90), number(metric.base),
                        number(metric.test),
                        change(metric)) for (lock, site), metric in rows[:_ROWS]))


def pictures(cells: Sequence[CellResult], out: Path, heading: plots.Heading) -> list[Picture]:
    bars = [LockRow(cell.device, printable(name, 40), metric.base or 0.0, metric.test or 0.0)
            for cell in cells for (name,), metric in _of(cell, LINE)[:_BARS]]
    if not bars:
        return []
    on = next(cell.on for cell in cells)
    return [Picture("locks", f"Hottest cache lines{on}, {heading.note}: {heading.test} against "
                    f"{heading.base}", line_bars(
                        bars, out.with_name(f"{out.name}-lines"), heading, on),
                    "Transfers of a line between CPUs per swapped-out page.")]
