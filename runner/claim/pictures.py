# SPDX-License-Identifier: GPL-2.0-only
"""The pictures of a claim's page."""
from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

from runner import plots
from runner.claim import reasons, touches
from runner.claim.claimfile import Claim, ClaimCell
from runner.claim.judge import Effect, Findings, Measured
from runner.metrics.lockclass import SWAP_PATH
from runner.plots import Curve, CurvePoint, Heading, StackRow
from runner.records import Sample
from runner.results import threads

FOLDER = "plots"


@dataclass
class _Maker:
    """Draws into one folder, and keeps what was drawn and why something was not."""

    folder: Path
    files: list[Path]
    notes: list[str]

    def keep(self, drawn: plots.Drawn) -> None:
        self.files += [one for one in drawn.files if one.suffix == ".svg"]
        if drawn.skipped and drawn.skipped != plots.EMPTY and drawn.skipped not in self.notes:
            self.notes.append(drawn.skipped)


def _ratio(count: int, effect: Effect) -> CurvePoint:
    return CurvePoint(count, 1 + effect.value, 1 + effect.low, 1 + effect.high)


def _claimed(cells: Iterable[ClaimCell]) -> tuple[CurvePoint, ...]:
    return tuple(_ratio(one.threads, Effect(one.effect, *one.band)) for one in cells)


def _here(claim: Claim, device: str) -> list[ClaimCell]:
    """The claim's cells of one device whose metric is throughput."""
    return [one for one in claim.cells
            if one.device == device and one.metric == reasons.THROUGHPUT]


def _measured(findings: Findings, device: str) -> dict[int, Measured]:
    """Throughput by thread count, claimed there or not."""
    claim = findings.claim
    found = {}
    for count in claim.experiment.threads:
        cell = replace(claim.cells[0], device=device, threads=count)
        one = reasons.counted(findings.comparison, claim, cell, reasons.THROUGHPUT)
        if one:
            found[count] = one
    return found


def _effects(findings: Findings, device: str, maker: _Maker) -> None:
    cells = _here(findings.claim, device)
    got = _measured(findings, device)
    how = ", emulated" if any(one.emulated for one in got.values()) else ""
    here = [_ratio(count, one.effect) for count, one in got.items() if one.effect]
    maker.keep(plots.curves(
        [Curve(f"here{how}", False, tuple(here)),
         Curve(f"published {findings.claim.source.date}, with the tolerance", False,
               _claimed(cells), claimed=True)] if cells else [],
        maker.folder / f"claim-effect-{device}",
        f"Swap throughput of {plots.cell(findings.claim.test)} over that of "
        f"{plots.cell(findings.claim.base)}, {device}",
        "threads|throughput, test over base"))


def _throughput(findings: Findings, device: str, maker: _Maker) -> None:
    claim, got = findings.claim, _measured(findings, device)
    how = ", emulated" if any(one.emulated for one in got.values()) else ""
    curves = []
    for kernel, side in ((claim.base, 0), (claim.test, 1)):
        points = []
        for count in got:
            values = reasons.values(findings.samples, kernel, device, count)
            middle = (got[count].base, got[count].test)[side]
            if values and middle is not None:
                points.append(CurvePoint(count, middle, min(values), max(values)))
        curves.append(Curve(f"{kernel}{how}", False, tuple(points)))
    curves.append(_promised(findings, got, device))
    maker.keep(plots.throughput_curves(curves, maker.folder / f"claim-throughput-{device}",
                                       Heading(claim.base, claim.test), device, "2 10"))


def _promised(findings: Findings, got: dict[int, Measured], device: str) -> Curve:
    """What the test kernel would have to reach, over the base's throughput."""
    points = []
    for one in _here(findings.claim, device):
        rate = got[one.threads].base if one.threads in got else None
        if rate:
            low, high = one.band
            points.append(CurvePoint(one.threads, rate * (1 + one.effect), rate * (1 + low),
                                     rate * (1 + high)))
    return Curve("published, over the measured base", False, tuple(points), claimed=True)


def _locks(findings: Findings, device: str, maker: _Maker) -> None:
    claim, rows = findings.claim, []
    for count in claim.experiment.threads:
        cell = replace(claim.cells[0], device=device, threads=count)
        taken = reasons.locks(findings.comparison, claim, cell)
        for side, kernel in enumerate((claim.base, claim.test)) if taken else ():
            rows.append(StackRow(f"{threads(count)}, {device}", kernel, tuple(
                taken.get(lock, (0.0, 0.0))[side] for lock in SWAP_PATH)))
    maker.keep(plots.stacked_bars(rows, SWAP_PATH, maker.folder / f"claim-locks-{device}",
                                  "Lock acquisitions per swapped-out page",
                                  "acquisitions per swapped-out page"))


def _touches(findings: Findings, samples: Iterable[Sample], home: Path, maker: _Maker) -> None:
    claim = findings.claim
    for device in claim.experiment.devices:
        sides = [touches.of(samples, home, kernel, device) for kernel in (claim.base, claim.test)]
        kinds = dict.fromkeys(kind for one in sides if one for kind in one.latency)
        for kind in kinds:
            maker.keep(plots.curves(
                [Curve(one.kernel, False, one.latency[kind]) for one in sides
                 if one and kind in one.latency], maker.folder / f"claim-latency-{kind}-{device}",
                f"Latency of a touch, {kind.replace('_', ' ')}, {device}, one sample each",
                "percentile of touches|latency, µs", "10 10"))
        maker.keep(plots.time_series(
            [(one.label, one.rate) for one in sides if one],
            next((one.phases for one in sides if one), ()),
            maker.folder / f"claim-series-{device}",
            f"Swap-out over time, {device}, one sample each", "swapped out, MiB/s"))


def draw(findings: Findings, home: Path) -> tuple[list[Path], list[str]]:
    """Draw into HOME/plots; the SVG files, and why a picture was left out."""
    (home / FOLDER).mkdir(exist_ok=True)
    maker = _Maker(home / FOLDER, [], [])
    for device in findings.claim.experiment.devices:
        if _here(findings.claim, device):
            _effects(findings, device, maker)
            _throughput(findings, device, maker)
        _locks(findings, device, maker)
    _touches(findings, findings.samples, home, maker)
    return maker.files, maker.notes
