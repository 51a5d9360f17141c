# SPDX-License-Identifier: GPL-2.0-only
"""The timed tier: the guest's clock as the host lets it run, in pairs of fresh boots."""
from __future__ import annotations

import random
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from runner.asked import Experiment, Guest, Planned
from runner.judge.figures import MetricResult, Verdict
from runner.judge.results import CellResult, Where, threads
from runner.judge.tier import pairs
from runner.judge.tier.base import Judging, Sides, Tier
from runner.metrics import steady as metrics
from runner.records import MIB, Accelerator, Cell, Metric, Rules
from runner.tomlfile import Table as File

_SPEED = "throughput_mib_s"
#: Pairs a step of a bisect may take, where the experiment declares no looks.
_LOOKS = (8, 14, 20)
#: A relative change that nothing exceeds: for metrics that are not asked about.
_NEVER = 10.0


class _Judging(Judging):
    """All cells judged together: Holm is over all their metrics."""

    def __init__(self, tier: Tier, sides: Sides, rules: Rules,
                 thresholds: Mapping[str, float]) -> None:
        super().__init__(tier, sides, rules, thresholds)
        own = sides.get(rules.base, {})
        self._sides = {(test, *key): pairs.Sides(tuple(own[key]), tuple(side))
                       for test, mine in sides.items() if test != rules.base
                       for key, side in mine.items() if key in own}
        self._effects = {cell: pairs.effects(sides, rules, thresholds)
                         for cell, sides in self._sides.items()}
        self._p = pairs.adjusted(self._effects, rules)

    def cell(self, where: Where, test: str) -> list[MetricResult]:
        cell = (test, *where)
        effects = self._effects[cell]
        return pairs.judge(self._sides[cell], self.rules, self.thresholds, effects,
                           {name: self._p[cell, name] for name in effects})

    def resolved(self) -> Iterable[str]:
        many = len({cell[0] for cell in self._effects}) > 1
        for cell, effects in self._effects.items():
            test, device, count, *_ = cell
            place = f"{f'{test} on ' if many else ''}{device}, {threads(count)}"
            for name, effect in effects.items():
                yield pairs.resolution(place, self._sides[cell], name, effect,
                                       self.thresholds[name])


class Timed(Tier):
    name = "timed"
    summary = "wall clock in the guest, pairs of fresh boots"
    rank = 3
    flavour = "perf"
    by_clock = True
    paired = True
    claims = True
    tools = True
    stamped = True
    own_metrics = (_SPEED,)
    thresholds = {_SPEED: 0.03}
    headline = bisected = _SPEED
    speed = (_SPEED, "swap throughput, MiB/s")
    noise = 0.01                           # measured, docs/methodology.md

    def check(self, root: File, guest: Guest) -> None:
        if guest.accelerator == Accelerator.ICOUNT:
            root.complain("tiers", "timed: time under icount is instructions; leave the tier away "
                                   "or set another guest.accelerator")

    def threads(self, threads: Sequence[int], guest: Guest) -> tuple[int, ...]:
        """With fit_host those that have a vCPU each."""
        return tuple(count for count in threads if count <= guest.vcpus or not guest.fit_host)

    def boots(self, experiment: Experiment) -> Iterator[Planned]:
        """Rounds: all kernels of one boot next to each other, in an order drawn from the recorded
        seed and reversed in every second round, so that a drift of the host favours nobody.

        In the first `aa_pairs` rounds the base boots a second time.
        """
        draw = random.Random(experiment.boots.order_seed)
        looks, confirm = experiment.rules.looks, experiment.rules.confirm_pairs
        for device in experiment.devices:
            for count in self.threads(experiment.threads, experiment.guest):
                order = [(kernel, "") for kernel in experiment.kernels]
                if experiment.boots.aa_pairs and experiment.rules.base:
                    order.append((experiment.rules.base, pairs.AA))
                for repeat in range(looks[-1] + confirm):
                    if repeat % 2 == 0:
                        draw.shuffle(order)
                    else:
                        order.reverse()
                    look = sum(repeat >= at for at in looks)
                    for kernel, purpose in order:
                        if purpose == pairs.AA and repeat >= experiment.boots.aa_pairs:
                            continue
                        cell = Cell(kernel, device, count, experiment.workload.program, self.name)
                        yield Planned(0, repeat, cell, 0,
                                      pairs.CONFIRM if look == len(looks) else purpose, look)

    def figures(self, reading: metrics.Reading) -> dict[str, Metric]:
        window = reading.window
        rate = window.pages * window.page_size / MIB / (window.nanoseconds / 1e9)
        return {_SPEED: Metric(rate, "MiB/s", "higher", metrics.WORKLOAD)}

    def judging(self, sides: Sides, rules: Rules, thresholds: Mapping[str, float]) -> Judging:
        return _Judging(self, sides, rules, thresholds)

    def warnings(self, cell: CellResult) -> Iterable[str]:
        if cell.verdict == Verdict.INCONCLUSIVE and cell.test_samples:
            yield (f"{cell.test} on {cell.device}, {threads(cell.threads)}: time is not resolved "
                   f"({cell.reason}); raise rules.pairs or rules.looks")

    def answers(self, metric: str) -> bool:
        return metric in (_SPEED, *metrics.KNOWN)

    def ends(self, rules: dict[str, Any]) -> None:
        if "looks" not in rules:
            rules["looks"] = sorted({*_LOOKS, max(rules.pop("pairs", 5), _LOOKS[0])})

    def step(self, rules: dict[str, Any], adjusted: bool) -> dict[str, float]:
        return {name: _NEVER for name in self.thresholds}
