# SPDX-License-Identifier: GPL-2.0-only
"""How the timed tier judges: pairs of boots, looks declared in advance, a noise floor.

The experiment declares after how many pairs it looks (`rules.looks`).  Only
the pairs up to the last look reached are judged, and each look may use up its
share of the 5% alone, so looking early costs nothing and peeking gains nothing.
"""
from __future__ import annotations

import math
import statistics
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from runner.judge import stats
from runner.judge.figures import FLIPPED, MetricResult, Verdict, bare, label, names, percent
from runner.records import Metric, Rules, Sample

#: Sample.purpose: the second boot of the base in its round; a pair that confirms.
AA, CONFIRM = "aa", "confirm"
#: Fresh pairs below which nothing is confirmed: one-sided, all of one sign, 1/2^5 < 5%.
FEWEST_FRESH = stats.fewest_pairs(2 * stats.ALPHA)


@dataclass(frozen=True)
class Effect:
    """What the pairs of one cell say of one judged metric, at the look reached."""

    base: float                            # medians over the pairs
    test: float
    ratios: tuple[float, ...]              # natural logarithms of test over base, a pair each
    paired: stats.Paired | None            # None: the pairs cannot tell; `problem` says why
    p: float                               # valid over all looks together; 1 without a test
    fresh: tuple[float, ...]               # of the pairs that confirm
    floor: float | None                    # noise floor as a log ratio; None: not measured
    problem: str = ""


@dataclass(frozen=True)
class Sides:
    """The samples of one cell: every one made, valid or not, of every purpose."""

    base: tuple[Sample, ...]
    test: tuple[Sample, ...]

    def pairs(self, purpose: str, upto: int | None = None
              ) -> list[tuple[dict[str, Metric], dict[str, Metric]]]:
        """Metrics of base and test that shared their round and both count."""
        other = {sample.repeat: sample for sample in self.test
                 if sample.purpose == purpose and not sample.invalid}
        return [(sample.metrics, other[sample.repeat].metrics)
                for sample in sorted(self.base, key=lambda s: s.repeat)
                if sample.purpose == purpose and not sample.invalid and sample.repeat in other
                and (upto is None or sample.repeat < upto)]

    def rounds(self) -> int:
        """Pairs that were made, whether they count or not."""
        made = [{sample.repeat for sample in side if not sample.purpose}
                for side in (self.base, self.test)]
        return len(made[0] & made[1])


def look(rules: Rules, rounds: int) -> tuple[int | None, float, str]:
    """Pairs to judge after so many rounds, the share of the 5% they may use, and why not.

    None pairs: all there are, as where no looks are declared, or, for information alone,
    before the first look.
    """
    if not rules.looks:
        return None, stats.ALPHA, ""
    reached = [at for at, count in enumerate(rules.looks) if count <= rounds]
    shares = stats.spending(rules.looks)
    if not reached:
        return None, shares[0], (f"{rounds} pair{'s' if rounds != 1 else ''} made; the first look "
                                 f"is after {rules.looks[0]}")
    return rules.looks[reached[-1]], shares[reached[-1]], ""


def _values(pairs: Iterable[tuple[dict[str, Metric], dict[str, Metric]]], name: str
            ) -> tuple[list[float], list[float]]:
    both = [(old[name].value, new[name].value) for old, new in pairs if name in old and name in new]
    return [old for old, _ in both], [new for _, new in both]


def noise(sides: Sides, name: str) -> tuple[list[float], str]:
    """Log ratios of A/A pairs, and what they are.

    The second boots of the base's rounds where there are any; else neighbouring rounds of
    each kernel, two and two.  Of both, so that the floor does not depend on which of the two
    is called the base: one that was still while the other was noisy would else decide one way
    around and not the other.
    """
    def of(side: Sequence[Sample], purpose: str) -> dict[int, float]:
        return {sample.repeat: sample.metrics[name].value for sample in side
                if not sample.invalid and name in sample.metrics and sample.purpose == purpose}

    rounds, again = of(sides.base, ""), of(sides.base, AA)
    pairs = [(rounds[at], again[at]) for at in sorted(again) if at in rounds]
    what = "A/A pairs"
    if len(pairs) < 2:
        pairs = [(own[at], own[at + 1]) for own in (rounds, of(sides.test, ""))
                 for at in sorted(own) if at % 2 == 0 and at + 1 in own]
        what = "pairs of neighbouring rounds of the two kernels"
    return ([math.log(new / old) for old, new in pairs if old > 0 and new > 0], what)


def effects(sides: Sides, rules: Rules, thresholds: Mapping[str, float]) -> dict[str, Effect]:
    """Every judged metric of one cell that its pairs measured."""
    upto, share, early = look(rules, sides.rounds())
    pairs, fresh = sides.pairs("", upto), sides.pairs(CONFIRM)
    judged = {}
    for name in names(side for pair in pairs for side in pair):
        old, new = _values(pairs, name)
        if not old or thresholds.get(name) is None \
                or not any(side[name].better in FLIPPED for pair in pairs for side in pair
                           if name in side):
            continue
        floor = stats.half_width(noise(sides, name)[0], len(old), 1 - share)
        made = Effect(statistics.median(old), statistics.median(new), (), None, 1.0, (), floor,
                      early)
        try:
            ratios = stats.log_ratios(old, new)
            made = replace(made, ratios=tuple(ratios),
                           fresh=tuple(stats.log_ratios(*_values(fresh, name))))
            said = stats.paired(ratios, 1 - share)
            # A look that may use a fifth of the 5% has its p weigh five times.
            p = 1.0 if said.p is None or early else min(1.0, said.p * stats.ALPHA / share)
            judged[name] = replace(made, paired=said, p=p)
        except ValueError as error:
            judged[name] = replace(made, problem=str(error))
    return judged


