# SPDX-License-Identifier: GPL-2.0-only
"""From a sample's lock_stat to the figures of the locks tier.

    locks.CLASS.acquisitions_per_page, .contentions_per_page   counts
    locks.CLASS.contention_share                               contentions / acquisitions
    locks.CLASS.hold_us_per_page, .wait_us_per_page            microseconds
    locks.swap_path.*                                          the same of all the swap-out
                                                               path's classes together
    lock_stat.*                                                what lock-stat itself costs
    contended.CLASS.FUNCTION                                   contentions per page that waited
                                                               in FUNCTION; the busiest alone
"""
from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from runner.errors import CannotMeasure, printable
from runner.metrics import lockclass, lockkeys, lockrows, lockstat
from runner.records import Metric

LOCK_STAT = "steady-end.lock_stat"
METRIC = re.compile(r"locks\.[a-z0-9_]+\.((acquisitions|contentions|hold_us|wait_us)_per_page"
                    r"|contention_share)")

#: Lock classes taken less often than this per page go into locks.other, but for
#: those of the swap-out path.
SMALL = 0.01
#: Contended call sites that are kept.
SITES = 10
#: How many fields of the guest's files nobody could read, and nothing needs.
LEFT_OUT = "fields_left_out"

#: Spin locks: who finds one taken waits in its queue.
QUEUED = (*lockclass.SWAP_PATH, "lru", "zone", "page_table", "runqueue")
LEAST_ROW = 100              # acquisitions; rarer classes are of boot and of devices


def _floors(named: Sequence[lockclass.Named]) -> dict[str, Metric]:
    """What lock-stat itself costs, as far as its own counts tell.

    No hold is shorter than what lock-stat does within it.  Annotations (sequence
    counts) are acquired and released in one breath; what queues for a lock passes
    through lock_acquired() on top.
    """
    rows = [(member, row) for member in named for row in member.lock.rows
            if row.acquisitions >= LEAST_ROW]
    floors = {"hold_floor_us": rows,
              "queued_hold_floor_us": [row for row in rows if row[0].stable in QUEUED]}
    figures = {}
    for name, some in floors.items():
        if known := [row.hold_min for _, row in some if row.hold_min is not None]:
            figures[f"lock_stat.{name}"] = Metric(min(known), "µs", "", LOCK_STAT)
    return figures


def _figures(stable: str, members: Sequence[lockclass.Named], pages: int, source: str
             ) -> dict[str, Metric]:
    """What is said of each class; a time that the kernel did not print has no figure."""
    doubt = ", ".join(sorted({member.maybe for member in members if member.maybe}))
    taken = sum(member.lock.acquisitions for member in members)
    waited = sum(member.lock.contentions for member in members)
    held = lockrows.total(member.lock.hold_total for member in members)
    wait = lockrows.total(member.lock.wait_total for member in members)
    parts = (
        ("acquisitions_per_page", "acquisitions/page", taken / pages),
        ("contentions_per_page", "contentions/page", waited / pages),
        ("contention_share", "", waited / taken if taken else 0.0),
        ("hold_us_per_page", "µs/page", None if held is None else held / pages),
        ("wait_us_per_page", "µs/page", None if wait is None else wait / pages))
    return {f"locks.{stable}.{part}": Metric(value, unit, "lower", source, doubt)
            for part, unit, value in parts if value is not None}


def _source(members: Sequence[lockclass.Named]) -> str:
    """The printed names a figure is of."""
    names = [printable(member.lock.name, 45) or "(no name)" for member in members[:3]]
    return f"{LOCK_STAT}: {', '.join(names)}{' …' if members[3:] else ''}"


def _path(named: Sequence[lockclass.Named], pages: int) -> dict[str, Metric]:
    """The sum of the swap-out path; none where a class that matters may or may not be of it."""
    if sum(member.lock.acquisitions for member in named if member.maybe) >= SMALL * pages:
        return {}
    members = [member for member in named if member.path]
    parts = sorted({member.stable for member in members
                    if member.lock.acquisitions >= SMALL * pages})
    return _figures(lockclass.PATH_SUM, members, pages, f"{LOCK_STAT}: {', '.join(parts)}")


def measure(evidence: Path, pages: int) -> dict[str, Metric]:
    """All figures of the locks tier by name; `pages` is what they are per."""
    stat = lockstat.load(evidence / LOCK_STAT)
    if stat.disabled:
        raise CannotMeasure(f"{LOCK_STAT}: lockdep turned itself off, so the counts are not "
                            "whole; see console.log for its complaint")
    together: dict[str, list[lockclass.Named]] = {}
    keys = lockkeys.load(evidence)
    named = lockclass.identify(stat.classes, keys)
    for member in named:
        if member.stable != lockclass.ANNOTATION:
            together.setdefault(member.stable, []).append(member)
    small: list[lockclass.Named] = []
    for stable in [name for name in together if name not in lockclass.SWAP_PATH]:
        taken = sum(member.lock.acquisitions + 10 * member.lock.contentions
                    for member in together[stable])
        if taken < SMALL * pages:
            small += together.pop(stable)
    if small:
        together["other"] = together.get("other", []) + small
    # Annotations with them: lock-stat's work is the same.
    whole = sum(member.lock.acquisitions for member in named) / pages
    figures = {"lock_stat.taken_per_page": Metric(whole, "acquisitions/page", "", LOCK_STAT),
               **_floors(named), **_path(named, pages)}
    if stat.left_out:
        figures[LEFT_OUT] = Metric(len(stat.left_out), "fields", "", stat.left_out[0])
    for stable, proof in lockclass.gone(named, keys, SMALL * pages).items():
        figures |= _figures(stable, [], pages, f"{lockkeys.LOCKDEP_FILE}: {proof}")
    sites: dict[str, int] = {}
    for stable, members in sorted(together.items()):
        figures |= _figures(stable, members, pages, _source(members))
        for member in members:
            for site in member.lock.waiters:
                key = f"contended.{stable}.{_function(site)}"
                sites[key] = sites.get(key, 0) + site.count
    busiest = sorted(sites, key=lambda key: (-sites[key], key))[:SITES]
    return figures | {key: Metric(sites[key] / pages, "contentions/page", "", LOCK_STAT)
                      for key in busiest}


def _function(site: lockstat.CallSite) -> str:
    """Where a task waited, fit for a metric's name: 'add_to_swap_cache'."""
    return re.sub(r"[^A-Za-z0-9_]", "_", site.function)[:64] or "unknown"
