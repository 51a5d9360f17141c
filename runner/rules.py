# SPDX-License-Identifier: GPL-2.0-only
"""The [rules] of an experiment: how it is judged."""
from __future__ import annotations

import dataclasses

from runner.metrics import sample as metrics
from runner.records import HostLimits, Rules
from runner.tomlfile import Table, meant


def _thresholds(chosen: Table) -> dict[str, float]:
    found = {}
    for key in chosen.keys():
        if key not in metrics.KNOWN and not metrics.LOCK_METRIC.fullmatch(key):
            chosen.complain(key, "is not a metric; metrics: " + ", ".join(metrics.KNOWN)
                            + ", locks.CLASS.acquisitions_per_page"
                            + meant(key, list(metrics.KNOWN)))
        found[key] = chosen.number(key, 0.0, 10.0)
    return found


def _host(table: Table) -> HostLimits:
    made = HostLimits(**{one.name: table.number(one.name, 0.0, 1.0, one.default)
                         for one in dataclasses.fields(HostLimits)})
    table.close()
    return made


def read(table: Table, base: str) -> tuple[Rules, int, int]:
    """Rules, pairs of the timed tier and the seed of its order; UsageError as in plan.load."""
    pairs = table.integer("pairs", 1, 1000, 5)
    minimum = table.integer("minimum_pairs", 2, 1000, 5)
    floor = table.integer("pswpout_floor", 1, 2**40, 10000)
    order_seed = table.integer("order_seed", 0, 2**63 - 1, 1)
    thresholds = _thresholds(table.table("thresholds"))
    host = _host(table.table("host"))
    table.close()
    return Rules(base, thresholds, minimum, floor, host), pairs, order_seed
