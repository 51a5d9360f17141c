# SPDX-License-Identifier: GPL-2.0-only
"""Pictures of bars: base beside test, or parts end to end."""
from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from runner.plot import plots
from runner.plot.plots import EMPTY, Drawn, Heading, cell, draw, number

MOST_LOCKS = 12               # classes per device; more make no readable picture
_ROW_PIXELS = 46
_FRAME_PIXELS = 130           # axis and key
_TITLE_PIXELS = 20            # a line of it
_NAME_CHARACTERS = 28         # of a row
_LONG_NAME = 36               # … where nothing else needs the room
_HEADING = 0.9                # rows a heading takes
_STACK_STEP = 0.55            # rows a stacked bar takes


@dataclass(frozen=True)
class LockRow:
    device: str
    lock: str                 # stable class name
    base: float               # acquisitions per swapped-out page
    test: float


@dataclass(frozen=True)
class InstructionRow:
    device: str
    base: float               # instructions per swapped-out page
    test: float
    change: float | None      # as the verdict has it: over layouts it is not test / base


@dataclass(frozen=True)
class StackRow:
    group: str                # the heading it stands under
    name: str                 # kernel
    parts: tuple[float, ...]  # one per class, drawn one after the other


@dataclass(frozen=True)
class _Bar:
    group: str
    name: str
    base: float
    test: float
    base_text: str
    test_text: str


def _bars(bars: Sequence[_Bar], headed: bool, out: Path, title: str, axis: str,
          heading: Heading) -> Drawn:
    rows = ["y\tgroup\tname\tbase\ttest\tbase_text\ttest_text"]
    headings = ["y\theading"]
    y = 0.0
    group = None
    for bar in bars:
        if headed and bar.group != group:
            y += _HEADING
            headings.append(f"{y:g}\t{cell(bar.group)}")
        group = bar.group
        y += 1.0 if len(rows) > 1 or headed else 0.7
        rows.append("\t".join([f"{y:g}", cell(bar.group), cell(bar.name, _NAME_CHARACTERS),
                               f"{bar.base:.9g}", f"{bar.test:.9g}", cell(bar.base_text),
                               cell(bar.test_text)]))
    if len(headings) == 1:
        headings.append("-1\t ")  # above the picture: gnuplot wants a row to read
    height = (_FRAME_PIXELS + _TITLE_PIXELS * len(title.splitlines())
              + round((y + 0.6) * _ROW_PIXELS))
    return draw("bars.gp", out, "\n".join(rows) + "\n\n\n" + "\n".join(headings) + "\n",
                [str(height), title, axis, f"{cell(heading.base)} (base)",
                 f"{cell(heading.test)} (test)"])


def lock_bars(rows: Sequence[LockRow], out: Path, heading: Heading) -> Drawn:
    """Lock acquisitions per swapped-out page by class, base and test, per device.

    Writes OUT.tsv, OUT.svg and OUT.png.  Of each device the MOST_LOCKS classes
    taken most are drawn, in falling order; the title says how many are not.
    """
    if not rows:
        return Drawn((), EMPTY)
    plots.check([value for row in rows for value in (row.base, row.test)])
    devices = list(dict.fromkeys(row.device for row in rows))
    bars = []
    for device in devices:
        mine = sorted((row for row in rows if row.device == device),
                      key=lambda row: (-max(row.base, row.test), row.lock))
        bars += [_Bar(device, row.lock, row.base, row.test, number(row.base), number(row.test))
                 for row in mine[:MOST_LOCKS]]
    left = len(rows) - len(bars)
    more = f"{left} classes taken less often are not shown" if left else ""
    return _bars(bars, True, out,
                 plots.titled("Lock acquisitions per swapped-out page", heading, devices, more),
                 "acquisitions per swapped-out page", heading)


def line_bars(rows: Sequence[LockRow], out: Path, heading: Heading, on: str) -> Drawn:
    """Transfers of cache lines between CPUs, base and test; as lock_bars.  `on`: which machine."""
    if not rows:
        return Drawn((), EMPTY)
    plots.check([value for row in rows for value in (row.base, row.test)])
    bars = [_Bar(row.device, row.lock, row.base, row.test, number(row.base), number(row.test))
            for row in rows]
    return _bars(bars, True, out,
                 plots.titled(f"Hottest cache lines{on}", heading,
                              list(dict.fromkeys(row.device for row in rows))),
                 "transfers between CPUs per swapped-out page", heading)


def instruction_bars(rows: Sequence[InstructionRow], out: Path, heading: Heading) -> Drawn:
    """Instructions per swapped-out page, base and test, per device."""
    if not rows:
        return Drawn((), EMPTY)
    plots.check([value for row in rows for value in (row.base, row.test)])
    bars = [_Bar(row.device, row.device, row.base, row.test, number(row.base),
                 number(row.test) + (f" ({row.change:+.2%})" if row.change is not None else ""))
            for row in rows]
    return _bars(bars, False, out,
                 plots.titled("Instructions per swapped-out page", heading,
                              [row.device for row in rows]),
                 "instructions per swapped-out page", heading)


def stacked_bars(rows: Sequence[StackRow], classes: Sequence[str], out: Path, title: str,
                 axis: str) -> Drawn:
    """A bar per row, its parts end to end, under a heading for each group.

    Writes OUT.tsv, OUT.svg and OUT.png; a class that is nowhere is left out.
    """
    if not rows:
        return Drawn((), EMPTY)
    plots.check([part for row in rows for part in row.parts])
    there = [at for at in range(len(classes)) if any(row.parts[at] for row in rows)]
    blocks = [[f"y\tfrom\t{cell(classes[at])}"] for at in there]
    names, headings = ["y\tname\tsum\ttext"], ["y\theading"]
    y, group = 0.0, ""
    for row in rows:
        if row.group != group:
            group = row.group
            y += _HEADING if y else 0.0
            headings.append(f"{y:g}\t{cell(group)}")
        y += _STACK_STEP
        reached = 0.0
        for block, at in zip(blocks, there):
            block.append(f"{y:g}\t{reached:.9g}\t{reached + row.parts[at]:.9g}")
            reached += row.parts[at]
        names.append(f"{y:g}\t{cell(row.name, _LONG_NAME)}\t{reached:.9g}\t{number(reached)}")
    table = "\n\n\n".join("\n".join(block) for block in (*blocks, names, headings)) + "\n"
    height = _FRAME_PIXELS + 2 * _TITLE_PIXELS + round((y + _STACK_STEP) * _ROW_PIXELS)
    return draw("stack.gp", out, table, [str(height), title, axis, str(len(there))])
