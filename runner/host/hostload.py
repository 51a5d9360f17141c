# SPDX-License-Identifier: GPL-2.0-only
"""What else the host did while a sample was taken, and whether it was too much.

Sources: /proc/stat (jiffies of all CPUs, steal among them), /proc/pressure
(microseconds in which some task waited; Documentation/accounting/psi.rst), and
the CPU time of this process and of the children it has waited for, times(2).
"""
from __future__ import annotations

import os
import re
import time
from dataclasses import dataclass, field
from pathlib import Path

from runner.reason import Reason, ReasonKind
from runner.records import HostLimits

_RESOURCES = ("cpu", "memory", "io")
#: Columns of /proc/stat's first line that are work; guest time is in user time.
_BUSY = ("user", "nice", "system", "irq", "softirq")
_COLUMNS = ("user", "nice", "system", "idle", "iowait", "irq", "softirq", "steal")


@dataclass(frozen=True)
class Reading:
    """Counters at one moment; all rise."""

    at: float                              # seconds, monotonic
    cpus: int
    busy: float                            # CPU seconds
    steal: float
    own: float                             # CPU seconds of ours
    pressure: dict[str, float] = field(default_factory=dict)  # seconds; empty without PSI


@dataclass(frozen=True)
class Load:
    """Shares over a span of time."""

    other: float                           # of the host's CPU time, used by others
    steal: float                           # of the host's CPU time, taken by its hypervisor
    pressure: dict[str, float] = field(default_factory=dict)  # of the time

    def describe(self) -> dict[str, str]:
        """As a sample records it."""
        return {"other_cpu": f"{self.other:.4f}", "steal": f"{self.steal:.4f}",
                **{f"pressure_{what}": f"{share:.4f}" for what, share in self.pressure.items()}}


def _stat(text: str, tick: int) -> tuple[int, float, float]:
    """CPUs, seconds of work and of steal by /proc/stat; zeros where it says nothing."""
    first = re.search(r"^cpu +([\d ]+)$", text, re.MULTILINE)
    columns = dict(zip(_COLUMNS, map(int, first[1].split()))) if first else {}
    return (len(re.findall(r"^cpu\d+ ", text, re.MULTILINE)),
            sum(columns.get(name, 0) for name in _BUSY) / tick, columns.get("steal", 0) / tick)


def read(proc: Path = Path("/proc")) -> Reading:
    """The counters now."""
    def text(name: str) -> str:
        try:
            return (proc / name).read_text(encoding="ascii", errors="replace")
        except OSError:
            return ""
    cpus, busy, steal = _stat(text("stat"), os.sysconf("SC_CLK_TCK"))
    pressure = {what: int(match[1]) / 1e6 for what in _RESOURCES
                if (match := re.search(r"^some .*total=(\d+)$", text(f"pressure/{what}"),
                                       re.MULTILINE))}
    own = os.times()
    return Reading(time.monotonic(), cpus, busy, steal,
                   own.user + own.system + own.children_user + own.children_system, pressure)


def between(begin: Reading, end: Reading) -> Load:
    """What the host did from `begin` to `end`."""
    span = end.at - begin.at
    if span <= 0 or not end.cpus:
        return Load(0.0, 0.0)
    whole = span * end.cpus

    def share(seconds: float, of: float) -> float:
        # Jiffies are counted in ticks, so sums may be off by some.
        return min(1.0, max(0.0, seconds / of))
    return Load(share(end.busy - begin.busy - (end.own - begin.own), whole),
                share(end.steal - begin.steal, whole),
                {what: share(total - begin.pressure.get(what, total), span)
                 for what, total in end.pressure.items()})


def judge(load: Load, limits: HostLimits) -> list[Reason]:
    """Every reason for which a time taken under this load does not count."""
    shares = [("other_cpu", "other processes used {} of the host's CPU time", load.other),
              ("steal", "the hypervisor took {} of the host's CPU time", load.steal)]
    shares += [(f"{what}_pressure", f"tasks of the host waited for {what} {{}} of the time", share)
               for what, share in load.pressure.items()]
    return [Reason(ReasonKind.HOST, f"host too busy: {said.format(f'{share:.1%}')}; at most "
                   f"{getattr(limits, key):.3g} of 1 counts (rules.host.{key}): end what else "
                   "runs")
            for key, said, share in shares if share > getattr(limits, key)]
