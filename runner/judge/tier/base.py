# SPDX-License-Identifier: GPL-2.0-only
"""What is to know of a tier, and what holds where a tier says nothing of its own.

That is also what holds for a tier this version does not know: results travel, and may name
one.  Its figures are compared by their medians, and nothing is booted for it.
"""
from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from runner.asked import Experiment, Guest, Planned
from runner.errors import CannotMeasure
from runner.host import hostload
from runner.instruments import outputs as instruments
from runner.judge import validity
from runner.judge.figures import MetricResult, Verdict
from runner.judge.results import CellResult, Where
from runner.judge.shown import Picture, Table
from runner.judge.tier import counts, load
from runner.judge.tier.moved import Moved
from runner.metrics import letters
from runner.metrics import steady as metrics
from runner.plot.plots import Heading
from runner.reason import Reason, ReasonKind
from runner.records import (Accelerator, Boot, BootResult, BuiltKernel, Cell, HostLimits, Metric,
                            Outcome, Rules, Sample)
from runner.tomlfile import Table as File

#: Judges all there is, at once.
NO_RULES = Rules("", {}, layouts=())
#: Kernel -> where it was measured -> every sample, valid or not.
Sides = Mapping[str, Mapping[Where, Sequence[Sample]]]


class Judging:
    """All cells of a tier in one comparison.  Here: each by itself."""

    def __init__(self, tier: Tier, sides: Sides, rules: Rules,
                 thresholds: Mapping[str, float]) -> None:
        self.tier, self.sides, self.rules, self.thresholds = tier, sides, rules, thresholds

    def valid(self, kernel: str, where: Where) -> list[Sample]:
        """The samples of a kernel that count."""
        return [boot for boot in self.sides.get(kernel, {}).get(where, ()) if not boot.invalid]

    def cell(self, where: Where, test: str) -> list[MetricResult]:
        """Every metric of a cell of which both sides have valid samples."""
        return self.tier.against(self.valid(self.rules.base, where), self.valid(test, where),
                                 self.thresholds, self.rules)

    def resolved(self) -> Iterable[str]:
        """What this tier can tell apart here, a line each."""
        return ()


