# SPDX-License-Identifier: GPL-2.0-only
"""One sample: a fresh boot of one cell, measured and judged."""
from __future__ import annotations

import datetime
import shutil
import threading
from dataclasses import dataclass
from pathlib import Path

from runner import evidence, host, hostload, torture, validity
from runner.errors import CannotMeasure
from runner.instruments import judge as instruments
from runner.instruments import pressure, steps
from runner.metrics import sample as metrics
from runner.metrics.lockkeys import KEYS_FILE
from runner.plan import Experiment, Planned
from runner.progress import Step
from runner.records import (PAGE_SIZE, Accelerator, Boot, BootResult, BuiltKernel, Cell, Job,
                            Metric, Outcome, Rules, Sample, SwapDevice)
from runner.vm import guest, machine, toollayer

_LAYOUT_STEP = 8  # bytes


@dataclass(frozen=True)
class Setting:
    """What all samples of a campaign share."""

    experiment: Experiment
    kernels: dict[tuple[str, str], BuiltKernel]   # (name, flavour)
    accelerator: Accelerator                      # of the tiers that do not count instructions
    programs: str                                 # digest of what the guest runs
    stop: threading.Event                         # set: end the boot under way

    def counts(self, tier: str) -> bool:
        """Whether boots of a tier have one vCPU whose time is instructions."""
        return tier == "exact" or self.accelerator == Accelerator.ICOUNT \
            or (tier == "locks" and self.experiment.guest.count_locks)


def boot_for(setting: Setting, planned: Planned, kernel: BuiltKernel, folder: Path) -> Boot:
    """The boot that measures `planned`."""
    experiment, cell = setting.experiment, planned.cell
    if cell.tier == torture.TIER:
        return _torture(setting, cell, kernel, folder)
    counted = setting.counts(cell.tier)
    work = experiment.workload
    # In bytes, not as swapstorm's own ratio of MemTotal: brd's memory is in the
    # guest's MemTotal, and every device is to bear the same load.
    pages = int(work.ratio * experiment.guest.ram) // PAGE_SIZE // cell.threads
    argv = ("/bin/swapstorm", "--threads", str(cell.threads),
            "--size-per-thread", str(pages * PAGE_SIZE),
            *(("--passes", str(work.passes)) if work.passes else ()),
            "--seed", str(work.seed), "--allow-oom", *work.options,
            *(("--verify",) if work.verify else ()), "--notify-fd", "3", "--progress-fd", "4")
    if work.program == pressure.PROGRAM:
        argv = ("/bin/pressure", "--notify-fd", "3", "--progress-fd", "4", *work.options)
    swap = experiment.guest.swap
    device = SwapDevice(cell.device, swap, steps.spare(experiment.instruments, swap))
    tools = experiment.instruments.programs
    job = Job(device, cell.tier == "locks", argv, programs=tools,
              tools=steps.steps(experiment.instruments, cell.threads, device, counted))
    # Real addresses in /proc/lockdep: they tell lock classes of one name apart.
    more = ("no_hash_pointers",) if job.lock_stat else layout(planned.layout)
    return Boot(kernel, Accelerator.ICOUNT if counted else setting.accelerator,
                1 if counted else experiment.guest.vcpus,
                experiment.guest.ram + toollayer.ram(tools), job, folder,
                (*toollayer.CMDLINE * bool(tools), *work.cmdline, *experiment.guest.cmdline,
                 *more), experiment.limits, cell.tier == "timed", experiment.guest.nodes)


def layout(number: int) -> tuple[str, ...]:
    """Kernel parameters that give memory layout `number`, the same for every kernel.

    A parameter the kernel ignores: a longer command line moves what is allocated after it.
    """
    return (f"swapscale_layout={'x' * (_LAYOUT_STEP * number)}",) if number else ()


def _torture(setting: Setting, cell: Cell, kernel: BuiltKernel, folder: Path) -> Boot:
    experiment, wanted = setting.experiment, setting.experiment.torture
    machine = experiment.guest
    job = Job(SwapDevice(cell.device, machine.swap), False, torture.argv(wanted, cell))
    return Boot(kernel, setting.accelerator, machine.vcpus, machine.ram, job, folder,
                (*torture.cmdline(wanted), *machine.cmdline),
                {**torture.limits(wanted, cell), **experiment.limits}, nodes=machine.nodes)


def _judged(result: BootResult, boot: Boot, tier: str, rules: Rules
            ) -> tuple[dict[str, Metric], tuple[str, ...]]:
    """What the boot gives, and every reason it does not count."""
    if tier == torture.TIER:
        return torture.judge(result, boot)
    found: dict[str, Metric] = {}
    if result.outcome == Outcome.OK:
        try:
            found = metrics.measure(boot.evidence, tier)
        except CannotMeasure as error:
            return {}, (*instruments.failures(boot.evidence, boot.job), str(error))
    return found, (*validity.judge(result, boot, found, rules),
                   *(instruments.failures(boot.evidence, boot.job)
                     if result.outcome == Outcome.OK else ()))


def _emulator_fault(result: BootResult, folder: Path) -> bool:
    """Whether QEMU is to blame, so that one more boot is fair.

    Measured: with multi-threaded TCG and two vCPUs, 1 of 42 boots of a good
    kernel was reset early in the kernel, with nothing on the console.  A
    kernel that does it twice is reported.
    """
    return (result.outcome == Outcome.TRIPLE_FAULT and result.accelerator == Accelerator.TCG
            and not (folder / "channel.bin").stat().st_size)


def take(setting: Setting, planned: Planned, kernel: BuiltKernel, folder: Path,
         step: Step | None) -> Sample:
    """Boot, measure, judge.  `folder` is the sample's empty evidence folder.

    A guest that fails gives a sample with its outcome and the reason it does
    not count; KeyboardInterrupt where `setting.stop` was set meanwhile.
    """
    boot = boot_for(setting, planned, kernel, folder)
    started = datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")
    described = {**host.describe(), "programs": setting.programs[:12],
                 "machine": machine.digest(boot.accelerator),
                 **({"options": kernel.options} if kernel.flavour else {}),
                 **({"package": kernel.package} if kernel.package else {})}
    began = hostload.read()
    result = guest.run(boot, step, setting.stop)
    if _emulator_fault(result, folder):
        aside = folder.with_name(f"{folder.name}.retried")
        folder.rename(aside)
        folder.mkdir()
        described["retried"] = f"evidence/{aside.name}: {result.outcome}: {result.detail}"
        began = hostload.read()
        result = guest.run(boot, step, setting.stop)
    load = hostload.between(began, hostload.read())
    described |= load.describe()
    if result.pinned:
        described["pinned"] = result.pinned
    # Beside the guest's lock_stat, so that its classes can be told apart again.
    keys = kernel.image.parent / KEYS_FILE
    if boot.job.lock_stat and keys.is_file():
        shutil.copyfile(keys, folder / KEYS_FILE)
    found, reasons = _judged(result, boot, planned.cell.tier, setting.experiment.rules)
    instruments.draw(folder, planned.cell.label())
    if planned.cell.tier == "timed":
        reasons += tuple(hostload.judge(load, setting.experiment.rules.host))
    return Sample(planned.number, planned.repeat, planned.cell, result.accelerator.value,
                  boot.vcpus, kernel.key, kernel.image_sha256, result.outcome.value, result.detail,
                  reasons, found, f"evidence/{folder.name}", started,
                  round(result.wall_seconds, 3), described,
                  evidence.fingerprint(folder), planned.layout, planned.purpose)
