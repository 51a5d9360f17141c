# SPDX-License-Identifier: GPL-2.0-only
"""The torture tier: what its boots do to a kernel, and what a kernel may not do.

Nothing is compared here: a kernel is sound or it is not.  A boot in which a
scenario did not reach what it is for shows neither, and does not count.
"""
from __future__ import annotations

import dataclasses
import signal
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from runner.asked import Experiment, Planned
from runner.errors import CannotMeasure, printable
from runner.judge.figures import MetricResult, Verdict
from runner.judge.results import CellResult, threads
from runner.judge.shown import Table
from runner.judge.tier import counts
from runner.judge.tier.base import Tier
from runner.judge.validity import ended, findings, other_accelerator, verification
from runner.metrics import torturefile
from runner.reason import Reason, ReasonKind, joined
from runner.records import (MIB, Accelerator, Boot, BootResult, BuiltKernel, Job, Metric, Outcome,
                            Rules, Sample, SwapDevice)
from runner.swapareas import is_one, with_drivers
from runner.tomlfile import REQUIRED
from runner.tomlfile import Table as File

_NAME = "torture"
PROGRAM = "swaptorture"
SCENARIOS = ("writers", "shared", "advice", "swapoff", "refused", "full", "nodes", "merged",
             "poisoned")

#: A page that cannot be had is SIGBUS; one that came back wrong can be SIGSEGV.
_OF_MEMORY = (signal.SIGBUS, signal.SIGSEGV)

#: Names the one cache whose allocations are to fail (6.1 does not let a running
#: system choose it), and keeps the programs' pages, which a tmpfs would swap
#: out, from being taken for a leftover.
_CMDLINE = ("slub_debug=A,radix_tree_node", "rootfstype=ramfs")


@dataclass(frozen=True)
class Boots:
    """One boot of each kernel: scenarios under one setting of reclaim."""

    name: str
    scenarios: tuple[str, ...]
    lru: str                  # 'classic' or 'mglru'
    thp: str                  # 'never' or 'always'
    groups: str = "v2"        # control groups: 'v2' or 'v1'


@dataclass(frozen=True)
class Asked:
    """What an experiment's [torture] asks for."""

    boots: tuple[Boots, ...] = ()
    rounds: int = 1           # how much each scenario does
    limit: int = 60           # seconds a scenario may take at most
    disk: int = 16 * MIB      # bytes of the RAM disk, the second swap device
    seed: int = 1

    def named(self, workload: str) -> Boots:
        """The boot that a cell's workload names."""
        return next(boot for boot in self.boots if workload == f"{PROGRAM}/{boot.name}")


class Torture(Tier):
    name = _NAME
    rank = 8
    flavour = "debug"
    compared = False

    def read(self, root: File, chosen: bool, devices: Sequence[str]) -> Asked:
        return _read(root.table(_NAME), chosen, devices)

    def program(self, asked: str) -> str:
        return PROGRAM

    def boots(self, experiment: Experiment) -> Iterator[Planned]:
        """Every boot of a kernel, then the next kernel's."""
        for cell in self.cells(experiment):
            for boot in _asked(experiment).boots:
                yield Planned(0, 0, dataclasses.replace(cell, workload=f"{PROGRAM}/{boot.name}"))

    def boot(self, experiment: Experiment, chosen: Accelerator, planned: Planned,
             kernel: BuiltKernel, folder: Path) -> Boot:
        cell, guest, asked = planned.cell, experiment.guest, _asked(experiment)
        wanted = asked.named(cell.workload)
        argv = (f"/bin/{PROGRAM}", "--guest", "--scenarios", ",".join(wanted.scenarios),
                "--lru", wanted.lru, "--thp", wanted.thp, "--groups", wanted.groups,
                "--threads", str(cell.threads), "--rounds", str(asked.rounds),
                "--seed", str(asked.seed),
                "--limit", str(asked.limit), "--progress-fd", "4")
        # A swapoff without an end takes its whole time without any progress; a kernel that
        # checks itself took 35 s to boot on a crowded host.
        limits = {"boot": 240.0, "silence": 2.0 * asked.limit,
                  "total": 2.0 * (len(wanted.scenarios) + 3) * asked.limit}
        return Boot(kernel, chosen, guest.vcpus, guest.ram,
                    Job(SwapDevice(cell.device, guest.swap), False, argv), folder,
                    (*_CMDLINE, f"ramdisk_size={asked.disk // 1024}", *guest.cmdline),
                    {**limits, **experiment.limits}, nodes=guest.nodes)

    def measure(self, evidence: Path) -> dict[str, Metric]:
        return torturefile.measure(evidence)

    def sample(self, result: BootResult, boot: Boot, rules: Rules
               ) -> tuple[dict[str, Metric], tuple[Reason, ...]]:
        return _judge(result, boot)

    def verdict(self, samples: Sequence[Sample]) -> tuple[Verdict, str, list[MetricResult]]:
        """The kernel stood every boot of a cell, or it did not."""
        against = tuple(finding for sample in samples for finding in findings(sample))
        spoilt = tuple(reason for sample in samples for reason in sample.invalid)
        counted = counts.medians([], samples, {})
        if against:
            return Verdict.UNSOUND, joined(against), counted
        if spoilt:
            return Verdict.INVALID, joined(spoilt), counted
        return Verdict.SOUND, "every page right, nothing left over, no complaint", counted

    def tables(self, cells: Sequence[CellResult]) -> Iterable[Table | None]:
        counted = {metric.name: metric.unit for cell in cells for metric in cell.metrics}
        values = [{metric.name: f"{metric.test:.0f}" for metric in cell.metrics
                   if metric.test is not None}
                  for cell in cells]
        rows = tuple((f"{name.removeprefix('torture.').replace('_', ' ')}{unit and ', '}{unit}",
                      *(column.get(name, "–") for column in values))
                     for name, unit in counted.items())
        boots = tuple(f"{printable(cell.workload, 40)}, {threads(cell.threads)}" for cell in cells)
        return [Table("What was done", ("", *boots), rows)] if rows else []


