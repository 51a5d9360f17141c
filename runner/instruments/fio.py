# SPDX-License-Identifier: GPL-2.0-only
"""fio's JSON: what the swap device gives 4 KiB writes, in the boot that swaps to it."""
from __future__ import annotations

import os
from pathlib import Path

from runner.errors import CannotMeasure
from runner.metrics import guestfile
from runner.records import MIB, PAGE_SIZE, Metric

OUTPUT = "tool.fio.out"
#: A write to RAM through a whole block layer takes longer than this, emulated or not.
_MOST_BYTES_S = 1 << 40


def bytes_per_second(evidence: Path) -> dict[str, int]:
    """By job, 'sequential' and 'random'; CannotMeasure with one line."""
    speeds = {}
    # fio's own notes and errors go to the same stream, before and behind the document.
    for job in guestfile.embedded(evidence / OUTPUT).objects("jobs"):
        name = job.text("jobname")
        if error := job.integer("error", -4095, 4095):
            job.fail(f"{name}: failed with error {error} ({os.strerror(abs(error))})")
        write = job.object("write")
        if write.integer("io_bytes") < PAGE_SIZE:
            job.fail(f"{name}: wrote nothing")
        speeds[name] = write.integer("bw_bytes", 1, _MOST_BYTES_S)
    for name in ("sequential", "random"):
        if name not in speeds:
            raise CannotMeasure(f"{OUTPUT}: jobs: has no {name!r}")
    return speeds


def measure(evidence: Path, measured: dict[str, Metric]) -> dict[str, Metric]:
    """The ceiling, and how much of it swap-out reached in the same boot.

    Where time is instructions so is the ceiling, and the share stands for work, not for time.
    """
    rate = bytes_per_second(evidence)
    if "throughput_mib_s" in measured:
        swap = measured["throughput_mib_s"]
        source = f"{OUTPUT}, {swap.evidence}"
        return {"device_ceiling_mib_s": Metric(rate["sequential"] / MIB, "MiB/s", "", OUTPUT),
                "device_random_mib_s": Metric(rate["random"] / MIB, "MiB/s", "", OUTPUT),
                "swap_efficiency": Metric(swap.value * MIB / rate["sequential"], "", "higher",
                                          source)}
    swap = measured["instructions_per_page"]
    cost = {name: PAGE_SIZE * 1e9 / rate[name] for name in ("sequential", "random")}
    return {"device_instructions_per_page": Metric(cost["sequential"], "instructions/page", "",
                                                   OUTPUT),
            "device_random_instructions_per_page": Metric(cost["random"], "instructions/page", "",
                                                          OUTPUT),
            "swap_efficiency": Metric(cost["sequential"] / swap.value, "", "higher",
                                      f"{OUTPUT}, {swap.evidence}")}
