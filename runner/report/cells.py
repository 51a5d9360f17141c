# SPDX-License-Identifier: GPL-2.0-only
"""A comparison's cells as an HTML page shows them: a card for each, and tables over all."""
from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from runner.errors import printable
from runner.judge import results, shown, tier
from runner.judge.figures import MetricResult, Verdict, number, titled
from runner.judge.results import CellResult, Comparison, Kind
from runner.metrics.lockclass import PATH_SUM
from runner.report import view
from runner.report.grid import Column, Grid, Names, Row, Value

#: What the page's filters choose by.
FACETS = ("kernel", "device", "threads", "tier", "verdict")
_TAKEN = ".acquisitions_per_page"
_LONG = 600


@dataclass(frozen=True)
class Card:
    """One cell in words, with everything that was measured in it."""

    id: str
    title: str
    verdict: str
    reason: str
    why: str
    boots: str
    grid: Grid
    facets: dict[str, str]
    samples: tuple[Value, ...]             # links to what the boots left


def _facets(cell: CellResult, verdict: str) -> dict[str, str]:
    return {"kernel": printable(cell.test), "device": printable(cell.device),
            "threads": str(cell.threads), "tier": printable(cell.tier), "verdict": verdict}


def _figure(value: float | None) -> Value:
    return Value(number(value), value)


def _change(result: MetricResult) -> Value:
    return Value(shown.change(result), result.change)


def _verdict(text: str | None) -> Value:
    return Value(text or "", verdict=bool(text))


def _whole(cell: CellResult, id_: str) -> Grid:
    """Everything measured in a cell."""
    rows = [Row((Value(printable(titled(metric.name, metric.unit))), _figure(metric.base),
                 _figure(metric.test), _change(metric),
                 Value(shown.interval(metric), metric.interval[0] if metric.interval else None),
                 _verdict(metric.verdict), Value(printable(metric.reason, _LONG))))
            for metric in sorted(cell.metrics,
                                 key=lambda metric: (metric.verdict is None, metric.name))]
    base = "budget" if cell.base.kind is Kind.BUDGET else "base"
    columns = (Column("metric", False), Column(base), Column("test"), Column("change"),
               Column("95% interval"), Column("verdict", False), Column("why", False))
    return Grid(f"{id_}-all", "All that was measured in this cell", columns, tuple(rows))


def cards(comparison: Comparison, names: Names, links: dict[str, Value]) -> tuple[Card, ...]:
    """A card per cell; `links` leads from an evidence folder to where the page shows it."""
    made = []
    for cell in comparison.cells:
        id_ = names.anchor("cell", cell.test, cell.device, str(cell.threads), cell.workload,
                           cell.tier, "budget" if cell.base.kind is Kind.BUDGET else "")
        own, itself = tier.find(cell.tier), cell.base.kind is Kind.ITSELF
        title = f"{cell.test if itself else cell.title} · {cell.device} · " \
                f"{results.threads(cell.threads)} · {cell.tier}" \
                f"{' (' + cell.workload + ')' if itself else ''}" \
                f"{own.stamp(cell) if own.stamped else ''}"
        boots = [f"{count} boot{'s' if count != 1 else ''} of {side}" for count, side in
                 ((cell.base_samples, cell.test if cell.alone else cell.base),
                  (cell.test_samples, cell.test))
                 if count]
        made.append(Card(id_, printable(title, _LONG), cell.verdict,
                         printable(cell.reason, _LONG), printable(cell.why, _LONG),
                         printable(f"{', '.join(boots) or 'no boot'} on {cell.accelerator}, "
                                   f"{cell.vcpus} vCPU{'s' if cell.vcpus != 1 else ''}", _LONG),
                         _whole(cell, id_), _facets(cell, cell.verdict),
                         tuple(links[folder] for folder in cell.evidence if folder in links)))
    return tuple(made)


def _place(cell: CellResult, card: Card, several: bool) -> tuple[Value, ...]:
    kernel = (Value(printable(cell.test)),) if several else ()
    where = f"{results.threads(cell.threads)}, {printable(cell.measured_by)}"
    return (Value(where, href=f"#{card.id}"), *kernel, Value(printable(cell.device)))


def _several(comparison: Comparison) -> bool:
    return len({cell.test for cell in comparison.cells}) > 1


def _speed(comparison: Comparison, cards_of: Sequence[Card], judged: bool) -> tuple[Row, ...]:
    several = _several(comparison)
    rows = []
    for cell, card in zip(comparison.cells, cards_of):
        for metric in cell.metrics:
            decides = metric.verdict is not None or metric.name in tier.thresholds()
            if cell.base.kind in (Kind.BUDGET, Kind.ITSELF) or metric.name.startswith("locks.") \
                    or decides != judged or (not judged and metric.name not in view.COUNTERS):
                continue
            rows.append(Row((*_place(cell, card, several),
                             Value(printable(titled(metric.name, metric.unit))),
                             _figure(metric.base),
                             _figure(metric.test), _change(metric),
                             *((Value(shown.interval(metric),
                                      metric.interval[0] if metric.interval else None),
                                _verdict(metric.verdict)) if judged else ())),
                            _facets(cell, metric.verdict or "for information")))
    return tuple(rows)


