# SPDX-License-Identifier: GPL-2.0-only
"""How long touches of pages took, where the workload timed them."""
from __future__ import annotations

from runner.jsonread import Json
from runner.records import Metric

KINDS = ("first_touch", "resident", "swap_in")
#: The document's words -> ours: a metric's name has no dot inside a word.
PERCENTILES = {"p50": "p50", "p90": "p90", "p95": "p95", "p99": "p99", "p99.9": "p99_9",
               "p99.99": "p99_99", "max": "max"}
NAMES = tuple(f"latency_ns.{kind}.{name}" for kind in KINDS for name in PERCENTILES.values())


def measure(workload: Json, source: str) -> dict[str, Metric]:
    """latency_ns.KIND.PERCENTILE of the kinds that were met; none without --latency.

    Of the whole run, in nanoseconds of the guest: under icount, instructions.
    """
    if not workload.has("latency_ns"):
        return {}
    kinds = workload.object("latency_ns")
    figures = {}
    for kind in KINDS:
        times = kinds.object(kind)
        if times.integer("count"):
            for word, name in PERCENTILES.items():
                figures[f"latency_ns.{kind}.{name}"] = Metric(times.integer(word), "ns", "lower",
                                                              source)
    return figures
