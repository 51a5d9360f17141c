# SPDX-License-Identifier: GPL-2.0-only
"""The pictures of a comparison, from the same results the tables show."""
from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from runner import model, plots
from runner.errors import CannotMeasure
from runner.metrics.lockclass import SWAP_LOCKS
from runner.records import Accelerator, Metric
from runner.verdict import CellResult, Comparison

FOLDER = "plots"
_TAKEN = ".acquisitions_per_page"
#: A class taken less often than this per page on both sides is no bar one could see.
_FEW = 0.05


def _locks(cells: Iterable[CellResult]) -> list[plots.LockRow]:
    rows = []
    for cell in cells:
        for one in cell.metrics:
            lock = one.name.removeprefix("locks.").removesuffix(_TAKEN)
            most = max(one.base or 0.0, one.test or 0.0)
            if one.name.endswith(_TAKEN) and (most >= _FEW or lock in SWAP_LOCKS) \
                    and lock != "other":
                rows.append(plots.LockRow(cell.device, lock, one.base or 0.0, one.test or 0.0))
    return sorted(rows, key=lambda row: (row.device, -max(row.base, row.test), row.lock))


def _instructions(cells: Iterable[CellResult]) -> list[plots.InstructionRow]:
    return [plots.InstructionRow(cell.device, one.base, one.test)
            for cell in cells for one in cell.metrics
            if one.name == "instructions_per_page" and one.base and one.test]


def _side(cells: Iterable[CellResult], test: bool) -> dict[str, Metric]:
    found = {}
    for cell in cells:
        for one in cell.metrics:
            value = one.test if test else one.base
            if value is not None:
                found[one.name] = Metric(value, one.unit, one.better, "")
    return found


def _curve(label: str, metrics: dict[str, Metric]) -> plots.Curve:
    instructions = metrics["instructions_per_page"].value
    each = model.ns_per_instruction(metrics["throughput_mib_s"].value, instructions)
    found = model.project(metrics, model.Settings(each, each))
    return plots.Curve(label, True, tuple(
        plots.CurvePoint(point.workers, point.mib_s,
                         point.mib_s * point.pages_per_s.low / point.pages_per_s.mean,
                         point.mib_s * point.pages_per_s.high / point.pages_per_s.mean)
        for point in found.points))


def draw(comparison: Comparison, folder: Path) -> tuple[list[Path], list[str]]:
    """Draw into FOLDER/plots; the SVG files, and why a picture was left out."""
    drawn: list[Path] = []
    notes: list[str] = []

    def keep(picture: plots.Drawn) -> None:
        drawn.extend(one for one in picture.files if one.suffix == ".svg")
        if picture.skipped and picture.skipped not in notes:
            notes.append(picture.skipped)

    (folder / FOLDER).mkdir(exist_ok=True)
    for number, test in enumerate(comparison.tests):
        mine = [cell for cell in comparison.cells
                if cell.test == test and cell.base == comparison.base and cell.metrics]
        for threads in sorted({cell.threads for cell in mine}):
            cells = [cell for cell in mine if cell.threads == threads]
            out = folder / FOLDER / f"{number}-{threads}"
            note = f"{threads} thread" + ("s" if threads > 1 else "")
            heading = plots.Heading(comparison.base, test, note)
            if locks := _locks(cell for cell in cells if cell.tier == "locks"):
                keep(plots.lock_bars(locks, out.with_name(f"{out.name}-locks"), heading))
            if bars := _instructions(cell for cell in cells if cell.tier == "exact"):
                keep(plots.instruction_bars(bars, out.with_name(f"{out.name}-instructions"),
                                            heading))
            for device in sorted({cell.device for cell in cells}):
                here = [cell for cell in cells if cell.device == device]
                if threads != 1 or {cell.tier for cell in here} != {"exact", "locks", "timed"}:
                    continue
                if any(cell.accelerator == Accelerator.TCG for cell in here):
                    # A preempted vCPU holds its lock on: emulated hold times
                    # measure the emulator, and so would a projection from them.
                    notes.append(f"no projected throughput for {device}: hold times of an "
                                 "emulated guest are not the kernel's; it takes KVM")
                    continue
                try:
                    curves = [_curve(name, _side(here, one)) for name, one in
                              ((comparison.base, False), (test, True))]
                except CannotMeasure as error:
                    notes.append(str(error))
                    continue
                keep(plots.throughput_curves(curves, out.with_name(f"{out.name}-{device}"),
                                             heading, device))
    return drawn, notes
