# SPDX-License-Identifier: GPL-2.0-only
"""One task of an array: makes its samples, one after the other, each into its own part.

    python3 -m runner.campaign.task PARTS BATCH
"""
from __future__ import annotations

import os
import signal
import sys
from pathlib import Path
from types import FrameType

from runner import paths, programs
from runner.campaign import sample
from runner.campaign.campaign import Campaign
from runner.campaign.executor import complain, what
from runner.campaign.parts import Parts
from runner.errors import CannotMeasure, Exit, SwapscaleError
from runner.experiment import plan
from runner.progress import Progress
from runner.records import Accelerator
from runner.vm import accel


def node() -> str:
    """As Slurm calls it."""
    return os.environ.get("SLURMD_NODENAME") or os.uname().nodename


def _ready(setting: sample.Setting, tiers: set[str], progress: Progress) -> None:
    """CannotMeasure where this node lacks what the submitting host had."""
    if programs.digest(setting.experiment.tiers,
                       setting.experiment.instruments.programs) != setting.programs:
        raise CannotMeasure(f"node {node()}: the guest's programs in {paths.BUILD} are "
                            "not those this campaign began with; share the checkout")
    if setting.accelerator == Accelerator.KVM and not all(map(setting.counts, tiers)):
        accel.choose("kvm", progress)
    for kernel in setting.kernels.values():
        if not kernel.image.is_file():
            raise CannotMeasure(f"node {node()}: {kernel.image} is not there; set XDG_CACHE_HOME "
                                "to a folder that all nodes see")


def make(parts: Parts, batch: int, task: int, progress: Progress) -> None:
    """Make what task `task` of `batch` is to make; SwapscaleError where that cannot be."""
    attempt = parts.begin(batch, task, node())
    try:
        setting = parts.shared()
        planned = {boot.number: boot for boot in plan.samples(setting.experiment)}
        todo = [planned[number] for number in parts.batch(batch)[task]]
        _ready(setting, {boot.cell.tier for boot in todo}, progress)
        for boot in todo:
            folder = attempt / f"{boot.number:04d}"
            folder.mkdir()
            kernel = setting.kernels[boot.cell.kernel,
                                     plan.flavour(setting.experiment, boot.cell.tier,
                                                  boot.cell.device)]
            with progress.step(what(boot)) as step:
                got = sample.take(setting, boot, kernel, folder, step)
            complain(got, boot, Campaign(parts.folder.parent), progress)
            parts.land(attempt, got)
    except SwapscaleError as error:
        parts.leave_error(attempt, error)
        raise


def _stop(number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def main(argv: list[str]) -> int:
    """A task as the queue starts it."""
    # scancel's SIGTERM must end the guest, too.
    signal.signal(signal.SIGTERM, _stop)
    folder, batch = argv
    try:
        make(Parts(Path(folder)), int(batch), int(os.environ["SLURM_ARRAY_TASK_ID"]), Progress())
    except SwapscaleError as error:
        print(f"swapscale: {error}", file=sys.stderr)
        return error.exit
    except KeyboardInterrupt:
        print("swapscale: told to end", file=sys.stderr)
        return Exit.INTERRUPTED
    return Exit.OK


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
