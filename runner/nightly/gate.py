# SPDX-License-Identifier: GPL-2.0-only
"""Tonight against the baseline, by the verdict rules, and against history.

What history says becomes cells of the comparison, held against HISTORY as
others are held against a base or a budget, so that every report format,
JUnit and KTAP among them, shows it without knowing of it.
"""
from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from runner.judge import tier, verdict
from runner.judge.figures import MetricResult, Verdict, describe, percent
from runner.judge.results import HISTORY, Base, CellResult, Comparison
from runner.nightly import changes, history
from runner.nightly.facts import SeriesKey, machine
from runner.nightly.history import ChangePoint, History, Series
from runner.nightly.known import Known
from runner.records import Accelerator


@dataclass(frozen=True)
class Finding:
    """A regression that stands tonight."""

    name: str                 # the same on every night that it stands
    said: str                 # in words, one printable line
    metric: str
    device: str
    threads: int
    tier: str
    change: float             # relative; 0 where it cannot be computed
    against: Base             # another kernel, or HISTORY
    before: str = ""          # HISTORY: commit of the last night before the change; '' of no tree


@dataclass(frozen=True)
class Gated:
    comparison: Comparison    # with history's cells, summed up anew
    findings: tuple[Finding, ...]
    known: tuple[str, ...]    # regressions that are acknowledged, in words
    recovered: tuple[str, ...]


def standing(series: Series) -> ChangePoint | None:
    """The regression that stands in a series: its level is worse than the best accepted one.

    A level is accepted that is better than the one before, or known.
    """
    if not series.changes:
        return None
    worse = 1.0 if series.key.better == "lower" else -1.0
    accepted, blamed = series.changes[0].before, None
    for change in series.changes:
        if change.known or (change.after - accepted) * worse <= 0:
            accepted, blamed = change.after, None
        elif abs(change.after - accepted) <= abs(accepted) * (series.threshold or 0.0):
            blamed = None  # back within the threshold of what was accepted
        elif blamed is None or change.verdict == "regressed":
            blamed = change
    return blamed


def _metric(series: Series) -> MetricResult:
    tonight, key = series.nights[-1], series.key
    blamed = standing(series)
    last = series.changes[-1] if series.changes else None
    before = blamed.before if blamed else series.level()[0].value if len(series.level()) == 1 \
        and last is None else last.before if last and last.at == len(series.nights) - 1 else \
        _median(series)
    change = tonight.value / before - 1 if before else None
    result = MetricResult(key.metric, key.unit, key.better, before, tonight.value, change, None,
                          series.threshold, Verdict.EQUIVALENT,
                          f"within ±{percent(series.threshold or 0.0)} or the noise of "
                          f"{len(series.nights)} nights")
    if blamed:
        return replace(result, verdict=Verdict.REGRESSED, reason=history.told(series, blamed))
    if last and last.at == len(series.nights) - 1 and last.verdict == "improved":
        return replace(result, verdict=Verdict.IMPROVED, reason=history.told(series, last))
    if last and last.known:
        return replace(result, reason=history.told(series, last))
    return result


