# SPDX-License-Identifier: GPL-2.0-only
"""What an experiment asks for, and the boots it comes to, as the rooms hand it on."""
from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from runner import load
from runner.instruments.table import Instruments
from runner.load.workload import Workload
from runner.metrics import backends
from runner.records import Cell, Rules
from runner.settings.words import Knob
from runner.swapareas import kinds


@dataclass(frozen=True)
class Guest:
    ram: int                  # bytes, without the swap device
    swap: int                 # bytes of the swap device
    vcpus: int                # timed and locks tiers; exact has one by nature
    accelerator: str          # 'auto', 'kvm', 'tcg' or 'icount', timed and locks tiers
    cmdline: tuple[str, ...]  # more kernel parameters
    count_locks: bool = False  # locks tier under icount, one vCPU: its counts repeat exactly
    fit_host: bool = False    # vcpus is what is wanted, cut to the host's; no more threads timed
    nodes: int = 1            # NUMA nodes that share RAM and vCPUs


@dataclass(frozen=True)
class Boots:
    """What an experiment says of the boots of a cell."""

    order_seed: int           # timed tier: of the order in a round
    aa_pairs: int             # timed tier: rounds in which the base boots twice
    lock_boots: int           # locks tier: boots of a cell
    self_check: bool = True   # a tier that repeats to the digit: kernels' first cells twice


@dataclass(frozen=True)
class Planned:
    """One boot to make."""

    number: int
    repeat: int
    cell: Cell
    layout: int = 0           # as in Sample
    purpose: str = ""         # as in Sample
    look: int = 0             # the look it is made for, from 0; of pairs, then confirmation


@dataclass(frozen=True)
class Under:
    """What a kernel of the experiment runs under: the experiment's own, with its settings."""

    written: str              # its whole name, what it shares with the others too
    guest: Guest
    workload: Workload
    knobs: tuple[Knob, ...] = ()
    parameters: tuple[str, ...] = ()  # of the guest's command line, those that are settings


@dataclass(frozen=True)
class Experiment:
    name: str
    title: str
    file: Path
    kernels: tuple[str, ...]  # base first, where there is one
    devices: tuple[str, ...]
    threads: tuple[int, ...]
    tiers: tuple[str, ...]
    guest: Guest
    workload: Workload
    boots: Boots
    rules: Rules
    limits: dict[str, float] = field(default_factory=dict)  # seconds: boot, silence, total
    own: Mapping[str, object] = field(default_factory=dict)  # tier -> what its own table says
    instruments: Instruments = Instruments()
    left_out: str = ""        # one line on tiers that its kernels cannot have
    budget: str = ""          # lock budgets: a name of results/baselines or a path; '': none
    beside: tuple[str, ...] = ()  # kernels these are held against elsewhere, and so built like
    shared: str = ""          # settings of all its kernels: '{zswap=on}', '' without
    variants: Mapping[str, Under] = field(default_factory=dict)  # by kernel, where settings are

    def under(self, kernel: str) -> Experiment:
        """As the kernel's boots have it."""
        own = self.variants.get(kernel)
        return self if own is None else dataclasses.replace(self, guest=own.guest,
                                                            workload=own.workload)

    def collects(self, device: str) -> tuple[str, ...]:
        """Files and folders of counters that its boots read beside those of all."""
        paths = {knob.path for own in self.variants.values() for knob in own.knobs}
        loads = (self.workload, *(own.workload for own in self.variants.values()))
        counters = []
        if any(path.startswith("/sys/module/zswap/") for path in paths):
            counters.append(backends.ZSWAP)
        counters += [backends.ZRAM.format(number) for number in range(kinds(device).count("zram"))]
        if any("transparent_hugepage" in path for path in paths) or any(
                word.startswith("--thp") for load in loads for word in load.options):
            counters += backends.FOLIO_STATS
        return tuple(counters)

    @property
    def written(self) -> tuple[str, ...]:
        """Its kernels with all of their settings, as it can be read again with."""
        return tuple(self.variants[kernel].written if kernel in self.variants else kernel
                     for kernel in self.kernels)

    def lacks(self, metric: str) -> str:
        """What it would have to say for its boots to have a metric; '' where they have it."""
        if lack := load.lacks(self.workload, metric):
            return lack
        if metric == "swap_efficiency" and not self.instruments.fio:
            return "is measured with instruments.fio = true alone; set it"
        if metric.startswith("fairness_") and max(self.threads) < 2:
            return "is of two threads or more; add them to threads"
        return ""
