# SPDX-License-Identifier: GPL-2.0-only
"""Every sample of a campaign made, or those that an interrupted one still lacks."""
from __future__ import annotations

import threading

from runner import load, programs
from runner.asked import Experiment
from runner.campaign import adaptive, kernelset, local, sample
from runner.campaign.campaign import Campaign, Record
from runner.campaign.executor import Executor
from runner.campaign.store import held
from runner.errors import CannotMeasure, UsageError
from runner.experiment import plan
from runner.host import host
from runner.judge import tier
from runner.progress import Progress
from runner.records import MIB, Sample
from runner.vm import accel, toollayer


def run(experiment: Experiment, campaign: Campaign, progress: Progress,
        record: Record, measure: Executor = local.measure,
        kernels_of: kernelset.Kernels = kernelset.make) -> list[Sample]:
    """Make every sample of the plan that is not on record yet; returns all of them.

    `record` is the campaign.json so far; where it names kernels' images and
    an accelerator, they must still be what they were.
    """
    with held(campaign.folder, "campaign"):
        if experiment.left_out:
            progress.warn(experiment.left_out)
        lost = {own.name: why for own in tier.asked(experiment.tiers) if (why := own.lost())}
        if len(lost) == len(experiment.tiers):
            raise CannotMeasure(next(iter(lost.values())))
        for name, why in lost.items():
            progress.warn(f"the tier {name} is left out: {why}")
        tools = experiment.instruments.programs
        ram = min(experiment.under(name).guest.ram for name in experiment.kernels)
        if ram < (least := toollayer.least_ram(tools)):
            raise UsageError(f"{experiment.file}: guest.ram_mib: {ram // MIB} MiB do not hold "
                             f"{', '.join(sorted(tools))} as they are unpacked; make it "
                             f"{least // MIB} at least")
        kernels = kernels_of(experiment, progress)
        images = kernelset.images(kernels)
        kernelset.keep_configs(campaign, kernels)
        for old, new in zip(record.get("images", images), images):
            # A campaign of an earlier version may lack a key.
            if {**new, **old} != new:
                raise UsageError(
                    f"{campaign.folder}: {new['kernel']} ({new['flavour']}) is not the kernel "
                    "this campaign began with; start a new one with './swapscale run'")
        guest_programs = programs.digest(experiment.tiers, tools,
                                         load.find(experiment.workload.program).guest_program)
        if record.get("programs", guest_programs) != guest_programs:
            raise UsageError(f"{campaign.folder}: the guest's programs are not those this "
                             "campaign began with; start a new one with './swapscale run'")
        accelerator = accel.choose(record.get("accelerator", experiment.guest.accelerator),
                                   progress)
        campaign.write({**record, "accelerator": accelerator.value, "images": images,
                        "programs": guest_programs,
                        "order_seed": experiment.boots.order_seed, "host": host.describe()})
        if torn := campaign.mend():
            progress.warn(torn)
        done = campaign.samples() if campaign.samples_file.exists() else []
        have = {boot.number for boot in done}
        planned = [boot for boot in plan.samples(experiment) if boot.cell.tier not in lost]
        todo = [boot for boot in planned if boot.number not in have and boot.look == 0
                and not tier.find(boot.cell.tier).paired]
        setting = sample.Setting(experiment, kernels, accelerator, guest_programs,
                                 threading.Event(), lost)
        done += measure(setting, todo, campaign, progress)
        while batch := adaptive.due(experiment, planned, done):
            done += measure(setting, batch, campaign, progress)
        return sorted(done, key=lambda boot: boot.number)
