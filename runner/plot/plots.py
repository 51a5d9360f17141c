# SPDX-License-Identifier: GPL-2.0-only
"""Pictures: data files written here, drawn by the gnuplot scripts in plots/.

Names reach gnuplot as arguments and as data, never as code; gnuplot passes
both on as they are, so nothing has to be quoted, only kept in its cell.
"""
from __future__ import annotations

import math
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from runner import paths
from runner.errors import CannotMeasure, printable

SCRIPTS = paths.ROOT / "plots"
FORMATS = ("svg", "png")
INLINE = ("wide", "narrow")   # SVG for a page, which has titles and a background of its own
MISSING = "plots skipped: gnuplot is not installed; 'setup/install bench' adds it"
EMPTY = "plot skipped: there is nothing to draw"
LIMIT_S = 60.0

MOST_LOCKS = 12               # classes per device; more make no readable picture
_ROW_PIXELS = 46
_FRAME_PIXELS = 130           # axis and key
_TITLE_PIXELS = 20            # a line of it
_TITLE_CHARACTERS = 60        # in a line of it, beside the longest row names
_NAME_CHARACTERS = 28         # of a row
_LONG_NAME = 36               # … where nothing else needs the room
_HEADING = 0.9                # rows a heading takes
_STACK_STEP = 0.55            # rows a stacked bar takes


@dataclass(frozen=True)
class Heading:
    """What every picture says about itself."""

    base: str                 # kernel: '6.1:vanilla'
    test: str
    note: str = ""            # e.g. '2 vCPUs, TCG'


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
class CurvePoint:
    x: float                  # threads, ...
    y: float
    low: float                # interval
    high: float
    tic: str = ""             # what stands at x on the axis, where that is no number


@dataclass(frozen=True)
class Curve:
    """Give base first and test second, measured, simulated or claimed alike."""

    label: str                # kernel; '(simulated)' is added where it is
    simulated: bool
    points: tuple[CurvePoint, ...]
    claimed: bool = False     # what was published: neither measured nor simulated

    @property
    def kind(self) -> str:
        return "claimed" if self.claimed else "simulated" if self.simulated else "measured"


_KINDS = ("measured", "simulated", "claimed")


@dataclass(frozen=True)
class Drawn:
    files: tuple[Path, ...]   # SVG, then PNG
    skipped: str = ""         # one line for the user; empty where drawn
    wide: str = ""            # SVG for a page: no title, no background, 900 pixels
    narrow: str = ""          # the same for a phone, 420 pixels


def cell(text: str, limit: int = _TITLE_CHARACTERS) -> str:
    """Text as one cell of a data file: no tab, no newline, no quote to open one.

    gnuplot makes control characters of a backslash and what follows it where
    it reads a label from data, so the sign that looks like it stands in.
    """
    return printable(text, limit).replace('"', "''").replace("\\", "∖")


def number(value: float) -> str:
    """For people: '4.00', '0.067', '12,345'."""
    if value >= 1000:
        return f"{value:,.0f}"
    return f"{value:.2f}" if value >= 0.1 else f"{value:.2g}"


def _check(values: Sequence[float]) -> None:
    for value in values:
        if not (math.isfinite(value) and value >= 0):
            raise CannotMeasure(f"plot: {value:g} cannot be drawn; every value must be a number "
                                "from 0 up")


