# SPDX-License-Identifier: GPL-2.0-only
"""What every report shows, computed once: tables of ready texts.

Every text here is one printable line; a format adds only its own escaping.
"""
from __future__ import annotations

from dataclasses import dataclass

from runner.budget import BUDGET
from runner.errors import printable
from runner.figures import MetricResult, Verdict, label, number, titled
from runner.instruments import contention, profile
from runner.records import Accelerator
from runner.results import CellResult, Comparison, threads
from runner.tier.counts import DEFAULT_THRESHOLDS
from runner.torture import TORTURE

#: Shown beside the decisive metrics of the exact and timed tiers; the rest is in the JSON.
COUNTERS = ("pswpout", "pgscan_per_page", "direct_share", "allocstall_per_page",
            "pgmajfault_per_page", "fairness_min_max", "fairness_jain", "device_ceiling_mib_s",
            "device_random_mib_s", "device_instructions_per_page",
            "device_random_instructions_per_page", "swap_efficiency", "lock_waits_per_page",
            "lock_wait_ns_per_page", "profile_samples", profile.COVERAGE)
_NS = ("ns per swapped-out page", "instructions per swapped-out page")
#: What perf saw in the steady phase: prefix of the metrics, what they are, in what (timed, exact).
TOPS = ((profile.PREFIX, "Kernel functions by their own CPU time", _NS),
        (contention.PREFIX, "Call sites that waited longest for a lock", _NS))
#: Lock classes taken less often per page on both sides are folded into one row.
_FEW = 0.05
_LONG = 400
_SITES = 6
_DECIDED = (Verdict.REGRESSED, Verdict.IMPROVED)


@dataclass(frozen=True)
class Table:
    title: str
    columns: tuple[str, ...]               # the first is text, the others are figures
    rows: tuple[tuple[str, ...], ...]
    note: str = ""


@dataclass(frozen=True)
class Line:
    what: str                              # 'exact, 1 thread'
    verdict: str
    reason: str
    why: str


@dataclass(frozen=True)
class Section:
    """One test kernel on one device."""

    title: str
    tables: tuple[Table, ...]
    verdicts: tuple[Line, ...]
    evidence: tuple[str, ...]


@dataclass(frozen=True)
class View:
    title: str
    verdict: str
    reason: str
    sections: tuple[Section, ...]
    warnings: tuple[str, ...]
    excluded: tuple[str, ...]
    assumptions: tuple[str, ...]
    bisects: tuple[Line, ...] = ()         # which commit; `why` is the bisect's folder


def change(result: MetricResult) -> str:
    """A change for people: '+4.60%', a dash for none."""
    if result.change is None:
        return "–"
    return "0%" if result.change == 0 else f"{result.change:+.1%}" \
        if abs(result.change) >= 0.1 else f"{result.change:+.2%}"


def interval(result: MetricResult) -> str:
    """An interval for people: '-2.0% to +15.0%', empty for none."""
    return f"{result.interval[0]:+.1%} to {result.interval[1]:+.1%}" if result.interval else ""


def _speed(cells: list[CellResult]) -> Table | None:
    rows = []
    for cell in cells:
        emulated = "" if cell.accelerator == Accelerator.KVM else ", emulated"
        shown = [one for one in cell.metrics
                 if one.verdict is not None or one.name in DEFAULT_THRESHOLDS]
        shown += [one for name in COUNTERS for one in cell.metrics
                  if one.name == name and one.verdict is None]
        for one in shown:
            rows.append((printable(f"{titled(one.name, one.unit)} ({cell.tier}{emulated}, "
                                   f"{threads(cell.threads)})"),
                         number(one.base), number(one.test), change(one), interval(one),
                         one.verdict or ""))
    return Table("Speed and reclaim", ("", "base", "test", "change", "interval", "verdict"),
                 tuple(rows)) if rows else None


def _locks(cell: CellResult) -> Table | None:
    classes: dict[str, dict[str, MetricResult]] = {}
    for one in cell.metrics:
        parts = one.name.split(".")
        if len(parts) == 3 and parts[0] == "locks":
            classes.setdefault(parts[1], {})[parts[2]] = one
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
    found = sorted((one for one in cell.metrics if one.name.startswith("contended.")),
                   key=lambda one: (-max(one.base or 0.0, one.test or 0.0), one.name))
    rows = tuple((printable(label(one.name), 80), number(one.base), number(one.test))
                 for one in found[:_SITES])
    return Table("Call sites that waited most, contentions per swapped-out page",
                 ("lock class and function", "base", "test"), rows) if rows else None


