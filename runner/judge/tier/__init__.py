# SPDX-License-Identifier: GPL-2.0-only
"""Tiers: how each plans, boots, measures, judges, warns and is shown, a file for each.

TABLE is the one place that lists them; docs/tiers.md says how to add one.
"""
from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol

from runner.judge.figures import simulated
from runner.judge.tier.base import Tier
from runner.judge.tier.exact import Exact
from runner.judge.tier.locks import Locks
from runner.judge.tier.lockstep import Lockstep
from runner.judge.tier.timed import Timed
from runner.judge.tier.torture import Torture
from runner.metrics import backends, latency
from runner.metrics import steady as metrics
from runner.records import Sample
from runner.swapareas import with_drivers
from runner.tomlfile import meant

#: By name, in the order in which people read of them.
TABLE: dict[str, Tier] = {tier.name: tier for tier in (Exact(), Timed(), Locks(), Lockstep(),
                                                       Torture())}


def find(name: str) -> Tier:
    """The tier of that name; one without any ways of its own where this version knows none."""
    return TABLE.get(name) or Tier(name)


def every() -> list[Tier]:
    """All tiers, cheapest and surest first."""
    return sorted(TABLE.values(), key=lambda tier: tier.rank)


def asked(names: Iterable[str]) -> list[Tier]:
    """Those of an experiment, cheapest and surest first."""
    chosen = set(names)
    return [tier for tier in every() if tier.name in chosen]


class Placed(Protocol):
    """A cell, of an experiment or of a comparison."""

    @property
    def device(self) -> str: ...

    @property
    def tier(self) -> str: ...


def flavour(cell: Placed) -> str:
    """Of the kernel a cell boots, without tools; '' for a tier this version does not know."""
    own = find(cell.tier).flavour
    return with_drivers(own, cell.device) if own else ""


def measured_by(sample: Sample) -> str:
    """The tier of a sample, for people, with the machine it simulates."""
    name = sample.cell.tier
    return name + simulated([find(name).machine(sample)])


def thresholds() -> dict[str, float]:
    """What counts where the experiment declares nothing: relative change per metric."""
    return {name: limit for tier in TABLE.values() for name, limit in tier.thresholds.items()}


def is_metric(name: str) -> bool:
    """Whether an experiment may declare a threshold of it."""
    return name in metrics.KNOWN or any(tier.gives(name) for tier in TABLE.values())


def no_metric(name: str, more: str = "") -> str:
    """What to say of a name that is no metric; `more` on the families of them."""
    known = [*(own for tier in TABLE.values() for own in tier.own_metrics), *metrics.KNOWN]
    shown = [metric for metric in known if metric not in (
        *latency.NAMES, *backends.FOLIO_NAMES, *backends.AREA_NAMES)]
    families = ["latency_ns.KIND.PERCENTILE", "folios.SIZE.swpout_share",
                "areas.DEVICE.share",
                *(tier.family for tier in TABLE.values() if tier.family)]
    return f"is not a metric; metrics: {', '.join(shown + families)}{more}{meant(name, known)}"