#: A cell of the timed tier: test kernel, device, threads, workload, tier.
Cell = tuple[str, str, int, str, str]


def adjusted(cells: Mapping[Cell, Mapping[str, Effect]], rules: Rules
             ) -> dict[tuple[Cell, str], float]:
    """Holm's p of every metric of every cell, by cell and name."""
    keys = [(cell, name) for cell in sorted(cells) for name in sorted(cells[cell])]
    most = max((len(cell) for cell in cells.values()), default=0)
    values = stats.holm([cells[cell][name].p for cell, name in keys], most * rules.timed_cells)
    return dict(zip(keys, values))


def judge(sides: Sides, rules: Rules, thresholds: Mapping[str, float],
          effect_of: Mapping[str, Effect], p: Mapping[str, float]) -> list[MetricResult]:
    """Every metric of one cell; `p` are Holm's."""
    upto, _, _ = look(rules, sides.rounds())
    pairs = sides.pairs("", upto)
    results = []
    for name in names(side for pair in pairs for side in pair):
        old, new = _values(pairs, name)
        if old:
            metric = next(side[name] for pair in pairs for side in pair if name in side)
            result = bare(name, metric, statistics.median(old), statistics.median(new))
            if name in effect_of:
                result = _decide(replace(result, threshold=thresholds[name],
                                         verdict=Verdict.INCONCLUSIVE), effect_of[name], rules,
                                 p[name])
            results.append(result)
    return results


def _decide(result: MetricResult, effect: Effect, rules: Rules, p: float) -> MetricResult:
    if effect.paired is None or result.threshold is None:
        return replace(result, reason=effect.problem)
    threshold = result.threshold
    said, count = effect.paired, len(effect.ratios)
    line = math.log1p(threshold)
    result = replace(result, change=math.expm1(said.effect))
    if said.interval:
        result = replace(result, interval=(math.expm1(said.interval[0]),
                                           math.expm1(said.interval[1])))
    if effect.problem:
        return replace(result, reason=effect.problem)
    enough = max(rules.minimum_pairs, stats.fewest_pairs())
    wanted = max(enough, stats.pairs_to_resolve(effect.ratios, line))
    if count < enough or said.interval is None:
        have = f"{count} pair" + ("s" if count != 1 else "")
        # One pair shows no spread to judge from, and two hardly any.
        about = f", about {wanted} for ±{percent(threshold)}" if count > 2 else ""
        return replace(result, reason=f"{have} cannot decide; it takes at least {enough}{about}")
    low, high = said.interval
    margin = max(line, effect.floor or 0.0)
    beyond = f"±{percent(math.expm1(margin))}" + (", this host's noise" if margin > line else "")
    if -line <= low and high <= line:
        return replace(result, verdict=Verdict.EQUIVALENT,
                       reason=f"interval within ±{percent(threshold)}, {count} pairs")
    if (low > margin or high < -margin) and p <= stats.ALPHA:
        worse = low * FLIPPED[result.better] > 0
        result = replace(result, verdict=Verdict.REGRESSED if worse else Verdict.IMPROVED,
                         reason=f"interval beyond {beyond}, p = {p:.2g}, {count} pairs")
        return _confirm(result, effect, line) if rules.confirm_pairs else result
    return replace(result, reason=f"interval straddles {beyond} with {count} pairs; about "
                                  f"{max(wanted, count + 1)} would decide")


def _confirm(result: MetricResult, effect: Effect, line: float) -> MetricResult:
    """What fresh pairs make of a metric that was flagged."""
    if len(effect.fresh) < FEWEST_FRESH:
        return replace(result, verdict=Verdict.INCONCLUSIVE, reason=(
            f"flagged ({result.reason}), but {len(effect.fresh)} fresh pairs cannot confirm it; "
            f"it takes {FEWEST_FRESH}"))
    again = stats.paired(effect.fresh)
    first = effect.paired.effect if effect.paired else 0.0
    # One-sided: the direction is the one that was flagged.
    p = (again.p or 1.0) / 2
    seen = f"{math.expm1(again.effect):+.1%} over {len(effect.fresh)} fresh pairs, p = {p:.2g}"
    if again.effect * first > 0 and abs(again.effect) > line and p <= stats.ALPHA:
        return replace(result, reason=f"{result.reason}; confirmed: {seen}")
    return replace(result, verdict=Verdict.INCONCLUSIVE,
                   reason=f"flagged ({result.reason}), not confirmed: {seen}")


def resolution(where: str, sides: Sides, name: str, effect: Effect, threshold: float) -> str:
    """What this host can tell apart, in a line."""
    count = len(effect.ratios)
    ratios, what = noise(sides, name)
    if effect.floor is None:
        return (f"timed tier, {where}: nothing shows what of {label(name)} this host resolves at "
                f"{count} pair{'s' if count != 1 else ''}: set rules.aa_pairs to 2 or more")
    least = max(math.log1p(threshold), effect.floor) + effect.floor
    return (f"timed tier, {where}: this host resolves ≥ {math.expm1(least):.1%} of {label(name)} "
            f"at {count} pairs (noise floor {math.expm1(effect.floor):.1%} by {len(ratios)} "
            f"{what}, threshold {percent(threshold)})")
