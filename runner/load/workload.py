# SPDX-License-Identifier: GPL-2.0-only
"""What a load is: a program in the guest, how an experiment asks for it, how it is started."""
from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from runner.tomlfile import Table

#: Where the agent listens to the guest's program, and sees that it goes on.
REPORTS = ("--notify-fd", "3", "--progress-fd", "4")

#: Of a load's options: pages come again, or in an order that a larger region changes.
_WRITTEN_OTHERWISE = {"--pattern", "--reads", "--bare", "cow"}

#: Of a load's options: its pages are huge ones unasked.
THP_ALWAYS = "--thp=always"


@dataclass(frozen=True)
class Workload:
    """A load as an experiment asks for it."""

    program: str                   # a name of runner.load.TABLE
    ratio: float                   # touched memory over guest.ram; 0: the load's own affair
    passes: int                    # 0: `options` has the time instead
    verify: bool
    seed: int
    options: tuple[str, ...] = ()  # of the guest program's command line, for all not above
    settle: float | None = None    # guest.ram swapped out before the window; None: the tier's
    pasted: str = ""               # the usemem command line that it was said by

    @property
    def settles(self) -> bool:
        """Whether there is an end that it can be moved away from: each page is written once."""
        return self.passes == 1 and not _WRITTEN_OTHERWISE & set(self.options)

    def settled(self, usual: float) -> float:
        """Times guest.ram to be swapped out before the window; `usual`: the tier's."""
        if self.settle is not None:
            return self.settle
        return usual if self.settles else 0.0

    @property
    def last(self) -> tuple[str, ...]:
        """How the command line of a program of ours ends."""
        return (*self.options, *(("--verify",) if self.verify else ()), *REPORTS)

    @property
    def cmdline(self) -> tuple[str, ...]:
        """Kernel parameters it needs: huge pages wait for advice until told otherwise."""
        return ("transparent_hugepage=always",) if THP_ALWAYS in self.options else ()


@dataclass(frozen=True)
class Machine:
    """What the workload has to fit into."""

    ram: int                       # MiB
    swap: int                      # MiB
    vcpus: int                     # the fewest that any tier has
    nodes: int = 1                 # memory nodes


@dataclass(frozen=True)
class Start:
    """What of a boot a load's command line depends on."""

    ram: int                       # bytes
    threads: int
    settle: float                  # times `ram` to be swapped out before the window


class Load:
    """One kind of load.  What is not said by the others is as here."""

    name = ""                      # of workload.program
    guest_program = ""             # of workloads/: the agent starts it, and it writes the document
    kernel = ""                    # LOADS where it needs more of the kernel than there is
    own_metrics: tuple[str, ...] = ()  # that no other load has

    def tools(self, work: Workload) -> tuple[str, ...]:
        """Of the tools layer, that it runs."""
        return ()

    def read(self, work: Table, threads: Iterable[int], machine: Machine, usual: float
             ) -> Workload:
        """An experiment's [workload]; UsageError with file, line and key.

        `threads`: all counts that will run.  `usual`: the largest Tier.settle of those that
        measure.  Refused here is what can never fit: the kernel takes its share of RAM, and what
        nearly fits is judged in the guest (filled up, OOM).
        """
        raise NotImplementedError

    def argv(self, work: Workload, start: Start) -> tuple[str, ...]:
        """What the agent starts; REPORTS is in it."""
        raise NotImplementedError

    def said(self, work: Workload) -> str:
        """Of what a page says of the load."""
        return f"{self.name} {' '.join(work.options)}"

    def lacks(self, work: Workload, metric: str) -> str:
        """What `work` would have to say for its boots to have a metric of loads; '' where they
        have it."""
        return ""
