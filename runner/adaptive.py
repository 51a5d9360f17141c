# SPDX-License-Identifier: GPL-2.0-only
"""Which boots come next: rounds, or memory layouts, up to a look, then no more than it takes.

Asked again after each batch, from the samples on record alone, so that an
interrupted campaign goes on as if nothing had happened.
"""
from __future__ import annotations

import dataclasses
from collections.abc import Sequence

from runner import verdict
from runner.figures import Verdict
from runner.plan import Experiment, Planned
from runner.records import Sample
from runner.results import CellResult
from runner.tier import layouts

_FLAGGED = (Verdict.REGRESSED, Verdict.IMPROVED)


def _judged(experiment: Experiment, samples: Sequence[Sample]) -> list[CellResult]:
    """The place's cells as they stand, before anything is confirmed."""
    rules = dataclasses.replace(experiment.rules, confirm_pairs=0)
    return [cell for cell in verdict.compare(samples, rules).cells if cell.base]


def _settled(cells: Sequence[CellResult]) -> bool:
    judged = [metric for cell in cells for metric in cell.metrics if metric.verdict is not None]
    return bool(judged) and all(cell.metrics for cell in cells) \
        and all(metric.verdict != Verdict.INCONCLUSIVE for metric in judged)


def _flagged(cells: Sequence[CellResult]) -> bool:
    return any(metric.verdict in _FLAGGED for cell in cells for metric in cell.metrics)


def due(experiment: Experiment, planned: Sequence[Planned], samples: Sequence[Sample]
        ) -> list[Planned]:
    """The boots to make now, in order; none: all that it takes are on record."""
    return _more_layouts(experiment, planned, samples) or _timed(experiment, planned, samples)


def _places(planned: Sequence[Planned], tier: str) -> dict[tuple[str, int], list[Planned]]:
    found: dict[tuple[str, int], list[Planned]] = {}
    for one in planned:
        if one.cell.tier == tier:
            found.setdefault((one.cell.device, one.cell.threads), []).append(one)
    return found


def _more_layouts(experiment: Experiment, planned: Sequence[Planned], samples: Sequence[Sample]
                  ) -> list[Planned]:
    """Layouts of the next look of a place whose kernels are not told apart at this one."""
    have = {one.number for one in samples}
    places = _places(planned, "exact") if len(experiment.rules.layouts) > 1 else {}
    for (device, threads), boots in places.items():
        for look in range(len(experiment.rules.layouts)):
            if missing := [one for one in boots if one.look == look and one.number not in have]:
                return missing
            later = {one.number for one in boots if one.look > look}
            made = [one for one in samples if one.number not in later]
            if verdict.exact_check(made):
                return []     # what does not repeat, no number of layouts decides
            here = [cell for cell in verdict.compare(made, experiment.rules).cells
                    if (cell.tier, cell.device, cell.threads) == ("exact", device, threads)]
            if not any(layouts.undecided(metric) for cell in here for metric in cell.metrics):
                break
    return []


def _timed(experiment: Experiment, planned: Sequence[Planned], samples: Sequence[Sample]
           ) -> list[Planned]:
    have = {one.number for one in samples}
    looks = len(experiment.rules.looks)
    for boots in _places(planned, "timed").values():
        cells: list[CellResult] = []
        for look in range(looks):
            if missing := [one for one in boots if one.look == look and one.number not in have]:
                return missing
            if look + 1 < looks or experiment.rules.confirm_pairs:
                upto = {one.number for one in boots if one.look <= look}
                cells = _judged(experiment, [one for one in samples if one.number in upto])
                if _settled(cells):
                    break
        missing = [one for one in boots if one.look == looks and one.number not in have]
        if missing and _flagged(cells):
            return missing
    return []
