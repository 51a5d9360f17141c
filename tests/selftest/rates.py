# SPDX-License-Identifier: GPL-2.0-only
"""How often each tier finds what was planted, and how often it sees what is not there."""
from __future__ import annotations

import itertools
import math
import random
import statistics
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from runner.asked import Experiment
from runner.judge import spread, tier, verdict
from runner.judge.figures import MetricResult, Verdict
from runner.judge.tier import layouts
from runner.records import Sample

#: Comparisons that are drawn where there are more, and the seed of the draw.
DRAWN, SEED = 40, 5
#: Boots of a side: layouts of the exact tier, the same of policies (what bisect and nightly look
#: at first); boots whose medians show a hold time; pairs.
LAYOUTS, FIRST, HELD, PAIRS = 8, layouts.LOOKS[0], 5, 8
#: Runs of a side of the lockstep tier: what configs/bench.toml makes.
RUNS = 3
SPEED = "throughput_mib_s"
TREE = "locks.swap_cache_tree.acquisitions_per_page"
HOLD = "locks.swap_cache_tree.hold_us_per_page"
_FLAGGED = (Verdict.REGRESSED, Verdict.IMPROVED)


@dataclass(frozen=True)
class Planted:
    """What a kernel does otherwise, and the metric it is to be found by."""

    what: str
    metric: str = layouts.PAGE
    verdict: Verdict = Verdict.REGRESSED


@dataclass(frozen=True)
class Rate:
    """One line of the page."""

    tier: str
    what: str                              # '+0.5% instructions per page', 'A/A'
    how: str                               # what one comparison is of
    comparisons: int
    flagged: int                           # A/A: false alarms; else: found and named


def _valid(samples: Iterable[Sample]) -> dict[str, list[Sample]]:
    found: dict[str, list[Sample]] = {}
    for one in sorted(samples, key=lambda s: s.number):
        if not one.invalid:
            found.setdefault(one.cell.kernel, []).append(one)
    return found


def _verdict(results: Sequence[MetricResult], name: str) -> Verdict | None:
    return next((one.verdict for one in results if one.name == name), None)


def _alarm(results: Sequence[MetricResult]) -> bool:
    return any(one.verdict in _FLAGGED for one in results)


def _thresholds(experiment: Experiment) -> dict[str, float]:
    return {**tier.thresholds(), **experiment.rules.thresholds}


def exact(samples: Sequence[Sample], experiment: Experiment, planted: Mapping[str, Planted],
          called: str = "exact", size: int = LAYOUTS, boots: str = "layouts") -> list[Rate]:
    """Sets of layouts drawn from each kernel's; A/A: two disjoint sets of one kernel, all metrics.

    Runs of the lockstep tier are drawn alike: `boots` is what it calls them.
    """
    draw, limits = random.Random(SEED), _thresholds(experiment)
    pools = {kernel: {one.layout: one for one in boots}
             for kernel, boots in _valid(samples).items()}
    how = f"{size} {boots} against {size}"
    own = tier.find(experiment.tiers[0])

    def judge(base: Sequence[Sample], test: Sequence[Sample]) -> list[MetricResult]:
        return own.against(base, test, limits)

    false = made = 0
    for at in range(DRAWN):
        pool = list(pools.get(experiment.kernels[at % len(experiment.kernels)], {}).values())
        if len(pool) >= 2 * size:
            drawn = draw.sample(pool, 2 * size)
            made += 1
            false += _alarm(judge(drawn[:size], drawn[size:]))
    found = [Rate(called, "A/A", f"{how}, disjoint", made, false)]
    for kernel, one in planted.items():
        base, test = pools.get(experiment.rules.base, {}), pools.get(kernel, {})
        both = sorted(set(base) & set(test))
        sets = [draw.sample(both, size) for _ in range(DRAWN if len(both) >= size else 0)]
        hits = sum(_verdict(judge([base[at] for at in drawn], [test[at] for at in drawn]),
                            one.metric) == one.verdict for drawn in sets)
        found.append(Rate(called, one.what, f"{how}, the same: {one.metric} {one.verdict}",
                          len(sets), hits))
    return found


