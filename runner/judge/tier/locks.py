# SPDX-License-Identifier: GPL-2.0-only
"""The locks tier: kernels with lock_stat, which count what each page takes, and no time."""
from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from runner.asked import Experiment, Guest, Planned
from runner.errors import printable
from runner.judge.figures import MetricResult, label, number
from runner.judge.results import CellResult, threads
from runner.judge.shown import Picture, Table, change
from runner.judge.tier import counts
from runner.judge.tier.base import Tier
from runner.metrics import lockfigures
from runner.metrics import steady as metrics
from runner.metrics.lockclass import PATH_SUM, SWAP_LOCKS
from runner.plot import bars, plots
from runner.records import Metric, Sample

_TAKEN = ".acquisitions_per_page"
#: Lock classes taken less often per page on both sides are folded into one row, and are no bar
#: one could see.
_FEW = 0.05
_SITES = 6
#: Boots of an end of a bisect, at least: what they differ among themselves is the noise.
_END_BOOTS = 2


class Locks(Tier):
    name = "locks"
    summary = "acquisitions, contentions and hold time from lock_stat"
    rank = 1
    flavour = "lockstat"
    counts_locks = True
    claims = True
    own_tables = False                     # the page has all classes in one table
    thresholds = {f"locks.{lock}{_TAKEN}": counts.LOCK_SHARE for lock in (PATH_SUM, *SWAP_LOCKS)}
    family = f"locks.CLASS{_TAKEN}"
    headline = f"locks.swap_cache_tree{_TAKEN}"
    noise = 0.0025                         # measured, docs/methodology.md
    floor = counts.LOCK_FLOOR

    def counted(self, guest: Guest, chosen: str) -> bool:
        return guest.count_locks or super().counted(guest, chosen)

    def boots(self, experiment: Experiment) -> Iterator[Planned]:
        for cell in self.cells(experiment):
            yield from (Planned(0, boot, cell) for boot in range(experiment.boots.lock_boots))

    def cmdline(self, planned: Planned) -> tuple[str, ...]:
        # Real addresses in /proc/lockdep: they tell lock classes of one name apart.
        return ("no_hash_pointers",)

    def figures(self, reading: metrics.Reading) -> dict[str, Metric]:
        # lock_stat slows what it watches: no speed is taken from its kernels.
        return lockfigures.measure(reading.evidence, reading.window.kernel_pages)

    def gives(self, metric: str) -> bool:
        return bool(lockfigures.METRIC.fullmatch(metric))

    def judges(self, metric: str) -> bool:
        return metric.startswith("locks.")

    def assumptions(self, valid: Sequence[Sample]) -> Iterable[str]:
        if any(sample.cell.tier == self.name for sample in valid):
            yield ("locks tier: kernels with lock_stat, which slows what it watches: compare its "
                   "counts; its hold times only with each other")

    def tables(self, cells: Sequence[CellResult]) -> Iterable[Table | None]:
        return [make(cell) for cell in cells for make in (_classes, _sites)]

    def pictures(self, cells: Sequence[CellResult], out: Path, heading: plots.Heading
                 ) -> list[Picture]:
        rows = sorted(_bars(cells), key=lambda row: (row.device, -max(row.base, row.test),
                                                     row.lock))
        return [Picture("locks", f"Lock acquisitions per swapped-out page, {heading.note}: "
                        f"{heading.test} against {heading.base}",
                        bars.lock_bars(rows, out.with_name(f"{out.name}-locks"), heading))] \
            if rows else []

    def ends(self, rules: dict[str, Any]) -> None:
        rules["lock_boots"] = max(_END_BOOTS, rules.get("lock_boots", 1))

    def most(self, experiment: Experiment) -> int:
        return experiment.boots.lock_boots

    def fewer(self, experiment: Experiment, count: int) -> Experiment:
        count = min(count, experiment.boots.lock_boots)
        return dataclasses.replace(experiment, boots=dataclasses.replace(
            experiment.boots, lock_boots=count))


def _bars(cells: Iterable[CellResult]) -> Iterator[bars.LockRow]:
    for cell in cells:
        for metric in cell.metrics:
            lock = metric.name.removeprefix("locks.").removesuffix(_TAKEN)
            most = max(metric.base or 0.0, metric.test or 0.0)
            if metric.name.endswith(_TAKEN) and (most >= _FEW or lock in SWAP_LOCKS) \
                    and lock not in ("other", PATH_SUM):
                yield bars.LockRow(cell.device, lock, metric.base or 0.0, metric.test or 0.0)


def _classes(cell: CellResult) -> Table | None:
    classes: dict[str, dict[str, MetricResult]] = {}
    for metric in cell.metrics:
        parts = metric.name.split(".")
        if len(parts) == 3 and parts[0] == "locks":
            classes.setdefault(parts[1], {})[parts[2]] = metric
    rows = []
    folded = 0
    for name, parts_of in classes.items():
        taken = parts_of.get("acquisitions_per_page")
        if taken is None:
            continue
        most = max(taken.base or 0.0, taken.test or 0.0)
        if name == "other" or (most < _FEW and taken.verdict is None):
            folded += 1
            continue
        cells = [printable(name, 40), number(taken.base), number(taken.test), change(taken)]
        for what in ("contentions_per_page", "contention_share", "hold_us_per_page"):
            other = parts_of.get(what)
            cells += [number(other.base if other else None), number(other.test if other else None)]
        rows.append((-most, name, (*cells, taken.verdict or "")))
    if not rows:
        return None
    note = f"Lock classes with fewer than {_FEW:g} acquisitions per page are left out." \
        if folded else ""
    return Table(f"Locks per swapped-out page ({threads(cell.threads)}, {cell.vcpus} vCPU"
                 f"{'s' if cell.vcpus != 1 else ''}, {cell.accelerator})",
                 ("lock class", "acquisitions: base", "test", "change", "contentions: base",
                  "test", "share contended: base", "test", "hold time µs: base", "test",
                  "verdict"),
                 tuple(row for *_, row in sorted(rows)), note)


def _sites(cell: CellResult) -> Table | None:
    """Where tasks waited for a lock, the busiest first."""
    contended = sorted((metric for metric in cell.metrics if metric.name.startswith("contended.")),
                       key=lambda metric: (-max(metric.base or 0.0, metric.test or 0.0),
                                           metric.name))
    rows = tuple((printable(label(metric.name), 80), number(metric.base), number(metric.test))
                 for metric in contended[:_SITES])
    return Table("Call sites that waited most, contentions per swapped-out page",
                 ("lock class and function", "base", "test"), rows) if rows else None
