# SPDX-License-Identifier: GPL-2.0-only
"""The pictures of a comparison, from the same results the tables show."""
from __future__ import annotations

import statistics
from collections.abc import Iterable, Sequence
from pathlib import Path

from runner.judge import results, tier
from runner.judge.figures import label
from runner.judge.results import Base, CellResult, Comparison, Kind
from runner.judge.shown import Picture
from runner.judge.tier.base import Tier
from runner.metrics.lockclass import SWAP_PATH
from runner.plot import bars, effects, plots
from runner.plot.curves import Curve, CurvePoint, throughput_curves
from runner.records import Sample

FOLDER = "plots"
_TAKEN = ".acquisitions_per_page"


def _effects(cells: Iterable[CellResult], test: str, locks: bool) -> list[effects.Effect]:
    rows = []
    for cell in cells:
        for metric in cell.metrics:
            if cell.test != test or cell.base.kind is Kind.BUDGET or metric.verdict is None \
                    or metric.change is None or metric.threshold is None \
                    or metric.name.startswith("locks.") != locks:
                continue
            what = metric.name.split(".")[1] if locks else label(metric.name)
            rows.append(effects.Effect(
                f"{cell.test} on {cell.device}",
                f"{what} ({cell.measured_by}, {results.threads(cell.threads)})", metric.change,
                metric.interval, metric.threshold, metric.verdict))
    return sorted(rows, key=lambda row: row.group)


def _measured(samples: Sequence[Sample], kernel: str, device: str, one_tier: Tier) -> Curve:
    """Throughput over threads: median, least and most over the boots that count."""
    metric = one_tier.speed[0]
    by_threads: dict[int, list[float]] = {}
    for sample in samples:
        if (sample.cell.kernel, sample.cell.device, sample.cell.tier) == (kernel, device,
                                                                          one_tier.name) \
                and not sample.invalid and metric in sample.metrics:
            by_threads.setdefault(sample.cell.threads, []).append(sample.metrics[metric].value)
    return Curve(kernel, False, tuple(
        CurvePoint(threads, statistics.median(values), min(values), max(values))
        for threads, values in sorted(by_threads.items())))


def _stacks(cells: Iterable[CellResult], base: str) -> list[bars.StackRow]:
    """What a page costs in locks of the swap path, a bar per kernel and device."""
    taken: dict[tuple[str, str], dict[str, float]] = {}
    for cell in cells:
        sides = ((cell.test, "base"),) if cell.alone else \
            ((base, "base"), (cell.test, "test"))
        for kernel, side in sides:
            mine = taken.setdefault((cell.device, kernel), {})
            for metric in cell.metrics:
                value = getattr(metric, side)
                if metric.name.endswith(_TAKEN) and value is not None:
                    mine[metric.name.removeprefix("locks.").removesuffix(_TAKEN)] = value
    rows = [bars.StackRow(device, kernel, tuple(locks.get(name, 0.0) for name in SWAP_PATH))
            for (device, kernel), locks in taken.items() if locks]
    return sorted(rows, key=lambda row: row.group)


def _named(comparison: Comparison, test: str) -> str:
    return f"{test} against {comparison.base}"


def draw(comparison: Comparison, folder: Path, samples: Sequence[Sample] = ()
         ) -> tuple[list[Picture], list[str]]:
    """Draw into FOLDER/plots; the pictures, and why one was left out.

    `samples` are the boots the comparison is of; throughput over threads is
    drawn from them.
    """
    drawn: list[Picture] = []
    notes: list[str] = []

    def keep(kind: str, title: str, picture: plots.Drawn, caption: str = "") -> None:
        if picture.files:
            drawn.append(Picture(kind, title, picture, caption))
        elif picture.skipped not in notes:
            notes.append(picture.skipped)

    place = folder / FOLDER
    place.mkdir(exist_ok=True)
    counted = [cell for cell in comparison.cells if tier.find(cell.tier).counts_locks
               and cell.base.kind is not Kind.BUDGET]
    for threads in sorted({cell.threads for cell in counted}):
        what = f"Locks of the swap path per swapped-out page, {results.threads(threads)}"
        if stacks := _stacks((cell for cell in counted if cell.threads == threads),
                             comparison.base):
            keep("locks", what,
                 bars.stacked_bars(stacks, SWAP_PATH, place / f"stack-{threads}", what,
                                   "acquisitions per swapped-out page"),
                 "A bar per kernel, a part per lock class.")
    for number, test in enumerate(comparison.tests):
        mine = [cell for cell in comparison.cells
                if cell.test == test and cell.base == Base(Kind.KERNEL, comparison.base)
                and cell.metrics]
        named = _named(comparison, test)
        for locks, what in ((False, "Effect per cell"), (True, "Effect on locks of the swap path")):
            if rows := _effects(mine, test, locks):
                out = place / f"{number}-effects{'-locks' if locks else ''}"
                keep("locks" if locks else "effects", f"{what}: {named}",
                     effects.effects(rows, out, f"{what}\n{named}"),
                     "Change of test against base. Bars are 95% intervals, where a tier has "
                     "them; the grey band counts as equal."
                     + (f" Of {len(rows)} rows the {effects.MOST_ROWS} with the largest "
                        "change." if len(rows) > effects.MOST_ROWS else ""))
        for threads in sorted({cell.threads for cell in mine}):
            cells = [cell for cell in mine if cell.threads == threads]
            out = place / f"{number}-{threads}"
            note = results.threads(threads)
            heading = plots.Heading(comparison.base, test, note)
            # What explains before what is explained.
            for own in reversed(tier.every()):
                for shown in own.pictures([cell for cell in cells if cell.tier == own.name], out,
                                          heading):
                    keep(shown.kind, shown.title, shown.drawn, shown.caption)
        for device in sorted({cell.device for cell in mine}):
            for own in (own for own in tier.every() if own.speed[0]):
                curves = [_measured(samples, kernel, device, own)
                          for kernel in (comparison.base, test)]
                if max((len(curve.points) for curve in curves), default=0) > 1:
                    on = next((f" ({cell.measured_by})" for cell in mine
                               if cell.tier == own.name and cell.machine), "")
                    out = place / f"{number}-{device}-{'measured' if own.by_clock else own.name}"
                    keep("throughput", f"Throughput over threads on {device}{on}: {named}",
                         throughput_curves(curves, out, plots.Heading(comparison.base, test),
                                           device),
                         "Median over the boots that count, least to most.")
    return drawn, notes
