# SPDX-License-Identifier: GPL-2.0-only
"""The culprit, measured again: itself, the point before it, and the bad end without it."""
from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass

from runner.bisect import question
from runner.bisect.anchors import result_of
from runner.bisect.loop import Loop
from runner.bisect.measure import Unfit
from runner.bisect.points import Point
from runner.bisect.statefile import Reading
from runner.campaign import stored
from runner.errors import CannotMeasure
from runner.experiment import plan
from runner.judge import tier
from runner.judge.figures import MetricResult, Verdict
from runner.metrics.lockclass import PATH_SUM, SWAP_PATH
from runner.records import Sample

PARENT, CULPRIT, REVERT = "parent", "culprit", "revert"
PARENT_LOCKS, CULPRIT_LOCKS = "parent locks", "culprit locks"
#: A metric without a threshold that moved by less than this did not move with the culprit.
_MOVED = 0.01


@dataclass(frozen=True)
class Confirmed:
    """What measuring again came to."""

    sure: bool
    said: tuple[str, ...]                  # a line for each thing measured again
    change: MetricResult | None            # culprit against the point before it
    moved: tuple[MetricResult, ...]        # locks and reclaim metrics that moved with it


def again(loop: Loop, culprit: Point) -> None:
    """Put on record all that confirms; what is there already is not measured again."""
    parent = loop.history.parent(culprit)
    for role, point in ((PARENT, parent), (CULPRIT, culprit)):
        if not loop.state.get(role):
            loop.progress.log(f"{role}, measured again: {loop.history.title(point)}")
            loop.classify(point, role, whole=True)
    if not loop.state.get(REVERT):
        _revert(loop, culprit)
    if counting := _counting(loop):
        for role, point in ((PARENT_LOCKS, parent), (CULPRIT_LOCKS, culprit)):
            if not loop.state.get(role):
                _locks(loop, counting, role, point)


def _counting(loop: Loop) -> str:
    """The tier that counts locks beside the one asked about; '' where there is none."""
    file = loop.state.folder / question.LOCKS
    return plan.load(file).tiers[0] if file.is_file() else ""


def _revert(loop: Loop, culprit: Point) -> None:
    """The bad end without the culprit, by a patch: no repository is written to."""
    folder = loop.state.folder.absolute() / "revert"
    folder.mkdir(exist_ok=True)
    try:
        (folder / "revert.patch").write_bytes(loop.history.revert(culprit))
        (folder / "series").write_text("revert.patch\n", encoding="ascii")
        name = loop.history.reverted(str(folder))
        loop.bench.kernel(name, loop.state.question.tier)
    except (Unfit, CannotMeasure) as error:
        why = error.reason if isinstance(error, Unfit) else str(error)
        loop.state.add(Reading(culprit, REVERT, "skip", f"does not revert cleanly: {why}"))
        return
    loop.progress.log(f"revert of {loop.history.short(culprit)} on the bad end")
    loop.classify(culprit, REVERT, name, whole=True)


def _locks(loop: Loop, counting: str, role: str, point: Point) -> None:
    """Lock counts of the culprit and the point before it, for what moved with it."""
    name = loop.history.kernel(point)
    try:
        loop.bench.kernel(name, counting)
        got = loop.bench.measure(point, role, question.LOCKS, (name,), counting)
        loop.state.add(Reading(point, role, "", "", campaign=got.campaign, boots=len(got.samples),
                               retries=got.retries))
    except Unfit as error:
        loop.state.add(Reading(point, role, "skip", error.reason, campaign=error.campaign))


def _apart(sides: Sequence[Sequence[Sample]], name: str) -> bool:
    """Whether no boot of one side reaches what a boot of the other came to.

    Six memory layouts a side, as the exact tier has: one in 462 by chance (rank test).
    """
    values = [[sample.metrics[name].value for sample in side
               if name in sample.metrics and not sample.invalid]
              for side in sides]
    return all(values) and (max(values[0]) < min(values[1]) or max(values[1]) < min(values[0]))


def _moved(loop: Loop, parent: Reading, culprit: Reading) -> list[MetricResult]:
    """Metrics of two campaigns that differ: locks of the swap path, counters of reclaim."""
    if not parent.campaign or not culprit.campaign or parent.campaign == culprit.campaign:
        return []
    cells = stored.held(loop.bench.folder(parent.campaign), loop.bench.folder(culprit.campaign),
                        loop.anchors.step).cells
    sides = [loop.bench.samples(reading.campaign) for reading in (parent, culprit)]
    apart = []
    for result in (metric for cell in cells for metric in cell.metrics):
        if result.name == loop.state.question.metric or not result.better:
            continue
        lock = result.name.split(".")[1] if result.name.startswith("locks.") else ""
        if lock and (lock not in (PATH_SUM, *SWAP_PATH)
                     or not result.name.endswith(".acquisitions_per_page")):
            continue
        if result.verdict in (Verdict.REGRESSED, Verdict.IMPROVED) or (
                result.verdict is None and result.change is not None and abs(result.change) > _MOVED
                and _apart(sides, result.name)):
            apart.append(dataclasses.replace(result, reason=result.reason or "no threshold"))
    return sorted(apart, key=lambda result: (-abs(result.change or 1.0), result.name))


def judge(loop: Loop) -> Confirmed:
    """What the readings on record come to."""
    parent, culprit, revert = (loop.state.get(role) for role in (PARENT, CULPRIT, REVERT))
    assert parent is not None and culprit is not None and revert is not None
    said = [f"the point before it, measured again: {parent.verdict} ({parent.reason})",
            f"itself, measured again: {culprit.verdict} ({culprit.reason})",
            {"good": "the bad end without it is good", "bad": "the bad end without it is still bad",
             }.get(revert.verdict, "its revert was not measured") + f" ({revert.reason})"]
    change, moved = None, []
    by_clock = tier.find(loop.state.question.tier).by_clock
    if "skip" not in (parent.verdict, culprit.verdict) and not by_clock:
        cells = stored.held(loop.bench.folder(parent.campaign),
                            loop.bench.folder(culprit.campaign), loop.anchors.step).cells
        change = result_of(cells, loop.state.question.tier, loop.state.question.metric)
        moved = _moved(loop, parent, culprit)
    locks = [loop.state.get(role) for role in (PARENT_LOCKS, CULPRIT_LOCKS)]
    if locks[0] is not None and locks[1] is not None:
        moved += _moved(loop, locks[0], locks[1])
    return Confirmed((parent.verdict, culprit.verdict) == ("good", "bad"), tuple(said), change,
                     tuple(moved))
