# SPDX-License-Identifier: GPL-2.0-only
"""How much memory the host has to give, and whether a disk fits in it."""
from __future__ import annotations

import os
import re
from pathlib import Path

from runner.errors import CannotMeasure
from runner.records import HOST_DEVICES, MIB, SwapDevice


def left() -> int:
    """Bytes that can be had without pushing anything out."""
    match = re.search(r"^MemAvailable:\s+(\d+)", Path("/proc/meminfo").read_text("utf-8"),
                      re.MULTILINE)
    if match:
        return int(match[1]) << 10
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")


def hold(device: SwapDevice) -> None:
    """CannotMeasure where the device is a disk that lies in the host's RAM and does not fit."""
    size = sum(area.size for area in device.areas if area.kind in HOST_DEVICES)
    if size > left():
        raise CannotMeasure(f"swap device: {size // MIB} MiB do not fit in the host's "
                            "available RAM; end other programs, or lower guest.swap_mib")
