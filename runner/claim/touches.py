# SPDX-License-Identifier: GPL-2.0-only
"""Latency of touches and swap-out over time, of one sample, where its load recorded them."""
from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from runner.errors import CannotMeasure
from runner.jsonread import Json
from runner.judge import tier
from runner.metrics import guestfile
from runner.metrics.steady import WORKLOAD
from runner.plot.curves import CurvePoint
from runner.records import MIB, Sample

#: Percentiles swapstorm reports, and the share of touches above each.
_ABOVE = {"p50": 0.5, "p90": 0.1, "p95": 0.05, "p99": 0.01, "p99.9": 0.001, "p99.99": 0.0001}
_KINDS = ("first_touch", "resident", "swap_in")
_COLUMNS = ("t_ns", "pswpout")
_SECOND = 1_000_000_000


@dataclass(frozen=True)
class Touches:
    """One sample of a kernel; empty where the load recorded nothing of the kind."""

    kernel: str
    label: str
    latency: dict[str, tuple[CurvePoint, ...]]     # kind -> points, µs over 1 / share above
    rate: tuple[tuple[float, float], ...]          # seconds, MiB/s swapped out
    phases: tuple[tuple[float, str], ...]


def _latency(workload: Json) -> dict[str, tuple[CurvePoint, ...]]:
    if not workload.has("latency_ns"):
        return {}
    latency = {}
    kinds = workload.object("latency_ns")
    for kind in _KINDS:
        if not kinds.has(kind):
            continue
        figures = kinds.object(kind)
        if figures.integer("count") == 0:
            continue
        points = []
        for name, above in _ABOVE.items():
            value = figures.integer(name) / 1000
            points.append(CurvePoint(1 / above, value, value, value, f"{name[1:]}%"))
        if all(point.y > 0 for point in points):
            latency[kind] = tuple(points)
    return latency


def _series(workload: Json) -> tuple[tuple[tuple[float, float], ...],
                                     tuple[tuple[float, str], ...]]:
    phases = workload.object("phases")
    begins = {name: phases.object(name).integer("begin_ns")
              for name in ("fill", "steady", "teardown") if phases.has(name)}
    if not workload.has("series") or not begins:
        return (), ()
    series, start = workload.object("series"), min(begins.values())
    page = workload.integer("page_size", 512, 1 << 30)
    if series.texts("columns")[:len(_COLUMNS)] != list(_COLUMNS):
        series.fail(f"columns: do not begin with {', '.join(_COLUMNS)}")
    rows = series.rows("rows", len(_COLUMNS))
    rate = []
    for (then, had), (now, pages) in zip(rows, rows[1:]):
        if now > then and now >= start and pages >= had:
            rate.append(((now - start) / _SECOND,
                         (pages - had) * page / MIB / ((now - then) / _SECOND)))
    return tuple(rate), tuple(((at - start) / _SECOND, name) for name, at in begins.items())


def of(samples: Iterable[Sample], home: Path, kernel: str, device: str) -> Touches | None:
    """Of the first valid timed sample of a kernel that recorded either; None: none did."""
    for sample in samples:
        if (sample.cell.kernel, sample.cell.device) != (kernel, device) or sample.invalid \
                or not tier.find(sample.cell.tier).by_clock:
            continue
        try:
            workload = guestfile.document(home / sample.evidence / WORKLOAD)
            latency, (rate, phases) = _latency(workload), _series(workload)
        except CannotMeasure:
            continue
        if latency or rate:
            return Touches(kernel, f"{kernel}, sample {sample.number}, {sample.accelerator}",
                           latency,
                           rate, phases)
    return None
