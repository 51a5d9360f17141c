# SPDX-License-Identifier: GPL-2.0-only
"""The lockstep tier: the kernel's own code on a simulated machine of many CPUs.

Two runs of one perturbation agree to the digit.  A contended system is chaotic all the same:
another memory layout or another order of start gives another interleaving, so a cell is
several perturbed runs, and its effect an interval over them.
"""
from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from runner.asked import Experiment, Guest, Planned
from runner.errors import CannotMeasure
from runner.instruments import outputs as instruments
from runner.judge import hotlines, spread
from runner.judge.figures import MetricResult
from runner.judge.results import CellResult, threads
from runner.judge.shown import Picture, Table
from runner.judge.tier import counts, load
from runner.judge.tier.base import NO_RULES, Judging, Sides, Tier
from runner.lockstep import machinefile, reading, simfile, simmetrics, symbols
from runner.lockstep.machinefile import Machine
from runner.lockstep.names import Names
from runner.metrics import steady as metrics
from runner.plot.plots import Heading
from runner.reason import Reason
from runner.records import (DEVICES, HOST_DEVICES, Accelerator, Boot, BootResult, BuiltKernel,
                            Cell, Metric, Outcome, Rules, Sample)
from runner.swapareas import kinds
from runner.tomlfile import Table as File
from runner.vm import machine as pc
from runner.vm import newqemu, numa
from runner.vm.guest import PLUGIN

_SPEED = "throughput_mib_s"
#: Some 109 ns on haswell-ep-2s, about what a line from the other socket takes: what 3 minutes of
#: bench allow.  A quantum no longer than the nearest line's way is what a parallel simulation
#: needs to see every write in time; docs/lockstep.md has how far effects hang on it.
QUANTUM = 250
#: What else it may be asked to decide by.
_TOLD = ("ns_per_page", "transfers_per_page", "far_transfers_per_page")
_END_RUNS = 4
#: What figures of different runs must share, by the keys they are recorded under.
_SERIES = ("simulated", "simulated_file", "quantum", "simulator", "settle")


def _coarse(sample: Sample) -> bool:
    """Whether its quantum is longer than a line's way; samples of old do not say."""
    try:
        return float(sample.host["quantum_ns"]) > float(sample.host["near_ns"])
    except (KeyError, ValueError):
        return False


@dataclass(frozen=True)
class Setting:
    """[lockstep] of an experiment."""

    machine: Machine
    quantum: int              # instructions one vCPU may be ahead of the slowest
    spare: int                # vCPUs beyond the threads: kswapd and the agent run there
    threads: tuple[int, ...]  # may be more than CPUs that the other tiers have


class _Judging(Judging):
    def resolved(self) -> Iterable[str]:
        for test in self.sides:
            if test == self.rules.base:
                continue
            for where in self.sides[test]:
                sides = [self.valid(name, where) for name in (self.rules.base, test)]
                if speed := spread.of(sides[0], sides[1], _SPEED):
                    yield (f"lockstep tier on {where[0]}, {threads(where[1])}: {speed.told()} "
                           "of the same kernel would be told apart from "
                           f"±{speed.resolves:.1%} on")


