# SPDX-License-Identifier: GPL-2.0-only
"""The page of one campaign: verdict, effects, locks, throughput, then all the evidence."""
from __future__ import annotations

import json
import os
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import quote

from runner.errors import printable
from runner.judge import tier
from runner.judge.figures import number
from runner.judge.results import Comparison
from runner.judge.shown import Picture
from runner.reason import joined
from runner.records import Sample
from runner.report import cells, evidencefiles, extras, grid, html, view
from runner.report.evidencefiles import Folder, SampleEvidence
from runner.report.grid import Column, Figure, Grid, Row, Value

#: Kinds of pictures, a section of the page for each.
KINDS = ("effects", "locks", "throughput", "latency", "course")


def _headline(sample: Sample) -> Value:
    metric = sample.metrics.get(tier.find(sample.cell.tier).headline)
    return Value(f"{number(metric.value)} {metric.unit}", metric.value) if metric else Value("")


def _samples(samples: Sequence[Sample], shown: Sequence[SampleEvidence]) -> Grid | None:
    rows = [Row((Value(str(sample.number), sample.number, f"#{seen.id}"),
                 Value(printable(sample.cell.kernel)), Value(printable(sample.cell.device)),
                 Value(str(sample.cell.threads), sample.cell.threads),
                 Value(printable(tier.measured_by(sample))),
                 Value(str(sample.repeat + 1), sample.repeat), _headline(sample),
                 Value(f"{sample.wall_seconds:.1f} s", sample.wall_seconds),
                 Value(printable(sample.outcome
                                 if not sample.invalid else joined(sample.invalid), 200))),
                seen.facets) for sample, seen in zip(samples, shown)]
    columns = (Column("sample"), Column("kernel", False), Column("device", False),
               Column("threads"), Column("tier", False), Column("boot"), Column("measured"),
               Column("took"), Column("outcome", False))
    return Grid("samples-table", "Every boot", columns, tuple(rows)) if rows else None


def _told(comparison: Comparison, samples: Sequence[Sample], folder: Path | None
          ) -> list[tuple[str, str]]:
    """What was measured, when and on what."""
    facts = [("base", comparison.base or "none: each kernel is measured alone"),
             ("test", ", ".join(comparison.tests) or
              ", ".join(dict.fromkeys(
                  cell.test for cell in comparison.cells
                  if not cell.alone or cell.test != comparison.base)) or "none")]
    if folder is not None:
        try:
            record = json.loads((folder / "campaign.json").read_text(encoding="utf-8"))
            facts.append(("experiment", str(record["experiment"])))
        except (OSError, ValueError, LookupError, TypeError):
            pass
    if samples:
        began = min(sample.started for sample in samples)
        ended = max(sample.started for sample in samples)
        hosts = dict.fromkeys(f"{sample.host.get('cpu', 'unknown CPU')}, "
                              f"{sample.host.get('cores', '?')} cores, "
                              f"QEMU {sample.host.get('qemu', '?')}" for sample in samples)
        counts = sum(not sample.invalid for sample in samples)
        facts += [("began", grid.clock(began)), ("last boot", grid.clock(ended)),
                  ("boots", f"{len(samples)}, of which {counts} count"),
                  ("accelerators", ", ".join(sorted({sample.accelerator for sample in samples}))),
                  ("host", "; ".join(hosts))]
    facts.append(("exit status", str(int(comparison.exit))))
    return [(key, printable(value, 400)) for key, value in facts]


def _bisects(comparison: Comparison, shown: view.View, folder: Path | None
             ) -> list[tuple[view.Line, str]]:
    """What is said of each bisect, and the link to its own report."""
    return [(line, quote(os.path.relpath(bisect.report, folder))
             if folder is not None and Path(bisect.report).is_file() else "")
            for bisect, line in zip(comparison.bisects, shown.bisects)]


def _figures(pictures: Sequence[Picture]) -> dict[str, list[Figure]]:
    figures: dict[str, list[Figure]] = {kind: [] for kind in KINDS}
    for at, picture in enumerate(pictures):
        figures.setdefault(picture.kind, []).append(
            grid.figure(f"figure-{at}", printable(picture.title), picture.drawn, picture.caption))
    return figures


def render(comparison: Comparison, folder: Path | None = None,
           pictures: Sequence[Picture] = ()) -> str:
    """The page; with `folder`, the campaign's, also its evidence and links into it."""
    shown = view.build(comparison)
    kept, samples = evidencefiles.read(folder) if folder is not None else \
        (Folder("", (), ()), [])
    links = {sample.evidence: Value(f"sample {sample.number}", href=f"#{seen.id}")
             for sample, seen in zip(samples, kept.samples)}
    cards = cells.cards(comparison, grid.Names(), links)
    tables = {"effects": cells.effects(comparison, cards),
              "counters": cells.counters(comparison, cards),
              "locks": cells.locks(comparison, cards),
              "budgets": cells.budgets(comparison, cards),
              "latency": extras.table(
                  extras.gather(samples, folder) if folder is not None else [], links),
              "samples": _samples(samples, kept.samples)}
    rows = [row for table in tables.values() if table for row in table.rows]
    rows += [Row((), card.facets) for card in cards]
    return html.page(
        "campaign.html.j2", view=shown, tally=cells.tally(comparison),
        facts=_told(comparison, samples, folder), facets=grid.facets(cells.FACETS, rows),
        bisects=_bisects(comparison, shown, folder), cards=cards, tables=tables,
        figures=_figures(pictures), folder=kept,
        own=[table for section in shown.sections for table in section.own],
        tiers=[own for own in tier.TABLE.values() if own.summary])
