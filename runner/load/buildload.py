# SPDX-License-Identifier: GPL-2.0-only
"""A compile in a memory control group: many short processes, anonymous memory and files."""
from __future__ import annotations

from collections.abc import Iterable

from runner import header
from runner.load import memcg as limits
from runner.load.workload import Load, Machine, Start, Workload
from runner.metrics import letters
from runner.records import LOADS
from runner.tomlfile import Table

_LIMITS = {**header.numbers("workloads/swapbuild/jobs.h"),
           **header.numbers("workloads/swapbuild/source.h"),
           **header.numbers("workloads/swapbuild/tree.h")}
_FOLDER = "/source"
#: MiB of a group for each compiler in it: page tables, stacks, and what it works on at a time.
_LEAST_MIB = 4
#: What a compiler of the tree comes to beside its program, about; MiB.
_JOB_MIB = 20


class Build(Load):
    """What swapbuild(1) does; `threads` of the experiment is how many compilers run at a time."""

    name = "build"
    guest_program = "swapbuild"
    kernel = LOADS
    own_metrics = letters.UNITS

    def tools(self, work: Workload) -> tuple[str, ...]:
        return ("gcc",)

    def read(self, work: Table, threads: Iterable[int], machine: Machine, usual: float
             ) -> Workload:
        jobs = max(threads)
        if jobs > _LIMITS["JOBS_MOST"]:
            work.complain("program", f"{jobs} compilers at a time are more than "
                                     f"{_LIMITS['JOBS_MOST']}; lower threads")
        limit = limits.ceiling(work, machine.ram, "the limit of the group that the compilers run "
                               f"in, such as half of what they take ({_JOB_MIB} MiB each, "
                               f"{jobs * _JOB_MIB // 2} here)")
        if limit < jobs * _LEAST_MIB:
            work.complain("memcg_mib", f"{limit} MiB are less than the {jobs * _LEAST_MIB} MiB "
                                       f"that {jobs} compilers need to get on; raise it or lower "
                                       "threads")
        if jobs * _JOB_MIB - limit > machine.swap:
            work.complain("memcg_mib", f"{jobs} compilers of {_JOB_MIB} MiB do not fit in {limit} "
                                       f"MiB and {machine.swap} MiB of swap; lower threads or "
                                       "raise guest.swap_mib")
        more = limits.read(work, limits.Group(limit, jobs * _JOB_MIB, jobs * _LEAST_MIB))
        units = work.integer("units", 1, _LIMITS["SOURCE_MOST_UNITS"], 16)
        if units < jobs:
            work.complain("units", f"{units} units are less than {jobs} compilers at a time; "
                                   "raise it or lower threads")
        functions = work.integer("functions", 1, _LIMITS["TREE_MOST_FUNCTIONS"], 1)
        verify = work.boolean("verify", True)
        seed = work.integer("seed", 0, 2**63 - 1, 1)
        work.close()
        return Workload(self.name, 0.0, 0, verify, seed, (
            "--memcg", f"{limit}M", *more, "--units", str(units), "--functions", str(functions)))

    def argv(self, work: Workload, start: Start) -> tuple[str, ...]:
        return (f"/bin/{self.guest_program}", "--folder", _FOLDER, "--tmpfs",
                "--jobs", str(start.threads), "--seed", str(work.seed), *work.last)