def _speed_columns(comparison: Comparison) -> tuple[Column, ...]:
    kernel = (Column("kernel", False),) if _several(comparison) else ()
    return (Column("cell", False), *kernel, Column("device", False), Column("metric", False),
            Column("base"), Column("test"), Column("change"))


def effects(comparison: Comparison, cards_of: Sequence[Card]) -> Grid | None:
    """Every figure that is judged, but for locks."""
    rows = _speed(comparison, cards_of, True)
    return Grid("effects-table", "Speed", (*_speed_columns(comparison), Column("95% interval"),
                                           Column("verdict", False)), rows,
                "An interval takes pairs of boots; exact figures repeat to the digit and have "
                "none.") if rows else None


def counters(comparison: Comparison, cards_of: Sequence[Card]) -> Grid | None:
    """What explains the figures: the kernel's counters, the threads', tools'; not judged."""
    rows = _speed(comparison, cards_of, False)
    return Grid("counters-table", "Reclaim, fairness and instruments, for information",
                _speed_columns(comparison), rows) if rows else None


def _lock_rows(cell: CellResult) -> Iterable[tuple[str, MetricResult, dict[str, MetricResult]]]:
    by_name = {metric.name: metric for metric in cell.metrics}
    for metric in cell.metrics:
        if metric.name.startswith("locks.") and metric.name.endswith(_TAKEN):
            yield metric.name.removeprefix("locks.").removesuffix(_TAKEN), metric, by_name


def locks(comparison: Comparison, cards_of: Sequence[Card]) -> Grid | None:
    """Every lock class of every cell of the locks tier."""
    several = _several(comparison)
    rows = []
    for cell, card in zip(comparison.cells, cards_of):
        if not tier.find(cell.tier).counts_locks or cell.base.kind is Kind.BUDGET:
            continue
        for name, metric, others in _lock_rows(cell):
            more = [others.get(f"locks.{name}.{part}_per_page")
                    for part in ("contentions", "hold_us")]
            rows.append(((name != PATH_SUM, -max(metric.base or 0.0, metric.test or 0.0)), Row(
                (Value(printable(name, 40)), *_place(cell, card, several),
                 _figure(metric.base), _figure(metric.test), _change(metric),
                 *(_figure(side) for part in more
                   for side in ((part.base, part.test) if part else (None, None))),
                 _verdict(metric.verdict)), _facets(cell, metric.verdict or "for information"))))
    rows.sort(key=lambda pair: pair[0])
    kernel = (Column("kernel", False),) if several else ()
    columns = (Column("lock class", False), Column("cell", False), *kernel,
               Column("device", False), Column("taken: base"), Column("taken: test"),
               Column("change"), Column("contended: base"), Column("contended: test"),
               Column("held µs: base"), Column("held µs: test"), Column("verdict", False))
    return Grid("locks-table", "Every lock class, per swapped-out page", columns,
                tuple(row for _, row in rows)) if rows else None


def budgets(comparison: Comparison, cards_of: Sequence[Card]) -> Grid | None:
    """Lock counts held against their checked-in budget."""
    several = _several(comparison)
    rows = [Row((Value(printable(metric.name.split(".")[1], 40)), *_place(cell, card, several),
                 _figure(metric.base), _figure(metric.test), _change(metric),
                 _verdict(metric.verdict)),
                _facets(cell, metric.verdict or "for information"))
            for cell, card in zip(comparison.cells, cards_of) if cell.base.kind is Kind.BUDGET
            for metric in cell.metrics if metric.name.count(".") == 2]
    kernel = (Column("kernel", False),) if several else ()
    columns = (Column("lock class", False), Column("cell", False), *kernel,
               Column("device", False), Column("budget"), Column("measured"), Column("change"),
               Column("verdict", False))
    return Grid("budget-table", "Lock acquisitions per swapped-out page against their budget",
                columns, tuple(rows)) if rows else None


def tally(comparison: Comparison) -> tuple[tuple[str, int], ...]:
    """How many cells came to each verdict, worst first."""
    order = (Verdict.UNSOUND, Verdict.REGRESSED, Verdict.INVALID, Verdict.INCONCLUSIVE,
             Verdict.IMPROVED, Verdict.EQUIVALENT, Verdict.SOUND)
    counted = [(str(verdict), sum(cell.verdict == verdict for cell in comparison.cells))
               for verdict in order]
    return tuple(count for count in counted if count[1])
