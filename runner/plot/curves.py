# SPDX-License-Identifier: GPL-2.0-only
"""Pictures of curves: over threads, or over the seconds of a sample."""
from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from runner.plot import plots
from runner.plot.plots import EMPTY, Drawn, Heading, cell, draw


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


def curves(given: Sequence[Curve], out: Path, title: str, axes: str,
           scales: str = "2 linear") -> Drawn:
    """Curves over threads or what else stands on `axes`, 'X LABEL|Y LABEL'.

    `scales` is that of x and of y, each 'linear' or the base of a logarithmic
    one.  Each kind is drawn unlike the others and named in the key.
    """
    there = sorted((curve for curve in given if curve.points),
                   key=lambda curve: _KINDS.index(curve.kind))
    if not there:
        return Drawn((), EMPTY)
    plots.check([value for curve in there for point in curve.points
                 for value in (point.x, point.y, point.low, point.high)])
    blocks = []
    for curve in there:
        lines = [f"x\t{cell(curve.label)} ({curve.kind})\tlow\thigh\ttic"]
        for point in sorted(curve.points, key=lambda point: point.x):
            figures = (point.x, point.y, point.low, point.high)
            lines.append("\t".join([*(f"{value:.9g}" for value in figures),
                                    cell(point.tic) or f"{point.x:g}"]))
        blocks.append("\n".join(lines) + "\n")
    counts = " ".join(str(sum(curve.kind == kind for curve in there)) for kind in _KINDS)
    return draw("curves.gp", out, "\n\n".join(blocks), [title, counts, scales, axes])


def throughput_curves(given: Sequence[Curve], out: Path, heading: Heading, device: str,
                      scales: str = "2 linear") -> Drawn:
    """Swap-out throughput over threads; simulated curves are drawn unlike measured."""
    kinds = [kind for kind in _KINDS if any(curve.kind == kind and curve.points for curve in given)]
    what = "Swap-out throughput over threads" + (
        "" if kinds == ["measured"] else f", {plots.listed(kinds)}" if kinds else "")
    return curves(given, out, plots.titled(what, heading, [device]),
                  "threads|swapped out, MiB/s", scales)


def time_series(lines: Sequence[tuple[str, Sequence[tuple[float, float]]]],
                phases: Sequence[tuple[float, str]], out: Path, title: str, axis: str) -> Drawn:
    """One measured sample over seconds: (label, points) each, and where phases begin."""
    there = [(label, points) for label, points in lines if points]
    if not there:
        return Drawn((), EMPTY)
    plots.check([value for _, points in there for point in points for value in point])
    plots.check([at for at, _ in phases])
    blocks = ["\n".join([f"x\t{cell(label)}", *(f"{x:.9g}\t{y:.9g}" for x, y in points)])
              for label, points in there]
    blocks.append("\n".join(["x\tphase", *(f"{at:.9g}\t{cell(name)}" for at, name in phases)]
                            if phases else ["x\tphase", "-1\t "]))
    return draw("series.gp", out, "\n\n\n".join(blocks) + "\n",
                [title, str(len(there)), f"seconds|{axis}"])