def _median(series: Series) -> float:
    values = sorted(night.value for night in series.level())
    return values[len(values) // 2]


def _enough(series: Series) -> bool:
    fewest = 2 * changes.SHORTEST if tier.find(series.key.tier).by_clock else 2
    return len(series.nights) >= fewest


def _cell(track: str, kernel: str, group: Sequence[Series]) -> CellResult:
    key = group[0].key
    metrics = tuple(_metric(series) for series in group)
    worst = next((worse for worse in (Verdict.REGRESSED, Verdict.IMPROVED)
                  if any(metric.verdict == worse for metric in metrics)), Verdict.EQUIVALENT)
    said = [f"{metric.name}: {metric.reason}" for metric in metrics if metric.verdict == worst]
    reason = "; ".join(said[:3]) if worst != Verdict.EQUIVALENT else \
        f"no change of level in {max(len(series.nights) for series in group)} nights that is not " \
        "accepted"
    vcpus = key.machine.split(" ")[0]
    return CellResult(HISTORY, kernel, key.device, key.threads, key.load, key.tier,
                      Accelerator(key.accelerator).value, int(vcpus) if vcpus.isdecimal() else 1,
                      worst, reason, "", metrics,
                      sum(len(series.nights) - 1 for series in group), len(group),
                      tuple(dict.fromkeys(series.nights[-1].evidence for series in group)),
                      machine=key.simulated)


def _of_tonight(past: History, track: str, campaign: str) -> list[Series]:
    return [series for series in past.series if series.gated and series.key.kernel == track
            and series.nights[-1].campaign == campaign]


def _accept(comparison: Comparison, track: str, since: str, accepted: Known
            ) -> tuple[list[CellResult], list[str]]:
    """The baseline's cells, with regressions taken out that are acknowledged."""
    cells, said = [], []
    for cell in comparison.cells:
        metrics = []
        for metric in cell.metrics:
            reason = ""
            if metric.verdict == Verdict.REGRESSED and not cell.alone:
                key = _key(track, cell, metric)
                reason = accepted.since(key, since, metric.change or 0.0)
            if reason:
                said.append(f"{key.label()}: {describe(metric)}; known: {reason}")
                metric = replace(metric, verdict=Verdict.EQUIVALENT, reason=f"known: {reason}",
                                 known=reason)
            metrics.append(metric)
        bad = [metric for metric in metrics if metric.verdict == Verdict.REGRESSED]
        known = [metric.known for metric in metrics if metric.known]
        if cell.verdict == Verdict.REGRESSED and known and not bad:
            cell = replace(cell, verdict=Verdict.EQUIVALENT,
                           reason=f"every regression in it is known: {'; '.join(known)}")
        cells.append(replace(cell, metrics=tuple(metrics)))
    return cells, said


def _key(track: str, cell: CellResult, metric: MetricResult) -> SeriesKey:
    return SeriesKey("", "", cell.accelerator, machine(cell.vcpus, "", cell.machine), "", "",
                     track, cell.device, cell.threads, cell.workload, cell.tier, metric.name,
                     metric.unit, metric.better)


def judge(comparison: Comparison, past: History, track: str, kernel: str, campaign: str,
          since: str, accepted: Known) -> Gated:
    """The gate: `comparison` is tonight's campaign, `past` the history with tonight in it.

    `since` is the date of the night that the baseline was last known good.
    """
    cells, known = _accept(comparison, track, since, accepted)
    findings = [Finding(f"{_key(track, cell, metric).label()} against {cell.base}",
                        f"{_key(track, cell, metric).label()}: {describe(metric)}", metric.name,
                        cell.device, cell.threads, cell.tier, metric.change or 0.0, cell.base)
                for cell in cells if not cell.alone and cell.verdict == Verdict.REGRESSED
                for metric in cell.metrics if metric.verdict == Verdict.REGRESSED]
    recovered: list[str] = []
    tonight = _of_tonight(past, track, campaign)
    groups: dict[tuple[str, int, str, str], list[Series]] = {}
    warnings = list(comparison.warnings)
    for series in tonight:
        key = series.key
        if not _enough(series):
            continue
        groups.setdefault((key.device, key.threads, key.load, key.tier), []).append(series)
        blamed = standing(series)
        if blamed:
            night = series.nights[blamed.at]
            findings.append(Finding(f"{key.label()} since {night.campaign}",
                                    f"{key.label()}: {history.told(series, blamed)}", key.metric,
                                    key.device, key.threads, key.tier, blamed.change, HISTORY,
                                    series.nights[blamed.at - 1].commit))
        known += [f"{key.label()}: {history.told(series, change)}" for change in series.changes
                  if change.known and change.verdict == "regressed"]
        recovered += [f"{key.label()}: {history.told(series, change)}" for change in series.changes
                      if change.verdict == "improved" and change.at == len(series.nights) - 1]
        low, high = series.fence or (0.0, float("inf"))
        if tier.find(key.tier).by_clock and not low <= series.nights[-1].value <= high:
            warnings.append(
                f"{key.label()}: {series.nights[-1].value:.6g} {key.unit} is outside the series' "
                f"fence ({low:.6g} to {high:.6g}); one night decides nothing, see the next ones")
    cells += [_cell(track, kernel, group) for group in groups.values()]
    few = sum(not _enough(series) for series in tonight)
    assumptions = list(comparison.assumptions)
    if few:
        assumptions.append(f"history: {few} series have too few nights to say anything (it takes "
                           f"2, timed ones {2 * changes.SHORTEST})")
    summed = verdict.with_cells(replace(comparison, warnings=tuple(warnings),
                                        assumptions=tuple(assumptions)), cells)
    return Gated(summed, tuple(findings), tuple(dict.fromkeys(known)), tuple(recovered))