def lockstep(samples: Sequence[Sample], experiment: Experiment, planted: Mapping[str, Planted]
             ) -> list[Rate]:
    """As of the exact tier; the A/A says from which change on as many runs tell two kernels apart,
    a plant what all of its runs come to.
    """
    pools = _valid(samples)
    widths = [found.resolves for boots in pools.values()
              for at in range(0, len(boots) - 2 * RUNS + 1, 2 * RUNS)
              if (found := spread.of(boots[at:at + RUNS], boots[at + RUNS:at + 2 * RUNS], SPEED))]
    made = exact(samples, experiment, planted, "lockstep", RUNS, "runs")
    if widths:
        made[0] = replace(made[0], how=f"{made[0].how}; told apart from "
                                       f"±{statistics.median(widths):.1%} on (median)")
    base = pools.get(experiment.rules.base, [])
    for place, (kernel, one) in enumerate(planted.items(), 1):
        if found := spread.of(base, pools.get(kernel, []), SPEED):
            low, high = map(math.expm1, found.interval)
            made[place] = replace(made[place], what=(
                f"{one.what}: {SPEED} {math.expm1(found.effect):+.1%} ({low:+.1%} to {high:+.1%}) "
                f"over {found.told()}"))
    return made


def locks(samples: Sequence[Sample], experiment: Experiment, round_more: str, held: str
          ) -> list[Rate]:
    """Counts: boot against boot.  Hold time: medians of some boots against as many."""
    draw, limits = random.Random(SEED), _thresholds(experiment)
    pools = _valid(samples)
    taken = {name: limit for name, limit in limits.items() if name != HOLD}
    base = pools.get(experiment.rules.base, [])

    def judge(one: list[Sample], other: list[Sample], which: dict[str, float]
              ) -> list[MetricResult]:
        return tier.find("locks").against(one, other, which)

    pairs = list(itertools.combinations(base, 2))
    found = [Rate("locks", "A/A", "acquisitions, boot against boot", len(pairs),
                  sum(_alarm(judge([a], [b], taken)) for a, b in pairs))]
    splits = [draw.sample(base, 2 * HELD) for _ in range(DRAWN if len(base) >= 2 * HELD else 0)]
    how = f"hold time, medians of {HELD} boots"
    found.append(Rate("locks", "A/A", f"{how}, disjoint", len(splits), sum(
        _verdict(judge(one[:HELD], one[HELD:], limits), HOLD) in _FLAGGED for one in splits)))
    against = list(itertools.product(base, pools.get(round_more, [])))
    hits = 0
    for a, b in against:
        results = judge([a], [b], taken)
        # The class must be named, and no other with it.
        hits += [one.name for one in results if one.verdict in _FLAGGED] == [TREE] \
            and _verdict(results, TREE) == Verdict.REGRESSED
    found.append(Rate("locks", "one more round of the tree lock per page",
                      "acquisitions, boot against boot", len(against), hits))
    longer = pools.get(held, [])
    enough = len(base) >= HELD and len(longer) >= HELD
    sets = [(draw.sample(base, HELD), draw.sample(longer, HELD))
            for _ in range(DRAWN if enough else 0)]
    found.append(Rate("locks", "the tree lock held longer", how, len(sets), sum(
        _verdict(judge(a, b, limits), HOLD) == Verdict.REGRESSED for a, b in sets)))
    return found


def timed(samples: Sequence[Sample], experiment: Experiment) -> list[Rate]:
    """The base against itself: its second boot of each round as the test, PAIRS rounds each.

    A round counts when both its boots do, as in a verdict.
    """
    test = f"{experiment.rules.base} again"
    rounds: dict[int, list[Sample]] = {}
    for one in samples:
        if not one.invalid:
            again = replace(one, purpose="", cell=replace(one.cell, kernel=test)) \
                if one.purpose == "aa" else one
            rounds.setdefault(one.repeat, []).append(again)
    rules = replace(experiment.rules, looks=(), timed_cells=0)
    pairs = [both for _, both in sorted(rounds.items()) if len(both) == 2]
    groups = [sum(pairs[at:at + PAIRS], []) for at in range(0, len(pairs) - PAIRS + 1, PAIRS)]
    false = sum(_alarm([metric for cell in verdict.compare(group, rules).cells
                        for metric in cell.metrics]) for group in groups)
    return [Rate("timed", "A/A", f"{PAIRS} pairs", len(groups), false)]
