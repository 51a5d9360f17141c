# SPDX-License-Identifier: GPL-2.0-only
"""One sample: a fresh boot of one cell, measured and judged."""
from __future__ import annotations

import dataclasses
import datetime
import shutil
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from runner.asked import Experiment, Planned
from runner.campaign import store
from runner.host import host, hostload, hostmemory
from runner.instruments import outputs as instruments
from runner.judge import effect, ineffective, tier
from runner.metrics.lockkeys import KEYS_FILE
from runner.progress import Step
from runner.records import (LOST, PASTED, SHARED, Accelerator, Boot, BootResult, BuiltKernel,
                            Outcome, Sample)
from runner.vm import guest, machine


@dataclass(frozen=True)
class Setting:
    """What all samples of a campaign share."""

    experiment: Experiment
    kernels: dict[tuple[str, str], BuiltKernel]   # (name, flavour)
    accelerator: Accelerator                      # of the tiers that do not count instructions
    programs: str                                 # digest of what the guest runs
    stop: threading.Event                         # set: end the boot under way
    lost: Mapping[str, str] = field(default_factory=dict)   # tiers left out, and why

    def counts(self, name: str) -> bool:
        """Whether no host shows in boots of a tier, so that they can run side by side."""
        return tier.find(name).counted(self.experiment.guest, self.accelerator)


def boot_for(setting: Setting, planned: Planned, kernel: BuiltKernel, folder: Path) -> Boot:
    """The boot that measures `planned`."""
    name = planned.cell.kernel
    boot = tier.find(planned.cell.tier).boot(setting.experiment.under(name), setting.accelerator,
                                             planned, kernel, folder)
    own = setting.experiment.variants.get(name)
    # The same of every kernel, so that all read as much.
    job = dataclasses.replace(boot.job, settings=own.knobs if own is not None else (),
                              collect=setting.experiment.collects(planned.cell.device))
    return boot if job == boot.job else dataclasses.replace(boot, job=job)


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
                 "release": kernel.release,
                 **({"options": kernel.options} if kernel.flavour else {}),
                 **({"package": kernel.package} if kernel.package else {})}
    if setting.lost:
        described[LOST] = "; ".join(f"{name}: {why}" for name, why in setting.lost.items())
    under = setting.experiment.under(planned.cell.kernel)
    if pasted := under.workload.pasted:
        described[PASTED] = pasted
    if setting.experiment.shared:
        described[SHARED] = setting.experiment.shared
    own, rules = tier.find(planned.cell.tier), setting.experiment.rules
    described |= own.describes(setting.experiment)
    hostmemory.hold(boot.job.device)
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
    measured, reasons = own.sample(result, boot, rules)
    measured |= ineffective.measured(kernel, ineffective.words(under), folder)
    variant = setting.experiment.variants.get(planned.cell.kernel)
    if variant is not None and result.outcome == Outcome.OK:
        reasons = (*reasons, *effect.reasons(variant, kernel, folder))
    instruments.draw(folder, planned.cell.label())
    reasons += own.spoilt(load, rules.host)
    return Sample(planned.number, planned.repeat, planned.cell, result.accelerator.value,
                  boot.vcpus, kernel.key, kernel.image_sha256, result.outcome.value, result.detail,
                  reasons, measured, f"evidence/{folder.name}", started,
                  round(result.wall_seconds, 3), described,
                  store.fingerprint(folder), planned.layout, planned.purpose)
