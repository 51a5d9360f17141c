# SPDX-License-Identifier: GPL-2.0-only
"""What a simulated instruction costs the host, by the number of vCPUs.

    python3 -m tests.study.cost [VCPUS...]

Two boots that differ in nothing but the length of their windows, one at a time: what the longer one
takes of CPU time beyond the shorter, over the instructions that its window has beyond the other's.
So neither the guest's own boot nor what comes before the window is in it.
"""
from __future__ import annotations

import resource

from runner import paths
from runner.campaign import campaign, running
from runner.errors import CannotMeasure, Exit
from runner.experiment import plan
from runner.progress import Progress
from tests import longrun
from tests.study.row import Row

HOME = paths.RESULTS / "study"
SPARE = 4                    # one a socket
WIDTHS = (4, 8, 16, 32, 64)
RATIOS = (1.2, 1.6)


def boot(vcpus: int, ratio: float, progress: Progress) -> tuple[float, float]:
    """Seconds of CPU time of a boot, and instructions of its window."""
    spare = min(SPARE, vcpus // 2)
    file = HOME / f"cost-{vcpus}-{ratio:g}.toml"
    row = Row(file.stem, f"{vcpus} vCPUs, ratio {ratio:g}", "xeon-4s", spare=spare, ram_mib=512,
              runs=1, kernels=("6.1:pagewise",), ratio=ratio)
    file.write_text(row.text(vcpus - spare), "utf-8")
    experiment = plan.load(file)
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    home, experiment, record = campaign.reopen(campaign.create(experiment, HOME).folder)
    sample, = running.run(experiment, home, progress, record)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if sample.invalid:
        raise CannotMeasure(f"{home.folder}: {sample.invalid[0].text}")
    figures = {name: one.value for name, one in sample.metrics.items()}
    return (after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime,
            figures["retired_per_page"] * figures["pswpout"])


def main(words: list[str]) -> int:
    progress = Progress()
    HOME.mkdir(parents=True, exist_ok=True)
    print("| vCPUs | a boot's CPU time | in its window | a second of CPU time |")
    print("|---:|---:|---:|---:|", flush=True)
    for vcpus in [int(word) for word in words] or WIDTHS:
        short, long = (boot(vcpus, ratio, progress) for ratio in RATIOS)
        speed = (long[1] - short[1]) / (long[0] - short[0])
        print(f"| {vcpus} | {long[0]:.1f} s | {long[1] / 1e6:.0f} M instructions | "
              f"{speed / 1e6:.1f} M instructions |", flush=True)
    return Exit.OK


if __name__ == "__main__":
    longrun.run(main, "python3 -m tests.study.cost")
