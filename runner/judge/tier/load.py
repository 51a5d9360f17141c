# SPDX-License-Identifier: GPL-2.0-only
"""The boot in which a load swaps out, as every tier that measures one makes it."""
from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from runner import load, swapareas
from runner.asked import Experiment, Planned
from runner.instruments import steps
from runner.load.workload import Start
from runner.records import Accelerator, Boot, BuiltKernel, Job
from runner.vm import toollayer

_LAYOUT_STEP = 8  # bytes


@dataclass(frozen=True)
class Way:
    """What a tier says of a boot of its own."""

    accelerator: Accelerator
    vcpus: int
    counts_locks: bool
    counted: bool             # time is instructions
    steady: bool              # as in Boot
    cmdline: tuple[str, ...]
    settle: float             # times guest.ram, where the load does not say


def layout(number: int) -> tuple[str, ...]:
    """Kernel parameters that give memory layout `number`, the same for every kernel.

    A parameter the kernel ignores: a longer command line moves what is allocated after it.
    """
    return (f"swapscale_layout={'x' * (_LAYOUT_STEP * number)}",) if number else ()


def boot(way: Way, experiment: Experiment, planned: Planned, kernel: BuiltKernel,
         folder: Path) -> Boot:
    """The boot that measures `planned`."""
    cell, guest, work = planned.cell, experiment.guest, experiment.workload
    argv = load.find(work.program).argv(
        work, Start(guest.ram, cell.threads, work.settled(way.settle)))
    device = swapareas.make(cell.device, guest.swap,
                            steps.spare(experiment.instruments, guest.swap))
    tools = experiment.instruments.programs
    job = Job(device, way.counts_locks, argv, programs=tools,
              tools=steps.steps(experiment.instruments, cell.threads, device, way.counted))
    return Boot(kernel, way.accelerator, way.vcpus,
                guest.ram + toollayer.ram(tools), job, folder,
                (*toollayer.CMDLINE * bool(tools), *work.cmdline, *guest.cmdline,
                 *way.cmdline), experiment.limits, way.steady, guest.nodes)