class Tier:
    """One way to measure."""

    name = ""                              # in experiments, results and reports
    summary = ""                           # what it measures, a sentence for the page
    rank = 99                              # cheapest and surest first: order of boots, of blame
    flavour = ""                           # of the kernels it boots
    #: Its figures are of the host's clock: the host's load spoils them, and an emulated guest's
    #: say nothing of real hardware.  Undecided, it leaves the verdict to tiers that decided.
    by_clock = False
    #: Boots of base and test are pairs, made in rounds, as many as it takes
    #: (runner.campaign.adaptive).
    paired = False
    #: Repeats to the last digit where the host is sound: its first cell is booted twice.
    repeats = False
    #: Times guest.ram that a load swaps out before its window, unless it says otherwise.
    settle = 0.0
    counts_locks = False                   # its locks explain what the others measured
    contends = True                        # threads can wait for each other in it
    compared = True                        # base against test; else a kernel is judged by itself
    claims = False                         # may decide a claim
    tools = False                          # its boots may carry tools
    own_tables = True                      # the page shows what `tables` gives as it is
    stamped = False                        # headings, too, say what its guest ran on
    nanosecond = "ns"                      # what a nanosecond of its guest is
    #: Metrics whose threshold an experiment may declare, beside those all loads have.
    own_metrics: tuple[str, ...] = ()
    family = ""                            # further ones, as a complaint describes them
    thresholds: Mapping[str, float] = {}   # where the experiment declares none: relative change
    headline = ""                          # the metric shown of a boot
    bisected = ""                          # the one a bisect goes by where none is named
    speed: tuple[str, str] = ("", "")      # metric in MiB/s, drawn over threads; its claim's words
    level = 0.95                           # of its intervals; 0: their width is no error
    noise = 0.0                            # what boots of one kernel differ by at least: a share
    floor = 0.0                            # from night to night: what is no change, in its unit
    remedy = "lower guest.vcpus below the number of idle cores"   # where a profile saw too little

    def __init__(self, name: str = "") -> None:
        self.name = name or self.name

    # How it plans.

    def read(self, root: File, chosen: bool, devices: Sequence[str]) -> object:
        """What its own table of the experiment says; UsageError with file, line and key."""
        return None

    def check(self, root: File, guest: Guest) -> None:
        """UsageError where the experiment cannot have this tier."""

    def threads(self, threads: Sequence[int], guest: Guest) -> tuple[int, ...]:
        """Of the experiment's thread counts those it measures."""
        return tuple(threads)

    def lost(self) -> str:
        """What this host lacks for it, what is lost and how to mend it; '' where all is here."""
        return ""

    def counted(self, guest: Guest, chosen: str) -> bool:
        """Whether its boots have a clock of instructions: one vCPU, in which no host shows.

        `chosen`: the accelerator of the tiers that do not count.  Such boots run side by side.
        """
        return chosen == Accelerator.ICOUNT

    def accelerator(self, guest: Guest, chosen: Accelerator) -> Accelerator:
        """What its boots run on."""
        return Accelerator.ICOUNT if self.counted(guest, chosen) else chosen

    def vcpus(self, guest: Guest, chosen: str) -> int:
        return 1 if self.counted(guest, chosen) else guest.vcpus

    def program(self, asked: str) -> str:
        """Of workloads/, what its guests run; `asked` by the experiment."""
        return asked

    def boots(self, experiment: Experiment) -> Iterator[Planned]:
        """Every boot it may come to need, in order; numbers are given later."""
        return iter(())

    def cells(self, experiment: Experiment) -> Iterator[Cell]:
        """Its cells, device by device."""
        for device in experiment.devices:
            for threads in self.threads(experiment.threads, experiment.guest):
                for kernel in experiment.kernels:
                    yield Cell(kernel, device, threads, experiment.workload.program, self.name)

    # How it boots and measures.

    def boot(self, experiment: Experiment, chosen: Accelerator, planned: Planned,
             kernel: BuiltKernel, folder: Path) -> Boot:
        """The boot that measures `planned`."""
        return load.boot(self.way(experiment.guest, chosen, planned), experiment, planned, kernel,
                         folder)

    def way(self, guest: Guest, chosen: Accelerator, planned: Planned) -> load.Way:
        """What of a boot is this tier's, whatever the load."""
        return load.Way(self.accelerator(guest, chosen), self.vcpus(guest, chosen),
                        self.counts_locks, self.counted(guest, chosen), self.by_clock,
                        self.cmdline(planned), self.settle)

    def cmdline(self, planned: Planned) -> tuple[str, ...]:
        """Kernel parameters of its own."""
        return ()

    def measure(self, evidence: Path) -> dict[str, Metric]:
        """All metrics of a sample; CannotMeasure 'FILE: what' where evidence is missing,
        malformed or shows no swap-out."""
        reading = metrics.read(evidence)
        taken = {**self.figures(reading), **metrics.common(reading)}
        if self.nanosecond != "ns":      # an instruction count has no speed
            taken = {name: metric for name, metric in taken.items() if name not in letters.SPEEDS}
        return taken | instruments.measure(evidence, taken)

    def figures(self, reading: metrics.Reading) -> dict[str, Metric]:
        """What it measures beside what all tiers do."""
        return {}

    def sample(self, result: BootResult, boot: Boot, rules: Rules
               ) -> tuple[dict[str, Metric], tuple[Reason, ...]]:
        """What the boot gives, and every reason it does not count."""
        taken: dict[str, Metric] = {}
        if result.outcome == Outcome.OK:
            try:
                taken = self.measure(boot.evidence)
            except CannotMeasure as error:
                return {}, (*instruments.failures(boot.evidence, boot.job),
                            Reason(ReasonKind.EVIDENCE, str(error)))
        return taken, (*validity.judge(result, boot, taken, rules),
                       *(instruments.failures(boot.evidence, boot.job)
                         if result.outcome == Outcome.OK else ()))

    def describes(self, experiment: Experiment) -> Mapping[str, str]:
        """What to record of what its samples ran on, beside what is recorded of every sample's."""
        return {}

    def spoilt(self, seen: hostload.Load, limits: HostLimits) -> tuple[Reason, ...]:
        """Why what the host did beside it keeps a sample from counting."""
        return tuple(hostload.judge(seen, limits)) if self.by_clock else ()

    def machine(self, sample: Sample) -> str:
        """The simulated machine that its figures are of; '': this host."""
        return ""

    # How it judges.

    def gives(self, metric: str) -> bool:
        """Whether it alone measures this metric, whose threshold an experiment may declare."""
        return metric in self.own_metrics

    def judges(self, metric: str) -> bool:
        """Whether this metric of its samples may decide anything."""
        return True

    def unfit(self, samples: Iterable[Sample]) -> str:
        """Why valid samples of one cell are no series: '' where they are."""
        return ""

    def self_check(self, samples: Sequence[Sample]) -> str:
        """Why it must not decide in this comparison; '' where it may."""
        return counts.twice(self.name, samples) if self.repeats else ""

    def judging(self, sides: Sides, rules: Rules, thresholds: Mapping[str, float]) -> Judging:
        """Of all its samples in a comparison with a base."""
        return Judging(self, sides, rules, thresholds)

    def against(self, base: Sequence[Sample], test: Sequence[Sample],
                thresholds: Mapping[str, float], rules: Rules = NO_RULES) -> list[MetricResult]:
        """Every metric of one cell's valid samples; what has no threshold is for information."""
        return counts.medians(base, test, {name: limit for name, limit in thresholds.items()
                                           if self.judges(name)})

    def far(self, base: Sequence[Sample], test: Sequence[Sample], judged: Collection[str]
            ) -> list[Moved]:
        """What moved in every boot though no rule asks about it, without what is `judged`."""
        return []

    def looks(self, rules: Rules) -> tuple[int, ...]:
        """Numbers of boots of a cell after which it is judged; none: all are made at once."""
        return ()

    def undecided(self, result: MetricResult) -> bool:
        """Whether boots of a later look could decide a metric."""
        return False

    def verdict(self, samples: Sequence[Sample]) -> tuple[Verdict, str, list[MetricResult]]:
        """Of a kernel judged by itself, where nothing is `compared`."""
        raise NotImplementedError

    # How it warns, what it rests on.

    def warnings(self, cell: CellResult) -> Iterable[str]:
        """Of one of its cells, each with its remedy."""
        return ()

    def assumptions(self, valid: Sequence[Sample]) -> Iterable[str]:
        """What figures rest on; `valid`: all samples that count, of every tier."""
        return ()

    # How it is shown.

    def stamp(self, cell: CellResult) -> str:
        """After its name, where figures stand: ', emulated'."""
        return "" if cell.accelerator == Accelerator.KVM else ", emulated"

    def tables(self, cells: Sequence[CellResult]) -> Iterable[Table | None]:
        """Of its cells of one kernel and device, what figures beside 'Speed and reclaim' need."""
        return ()

    def pictures(self, cells: Sequence[CellResult], out: Path, heading: Heading) -> list[Picture]:
        """Of its cells of one kernel and thread count; files begin with `out`."""
        return []

    # What bisects and claims ask of it.

    def answers(self, metric: str) -> bool:
        """Whether a bisect by this metric measures in this tier."""
        return self.gives(metric)

    def claimed(self, metric: str) -> str:
        """The metric by which it decides a claim about `metric`; '' where it cannot."""
        return metric if self.claims and (self.gives(metric) or metric in metrics.KNOWN) else ""

    def ends(self, rules: dict[str, Any]) -> None:
        """Change [rules] of an experiment into those of a bisect's ends."""

    def step(self, rules: dict[str, Any], adjusted: bool) -> dict[str, float]:
        """Change [rules] of the ends into those of a step; thresholds of what is not asked.

        `adjusted`: whether the ends were told apart with an error of its own.
        """
        return {}

    def most(self, experiment: Experiment) -> int:
        """Boots of a cell, where a bisect may add them one by one; 0: it may not."""
        return 0

    def fewer(self, experiment: Experiment, count: int) -> Experiment:
        """The same with at most `count` boots of a cell; a sample's number stays what it is."""
        return experiment

    def boot_of(self, sample: Sample) -> int:
        """Which boot of its cell; two of one number say the same again."""
        return sample.repeat