def _top(cell: CellResult, prefix: str, title: str) -> Table | None:
    """What perf found in the steady phase, the largest first."""
    found = sorted((one for one in cell.metrics if one.name.startswith(prefix)),
                   key=lambda one: (-max(one.base or 0.0, one.test or 0.0), one.name))
    rows = tuple((printable(one.name.removeprefix(prefix), 80), number(one.base),
                  number(one.test), change(one)) for one in found)
    return Table(f"{title} ({cell.tier}, {threads(cell.threads)})",
                 ("function", "base", "test", "change"), rows) if rows else None


def _budget(cell: CellResult) -> Table | None:
    rows = tuple((printable(one.name.split(".")[1], 40), number(one.base), number(one.test),
                  change(one), one.verdict or "") for one in cell.metrics)
    return Table(f"Lock acquisitions per swapped-out page ({threads(cell.threads)})",
                 ("lock class", "budget", "measured", "change", "verdict"), rows) if rows else None


def _torture(cells: list[CellResult]) -> Table | None:
    counted = {one.name: one.unit for cell in cells for one in cell.metrics}
    values = [{one.name: f"{one.test:.0f}" for one in cell.metrics if one.test is not None}
              for cell in cells]
    rows = tuple((f"{name.removeprefix('torture.').replace('_', ' ')}{unit and ', '}{unit}",
                  *(one.get(name, "–") for one in values)) for name, unit in counted.items())
    boots = tuple(f"{printable(cell.workload, 40)}, {threads(cell.threads)}" for cell in cells)
    return Table("What was done", ("", *boots), rows) if rows else None


def _section(cells: list[CellResult]) -> Section:
    if cells[0].base == BUDGET:
        tables = [_budget(cell) for cell in cells]
    elif cells[0].base == TORTURE:
        tables = [_torture(cells)]
    else:
        tables = [_speed([cell for cell in cells if cell.tier != "locks"])]
        tables += [make(cell) for cell in cells if cell.tier == "locks"
                   for make in (_locks, _sites)]
        tables += [_top(cell, prefix, f"{what}, {unit[cell.tier == 'exact']}") for cell in cells
                   for prefix, what, unit in TOPS]
    # The locks tier's reason names its locks already.
    verdicts = tuple(
        Line(f"{cell.workload if cell.base == TORTURE else cell.tier}, {threads(cell.threads)}",
             cell.verdict, printable(cell.reason, _LONG),
             printable(cell.why, _LONG)
             if cell.tier != "locks" and cell.verdict in _DECIDED else "")
        for cell in cells)
    evidence = dict.fromkeys(printable(folder) for cell in cells for folder in cell.evidence)
    what = f"{cells[0].test} against {cells[0].base}" if cells[0].base else cells[0].test
    return Section(printable(f"{what} on {cells[0].device}"),
                   tuple(table for table in tables if table), verdicts, tuple(evidence))


def build(comparison: Comparison) -> View:
    """The view of a comparison; the same comparison always gives the same view."""
    places: dict[tuple[str, str, str], list[CellResult]] = {}
    for cell in comparison.cells:
        places.setdefault((cell.base, cell.test, cell.device), []).append(cell)
    excluded = tuple(printable(f"sample {one.number} ({one.label}): {'; '.join(one.reasons)}; "
                               f"see {one.evidence}", _LONG) for one in comparison.excluded)
    tests = ", ".join(comparison.tests)
    title = f"{tests} against {comparison.base}" if tests else \
        ", ".join(dict.fromkeys(cell.test for cell in comparison.cells)) or comparison.base
    return View(printable(title), comparison.verdict,
                printable(comparison.reason, _LONG),
                tuple(_section(cells) for cells in places.values()),
                tuple(printable(one, _LONG) for one in comparison.warnings), excluded,
                tuple(printable(one, _LONG) for one in comparison.assumptions),
                tuple(Line(printable(one.regression, _LONG), one.state,
                           printable(one.said, _LONG), printable(one.folder))
                      for one in comparison.bisects))


def bisected(shown: View) -> tuple[str, ...]:
    """A line for each regression that a bisect was to name the commit of."""
    return tuple(f"{one.what}: {one.verdict}: {one.reason}" + (f"; in {one.why}" if one.why else "")
                 for one in shown.bisects)
