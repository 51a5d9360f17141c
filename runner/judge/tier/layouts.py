# SPDX-License-Identifier: GPL-2.0-only
"""The exact tier over several memory layouts: by how much two kernels differ, and is that known.

Two comparisons are made of instructions per page.  The plain one takes the figures as counted;
an exact test of ranks makes it valid whatever the change does.  The adjusted one holds them at
equal pages swapped out and freed per page written, which is some four times sharper, and right
only where the change left reclaim's policy alone: what a change moves must not be held equal.
So it may decide only where the counters that show policy are exchangeable between the kernels.
docs/methodology.md has the reasons and the figures.
"""
from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass, replace

from runner.judge import stats
from runner.judge.figures import FLIPPED, MetricResult, Verdict, label, percent
from runner.judge.stats import Groups, Shift
from runner.records import Sample

#: The judged metric, the same by page written, pages freed by page swapped out.
PAGE, WRITTEN, FREED = "instructions_per_page", "instructions_per_written_page", "pgfree_per_page"
#: Chance that any look finds a difference where there is none; that it finds none beyond the
#: threshold where there is one.
ALPHA, BETA = 0.01, 0.05
#: Counters that a change of reclaim's policy moves and a mere cost does not, and the level at
#: which one of them is said to have moved; of what is held equal itself, sooner.
_POLICY, _MOVED, _MOVED_PAGES = ("pgscan_per_page", "allocstall_per_page", "direct_share"), 0.01, \
    0.05
_SWAPPED, _FREED = "pages swapped out per page written", "pages freed per page written"
#: Layouts after which bisect and nightly look, and the shares of ALPHA and BETA.
LOOKS = (6, 12, 24)
_DECIDED = (Verdict.REGRESSED, Verdict.IMPROVED)
#: Memory layouts a cell may be booted at.
MOST = 64


def boots(side: Sequence[Sample]) -> list[Sample]:
    """One boot of each layout: the self-check's second says the same again."""
    return list({sample.layout: sample for sample in reversed(side)}.values())[::-1]


