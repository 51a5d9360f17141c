# SPDX-License-Identifier: GPL-2.0-only
"""The two ends: measured first, and held against each other before anything else is built."""
from __future__ import annotations

import dataclasses
import math
from collections.abc import Sequence
from dataclasses import dataclass

from runner.bisect import classify, question
from runner.bisect.classify import Figure, Line
from runner.bisect.measure import Bench, Measured, Unfit
from runner.bisect.points import Range
from runner.bisect.statefile import Reading, State
from runner.campaign import stored
from runner.errors import CannotMeasure, Exit, SwapscaleError
from runner.experiment import plan
from runner.judge import tier, verdict
from runner.judge.figures import FLIPPED, MetricResult, Verdict, describe, label, number
from runner.judge.results import CellResult
from runner.judge.tier import moved
from runner.judge.tier.base import Tier
from runner.progress import Progress
from runner.records import Rules, Sample

GOOD_END, BAD_END = "good end", "bad end"


class NothingToBisect(SwapscaleError):
    """The ends do not differ as they must; the message has what was measured."""

    exit = Exit.INCONCLUSIVE


@dataclass(frozen=True)
class Anchors:
    """What the ends are, and the line between them."""

    good: tuple[Sample, ...]
    bad: tuple[Sample, ...]
    campaigns: tuple[str, str]             # below measured/
    value: float                           # the good end's, as first measured
    effect: float                          # relative change from good to bad
    line: Line
    step: Rules                            # by which a step is held against the good end
    boots: int = 0                         # of each end, that it took to tell them apart

    def hold(self, bench: Bench, own: str, name: str, metric: str) -> MetricResult:
        """A measured kernel against the good end."""
        cells = stored.held(bench.folder(self.campaigns[0]), bench.folder(name), self.step).cells
        return result_of(cells, own, metric)


def result_of(cells: tuple[CellResult, ...], own: str, metric: str) -> MetricResult:
    """The metric's result; CannotMeasure where the comparison has none."""
    for cell in cells:
        if cell.tier == own:
            for result in cell.metrics:
                if result.name == metric:
                    return result
            raise CannotMeasure(f"{label(metric)} was not measured: {cell.reason}")
    raise CannotMeasure(f"{label(metric)} was not measured")


def _seen(own: Tier, samples: Sequence[Sample]) -> int:
    """Boots that do not say the same again."""
    return len({own.boot_of(sample) for sample in samples})


def _measured(state: State, bench: Bench, points: Range, progress: Progress) -> None:
    """Both ends on record; by the clock they are measured side by side, in one campaign."""
    asked = state.question
    own_tier = tier.find(asked.tier)
    together = own_tier.by_clock
    kernels = (points.kernel(asked.good), points.kernel(asked.bad))
    # Of more boots than those of the first look the ends themselves decide.
    looks = own_tier.looks(plan.load(state.folder / "ends.toml").rules)
    first = looks[0] if looks else math.inf
    for role, point, name in ((GOOD_END, asked.good, kernels[0]),
                              (BAD_END, asked.bad, kernels[1])):
        if state.get(role):
            continue
        progress.log(f"{role}: {points.title(point)}")
        good = state.get(GOOD_END)
        try:
            image = bench.kernel(name, asked.tier).image_sha256
            if together and good is not None:
                got = Measured(good.campaign, tuple(bench.samples(good.campaign)))
            else:
                if together:
                    bench.kernel(kernels[1], asked.tier)
                got = bench.measure(point, role, "ends.toml", kernels if together else (name,),
                                    asked.tier, lambda made: _seen(own_tier, made) >= first)
        except Unfit as error:
            raise CannotMeasure(f"the {role}, {points.title(point)}: {error.reason}; take another "
                                "commit for that end") from None
        own = [sample for sample in got.samples if sample.cell.kernel == name]
        state.add(Reading(point, role, "good" if role == GOOD_END else "bad", "an end",
                          _mean(own, asked.metric), campaign=got.campaign, image=image,
                          boots=len(own), retries=got.retries))


