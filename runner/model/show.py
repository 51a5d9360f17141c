# SPDX-License-Identifier: GPL-2.0-only
"""Projections for people and as JSON; 'projected' is in every one."""
from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Any

from runner.model.machinefile import Figure
from runner.model.projection import Projection, Ratio
from runner.model.ranges import Row
from runner.model.swapsim import Point
from runner.model.validate import Check


def _shares(point: Point) -> str:
    worth = sorted((one for one in point.locks if one.utilisation >= 0.05),
                   key=lambda one: -one.utilisation)
    return ", ".join(f"{one.name} {100 * one.utilisation:.0f}% ({100 * one.wait_share:.0f}%)"
                     for one in worth[:4]) or "none over 5%"


def _ratio(ratio: Ratio | None) -> str:
    return f"{ratio.value:.2f} [{ratio.low:.2f}..{ratio.high:.2f}]" if ratio else ""


def table(projection: Projection, against: Sequence[Ratio]) -> list[str]:
    """One kernel's projection; `against` are its ratios to the base kernel, if it is not that."""
    beside = {one.threads: one for one in against}
    lines = [f"{projection.kernel} on {projection.machine}: projected, not measured",
             f"  a page without waiting: {1e6 * projection.page_s:.2f} µs; largest demand: "
             + (f"{projection.saturating_lock}, which bounds throughput by "
                f"{projection.bound_pages_per_s:.0f} pages/s"
                if projection.saturating_lock and projection.bound_pages_per_s else "no lock"),
             f"  {'threads':>7} {'pages/s':>9} {'interval':>19} {'bound':>9} {'direct':>6} "
             f"{'against base' if beside else '':>19}  locks: busy (all threads' time waiting)"]
    for point in projection.points:
        rate = point.pages_per_s
        interval = f"{rate.low:.0f}..{rate.high:.0f}"
        lines.append(f"  {point.threads:7} {rate.value:9.0f} {interval:>19} "
                     f"{point.bound_pages_per_s:9.0f} {100 * point.direct_share:5.0f}% "
                     f"{_ratio(beside.get(point.threads)):>19}  {_shares(point)}")
    return lines + [f"  {text}" for text in (projection.refusal, projection.caution) if text]


def sensitivity_table(rows: Sequence[Row], what: str) -> list[str]:
    lines = [f"{what}: projected ratio over the range of each input",
             f"  {'input':26} {'low':>9} {'high':>9} {'at low':>7} {'at high':>7}"]
    lines += [f"  {one.name:26} {one.low:9.6g} {one.high:9.6g} {_end(one.ratio_low):>7} "
              f"{_end(one.ratio_high):>7}" for one in rows]
    return lines + ["  –: the published figures do not come out with this end"]


def _end(ratio: float | None) -> str:
    return "–" if ratio is None else f"{ratio:.2f}"


def validation_table(checks: Sequence[Check], machine: str) -> list[str]:
    lines = [f"projected for {machine}, against the timed tier (MiB/s)",
             f"  {'kernel':22} {'threads':>7} {'boots':>5} {'measured':>9} {'least..most':>17} "
             f"{'projected':>9} {'off':>7}  saturating"]
    for one in checks:
        between = f"{one.low:.1f}..{one.high:.1f}"
        off = "sets it" if one.calibrates else f"{100 * one.off:+.1f}%"
        lines.append(f"  {one.kernel:22} {one.threads:7} {one.boots:5} {one.measured:9.1f} "
                     f"{between:>17} {one.projected:9.1f} {off:>7}  {one.saturating or 'none'}")
    return lines + ["  sets it: the speed of the machine is taken from this cell alone"]


def calibration_toml(figures: dict[str, Figure]) -> list[str]:
    """The tables of a machine's file."""
    lines = []
    for name, one in figures.items():
        lines += [f"[figures.{name}]", f"value = {one.value:.4g}", f"low = {one.low:.4g}",
                  f"high = {one.high:.4g}", f'source = "{one.source}"', ""]
    return lines


def document(projections: Sequence[Projection], against: dict[str, Sequence[Ratio]],
             rows: dict[str, Sequence[Row]]) -> dict[str, Any]:
    """For json.dumps; results/README.md documents it."""
    found = []
    for one in projections:
        data = dataclasses.asdict(one)
        for point, shown in zip(one.points, data["points"]):
            shown["mib_s"] = point.mib_s
            shown["saturating"] = point.saturating
            del shown["drawn"]
        data["ratios"] = [dataclasses.asdict(ratio) for ratio in against.get(one.kernel, ())]
        data["sensitivity"] = [dataclasses.asdict(row) for row in rows.get(one.kernel, ())]
        found.append(data)
    return {"format": 1, "tier": "projected", "projections": found}