class Lockstep(Tier):
    name = "lockstep"
    summary = "the kernel's own code on a simulated machine of many CPUs, in simulated time"
    rank = 2
    flavour = "perf"
    repeats = True
    claims = True
    own_metrics = (_SPEED, *_TOLD)
    thresholds = {_SPEED: 0.03}
    headline = bisected = _SPEED
    speed = (_SPEED, "swap throughput in simulated time, MiB/s")
    level = spread.LEVEL
    #: All that RAM was full of at first is gone then.  Which of it was looked at before it was
    #: swapped out differs from run to run, node by node, and moves a run by a fifth.
    settle = 0.9

    # How it plans.

    def read(self, root: File, chosen: bool, devices: Sequence[str]) -> Setting | None:
        table = root.table("lockstep")
        if not chosen:
            # A bisect, or somebody by --set, measures in one tier of several.
            return None
        name = table.text("machine", "haswell-ep-2s")
        try:
            machine = machinefile.load(name)
        except CannotMeasure as error:
            table.complain("machine", str(error))
        setting = Setting(machine, table.integer("quantum", 10, 100000, QUANTUM),
                          table.integer("spare", 0, 32, machine.sockets),
                          tuple(table.integers("threads", 1, 1024,
                                               root.integers("threads", 1, 1024, [1]))))
        table.close()
        wanted = max(setting.threads) + setting.spare
        have = min(machine.sockets * machine.cores, pc.read().engines[
            Accelerator.LOCKSTEP].max_vcpus)
        if wanted > have:
            where = table if "threads" in table.keys() else root
            where.complain("threads", f"{wanted - setting.spare} threads and {setting.spare} spare "
                                      f"CPUs are more than the {have} CPUs that can be simulated "
                                      f"of {machine.name}; take fewer, or another lockstep.machine")
        for kind in (kind for device in devices for kind in kinds(device)):
            if machine.sockets > 1 and kind in DEVICES and (
                    kind not in numa.OUTSIDE or kind in HOST_DEVICES):
                root.complain("devices", f"{kind}: the lockstep tier has a NUMA node a socket, and "
                                         "no time for what the host does; take pmem")
        return setting

    def lost(self) -> str:
        return newqemu.lack()

    def counted(self, guest: Guest, chosen: str) -> bool:
        return True

    def accelerator(self, guest: Guest, chosen: Accelerator) -> Accelerator:
        return Accelerator.LOCKSTEP

    def vcpus(self, guest: Guest, chosen: str) -> int:
        return guest.vcpus

    def boots(self, experiment: Experiment) -> Iterator[Planned]:
        """Perturbation by perturbation, the very first twice: the self-check."""
        first, count = experiment.boots.self_check, experiment.rules.perturbations
        for perturbation in range(count):
            for cell in self.cells(experiment):
                yield Planned(0, perturbation, cell, perturbation)
                if first:
                    yield Planned(0, count, cell, perturbation)
                    first = False

    def cells(self, experiment: Experiment) -> Iterator[Cell]:
        setting = experiment.own[self.name]
        assert isinstance(setting, Setting)
        return super().cells(dataclasses.replace(experiment, threads=setting.threads))

    # How it boots and measures.

    def cmdline(self, planned: Planned) -> tuple[str, ...]:
        return load.layout(planned.layout)

    def boot(self, experiment: Experiment, chosen: Accelerator, planned: Planned,
             kernel: BuiltKernel, folder: Path) -> Boot:
        setting = experiment.own[self.name]
        assert isinstance(setting, Setting)
        vcpus = planned.cell.threads + setting.spare
        run = simfile.Simulation(setting.machine, vcpus, setting.quantum, planned.layout)
        made = super().boot(experiment, chosen, planned, kernel, folder)
        return dataclasses.replace(
            made, vcpus=vcpus, nodes=setting.machine.sockets if vcpus >= setting.machine.sockets
            else 1, simulated=simfile.text(run, symbols.load(kernel.image.parent)))

    def describes(self, experiment: Experiment) -> Mapping[str, str]:
        setting = experiment.own[self.name]
        assert isinstance(setting, Setting)
        try:
            version = newqemu.lockstep_qemu().version
        except CannotMeasure:
            version = ""
        figures = setting.machine.figures
        return {"qemu": version, "simulated": setting.machine.name,
                "simulated_file": setting.machine.digest, "quantum": str(setting.quantum),
                "quantum_ns": f"{setting.quantum * figures['ns_per_instruction'].value:.3g}",
                "near_ns": f"{figures['near_ns'].value:.3g}",
                "settle": f"{experiment.workload.settled(self.settle):g}",
                "simulator": hashlib.sha256(PLUGIN.read_bytes()).hexdigest()[:12]}

    def sample(self, result: BootResult, boot: Boot, rules: Rules
               ) -> tuple[dict[str, Metric], tuple[Reason, ...]]:
        if result.outcome == Outcome.OK:
            symbols.keep(boot.kernel.image, boot.evidence)
        return super().sample(result, boot, rules)

    def measure(self, evidence: Path) -> dict[str, Metric]:
        load_of = metrics.read(evidence)
        simulated = reading.read(evidence)
        names = Names(symbols.load(evidence), simulated)
        measured = {**metrics.common(load_of),
                    **simmetrics.measure(simulated, names, load_of.window.kernel_pages)}
        return measured | instruments.measure(evidence, measured)

    def machine(self, sample: Sample) -> str:
        return sample.host.get("simulated", "")

    # How it judges.

    def judges(self, metric: str) -> bool:
        return self.gives(metric)

    def unfit(self, samples: Iterable[Sample]) -> str:
        for key in _SERIES:
            seen = sorted({sample.host.get(key, "") for sample in samples})
            if len(seen) > 1:
                return f"lockstep samples of more than one {key.replace('_', ' ')}: " \
                       f"{', '.join(seen)}"
        return ""

    def judging(self, sides: Sides, rules: Rules, thresholds: Mapping[str, float]) -> Judging:
        return _Judging(self, sides, rules, thresholds)

    def against(self, base: Sequence[Sample], test: Sequence[Sample],
                thresholds: Mapping[str, float], rules: Rules = NO_RULES) -> list[MetricResult]:
        own = {name: limit for name, limit in thresholds.items() if self.judges(name)}
        return [spread.judge(result, base, test) for result in counts.medians(base, test, own)]

    # How it warns, what it rests on.

    def assumptions(self, valid: Sequence[Sample]) -> Iterable[str]:
        machines = sorted({self.machine(sample) for sample in valid
                           if sample.cell.tier == self.name})
        if machines:
            yield (f"lockstep tier: time is of a simulated {', '.join(machines)}: every "
                   "instruction takes the same, a cache line that another CPU has takes what the "
                   "machine file says, caches are as large as memory and nothing reorders; "
                   "configs/machines/ has the figures with their sources, docs/lockstep.md what "
                   "they were held against")
        coarse = {(sample.host["quantum"], sample.host["quantum_ns"], sample.host["near_ns"])
                  for sample in valid if sample.cell.tier == self.name and _coarse(sample)}
        for quantum, length, near in sorted(coarse):
            yield (f"lockstep tier: a quantum of {quantum} instructions, {length} ns, is longer "
                   f"than the {near} ns of the nearest cache line: a CPU that waits may see what "
                   "it waits for late, which makes contention dearer; docs/lockstep.md has how "
                   "far the bench's effect moves with it, lockstep.quantum sets it")

    # How it is shown.

    def stamp(self, cell: CellResult) -> str:
        return ""

    def tables(self, cells: Sequence[CellResult]) -> Iterable[Table | None]:
        return [make(cell) for cell in cells for make in (hotlines.lines, hotlines.waits)]

    def pictures(self, cells: Sequence[CellResult], out: Path, heading: Heading) -> list[Picture]:
        return hotlines.pictures(cells, out, heading)

    # What bisects and claims ask of it.

    def ends(self, rules: dict[str, Any]) -> None:
        rules["perturbations"] = max(_END_RUNS, rules.get("perturbations", 1))

    def step(self, rules: dict[str, Any], adjusted: bool) -> dict[str, float]:
        rules["self_check"] = False
        return {}

    def most(self, experiment: Experiment) -> int:
        return experiment.rules.perturbations

    def fewer(self, experiment: Experiment, count: int) -> Experiment:
        count = min(count, experiment.rules.perturbations)
        return dataclasses.replace(experiment, rules=dataclasses.replace(
            experiment.rules, perturbations=count))

    def boot_of(self, sample: Sample) -> int:
        return sample.layout
