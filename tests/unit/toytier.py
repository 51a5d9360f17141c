# SPDX-License-Identifier: GPL-2.0-only
"""A tier that is in no table: its figure, its experiment, its boots."""
from __future__ import annotations

import dataclasses
import math
import statistics
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from madesamples import BASE, HOST, TEST

from runner.asked import Experiment, Guest, Planned
from runner.experiment import plan
from runner.judge.figures import FLIPPED, MetricResult, Verdict
from runner.judge.results import CellResult
from runner.judge.shown import Table
from runner.judge.tier import counts
from runner.judge.tier.base import NO_RULES, Tier
from runner.metrics import steady as metrics
from runner.records import Accelerator, Boot, BuiltKernel, Cell, Metric, Rules, Sample
from runner.tomlfile import Table as File

SPEED = "toy.throughput_mib_s"
DATA = Path(__file__).resolve().parent.parent / "data/evidence/contended"
EXPERIMENT = """\
format = 1
base = "6.1:vanilla"
test = ["6.1:batched"]
tiers = ["toy", "exact"]
threads = [1, 2]
[toy]
machine = "two-sockets"
starts = 3
[rules.thresholds]
"toy.throughput_mib_s" = 0.02
"""


@dataclasses.dataclass(frozen=True)
class Asked:
    machine: str
    starts: int


class Toy(Tier):
    """Simulated time on a machine that the experiment names, from several starts of each cell."""

    name = "toy"
    summary = "throughput on a simulated machine"
    rank = 2
    flavour = "perf"
    repeats = True
    claims = True
    stamped = True
    own_metrics = (SPEED,)
    thresholds = {SPEED: 0.03}
    headline = bisected = SPEED
    speed = (SPEED, "simulated throughput, MiB/s")
    noise = 0.001

    def read(self, root: File, chosen: bool, devices: Sequence[str]) -> Asked:
        table = root.table("toy")
        found = Asked(table.text("machine", ""), table.integer("starts", 1, 64, 3))
        if chosen and not found.machine:
            table.complain("machine", "missing; the toy tier simulates one")
        table.close()
        return found

    def counted(self, guest: Guest, chosen: str) -> bool:
        return True

    def boots(self, experiment: Experiment) -> Iterator[Planned]:
        first = True
        for cell in self.cells(experiment):
            for start in range(self.asked(experiment).starts):
                yield from (Planned(0, start, cell, start) for _ in range(1 + first))
                first = False

    def asked(self, experiment: Experiment) -> Asked:
        found = experiment.own[self.name]
        assert isinstance(found, Asked)
        return found

    def boot(self, experiment: Experiment, chosen: Accelerator, planned: Planned,
             kernel: BuiltKernel, folder: Path) -> Boot:
        return dataclasses.replace(super().boot(experiment, chosen, planned, kernel, folder),
                                   vcpus=planned.cell.threads + 1)

    def cmdline(self, planned: Planned) -> tuple[str, ...]:
        return (f"start={planned.layout}",)

    def figures(self, reading: metrics.Reading) -> dict[str, Metric]:
        return {SPEED: Metric(float(reading.window.pages), "MiB/s", "higher", metrics.WORKLOAD)}

    def machine(self, sample: Sample) -> str:
        return sample.host.get("simulated", "")

    def stamp(self, cell: CellResult) -> str:
        return cell.on

    def against(self, base: Sequence[Sample], test: Sequence[Sample],
                thresholds: Mapping[str, float], rules: Rules = NO_RULES) -> list[MetricResult]:
        return [_judged(one, base, test) if one.name == SPEED and one.threshold else one
                for one in counts.medians(base, test, thresholds)]

    def assumptions(self, valid: Sequence[Sample]) -> Iterable[str]:
        for machine in sorted({self.machine(one) for one in valid if one.cell.tier == self.name}):
            yield f"toy tier: simulated {machine}"

    def tables(self, cells: Sequence[CellResult]) -> Iterable[Table | None]:
        return [Table(f"Starts of {cell.machine}", ("", "boots"),
                      (("base", str(cell.base_samples)),)) for cell in cells]

    def claimed(self, metric: str) -> str:
        return SPEED if metric == "throughput_mib_s" else super().claimed(metric)

    def step(self, rules: dict[str, object], adjusted: bool) -> dict[str, float]:
        rules["self_check"] = False
        return {}

    def most(self, experiment: Experiment) -> int:
        return self.asked(experiment).starts

    def boot_of(self, sample: Sample) -> int:
        return sample.layout


def _judged(result: MetricResult, base: Sequence[Sample], test: Sequence[Sample]) -> MetricResult:
    sides = [[math.log(one.metrics[SPEED].value) for one in side] for side in (base, test)]
    low, high = min(sides[1]) - max(sides[0]), max(sides[1]) - min(sides[0])
    effect = statistics.median(sides[1]) - statistics.median(sides[0])
    verdict = Verdict.INCONCLUSIVE if low <= 0 <= high else \
        Verdict.REGRESSED if effect * FLIPPED[result.better] > 0 else Verdict.IMPROVED
    return dataclasses.replace(result, verdict=verdict, change=math.expm1(effect), reason="starts",
                               interval=(math.expm1(low), math.expm1(high)))


def load(tmp_path: Path, text: str = EXPERIMENT) -> Experiment:
    file = tmp_path / "toy.toml"
    file.write_text(text, encoding="utf-8")
    return plan.load(file)


def boots(kernel: str, values: Sequence[float], number: int, machine: str = "two-sockets",
          name: str = "toy") -> list[Sample]:
    return [Sample(number + at, at, Cell(kernel, "pmem", 16, "swapstorm", name), "icount", 18,
                   f"key of {kernel}", f"image of {kernel}", "ok", "", (),
                   {SPEED: Metric(value, "MiB/s", "higher", "workload.json")},
                   f"evidence/{number + at:04d}", "2026-01-01T00:00:00+00:00", 10.0,
                   {**HOST, "simulated": machine}, f"print of {value}", at)
            for at, value in enumerate(values)]


def samples(test: float = 1.2) -> list[Sample]:
    twice = boots(BASE, [100.0], 90)
    return [*twice, *boots(BASE, [100.0, 101.0, 99.0], 100),
            *boots(TEST, [test * 100.0, test * 100.5, test * 99.0], 110)]
