# SPDX-License-Identifier: GPL-2.0-only
"""The exact tier: one vCPU whose time is instructions, so that a boot repeats to the digit."""
from __future__ import annotations

import dataclasses
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from runner.asked import Experiment, Guest, Planned
from runner.jsonread import Json
from runner.judge.figures import MetricResult
from runner.judge.results import CellResult
from runner.judge.shown import Picture
from runner.judge.tier import counts, layouts, load, moved
from runner.judge.tier.base import NO_RULES, Tier
from runner.metrics import letters
from runner.metrics import steady as metrics
from runner.plot import plots
from runner.plot.bars import InstructionRow, instruction_bars
from runner.records import Accelerator, Metric, Rules, Sample


class Exact(Tier):
    name = "exact"
    summary = "instructions per swapped-out page on one vCPU under instruction counting"
    rank = 0
    flavour = "perf"
    repeats = True
    contends = False
    claims = True
    tools = True
    nanosecond = "instructions"
    own_metrics = (layouts.PAGE, layouts.WRITTEN)
    thresholds = {layouts.PAGE: 0.005}
    headline = bisected = layouts.PAGE
    level = 0.0                            # mostly of ranks
    noise = 0.0013                         # measured, docs/methodology.md
    remedy = "raise workload.ratio"

    def counted(self, guest: Guest, chosen: str) -> bool:
        return True

    def boots(self, experiment: Experiment) -> Iterator[Planned]:
        """Once at each memory layout, look by look, each kernel's first twice: the self-check.

        Kernels that are held against each other each prove that they repeat; of those measured
        alone, one shows that this host does.
        """
        looks = self.looks(experiment.rules)
        unproven = set(experiment.kernels if experiment.rules.base else experiment.kernels[:1])
        if not experiment.boots.self_check:
            unproven.clear()
        for look, (begin, end) in enumerate(zip([0, *looks], looks)):
            for cell in self.cells(experiment):
                for layout in range(begin, end):
                    yield Planned(0, layout, cell, layout, "", look)
                    if cell.kernel in unproven:
                        yield Planned(0, looks[-1], cell, layout, "", look)
                        unproven.remove(cell.kernel)

    def cmdline(self, planned: Planned) -> tuple[str, ...]:
        return load.layout(planned.layout)

    def figures(self, reading: metrics.Reading) -> dict[str, Metric]:
        window, workload = reading.window, reading.workload
        figures = {layouts.PAGE: Metric(window.nanoseconds / window.pages, "instructions/page",
                                        "lower", metrics.WORKLOAD)}
        # kswapd overshoots by up to a thousand pages or so, which moves pswpout
        # from layout to layout; what the workload wrote does not move.
        written = sum(thread.integer("steady_pages") for thread in workload.objects("per_thread"))
        if written:
            figures[layouts.WRITTEN] = Metric(window.nanoseconds / written, "instructions/page",
                                              "lower", metrics.WORKLOAD)
        return figures | _fault(workload)

    def unfit(self, samples: Iterable[Sample]) -> str:
        return "exact samples that did not run under icount" \
            if any(sample.accelerator != Accelerator.ICOUNT for sample in samples) else ""

    def against(self, base: Sequence[Sample], test: Sequence[Sample],
                thresholds: Mapping[str, float], rules: Rules = NO_RULES) -> list[MetricResult]:
        sides, part = layouts.reached(base, test, self.looks(rules))
        return [layouts.judge(result, sides[0], sides[1], part, rules.equal_pages)
                for result in counts.medians(sides[0], sides[1], thresholds)]

    def far(self, base: Sequence[Sample], test: Sequence[Sample], judged: Collection[str]
            ) -> list[moved.Moved]:
        # Of what a rule or a bisect could name: no command that would be refused.
        return [move for move in moved.find(layouts.boots(base), layouts.boots(test), judged)
                if move.name in metrics.KNOWN or self.gives(move.name)]

    def looks(self, rules: Rules) -> tuple[int, ...]:
        return rules.layouts

    def undecided(self, result: MetricResult) -> bool:
        return layouts.undecided(result)

    def assumptions(self, valid: Sequence[Sample]) -> Iterable[str]:
        if not any(sample.accelerator == Accelerator.ICOUNT for sample in valid):
            return
        yield ("exact tier: every instruction costs the same, a contended lock and a cache miss "
               "too; idle time counts up to the next timer")
        if not any(sample.layout for sample in valid):
            yield ("exact tier: another memory layout alone (image size, command line) moves "
                   "instructions per page by some 0.5%; for smaller effects set rules.layouts to "
                   "6 or more")
        else:
            yield ("exact tier: over several layouts a change is not the ratio of the two figures "
                   "before it, which are medians as counted: 'at equal pages' it is at equal "
                   "pages swapped out and freed per page written, else the median over all pairs "
                   "of layouts (docs/methodology.md)")

    def pictures(self, cells: Sequence[CellResult], out: Path, heading: plots.Heading
                 ) -> list[Picture]:
        bars = [InstructionRow(cell.device, metric.base, metric.test, metric.change)
                for cell in cells for metric in cell.metrics
                if metric.name == layouts.PAGE and metric.base and metric.test]
        return [Picture("effects", f"Instructions per swapped-out page, {heading.note}: "
                        f"{heading.test} against {heading.base}", instruction_bars(
                            bars, out.with_name(f"{out.name}-instructions"), heading))] \
            if bars else []

    def answers(self, metric: str) -> bool:
        return metric in (*self.own_metrics, *metrics.KNOWN) and metric not in (
            *metrics.FAIRNESS, *letters.SPEEDS)

    def ends(self, rules: dict[str, Any]) -> None:
        own = rules.get("layouts", 1)
        rules["layouts"] = list(layouts.raised(own if isinstance(own, list) else [own]))

    def step(self, rules: dict[str, Any], adjusted: bool) -> dict[str, float]:
        # The ends have shown that this host repeats; and a step is held against the good end by
        # the comparison that told the ends apart.
        rules |= {"self_check": False, "equal_pages": adjusted, "layouts": rules["layouts"][-1]}
        return {}

    def most(self, experiment: Experiment) -> int:
        return experiment.rules.layouts[-1]

    def fewer(self, experiment: Experiment, count: int) -> Experiment:
        count = min(count, experiment.rules.layouts[-1])
        return dataclasses.replace(experiment, rules=dataclasses.replace(
            experiment.rules, layouts=(count,)))

    def boot_of(self, sample: Sample) -> int:
        return sample.layout


def _fault(workload: Json) -> dict[str, Metric]:
    """What a page costs while RAM fills: the fault and the write, no reclaim.

    One thread alone: with more, some are done while others still write.
    """
    threads = workload.objects("per_thread")
    fill = workload.object("phases").object("fill")
    span = fill.integer("end_ns") - fill.integer("begin_ns")
    filled = sum(thread.integer("pages_written") - thread.integer("steady_pages")
                 for thread in threads)
    if len(threads) != 1 or filled <= 0 or span <= 0:
        return {}
    return {"fault_instructions_per_page": Metric(span / filled, "instructions/page", "",
                                                  metrics.WORKLOAD)}
