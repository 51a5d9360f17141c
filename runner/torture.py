# SPDX-License-Identifier: GPL-2.0-only
"""The torture tier: what its boots do to a kernel, and what a kernel may not do.

Nothing is compared here: a kernel is sound or it is not.  A boot in which a
scenario did not reach what it is for shows neither, and does not count.
"""
from __future__ import annotations

import re
import signal
from collections.abc import Iterable
from dataclasses import dataclass

from runner.errors import CannotMeasure, printable
from runner.metrics import torturefile
from runner.records import MIB, Boot, BootResult, Cell, Metric, Outcome, Sample, with_drivers
from runner.tomlfile import REQUIRED, Table
from runner.validity import DATA_LOSS, verification

TIER = "torture"
PROGRAM = "swaptorture"
#: What such a cell is held against, where another names a kernel.
TORTURE = "torture"
SCENARIOS = ("writers", "shared", "advice", "swapoff", "refused", "full", "nodes")

#: The reason begins with it where something is wrong with the kernel.
UNSOUND = "UNSOUND"

#: How a boot can end that says something about the kernel, not about the host.
_OUTCOMES = {Outcome.KERNEL_PANIC, Outcome.KERNEL_OOPS, Outcome.KERNEL_WARNING, Outcome.LOCKUP,
             Outcome.TRIPLE_FAULT, Outcome.HUNG_IN_RECLAIM}

#: A page that cannot be had is SIGBUS; one that came back wrong can be SIGSEGV.
_KILLED = re.compile(r"workload killed (7|11)")

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


@dataclass(frozen=True)
class Torture:
    """What an experiment's [torture] asks for."""

    boots: tuple[Boots, ...] = ()
    rounds: int = 1           # how much each scenario does
    limit: int = 60           # seconds a scenario may take at most
    disk: int = 16 * MIB      # bytes of the RAM disk, the second swap device
    seed: int = 1

    def named(self, workload: str) -> Boots:
        """The boot that a cell's workload names."""
        return next(one for one in self.boots if workload == f"{PROGRAM}/{one.name}")


def read(table: Table, tiers: Iterable[str], devices: Iterable[str]) -> Torture:
    """An experiment's [torture]; UsageError with file, line and key."""
    inner = table.table("boots")
    boots = []
    for name in inner.keys():
        one = inner.table(name)
        boots.append(Boots(name, tuple(one.texts("scenarios", REQUIRED, SCENARIOS)),
                           one.text("lru", "classic", ("classic", "mglru")),
                           one.text("thp", "never", ("never", "always"))))
        one.close()
    found = Torture(tuple(boots), table.integer("rounds", 1, 1000, 1),
                    table.integer("limit_s", 1, 3600, 60),
                    table.integer("disk_mib", 8, 1024, 16) * MIB,
                    table.integer("seed", 0, 2**63 - 1, 1))
    if TIER in tiers:
        if not boots:
            table.complain("boots", "missing; the torture tier needs a table such as "
                                    "[torture.boots.classic] with its scenarios")
        if "brd" in devices:
            table.complain("", "the RAM disk (brd) is its second swap device; take device pmem")
        for device in devices:
            if with_drivers("", device):
                table.complain("", f"{device}: the tier knows pmem and pmem-legacy alone")
    table.close()
    return found


def cells(kernels: Iterable[str], devices: Iterable[str], threads: Iterable[int],
          torture: Torture) -> list[Cell]:
    """Every boot of the tier, kernel by kernel."""
    return [Cell(kernel, device, count, f"{PROGRAM}/{one.name}", TIER)
            for device in devices for count in threads for kernel in kernels
            for one in torture.boots]


def argv(torture: Torture, cell: Cell) -> tuple[str, ...]:
    one = torture.named(cell.workload)
    return (f"/bin/{PROGRAM}", "--guest", "--scenarios", ",".join(one.scenarios),
            "--lru", one.lru, "--thp", one.thp, "--threads", str(cell.threads),
            "--rounds", str(torture.rounds), "--seed", str(torture.seed),
            "--limit", str(torture.limit), "--progress-fd", "4")


def cmdline(torture: Torture) -> tuple[str, ...]:
    return (*_CMDLINE, f"ramdisk_size={torture.disk // 1024}")


def limits(torture: Torture, cell: Cell) -> dict[str, float]:
    """A swapoff without an end takes its whole time without any progress.

    A kernel that checks itself took 35 s to boot on a crowded host.
    """
    steps = len(torture.named(cell.workload).scenarios) + 3
    return {"boot": 240.0, "silence": 2.0 * torture.limit, "total": 2.0 * steps * torture.limit}


def judge(result: BootResult, boot: Boot) -> tuple[dict[str, Metric], tuple[str, ...]]:
    """What a boot counted, and every reason it does not show a sound kernel."""
    found: dict[str, Metric] = {}
    reasons: list[str] = []
    told: tuple[str, ...] = ()
    if result.accelerator != boot.accelerator:
        reasons.append(f"accelerator: ran on {result.accelerator}, planned on {boot.accelerator}")
    try:
        found = torturefile.measure(boot.evidence)
        told = tuple(f"{UNSOUND}: {one}" for one in torturefile.unsound(boot.evidence))
        reasons += [f"the torture did not reach its point: {one}"
                    for one in torturefile.missed(boot.evidence)]
        told += tuple(verification(boot.evidence, True))
    except CannotMeasure as error:
        if result.outcome == Outcome.OK:
            reasons.append(str(error))
    if memory := _KILLED.fullmatch(result.detail):
        told += (f"{UNSOUND}: the program was killed by "
                 f"{signal.Signals(int(memory[1])).name}: its memory failed it",)
    # The program ends with a status of its own after what it has told already.
    if result.outcome != Outcome.OK and not (result.outcome == Outcome.WORKLOAD_FAILED and told):
        reasons.insert(0, f"{result.outcome}: {printable(result.detail)}")
    return found, (*told, *reasons)


def findings(sample: Sample) -> list[str]:
    """What a sample of the tier says against its kernel."""
    if sample.cell.tier != TIER:
        return []
    outcome = Outcome(sample.outcome)
    return [reason for reason in sample.invalid
            if reason.startswith((DATA_LOSS, UNSOUND))
            or (outcome in _OUTCOMES and reason.startswith(f"{outcome}: "))]