def _and(words: Sequence[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"


def _title(what: str, heading: Heading, devices: Sequence[str], more: str = "") -> str:
    parts = [cell(heading.base), f"against {cell(heading.test)}",
             f"on {_and([cell(device) for device in devices])}"]
    joined = " ".join(parts)
    notes = "; ".join(cell(note) for note in (heading.note, more) if note)
    return "\n".join([what, *([joined] if len(joined) <= _TITLE_CHARACTERS else parts),
                      *([notes] if notes else [])])


def draw(script: str, out: Path, table: str, arguments: Sequence[str]) -> Drawn:
    """Write OUT.tsv and have `script` draw OUT.svg and OUT.png, and SVG for a page.

    `arguments` follow style, data, output and format on the command line.
    """
    # gnuplot takes a name that begins with '<' or '|' for a command to run.
    stem = out.resolve()
    data = Path(f"{stem}.tsv")
    try:
        data.write_text(table, encoding="utf-8")
    except OSError as error:
        raise CannotMeasure(f"{data}: cannot be written: {error.strerror}") from None
    gnuplot = shutil.which("gnuplot")
    if gnuplot is None:
        return Drawn((), MISSING)
    files = [Path(f"{stem}.{kind}") for kind in FORMATS]
    for kind, file in zip(FORMATS, files):
        run_gnuplot(gnuplot, script, data, file, kind, arguments)
    inline = []
    with tempfile.TemporaryDirectory(prefix="swapscale-") as folder:
        for kind in INLINE:
            file = Path(folder, kind)
            run_gnuplot(gnuplot, script, data, file, kind, arguments)
            inline.append(file.read_text(encoding="utf-8"))
    return Drawn(tuple(files), "", *inline)


def run_gnuplot(gnuplot: str, script: str, data: Path, out: Path, kind: str,
                arguments: Sequence[str]) -> None:
    """Have `script` draw `data` into `out`; CannotMeasure where it does not."""
    command = [gnuplot, "-d", "-c", str(SCRIPTS / script), str(SCRIPTS / "style.gp"), str(data),
               str(out), kind, *arguments]
    try:
        done = subprocess.run(command, capture_output=True, encoding="utf-8", errors="replace",
                              timeout=LIMIT_S, check=False, stdin=subprocess.DEVNULL)
    except OSError as error:
        raise CannotMeasure(f"{gnuplot}: cannot be run: {error.strerror}") from None
    except subprocess.TimeoutExpired:
        raise CannotMeasure(f"{gnuplot}: {script} was not done after {LIMIT_S:.0f} s") from None
    if done.returncode != 0:
        lines = [line.strip() for line in done.stderr.splitlines() if line.strip(" ^")]
        raise CannotMeasure(f"{gnuplot}: {script}: {printable(lines[-1] if lines else 'failed')}")


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
    _check([value for row in rows for value in (row.base, row.test)])
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
                 _title("Lock acquisitions per swapped-out page", heading, devices, more),
                 "acquisitions per swapped-out page", heading)


def line_bars(rows: Sequence[LockRow], out: Path, heading: Heading, on: str) -> Drawn:
    """Transfers of cache lines between CPUs, base and test; as lock_bars.  `on`: which machine."""
    if not rows:
        return Drawn((), EMPTY)
    _check([value for row in rows for value in (row.base, row.test)])
    bars = [_Bar(row.device, row.lock, row.base, row.test, number(row.base), number(row.test))
            for row in rows]
    return _bars(bars, True, out,
                 _title(f"Hottest cache lines{on}", heading,
                        list(dict.fromkeys(row.device for row in rows))),
                 "transfers between CPUs per swapped-out page", heading)


def instruction_bars(rows: Sequence[InstructionRow], out: Path, heading: Heading) -> Drawn:
    """Instructions per swapped-out page, base and test, per device."""
    if not rows:
        return Drawn((), EMPTY)
    _check([value for row in rows for value in (row.base, row.test)])
    bars = [_Bar(row.device, row.device, row.base, row.test, number(row.base),
                 number(row.test) + (f" ({row.change:+.2%})" if row.change is not None else ""))
            for row in rows]
    return _bars(bars, False, out,
                 _title("Instructions per swapped-out page", heading,
                        [row.device for row in rows]),
                 "instructions per swapped-out page", heading)


def stacked_bars(rows: Sequence[StackRow], classes: Sequence[str], out: Path, title: str,
                 axis: str) -> Drawn:
    """A bar per row, its parts end to end, under a heading for each group.

    Writes OUT.tsv, OUT.svg and OUT.png; a class that is nowhere is left out.
    """
    if not rows:
        return Drawn((), EMPTY)
    _check([part for row in rows for part in row.parts])
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


def curves(given: Sequence[Curve], out: Path, title: str, axes: str,
           scales: str = "2 linear") -> Drawn:
    """Curves over threads or what else stands on `axes`, 'X LABEL|Y LABEL'.

    `scales` is that of x and of y, each 'linear' or the base of a logarithmic
    one.  Each kind is drawn unlike the others and named in the key.
    """
    there = sorted((one for one in given if one.points), key=lambda one: _KINDS.index(one.kind))
    if not there:
        return Drawn((), EMPTY)
    _check([value for one in there for point in one.points
            for value in (point.x, point.y, point.low, point.high)])
    blocks = []
    for one in there:
        lines = [f"x\t{cell(one.label)} ({one.kind})\tlow\thigh\ttic"]
        for point in sorted(one.points, key=lambda point: point.x):
            figures = (point.x, point.y, point.low, point.high)
            lines.append("\t".join([*(f"{value:.9g}" for value in figures),
                                    cell(point.tic) or f"{point.x:g}"]))
        blocks.append("\n".join(lines) + "\n")
    counts = " ".join(str(sum(one.kind == kind for one in there)) for kind in _KINDS)
    return draw("curves.gp", out, "\n\n".join(blocks), [title, counts, scales, axes])


def throughput_curves(given: Sequence[Curve], out: Path, heading: Heading, device: str,
                      scales: str = "2 linear") -> Drawn:
    """Swap-out throughput over threads; simulated curves are drawn unlike measured."""
    kinds = [kind for kind in _KINDS if any(one.kind == kind and one.points for one in given)]
    what = "Swap-out throughput over threads" + (
        "" if kinds == ["measured"] else f", {_and(kinds)}" if kinds else "")
    return curves(given, out, _title(what, heading, [device]), "threads|swapped out, MiB/s", scales)


def time_series(lines: Sequence[tuple[str, Sequence[tuple[float, float]]]],
                phases: Sequence[tuple[float, str]], out: Path, title: str, axis: str) -> Drawn:
    """One measured sample over seconds: (label, points) each, and where phases begin."""
    there = [(label, points) for label, points in lines if points]
    if not there:
        return Drawn((), EMPTY)
    _check([value for _, points in there for point in points for value in point])
    _check([at for at, _ in phases])
    blocks = ["\n".join([f"x\t{cell(label)}", *(f"{x:.9g}\t{y:.9g}" for x, y in points)])
              for label, points in there]
    blocks.append("\n".join(["x\tphase", *(f"{at:.9g}\t{cell(name)}" for at, name in phases)]
                            if phases else ["x\tphase", "-1\t "]))
    return draw("series.gp", out, "\n\n\n".join(blocks) + "\n",
                [title, str(len(there)), f"seconds|{axis}"])
