# SPDX-License-Identifier: GPL-2.0-only
"""What swapstorm's document says beyond the metrics: latency of touches, a time series.

Both are for looking at, so what is missing or malformed is left out, never
an error; docs/man/swapstorm.1 documents the keys.
"""
from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from runner.errors import CannotMeasure
from runner.jsonread import MAX_COUNT
from runner.metrics import guestfile
from runner.metrics.steady import WORKLOAD

TOUCHES = ("first_touch", "resident", "swap_in")
QUANTILES = ("p50", "p90", "p95", "p99", "p99.9", "p99.99", "max")
#: Rows of a series that are looked at; swapstorm writes fewer.
_MOST = 20000


@dataclass(frozen=True)
class Touch:
    """How long touches of one kind took, in nanoseconds."""

    count: int
    mean: int
    quantiles: dict[str, int]              # by QUANTILES


@dataclass(frozen=True)
class Moment:
    """A row of the series; counters since boot."""

    t_ns: int
    pswpout: int
    pswpin: int


@dataclass(frozen=True)
class Extra:
    latency: dict[str, Touch]              # by TOUCHES; only kinds that happened
    series: tuple[Moment, ...]
    page_size: int


def _count(value: Any) -> int:
    if not isinstance(value, int) or isinstance(value, bool) \
            or not 0 <= value < MAX_COUNT:
        raise ValueError("is no count")
    return value


def _latency(told: Any) -> dict[str, Touch]:
    if not isinstance(told, Mapping):
        return {}
    latency = {}
    for name in TOUCHES:
        kind = told[name]
        if _count(kind["count"]):
            latency[name] = Touch(_count(kind["count"]), _count(kind["mean"]),
                                  {at: _count(kind[at]) for at in QUANTILES})
    return latency


def _series(told: Any) -> tuple[Moment, ...]:
    if not isinstance(told, Mapping):
        return ()
    at = [told["columns"].index(name) for name in ("t_ns", "pswpout", "pswpin")]
    rows = tuple(Moment(*(_count(row[column]) for column in at)) for row in told["rows"][:_MOST])
    for old, new in zip(rows, rows[1:]):
        if new.t_ns <= old.t_ns or new.pswpout < old.pswpout or new.pswpin < old.pswpin:
            raise ValueError("goes back")
    return rows


def read(evidence: Path) -> Extra:
    """The extras in a sample's evidence folder; empty where there are none."""
    try:
        told = json.loads(guestfile.text(evidence / WORKLOAD, guestfile.MAX_WORKLOAD))
        page_size = _count(told["page_size"])
    except (CannotMeasure, ValueError, LookupError, TypeError, RecursionError):
        return Extra({}, (), 0)
    parts: list[Any] = []
    for key, take in (("latency_ns", _latency), ("series", _series)):
        try:
            parts.append(take(told.get(key)))
        except (ValueError, LookupError, TypeError, AttributeError):
            parts.append(take(None))
    return Extra(parts[0], parts[1], page_size)
