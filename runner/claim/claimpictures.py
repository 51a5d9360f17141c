# SPDX-License-Identifier: GPL-2.0-only
"""The pictures of a claim's page."""
from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

from runner.claim import reasons, touches
from runner.claim.claimfile import Claim, ClaimCell
from runner.claim.claimverdict import Effect, Findings, Measured
from runner.judge import tier
from runner.judge.results import threads
from runner.judge.tier.base import Tier
from runner.metrics.lockclass import SWAP_PATH
from runner.plot import bars, plots
from runner.plot.bars import StackRow
from runner.plot.curves import Curve, CurvePoint, throughput_curves, time_series
from runner.plot.curves import curves as draw_curves
from runner.plot.plots import Heading
from runner.records import Sample

FOLDER = "plots"


@dataclass
class _Maker:
    """Draws into one folder, and keeps what was drawn and why something was not."""

    folder: Path
    files: list[Path]
    notes: list[str]

    def keep(self, drawn: plots.Drawn) -> None:
        self.files += [file for file in drawn.files if file.suffix == ".svg"]
        if drawn.skipped and drawn.skipped != plots.EMPTY and drawn.skipped not in self.notes:
            self.notes.append(drawn.skipped)


def _ratio(count: int, effect: Effect) -> CurvePoint:
    return CurvePoint(count, 1 + effect.value, 1 + effect.low, 1 + effect.high)


def _claimed(cells: Iterable[ClaimCell]) -> tuple[CurvePoint, ...]:
    return tuple(_ratio(cell.threads, Effect(cell.effect, *cell.band)) for cell in cells)


def _here(claim: Claim, device: str) -> list[ClaimCell]:
    """The claim's cells of one device whose metric is throughput."""
    return [cell for cell in claim.cells
            if cell.device == device and cell.metric == reasons.THROUGHPUT]


@dataclass(frozen=True)
class _Speed:
    """Throughput by thread count as one tier measured it, claimed there or not."""

    own: Tier
    by_threads: dict[int, Measured]

    @property
    def stamp(self) -> str:
        return next((thread.stamp for thread in self.by_threads.values() if thread.stamp), "")


def _measured(findings: Findings, device: str) -> list[_Speed]:
    """Of each tier that measured any, the one by the host's clock in any case."""
    claim, speeds = findings.claim, []
    for own in tier.every():
        metric, by_threads = own.speed[0], {}
        for count in claim.experiment.threads if metric else ():
            cell = replace(claim.cells[0], device=device, threads=count)
            if counted := reasons.counted(findings.comparison, claim, cell, metric, [own]):
                by_threads[count] = counted
        if by_threads or own.by_clock:
            speeds.append(_Speed(own, by_threads))
    return speeds


def _effects(findings: Findings, device: str, maker: _Maker) -> None:
    cells = _here(findings.claim, device)
    here = [Curve(f"here{speed.stamp}", False, tuple(
        _ratio(count, thread.effect) for count, thread in speed.by_threads.items()
        if thread.effect))
            for speed in _measured(findings, device)]
    maker.keep(draw_curves(
        [*here,
         Curve(f"published {findings.claim.source.date}, with the tolerance", False,
               _claimed(cells), claimed=True)] if cells else [],
        maker.folder / f"claim-effect-{device}",
        f"Swap throughput of {plots.cell(findings.claim.test)} over that of "
        f"{plots.cell(findings.claim.base)}, {device}",
        "threads|throughput, test over base"))


def _throughput(findings: Findings, device: str, maker: _Maker) -> None:
    claim, curves = findings.claim, []
    speeds = _measured(findings, device)
    for speed in speeds:
        for kernel, side in ((claim.base, 0), (claim.test, 1)):
            points = []
            for count, seen in speed.by_threads.items():
                values = reasons.values(findings.samples, kernel, device, count, speed.own)
                middle = (seen.base, seen.test)[side]
                if values and middle is not None:
                    points.append(CurvePoint(count, middle, min(values), max(values)))
            curves.append(Curve(f"{kernel}{speed.stamp}", False, tuple(points)))
    got = {count: thread for speed in reversed(speeds)
           for count, thread in speed.by_threads.items()}
    curves.append(_promised(findings, got, device))
    maker.keep(throughput_curves(curves, maker.folder / f"claim-throughput-{device}",
                                 Heading(claim.base, claim.test), device, "2 10"))


def _promised(findings: Findings, got: dict[int, Measured], device: str) -> Curve:
    """What the test kernel would have to reach, over the base's throughput."""
    points = []
    for promise in _here(findings.claim, device):
        rate = got[promise.threads].base if promise.threads in got else None
        if rate:
            low, high = promise.band
            points.append(CurvePoint(promise.threads, rate * (1 + promise.effect), rate * (1 + low),
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
    maker.keep(bars.stacked_bars(rows, SWAP_PATH, maker.folder / f"claim-locks-{device}",
                                 "Lock acquisitions per swapped-out page",
                                 "acquisitions per swapped-out page"))


def _touches(findings: Findings, samples: Iterable[Sample], home: Path, maker: _Maker) -> None:
    claim = findings.claim
    for device in claim.experiment.devices:
        sides = [touches.of(samples, home, kernel, device) for kernel in (claim.base, claim.test)]
        kinds = dict.fromkeys(kind for side in sides if side for kind in side.latency)
        for kind in kinds:
            maker.keep(draw_curves(
                [Curve(side.kernel, False, side.latency[kind]) for side in sides
                 if side and kind in side.latency], maker.folder / f"claim-latency-{kind}-{device}",
                f"Latency of a touch, {kind.replace('_', ' ')}, {device}, one sample each",
                "percentile of touches|latency, µs", "10 10"))
        maker.keep(time_series(
            [(side.label, side.rate) for side in sides if side],
            next((side.phases for side in sides if side), ()),
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
