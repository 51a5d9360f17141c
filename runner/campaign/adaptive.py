# SPDX-License-Identifier: GPL-2.0-only
"""Which boots come next: rounds, or memory layouts, up to a look, then no more than it takes.

Asked again after each batch, from the samples on record alone, so that an
interrupted campaign goes on as if nothing had happened.
"""
from __future__ import annotations

import dataclasses
from collections.abc import Sequence

from runner.asked import Experiment, Planned
from runner.judge import tier, verdict
from runner.judge.figures import Verdict
from runner.judge.results import CellResult
from runner.judge.tier.base import Tier
from runner.records import Sample

_FLAGGED = (Verdict.REGRESSED, Verdict.IMPROVED)


def _judged(experiment: Experiment, samples: Sequence[Sample]) -> list[CellResult]:
    """The place's cells as they stand, before anything is confirmed."""
    rules = dataclasses.replace(experiment.rules, confirm_pairs=0)
    return [cell for cell in verdict.compare(samples, rules).cells if not cell.alone]


def _settled(cells: Sequence[CellResult]) -> bool:
    judged = [metric for cell in cells for metric in cell.metrics if metric.verdict is not None]
    return bool(judged) and all(cell.metrics for cell in cells) \
        and all(metric.verdict != Verdict.INCONCLUSIVE for metric in judged)


def _flagged(cells: Sequence[CellResult]) -> bool:
    return any(metric.verdict in _FLAGGED for cell in cells for metric in cell.metrics)


def due(experiment: Experiment, planned: Sequence[Planned], samples: Sequence[Sample]
        ) -> list[Planned]:
    """The boots to make now, in order; none: all that it takes are on record."""
    for own in tier.asked(experiment.tiers):
        mine = [boot for boot in planned if boot.cell.tier == own.name]
        made = _pairs(experiment, mine, samples) if own.paired else \
            _boots(experiment, own, mine, samples)
        if made:
            return made
    return []


def _places(planned: Sequence[Planned]) -> dict[tuple[str, int], list[Planned]]:
    places: dict[tuple[str, int], list[Planned]] = {}
    for boot in planned:
        places.setdefault((boot.cell.device, boot.cell.threads), []).append(boot)
    return places


def _boots(experiment: Experiment, own: Tier, planned: Sequence[Planned],
           samples: Sequence[Sample]) -> list[Planned]:
    """Those of the next look of a place whose kernels are not told apart at this one."""
    have, looks = {sample.number for sample in samples}, own.looks(experiment.rules)
    places = _places(planned) if len(looks) > 1 else {}
    for (device, threads), boots in places.items():
        for look in range(len(looks)):
            if missing := [boot for boot in boots if boot.look == look and boot.number not in have]:
                return missing
            later = {boot.number for boot in boots if boot.look > look}
            made = [sample for sample in samples if sample.number not in later]
            if own.self_check(made):
                return []     # what does not repeat, no number of boots decides
            here = [cell for cell in verdict.compare(made, experiment.rules).cells
                    if (cell.tier, cell.device, cell.threads) == (own.name, device, threads)]
            if not any(own.undecided(metric) for cell in here for metric in cell.metrics):
                break
    return []


def _pairs(experiment: Experiment, planned: Sequence[Planned], samples: Sequence[Sample]
           ) -> list[Planned]:
    have = {sample.number for sample in samples}
    looks = len(experiment.rules.looks)
    for boots in _places(planned).values():
        cells: list[CellResult] = []
        for look in range(looks):
            if missing := [boot for boot in boots if boot.look == look and boot.number not in have]:
                return missing
            if look + 1 < looks or experiment.rules.confirm_pairs:
                upto = {boot.number for boot in boots if boot.look <= look}
                cells = _judged(experiment, [sample for sample in samples if sample.number in upto])
                if _settled(cells):
                    break
        missing = [boot for boot in boots if boot.look == looks and boot.number not in have]
        if missing and _flagged(cells):
            return missing
    return []
