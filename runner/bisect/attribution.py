# SPDX-License-Identifier: GPL-2.0-only
"""What each patch of a series changed: every prefix measured, each held against the one before."""
from __future__ import annotations

import dataclasses
import json
from collections.abc import Sequence
from dataclasses import dataclass

from runner.asked import Experiment
from runner.bisect.patches import Patches
from runner.errors import Exit
from runner.judge import tier, verdict
from runner.judge.figures import MetricResult, Verdict, label, number
from runner.judge.results import CellResult, as_data, threads
from runner.records import Sample
from runner.report.markdown import escape

FORMAT = 1


@dataclass(frozen=True)
class Column:
    """One judged metric of one cell."""

    device: str
    threads: int
    tier: str
    metric: str
    on: str = ""              # as CellResult.on

    def title(self) -> str:
        return f"{label(self.metric)} ({self.device}, {threads(self.threads)}{self.on})"


@dataclass(frozen=True)
class Patch:
    number: int               # 0: without the series
    title: str
    cells: tuple[CellResult, ...]

    def get(self, column: Column) -> MetricResult | None:
        return next((metric for cell in self.cells for metric in cell.metrics
                     if metric.name == column.metric
                     and (cell.device, cell.threads, cell.tier) == (column.device, column.threads,
                                                                    column.tier)), None)


@dataclass(frozen=True)
class Attribution:
    series: str
    patches: tuple[Patch, ...]
    warnings: tuple[str, ...]

    @property
    def exit(self) -> Exit:
        """Worst of the patches."""
        verdicts = {cell.verdict for patch in self.patches for cell in patch.cells}
        return Exit.CANNOT_MEASURE if Verdict.INVALID in verdicts else \
            Exit.REGRESSED if Verdict.REGRESSED in verdicts else Exit.OK

    def columns(self) -> list[Column]:
        """What is judged and moved somewhere, and what each tier is for."""
        seen: dict[Column, bool] = {}
        for patch in self.patches:
            for cell in patch.cells:
                for metric in cell.metrics:
                    if metric.verdict is not None:
                        column = Column(cell.device, cell.threads, cell.tier, metric.name, cell.on)
                        moved = metric.verdict not in (Verdict.EQUIVALENT, Verdict.INCONCLUSIVE)
                        always = not tier.find(column.tier).counts_locks
                        seen[column] = seen.get(column, always) or moved
        return [column for column, shown in seen.items() if shown]


def attribute(points: Patches, experiment: Experiment, samples: Sequence[Sample]) -> Attribution:
    """Each prefix against the one before, by the experiment's rules."""
    patches: list[Patch] = []
    warnings: tuple[str, ...] = ()
    for number_ in range(1, len(points.names) + 1):
        before, name = (points.kernel(str(point)) for point in (number_ - 1, number_))
        # All samples at once: the exact tier's self-check is among those of the first prefix.
        compared = verdict.compare(samples, dataclasses.replace(experiment.rules, base=before))
        patches.append(Patch(number_, points.title(str(number_)).partition(" ")[2],
                             tuple(cell for cell in compared.cells if cell.test == name)))
        warnings = compared.warnings
    return Attribution(points.where, tuple(patches), warnings)


def _cell(metric: MetricResult | None) -> str:
    if metric is None:
        return ""
    change = f" {metric.change:+.2%}" if metric.change is not None and metric.verdict not in (
        None, Verdict.EQUIVALENT) else ""
    return f"{number(metric.test)}{change}"


def _rows(attribution: Attribution) -> list[tuple[str, ...]]:
    columns = attribution.columns()
    rows = [("", "patch", *(column.title() for column in columns))]
    if attribution.patches:
        first = [attribution.patches[0].get(column) for column in columns]
        rows.append(("0", "without the series", *(number(metric.base) if metric else ""
                                                  for metric in first)))
    return rows + [(str(patch.number), patch.title,
                    *(_cell(patch.get(column)) for column in columns))
                   for patch in attribution.patches]


def text(attribution: Attribution) -> str:
    """For a terminal: a block for each patch, for subjects are long."""
    columns = attribution.columns()
    lines = [f"{attribution.series}, patch by patch"]
    for row in _rows(attribution)[1:]:
        lines += ["", f"{row[0]:>3}  {row[1]}",
                  *(f"       {column.title()}: {cell}" for column, cell in zip(columns, row[2:]))]
    return "\n".join([*lines, *(f"warning: {warning}" for warning in attribution.warnings)]) + "\n"


def markdown(attribution: Attribution) -> str:
    rows = _rows(attribution)
    lines = [f"# {escape(attribution.series)}, patch by patch", "",
             "| " + " | ".join(map(escape, rows[0])) + " |",
             "| ---: | --- |" + " ---: |" * len(attribution.columns())]
    lines += ["| " + " | ".join(map(escape, row)) + " |" for row in rows[1:]]
    lines += ["", *(f"- {escape(warning)}" for warning in attribution.warnings)]
    return "\n".join(lines).rstrip() + "\n"


def to_json(attribution: Attribution) -> str:
    return json.dumps({"swapscale-attribution": FORMAT, **dataclasses.asdict(attribution),
                       "patches": [
        {**dataclasses.asdict(patch), "cells": [as_data(cell) for cell in patch.cells]}
        for patch in attribution.patches]}, indent=1,
                      sort_keys=True, allow_nan=False) + "\n"


FORMATS = {"text": text, "markdown": markdown, "json": to_json}
FILES = {"text": "attribution.txt", "markdown": "attribution.md", "json": "attribution.json"}