def raised(own: Sequence[int]) -> tuple[int, ...]:
    """The looks of bisect and nightly: an experiment's own from six on, where it declares several.
    """
    if len(own) > 1 and (late := [look for look in own if look >= LOOKS[0]]):
        return tuple(late)
    first = max(LOOKS[0], own[0] if own else 1)
    return tuple(dict.fromkeys(min(MOST, first * look // LOOKS[0]) for look in LOOKS))


def shares(looks: Sequence[int]) -> tuple[float, ...]:
    """What each look may use up: the first half, the others the rest; the sum is 1 (Bonferroni).

    Six layouts against six reach 0.22% by ranks at best, so the first look takes most.
    """
    rest = len(looks) - 1
    return (1.0,) if not rest else (0.5, *[0.5 / rest] * rest)


def reached(base: Sequence[Sample], test: Sequence[Sample], looks: Sequence[int]
            ) -> tuple[list[list[Sample]], float]:
    """The boots to judge by, and what the look that they have reached may use up.

    Layouts made on the way to the next look are left out until it is reached.
    """
    sides = [boots(side) for side in (base, test)]
    if len(looks) < 2:
        return sides, 1.0
    made = min(map(len, sides))
    at = max(0, sum(count <= made for count in looks) - 1)
    return [[sample for sample in side if sample.layout < looks[at]]
            for side in sides], shares(looks)[at]


@dataclass(frozen=True)
class _Said:
    """What one comparison comes to."""

    verdict: Verdict
    effect: float
    interval: tuple[float, float]


def _say(outer: Shift | Groups, inner: Shift | Groups, threshold: float, better: str) -> _Said:
    """`outer` has the interval that must be clear of zero, `inner` that within the threshold."""
    line, (low, high) = math.log1p(threshold), outer.interval
    if abs(outer.effect) > line and not low <= 0 <= high:
        worse = outer.effect * FLIPPED[better] > 0
        verdict = Verdict.REGRESSED if worse else Verdict.IMPROVED
    elif -line <= inner.interval[0] and inner.interval[1] <= line:
        verdict = Verdict.EQUIVALENT
    else:
        verdict = Verdict.INCONCLUSIVE
    return _Said(verdict, outer.effect, outer.interval)


def _rows(side: Sequence[Sample]) -> list[tuple[float, float, float]]:
    """Instructions per page, and the pages per page written that explain it."""
    rows = []
    for sample in side:
        if {PAGE, WRITTEN, FREED} <= set(sample.metrics):
            page = sample.metrics[PAGE].value
            swapped = sample.metrics[WRITTEN].value / page if page else 0.0
            rows.append((page, swapped, swapped * sample.metrics[FREED].value))
    return rows


def _values(side: Sequence[Sample], name: str) -> list[float]:
    return [sample.metrics[name].value for sample in side if name in sample.metrics]


def _moved(base: Sequence[Sample], test: Sequence[Sample]) -> list[str]:
    """Which of the counters that show reclaim's policy are not exchangeable."""
    rows = [_rows(side) for side in (base, test)]
    told = {_SWAPPED: [[row[1] for row in side] for side in rows],
            _FREED: [[row[2] for row in side] for side in rows],
            **{label(name): [_values(side, name) for side in (base, test)] for name in _POLICY}}
    return [name for name, (old, new) in told.items()
            if (shift := stats.shift(old, new, _MOVED_PAGES if name in (_SWAPPED, _FREED)
                                     else _MOVED))
            and not shift.interval[0] <= 0 <= shift.interval[1]]


@dataclass(frozen=True)
class Pairs:
    """Layout by layout: the same command line, one of each kernel."""

    count: int
    up: int
    down: int
    effect: float             # median log ratio
    p: float | None           # sign-flip test

    def told(self) -> str:
        most, way = max((self.up, "up"), (self.down, "down"))
        sure = f", p = {self.p:.2g}" if self.p is not None else ""
        return (f"layout by layout {math.expm1(self.effect):+.2%}, {way} in {most} of "
                f"{self.count}{sure}")


def pairs(base: Sequence[Sample], test: Sequence[Sample], name: str) -> Pairs | None:
    """None where no layout is on both sides, or a value is not positive."""
    other = {sample.layout: sample.metrics[name].value for sample in test if name in sample.metrics}
    both = [(sample.metrics[name].value, other[sample.layout]) for sample in base
            if name in sample.metrics and sample.layout in other]
    if not both or any(value <= 0 for pair in both for value in pair):
        return None
    ratios = stats.log_ratios([old for old, _ in both], [new for _, new in both])
    return Pairs(len(both), sum(ratio > 0 for ratio in ratios), sum(ratio < 0 for ratio in ratios),
                 statistics.median(ratios), stats.sign_flip(ratios))


def judge(result: MetricResult, base: Sequence[Sample], test: Sequence[Sample],
          part: float, adjust: bool) -> MetricResult:
    """A metric with a threshold over two layouts or more of each kernel, else `result` as it is.

    `part` of ALPHA and BETA is this look's.  Without `adjust` the plain comparison decides alone.
    """
    name, threshold = result.name, result.threshold
    values = [_values(side, name) for side in (base, test)]
    if threshold is None or result.better not in FLIPPED or min(map(len, values)) < 2 \
            or any(value <= 0 for side in values for value in side):
        return result
    beside = pairs(base, test, name)
    if values[0] == values[1]:
        return replace(result, verdict=Verdict.EQUIVALENT, change=0.0,
                       reason=f"no difference at any of {len(values[0])} layouts")
    rows = [_rows(side) for side in (base, test)]
    two = adjust and name == PAGE and all(value > 0 for side in rows for row in side
                                          for value in row)
    if two:
        part /= 2             # either comparison may decide
    alpha, inner = ALPHA * part, 2 * BETA * part
    logs = [[math.log(value) for value in side] for side in values]
    outer = stats.shift(logs[0], logs[1], alpha)
    within = stats.shift(logs[0], logs[1], inner)
    assert outer is not None and within is not None
    plain = _say(outer, within, threshold, result.better)
    moved = _moved(base, test) if name == PAGE else []
    fits = [stats.covariance(rows[0], rows[1], 1 - level) for level in (alpha, inner)] \
        if name == PAGE and two else [None, None]
    adjusted = _say(fits[0], fits[1], threshold, result.better) if fits[0] and fits[1] else None
    made = _Made(result, threshold, f"{len(values[0])} and {len(values[1])} layouts", outer,
                 beside, moved)
    if adjusted is None or moved:
        return made.told(plain, adjusted, None)
    told = _agreed(plain, adjusted, math.log1p(threshold))
    return made.told(told, adjusted if told is not adjusted else None,
                     fits[0] if told is adjusted else None)


def _agreed(plain: _Said, adjusted: _Said, line: float) -> _Said:
    """The plain comparison's decision stands; the adjusted one sharpens what it leaves open.

    It does so only where the plain figure, sure or not, is on the same side.
    """
    if plain.verdict in _DECIDED and plain.verdict != adjusted.verdict:
        return plain
    if adjusted.verdict == Verdict.INCONCLUSIVE:
        return plain if plain.verdict == Verdict.EQUIVALENT else adjusted
    same = abs(plain.effect) <= line if adjusted.verdict == Verdict.EQUIVALENT \
        else plain.effect * adjusted.effect > 0 and plain.verdict != Verdict.EQUIVALENT
    return adjusted if same else replace(adjusted, verdict=Verdict.INCONCLUSIVE)


def undecided(result: MetricResult) -> bool:
    """Whether more layouts could decide it."""
    return result.verdict == Verdict.INCONCLUSIVE and result.interval is not None


@dataclass(frozen=True)
class _Made:
    """What a verdict is put into words from."""

    result: MetricResult
    threshold: float
    count: str
    plain: Shift
    beside: Pairs | None
    moved: list[str]

    def told(self, said: _Said, other: _Said | None, fit: Groups | None) -> MetricResult:
        """`other` is the adjusted comparison where it is not the one that decided."""
        how = f"within ±{percent(self.threshold)}"
        if said.verdict == Verdict.INCONCLUSIVE:
            far = abs(said.effect) > math.log1p(self.threshold)
            how = (f"{'beyond' if far else 'within'} ±{percent(self.threshold)}, but undecided: "
                   f"{self.count} differ as much among themselves; raise rules.layouts")
        elif said.verdict in _DECIDED:
            how = f"beyond ±{percent(self.threshold)} over {self.count}"
        else:
            how += f" over {self.count}"
        words = [how]
        if fit is None and self.plain.p is not None and said.verdict in _DECIDED:
            words[0] += f", p = {self.plain.p:.2g}"
        if self.moved and self.result.name == PAGE:
            words.append(f"not at equal pages, as {self.moved[0]} moved"
                         + (f" (there {math.expm1(other.effect):+.2%})" if other else ""))
        elif fit is not None:
            words.append("at equal pages")
        if self.beside:
            words.append(self.beside.told())
        low, high = said.interval
        return replace(self.result, verdict=said.verdict, change=math.expm1(said.effect),
                       interval=(math.expm1(low), math.expm1(high)), reason="; ".join(words),
                       warning=self._warning(said), error=fit.error if fit else None,
                       free=fit.free if fit else None)

    def _warning(self, said: _Said) -> str:
        """Where layout by layout says something else than the verdict."""
        beside = self.beside
        if beside is None or beside.p is None or beside.p > stats.ALPHA \
                or abs(beside.effect) <= math.log1p(self.threshold):
            return ""
        worse = beside.effect * FLIPPED[self.result.better] > 0
        plain = Verdict.REGRESSED if worse else Verdict.IMPROVED
        if plain == said.verdict:
            return ""
        return (f"{label(self.result.name)}: the verdict is {said.verdict}, but {beside.told()}: "
                "the two comparisons disagree; raise rules.layouts")