def find(state: State, bench: Bench, points: Range, progress: Progress) -> Anchors:
    """Measure the ends; NothingToBisect 'what was measured' where they do not differ."""
    _measured(state, bench, points, progress)
    asked = state.question
    good, bad = state.get(GOOD_END), state.get(BAD_END)
    assert good is not None and bad is not None
    rules = plan.load(state.folder / "ends.toml").rules
    names = (points.kernel(asked.good), points.kernel(asked.bad))
    if good.image == bad.image:
        raise NothingToBisect(f"{points.title(asked.good)} and {points.title(asked.bad)} give the "
                              "same image in this configuration: there is nothing to bisect")
    rules, own = dataclasses.replace(rules, base=names[0]), tier.find(asked.tier)
    if own.looks(rules):
        samples = _looks(state, bench, rules, (good, bad), progress)
    else:
        # By the clock both are in one campaign.
        samples = [sample for name in dict.fromkeys((good.campaign, bad.campaign))
                   for sample in bench.samples(name)]
    sides = [tuple(sample for sample in samples if sample.cell.kernel == name) for name in names]
    result = result_of(verdict.compare(samples, rules).cells, asked.tier, asked.metric)
    line, effect = _line(state, points, result, sides)
    if not (state.folder / "step.toml").exists():
        question.write_step(state.folder / "ends.toml", asked, state.folder, effect,
                            result.error is not None)
    step = plan.load(state.folder / "step.toml").rules
    return Anchors(sides[0], sides[1], (good.campaign, bad.campaign), result.base or 0.0, effect,
                   line, step, _seen(own, samples))


def _looks(state: State, bench: Bench, rules: Rules, ends: tuple[Reading, Reading],
           progress: Progress) -> list[Sample]:
    """The ends' boots: as many as it takes, look by look, to tell them apart."""
    asked, own = state.question, tier.find(state.question.tier)
    for look in own.looks(rules):
        for end in ends:
            if _seen(own, bench.samples(end.campaign)) < look:
                progress.log(f"{end.role}: {look} memory layouts, as fewer do not decide")
                bench.extend(end.campaign, own, look)
        samples = [sample for end in ends for sample in bench.samples(end.campaign)
                   if own.boot_of(sample) < look]
        result = result_of(verdict.compare(samples, rules).cells, asked.tier, asked.metric)
        if asked.above is not None or own.self_check(samples) or not own.undecided(result):
            break
    for end in ends:
        mine = [sample for sample in samples
                if (sample.cell.kernel == rules.base) == (end is ends[0])]
        if len(mine) != end.boots:
            state.replace(end, dataclasses.replace(
                end, boots=len(mine), value=_mean(mine, asked.metric)))
    return samples


def _mean(samples: Sequence[Sample], metric: str) -> float | None:
    values = [sample.metrics[metric].value for sample in samples if metric in sample.metrics]
    return math.fsum(values) / len(values) if values else None


def _moved(state: State, sides: Sequence[Sequence[Sample]]) -> str:
    """What moved in every memory layout, with the command that bisects by it."""
    asked = state.question
    span = ["--series", asked.tree] if asked.kind == "series" else \
        moved.ends(asked.tree, asked.good, asked.bad)
    valid = [[sample for sample in side if not sample.invalid] for side in sides]
    lines = moved.told(tier.find(asked.tier).far(valid[0], valid[1], (asked.metric,)), span,
                       asked.experiment)
    return f"; but {'; '.join(lines)}" if lines else ""


def _line(state: State, points: Range, result: MetricResult, sides: Sequence[Sequence[Sample]]
          ) -> tuple[Line, float]:
    """What parts good from bad; NothingToBisect where the ends are on one side of it."""
    asked = state.question
    good, bad = result.base or 0.0, result.test or 0.0
    change = result.change if result.change is not None else 0.0
    told = (f"{points.short(asked.good)} (good) and {points.short(asked.bad)} (bad): "
            f"{describe(result)}")
    if asked.above is not None:
        if good > asked.above:
            raise NothingToBisect(f"{told}: the good end is above {number(asked.above)} already")
        if bad <= asked.above:
            raise NothingToBisect(f"{told}: the bad end is not above {number(asked.above)}; there "
                                  "is nothing to bisect")
        return Line(asked.above, 1.0), change
    if result.verdict == Verdict.IMPROVED:
        raise NothingToBisect(f"{told}: the bad end is the better one; are good and bad exchanged?")
    if result.verdict == Verdict.INCONCLUSIVE:
        raise NothingToBisect(f"{told}: undecided, which is not to say that there is no regression"
                              + _moved(state, sides))
    if result.verdict != Verdict.REGRESSED:
        raise NothingToBisect(f"{told}: no regression between them; there is nothing to bisect by "
                              f"{label(asked.metric)}{_moved(state, sides)}")
    adjusted = good * (1 + change) if result.change is not None else bad
    return Line((good + adjusted) / 2, FLIPPED[result.better]), change


def figure(anchors: Anchors, result: MetricResult, name: str, boots: int) -> Figure:
    """Where a kernel stands, by its comparison with the good end.

    By the clock, that is the good end beside it: a host that has become slower since the ends
    were measured slows both, and the figure is given on the scale of then, which the line is on.
    """
    own = tier.find(name)
    if own.by_clock and result.change is not None:
        result = dataclasses.replace(result, base=anchors.value,
                                     test=anchors.value * (1 + result.change))
    count = _seen(own, [sample for sample in anchors.good if not sample.invalid])
    return classify.figure(result, own, (anchors.good, anchors.bad), (count, boots))
