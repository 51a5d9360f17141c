# SPDX-License-Identifier: GPL-2.0-only
"""What a boot's tools are to do."""
from __future__ import annotations

from runner.instruments.table import Instruments
from runner.records import MIB, PAGE_SIZE, SwapDevice, ToolStep

#: What fio writes of a device in each of its two runs, at most.
FIO_BYTES = 64 * MIB


def steps(instruments: Instruments, threads: int, device: SwapDevice) -> tuple[ToolStep, ...]:
    found = []
    if instruments.fio:
        share = min(FIO_BYTES, device.size) // threads // PAGE_SIZE * PAGE_SIZE
        found.append(ToolStep(
            "fio", "before", ("/bin/fio", "--output-format=json", "/jobs/ceiling.fio"),
            (f"JOBS={threads}", f"SHARE={share}")))
    return tuple(found)
