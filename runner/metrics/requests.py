# SPDX-License-Identifier: GPL-2.0-only
"""What redis-benchmark and valkey-benchmark print with --csv: requests a second, and latency.

Of redis 7.0 and 8.0 and of valkey 8.1 it is a table with a head; columns are found by their names.
"""
from __future__ import annotations

import csv
import math

from runner.errors import CannotMeasure, printable
from runner.jsonread import Json
from runner.records import Metric

OPERATIONS = ("get", "set")
_RATE = "rps"
#: Of the table, in milliseconds.
_LATENCIES = {"p50_latency_ms": "p50_us", "p99_latency_ms": "p99_us"}
NAMES = tuple(f"{operation}_{what}" for operation in OPERATIONS
              for what in ("requests_per_s", *_LATENCIES.values()))
_MOST_ROWS = 64


def read(table: str, source: str) -> dict[str, dict[str, float]]:
    """Operation in small letters -> column -> figure; CannotMeasure with one line."""
    rows = list(csv.reader(table.splitlines()))[:_MOST_ROWS]
    head = rows[0] if rows else []
    wanted = ("test", _RATE, *_LATENCIES)
    if missing := [name for name in wanted if name not in head]:
        raise CannotMeasure(f"{source}: benchmark: has no column {missing[0]}: "
                            f"{printable(table.strip(), 80)!r}")
    operations = {}
    for row in rows[1:]:
        told = dict(zip(head, row))
        try:
            figures = {name: float(told[name]) for name in wanted[1:]}
        except (KeyError, ValueError):
            raise CannotMeasure(f"{source}: benchmark: {printable(','.join(row), 80)!r} is not "
                                "a row of its table") from None
        if not all(math.isfinite(figure) and figure >= 0 for figure in figures.values()):
            raise CannotMeasure(f"{source}: benchmark: {printable(','.join(row), 80)!r} has no "
                                "figures")
        operations[told["test"].lower()] = figures
    return operations


def measure(workload: Json, source: str) -> dict[str, Metric]:
    """Nothing of a load without requests; CannotMeasure where none was made."""
    if not workload.has("benchmark"):
        return {}
    rows = read(workload.whole("benchmark"), source)
    metrics = {}
    for operation in OPERATIONS:
        if operation not in rows:
            continue
        figures = rows[operation]
        if not figures[_RATE]:
            raise CannotMeasure(f"{source}: benchmark: {operation}: no requests were made")
        metrics[f"{operation}_requests_per_s"] = Metric(figures[_RATE], "/s", "higher", source)
        for column, name in _LATENCIES.items():
            metrics[f"{operation}_{name}"] = Metric(figures[column] * 1000, "us", "lower", source)
    if not metrics:
        raise CannotMeasure(f"{source}: benchmark: has neither {' nor '.join(OPERATIONS)}")
    return metrics
