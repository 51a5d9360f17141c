# SPDX-License-Identifier: GPL-2.0-only
"""What a kernel's page costs, from the samples of a campaign under icount.

One vCPU that counts instructions has no other time, so the exact tier gives a
page's instructions and the locks tier each lock's hold time in instructions.
Lock-stat's own work is in the latter.  How much that is, is measured, too: the
same kernel with it and without, over all acquisitions it counted.
"""
from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

from runner.errors import CannotMeasure, printable
from runner.figures import middle
from runner.model.machinefile import Figure
from runner.records import Accelerator, Sample

#: Locks that workers share: of each swap device (swap_device, swap_cgroup), of
#: each node (lru), of each zone (zone), of all devices (swap_avail); swap cache
#: trees and clusters, of which neighbouring slots share one.  Slot caches and
#: page tables belong to one CPU and one process: their holds are private work.
SHARED = ("swap_cache_tree", "swap_device", "swap_cluster", "swap_avail", "swap_cgroup", "lru",
          "zone")

LEAST_TAKEN = 1e-6           # per page; swapsim takes none below
LEAST_HOLD = 1.0             # instructions


@dataclass(frozen=True)
class Lock:
    """A shared lock class as one page takes it."""

    name: str
    kind: str                 # 'spin', 'mutex' or 'rwsem'
    acquisitions: float       # per page
    hold: float               # instructions per acquisition, lock-stat's taken off
    hold_low: float
    hold_high: float
    batch: float              # pages to an acquisition, at least 1


@dataclass(frozen=True)
class Inputs:
    """One kernel, in instructions per swapped-out page."""

    kernel: str
    fault_instructions: float     # to fault a page in and write it
    reclaim_instructions: float   # to swap one out, outside of the shared locks
    locks: tuple[Lock, ...]
    lock_stat_instructions: float  # that lock-stat adds to an acquisition
    sources: tuple[str, ...]

    def lock(self, name: str) -> Lock | None:
        return next((one for one in self.locks if one.name == name), None)


def _samples(samples: Iterable[Sample], kernel: str, tier: str) -> list[Sample]:
    found = [one for one in samples
             if one.cell.kernel == kernel and one.cell.tier == tier and one.cell.threads == 1
             and one.accelerator == Accelerator.ICOUNT and not one.invalid]
    if not found:
        raise CannotMeasure(f"projection: no valid sample of {printable(kernel, 80)} on the {tier} "
                            "tier with 1 thread under icount; run configs/model.toml with it")
    return found


class _Reader:
    def __init__(self, samples: list[Sample], what: str) -> None:
        self.samples = samples
        self.what = what

    def value(self, name: str, least: float) -> float:
        value = middle(self.samples, name)
        if value is None:
            raise CannotMeasure(f"projection: {self.what}: no metric {name}; measure it again with "
                                "this version")
        if not (math.isfinite(value) and value >= least):
            raise CannotMeasure(f"projection: {self.what}: {name}: {value:g} is not a number from "
                                f"{least:g} up")
        return value

    def has(self, name: str) -> bool:
        return middle(self.samples, name) is not None


@dataclass(frozen=True)
class _Overhead:
    """Of lock-stat, in instructions."""

    whole: float              # of an acquisition
    within: float             # of that within the hold
    within_low: float
    share: float              # of all a page does with lock-stat, over what it does without

    def off(self, hold: float) -> Figure:
        """A hold without lock-stat.

        What lock-stat does for the lock itself is known within two floors.  What
        it does for locks taken inside depends on how many there are; they are
        taken to be as dense as in the whole page.  At least there are none, and
        twice as many is the other end.
        """
        own = max(LEAST_HOLD, hold - self.within)
        value = max(LEAST_HOLD, own / self.share)
        return Figure(value, max(LEAST_HOLD, own / (2 * self.share - 1)),
                      max(value, hold - self.within_low), "locks tier")


def _overhead(exact: float, counted: _Reader) -> _Overhead:
    pages = counted.value("pswpout", 1) * counted.value("pswpout_agreement", 1e-9)
    slow = 1e9 * counted.value("steady_s", 1e-9) / pages
    if slow <= exact:
        raise CannotMeasure(f"projection: {counted.what}: a page takes {slow:.0f} instructions "
                            f"with lock-stat and {exact:.0f} without; the samples are not of one "
                            "workload")
    return _Overhead((slow - exact) / counted.value("lock_stat.taken_per_page", 1e-3),
                     1e3 * counted.value("lock_stat.queued_hold_floor_us", 0),
                     1e3 * counted.value("lock_stat.hold_floor_us", 0), slow / exact)


def _locks(counted: _Reader, overhead: _Overhead) -> list[Lock]:
    found = []
    for name in SHARED:
        if not counted.has(f"locks.{name}.acquisitions_per_page"):
            continue
        taken = counted.value(f"locks.{name}.acquisitions_per_page", 0)
        if taken < LEAST_TAKEN:
            continue
        hold = overhead.off(1e3 * counted.value(f"locks.{name}.hold_us_per_page", 0) / taken)
        found.append(Lock(name, "spin", taken, hold.value, hold.low, hold.high,
                          max(1.0, 1 / taken)))
    return found


def inputs(samples: Iterable[Sample], kernel: str) -> Inputs:
    """Of one kernel; CannotMeasure with one line where the campaign does not give them."""
    samples = list(samples)
    exact = _Reader(_samples(samples, kernel, "exact"), f"{printable(kernel, 80)}, exact tier")
    counted = _Reader(_samples(samples, kernel, "locks"), f"{printable(kernel, 80)}, locks tier")
    page = exact.value("instructions_per_page", 1)
    # A page swapped out makes room for one to be faulted in, nearly.
    fault = exact.value("fault_instructions_per_page", 0) * page / exact.value(
        "instructions_per_written_page", 1)
    overhead = _overhead(page, counted)
    locks = _locks(counted, overhead)
    held = sum(one.acquisitions * one.hold for one in locks)
    if fault + held >= page:
        raise CannotMeasure(f"projection: {exact.what}: {fault:.0f} instructions of faults and "
                            f"{held:.0f} under locks leave nothing of a page's {page:.0f}; exact "
                            "and locks tiers must come from one workload")
    return Inputs(kernel, fault, page - fault - held, tuple(locks), overhead.whole,
                  (f"exact tier: {page:.0f} instructions per page, {fault:.0f} of them in faults",
                   f"locks tier: lock-stat adds {overhead.whole:.0f} instructions to an "
                   f"acquisition, {overhead.within:.0f} of them within the hold"))
