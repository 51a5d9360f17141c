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

TITLE_CHARACTERS = 60        # in a line of it, beside the longest row names


@dataclass(frozen=True)
class Heading:
    """What every picture says about itself."""

    base: str                 # kernel: '6.1:vanilla'
    test: str
    note: str = ""            # e.g. '2 vCPUs, TCG'


@dataclass(frozen=True)
class Drawn:
    files: tuple[Path, ...]   # SVG, then PNG
    skipped: str = ""         # one line for the user; empty where drawn
    wide: str = ""            # SVG for a page: no title, no background, 900 pixels
    narrow: str = ""          # the same for a phone, 420 pixels


def cell(text: str, limit: int = TITLE_CHARACTERS) -> str:
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


def check(values: Sequence[float]) -> None:
    for value in values:
        if not (math.isfinite(value) and value >= 0):
            raise CannotMeasure(f"plot: {value:g} cannot be drawn; every value must be a number "
                                "from 0 up")


def listed(words: Sequence[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"


def titled(what: str, heading: Heading, devices: Sequence[str], more: str = "") -> str:
    parts = [cell(heading.base), f"against {cell(heading.test)}",
             f"on {listed([cell(device) for device in devices])}"]
    joined = " ".join(parts)
    notes = "; ".join(cell(note) for note in (heading.note, more) if note)
    return "\n".join([what, *([joined] if len(joined) <= TITLE_CHARACTERS else parts),
                      *([notes] if notes else [])])


def skipped(error: CannotMeasure) -> str:
    """Why there is no picture."""
    return f"plots skipped: {error}"


def draw(script: str, out: Path, table: str, arguments: Sequence[str]) -> Drawn:
    """Write OUT.tsv and have `script` draw OUT.svg and OUT.png, and SVG for a page.

    Where gnuplot is not there or fails, the figures are reported without: no picture, and why.
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
    inline = []
    try:
        for kind, file in zip(FORMATS, files):
            run_gnuplot(gnuplot, script, data, file, kind, arguments)
        with tempfile.TemporaryDirectory(prefix="swapscale-") as folder:
            for kind in INLINE:
                file = Path(folder, kind)
                run_gnuplot(gnuplot, script, data, file, kind, arguments)
                inline.append(file.read_text(encoding="utf-8"))
    except CannotMeasure as error:
        for file in files:             # one of an earlier report would be of other figures
            file.unlink(missing_ok=True)
        return Drawn((), skipped(error))
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
