# SPDX-License-Identifier: GPL-2.0-only
"""Samples made on this machine."""
from __future__ import annotations

import concurrent.futures
import threading

from runner.asked import Planned
from runner.campaign import sample
from runner.campaign.campaign import Campaign
from runner.campaign.executor import complain, what
from runner.experiment import plan
from runner.host import host
from runner.progress import Progress
from runner.records import Sample


def measure(setting: sample.Setting, todo: list[Planned], campaign: Campaign,
            progress: Progress) -> list[Sample]:
    """Boot what is to do, side by side where the host cannot show in it."""
    taken: list[Sample] = []
    if not todo:
        return taken
    lock = threading.Lock()

    def make(planned: Planned) -> None:
        kernel = setting.kernels[planned.cell.kernel,
                                 plan.flavour(setting.experiment, planned.cell.tier,
                                              planned.cell.device)]
        with lock:
            folder = campaign.evidence_for(planned.number)
        with progress.step(what(planned)) as step:
            got = sample.take(setting, planned, kernel, folder, step)
        with lock:
            campaign.append(got)
            taken.append(got)
            whole.update(len(taken) / len(todo), f"{len(taken)} of {len(todo)} samples")
        complain(got, planned, campaign, progress)

    with progress.step("all samples") as whole:
        # Boots under icount have one vCPU whose time is instructions: what else
        # the host does is invisible to them, so they run side by side.  All
        # others are alone on the machine.
        counted = [planned for planned in todo if setting.counts(planned.cell.tier)]
        with concurrent.futures.ThreadPoolExecutor(host.cores()) as pool:
            futures = [pool.submit(make, planned) for planned in counted]
            try:
                for future in concurrent.futures.as_completed(futures):
                    future.result()
            except BaseException:
                setting.stop.set()
                pool.shutdown(wait=True, cancel_futures=True)
                raise
        for planned in todo:
            if planned not in counted:
                make(planned)
    return taken