def _asked(experiment: Experiment) -> Asked:
    asked = experiment.own[_NAME]
    assert isinstance(asked, Asked)
    return asked


def _read(table: File, chosen: bool, devices: Iterable[str]) -> Asked:
    """An experiment's [torture]."""
    inner = table.table("boots")
    boots = []
    for name in inner.keys():
        boot = inner.table(name)
        boots.append(Boots(name, tuple(boot.texts("scenarios", REQUIRED, SCENARIOS)),
                           boot.text("lru", "classic", ("classic", "mglru")),
                           boot.text("thp", "never", ("never", "always")),
                           boot.text("groups", "v2", ("v2", "v1"))))
        boot.close()
    asked = Asked(tuple(boots), table.integer("rounds", 1, 1000, 1),
                  table.integer("limit_s", 1, 3600, 60),
                  table.integer("disk_mib", 8, 1024, 16) * MIB,
                  table.integer("seed", 0, 2**63 - 1, 1))
    if chosen:
        if not boots:
            table.complain("boots", "missing; the torture tier needs a table such as "
                                    "[torture.boots.classic] with its scenarios")
        if "brd" in devices:
            table.complain("", "the RAM disk (brd) is its second swap device; take device pmem")
        for device in devices:
            if not is_one(device) or with_drivers("", device):
                table.complain("", f"{device}: the tier knows pmem and pmem-legacy alone")
    table.close()
    return asked


def _unsound(text: str) -> Reason:
    return Reason(ReasonKind.UNSOUND, f"UNSOUND: {text}")


def _judge(result: BootResult, boot: Boot) -> tuple[dict[str, Metric], tuple[Reason, ...]]:
    """What a boot counted, and every reason it does not show a sound kernel."""
    counted: dict[str, Metric] = {}
    reasons: list[Reason] = []
    told: tuple[Reason, ...] = ()
    if result.accelerator != boot.accelerator:
        reasons.append(other_accelerator(result, boot))
    try:
        counted = torturefile.measure(boot.evidence)
        told = tuple(_unsound(line) for line in torturefile.unsound(boot.evidence))
        reasons += [Reason(ReasonKind.MISSED, f"the torture did not reach its point: {line}")
                    for line in torturefile.missed(boot.evidence)]
        told += tuple(verification(boot.evidence, True))
    except CannotMeasure as error:
        if result.outcome == Outcome.OK:
            reasons.append(Reason(ReasonKind.EVIDENCE, str(error)))
    if result.killed in _OF_MEMORY:
        told += (_unsound("the program was killed by "
                          f"{signal.Signals(result.killed).name}: its memory failed it"),)
    # The program ends with a status of its own after what it has told already.
    if result.outcome != Outcome.OK and not (result.outcome == Outcome.WORKLOAD_FAILED and told):
        reasons.insert(0, ended(result))
    return counted, (*told, *reasons)
